"""An office's own style sheet and logo: carried by every page, and harmless."""

import base64

import pytest

from creditcalc.render.dress import HEAVIEST, DressError, read_dress
from creditcalc.render.html import PageHead, render_page

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
SVG = "<?xml version='1.0'?>\n<!-- 标 -->\n<svg xmlns='http://www.w3.org/2000/svg'/>"


def page(dress):
    return render_page(PageHead("页", dress=dress), "<p>正文</p>")


def test_the_style_sheet_stands_below_the_pages_own(tmp_path):
    (tmp_path / "a.css").write_text("\ufeffh1::after{content:'鑫 \\\\3c'}\n", encoding="utf-8")
    html = page(read_dress(css=tmp_path / "a.css"))
    style = html[html.index("<style>") : html.index("</style>")]
    assert (
        style.rstrip().endswith("h1::after{content:'鑫 \\\\3c'}")
        and "img" not in html.partition("<body")[2]
    )


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ('甲 "办".png', PNG, "png"),
        ("a.jpg", b"\xff\xd8\xff", "jpeg"),
        ("a.svg", SVG.encode(), "svg+xml"),
    ],
)
def test_the_logo_stands_above_and_its_name_is_its_alternative_text(tmp_path, name, content, kind):
    (tmp_path / name).write_bytes(content)
    html = page(read_dress(logo=tmp_path / name))
    data = base64.b64encode(content).decode()
    words = (tmp_path / name).stem.replace('"', "&#34;")
    assert f'<img class="logo" src="data:image/{kind};base64,{data}" alt="{words}">' in html


@pytest.mark.parametrize(
    ("css", "message"),
    [
        ("a{}</style><script>alert(1)</script>", "不能有 HTML 标签"),
        ("a{}<!--", "不能有 HTML 标签"),
        ("@import 'b.css';", "不能引用别的文件"),
        ('a{background:url( "http://x/y.png")}', "不能引用别的文件"),
        ("a{background:URL(logo.png)}", "不能引用别的文件"),
        ("a{}/*" + "x" * HEAVIEST * 1000 + "*/", f"不能超过 {HEAVIEST} kB"),
    ],
)
def test_a_style_sheet_that_would_end_the_style_or_fetch_something_is_refused(
    tmp_path, css, message
):
    path = tmp_path / "a.css"
    path.write_text(css, encoding="utf-8")
    with pytest.raises(DressError) as caught:
        read_dress(css=path)
    assert message in str(caught.value) and str(path) in str(caught.value)


def test_what_a_style_sheet_carries_itself_is_no_fault(tmp_path):
    css = "a{background:url(data:image/png;base64,AA)}b{clip-path:url(#c)}"
    (tmp_path / "a.css").write_text(css, encoding="utf-8")
    assert read_dress(css=tmp_path / "a.css").css == css


@pytest.mark.parametrize("content", [b"", b"GIF", "图".encode("gbk"), b"<html><svg></svg></html>"])
def test_what_is_no_picture_is_no_logo(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DressError, match="标志不是"):
        read_dress(logo=tmp_path / "a.png")


def test_a_style_sheet_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "a.css").write_bytes("/*图样*/".encode("gbk"))
    with pytest.raises(DressError, match="UTF-8"):
        read_dress(css=tmp_path / "a.css")

"""The Chinese font in matplotlib and the subset that a page carries."""

import io
import subprocess
import sys

import pytest
from fontTools.ttLib import TTFont

from creditcalc.render import fonts

TEXT = "濮阳市社会信用体系建设 2021 年 5 月：98.50% ≥ 80%，埇瀍浉"


def opened(text):
    return TTFont(io.BytesIO(fonts.woff2_subset(text)))


def test_the_subset_holds_the_characters_of_the_text_and_no_others():
    assert {chr(code) for code in opened(TEXT).getBestCmap()} == set(TEXT)


def test_equal_sets_of_characters_give_equal_bytes():
    first = fonts.woff2_subset(TEXT)
    fonts._subset.cache_clear()
    assert fonts.woff2_subset(TEXT[::-1] + TEXT) == first


def test_the_subset_does_not_tell_the_time():
    whole = TTFont(fonts.font_path())["head"].modified
    assert (opened(TEXT)["head"].created, opened(TEXT)["head"].modified) == (whole, whole)


def test_a_character_that_the_font_lacks_is_left_out_and_reported():
    assert fonts.woff2_subset("甲😀\x00\ud800") == fonts.woff2_subset("甲")
    assert fonts.missing_glyphs("甲😀乙\n") == {"😀"}


def test_an_empty_text_gives_a_font():
    assert opened("").getGlyphOrder() == [".notdef"]


@pytest.mark.parametrize("char", "县W8，")
def test_outlines_and_widths_are_the_whole_fonts_at_half_size(char):
    from fontTools.pens.boundsPen import BoundsPen

    def measured(font):
        name, glyphs = font.getBestCmap()[ord(char)], font.getGlyphSet()
        pen = BoundsPen(glyphs)
        glyphs[name].draw(pen)
        return [glyphs[name].width, *pen.bounds]

    assert measured(opened(char)) == pytest.approx(
        [fonts.SCALE * length for length in measured(TTFont(fonts.font_path()))], abs=1
    )


def test_lines_are_as_high_as_in_the_whole_font():
    whole, small = TTFont(fonts.font_path()), opened("县")
    for table, name in (
        ("hhea", "ascent"),
        ("hhea", "descent"),
        ("OS/2", "usWinAscent"),
        ("OS/2", "sTypoDescender"),
    ):
        assert getattr(small[table], name) == round(getattr(whole[table], name) * fonts.SCALE)


def test_the_subset_names_its_licence():
    assert "Open Font License" in opened("县")["name"].getDebugName(13)


def test_matplotlib_finds_the_font():
    from matplotlib import font_manager

    fonts.use_chinese_font()
    assert font_manager.findfont(fonts.FAMILY, fallback_to_default=False) == str(fonts.font_path())


def test_the_page_modules_start_without_the_heavy_libraries():
    code = (
        "import sys, creditcalc.render.html, creditcalc.render.table;"
        "heavy = 'matplotlib', 'nbconvert', 'fontTools', 'jinja2';"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditcalc.files import FORBIDDEN, OWN, WINDOWS, replacing, safe_names, sha256

NAMES = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "CON",
            "con.html",
            "COM¹",
            "..",
            ".",
            "",
            " ",
            "a/b",
            "A\\B",
            "index",
            "Index-2",
            "范县",
            "范縣",
            "é",
            "é",
            "a. ",
        ]
    ),
)


@given(st.lists(NAMES, max_size=12))
def test_every_name_is_safe_and_its_own(labels):
    names = safe_names(dict(enumerate(labels)))
    assert list(names) == list(range(len(labels)))
    for name in names.values():
        assert name and not set(name) & FORBIDDEN and name.isprintable()
        assert name == name.strip() and len(f".4194304-{name}.html".encode()) <= 255
        assert unicodedata.normalize("NFKC", name).casefold() not in OWN | WINDOWS
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        folded = {unicodedata.normalize(form, name).casefold() for name in names.values()}
        assert len(folded) == len(labels)


@given(st.lists(NAMES, max_size=12))
def test_names_make_files_that_do_not_meet(tmp_path_factory, labels):
    folder = tmp_path_factory.mktemp("names")
    for key, name in safe_names(dict(enumerate(labels))).items():
        (folder / f"{name}.html").write_text(str(key))
    assert sorted(int(path.read_text()) for path in folder.iterdir()) == list(range(len(labels)))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("范县", "范县"),
        ("经济技术开发区（北）", "经济技术开发区（北）"),
        ("../../etc/passwd", "______etc_passwd"),
        ("a\x00b\nc", "a_b_c"),
        ("\u202e范县", "_范县"),
        ("\ud800", "_"),
        (" 范县. ", "范县_"),
        ("nul", "nul-2"),
        ("运行" * 200, "运行" * 20),
    ],
)
def test_what_becomes_of_a_name(label, name):
    assert safe_names({0: label}) == {0: name}


def test_replacing_puts_a_whole_file_in_place(tmp_path):
    target = tmp_path / "页.html"
    target.write_text("旧")
    with replacing(target) as file:
        file.write("新".encode())
        assert target.read_text() == "旧"
    assert target.read_text() == "新"
    assert list(tmp_path.iterdir()) == [target]


def test_replacing_leaves_the_old_file_where_writing_fails(tmp_path):
    target = tmp_path / "页.html"
    target.write_text("旧")
    with pytest.raises(OSError, match="满"), replacing(target) as file:
        file.write("半".encode())
        raise OSError("满")
    assert target.read_text() == "旧"
    assert list(tmp_path.iterdir()) == [target]


def test_digest_of_nothing_is_empty(tmp_path):
    assert sha256(tmp_path / "无") == ""
    assert sha256(Path(__file__)) != ""

"""What others laid where a run starts or writes is neither run, followed, shown nor waited for."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from support.batches import PARAMETERS, notebook, statuses, write_data
from support.processes import OTHER, ROOT_ONLY

from creditcalc import files
from creditcalc.batch.one_page import PAPERMILL_ENGINES
from creditcalc.batch.runner import run
from creditcalc.bundled import PACKAGE
from creditcalc.files import LinkedElsewhere, appending, move_aside, remove_own, replacing, sha256
from creditcalc.render.pdf import print_pages

PLANTED = ("multiprocessing", "random", "ipykernel_launcher", "creditcalc", "pandas", "nbconvert")
LOOK = "import matplotlib, pandas, random\nprint(matplotlib.rcParams['lines.linewidth'])"
RUN = """
import sys
from pathlib import Path
from creditcalc.batch.runner import run
from creditcalc.batch.plan import Options

engine, *paths = sys.argv[1:]
data, out, notebooks = map(Path, paths)
options = Options(data=data, out=out, notebooks=notebooks, engine=engine, units=False)
print(run(options, progress=False).complete)
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_modules_and_settings_in_the_working_folder_are_not_taken(tmp_path, engine):
    data = write_data(tmp_path / "数据.csv", ["好县"])
    notebook(tmp_path / "county_report.ipynb", PARAMETERS, LOOK)
    notebook(
        tmp_path / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    (tmp_path / "go.py").write_text(RUN)
    shared = tmp_path / "大家都能写"
    shared.mkdir()
    for name in PLANTED:
        (shared / f"{name}.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w').close()")
    if engine == "warm":  # an ordinary kernel reads the settings of its folder and of its user
        (shared / "matplotlibrc").write_text("lines.linewidth: 40\n")
    paths = [str(path) for path in (data, tmp_path / "报告", tmp_path)]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "go.py"), engine, *paths],
        cwd=shared,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert not (tmp_path / "owned").exists()
    assert done.stdout.strip() == "True", done.stderr
    assert "<pre>1.5\n" in (tmp_path / "报告" / "2021-05" / "好县.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("beside", [False, True], ids=["elsewhere", "beside it"])
@pytest.mark.parametrize("engine", PAPERMILL_ENGINES)
def test_pages_are_made_by_the_very_package_that_the_caller_found_beside_itself(
    tmp_path, engine, beside
):
    data = write_data(tmp_path / "数据.csv", ["好县"])
    notebook(
        tmp_path / "county_report.ipynb", PARAMETERS, "import creditcalc as c; print(c.__file__)"
    )
    notebook(
        tmp_path / "city_overview.ipynb", PARAMETERS.replace("county = None\n", ""), "print(city)"
    )
    checkout = tmp_path / "checkout"
    shutil.copytree(PACKAGE, checkout / "creditcalc", ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "go.py").write_text(RUN)
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(checkout / "go.py"), engine]
    paths = [str(path) for path in (data, tmp_path / "报告", tmp_path)]
    done = subprocess.run(
        [*command, *paths],
        cwd=checkout if beside else tmp_path,
        env=bare,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "True", done.stderr
    page = (tmp_path / "报告" / "2021-05" / "好县.html").read_text(encoding="utf-8")
    assert str(checkout / "creditcalc") in page


def write(path, below):
    with replacing(path, below=below) as file:
        file.write("新".encode())


def append(path, below):
    with appending(path, below) as file:
        file.write("新")


USES = [write, append, remove_own, move_aside]


@pytest.fixture
def places(tmp_path):
    """The user's folder, a file three folders under it, and another's folder with files of the same
    names.
    """
    for base in ("out", "他处"):
        (tmp_path / base / "2021-05" / "units").mkdir(parents=True)
        (tmp_path / base / "2021-05" / "units" / "局.html").write_text("旧")
    return tmp_path / "out", tmp_path / "out" / "2021-05" / "units" / "局.html", tmp_path / "他处"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.is_file() and path.read_text()
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("use", USES)
def test_what_is_used_where_it_should_be(places, use):
    out, path, _ = places
    use(path, out)
    left = {name: text for name, text in contents(out).items() if text}
    expected = {
        write: {"2021-05/units/局.html": "新"},
        append: {"2021-05/units/局.html": "旧新"},
        remove_own: {},
        move_aside: {"2021-05/units/局（原有）.html": "旧"},
    }
    assert left == expected[use]


@pytest.mark.parametrize("swapped", ["2021-05", "2021-05/units"])
@pytest.mark.parametrize("use", USES)
def test_no_folder_on_the_way_is_a_link(places, use, swapped):
    out, path, other = places
    before = contents(other)
    (out / swapped).rename(out / "weg")
    (out / swapped).symlink_to(other / swapped)
    with pytest.raises(LinkedElsewhere, match="通往别处的链接"):
        use(path, out)
    assert contents(other) == before


@pytest.mark.skipif(not files.BY_FOLDER, reason="this system holds no folder open")
@pytest.mark.parametrize("swapped", ["2021-05", "2021-05/units"])
@pytest.mark.parametrize("use", USES)
def test_a_folder_that_becomes_a_link_after_it_was_looked_at_is_not_followed(
    places, use, swapped, monkeypatch
):
    out, path, other = places
    before, looked = contents(other), files.expect_own

    def swap(folder, what="文件夹"):
        looked(folder, what)
        if folder == out / swapped:
            folder.rename(out / "weg")
            folder.symlink_to(other / swapped)

    monkeypatch.setattr(files, "expect_own", swap)
    with pytest.raises(OSError):
        use(path, out)
    assert (out / swapped).is_symlink() and contents(other) == before


def test_the_user_s_own_folder_may_be_a_link(options, fake, tmp_path):
    write_data(options.data, ["好县"])
    (tmp_path / "真").mkdir()
    options.out.symlink_to(tmp_path / "真")
    assert run(options).complete and (tmp_path / "真" / "2021-05" / "好县.html").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_nobody_waits_for_a_pipe_that_was_laid_there(options, fake):
    write_data(options.data, ["好县"])
    folder = options.out / "2021-05"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "run.json")
    assert statuses(run(options)) == {"某市": "made", "好县": "made"}
    assert json.loads((folder / "run.json").read_bytes())["pages"]
    os.mkfifo(folder / ".written")
    with pytest.raises(OSError, match=r"\.written"):
        run(options)


@ROOT_ONLY
def test_a_folder_that_may_be_written_and_not_listed_takes_a_file(tmp_path):
    drop = tmp_path / "只进不出"
    drop.mkdir()
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(path.stat().st_mode | 0o055)
    os.chown(drop, OTHER, OTHER)
    drop.chmod(0o300)
    code = (
        "import os, sys; from pathlib import Path; from creditcalc.files import replacing\n"
        f"os.setuid({OTHER})\n"
        "with replacing(Path(sys.argv[1]) / 'x.csv') as file: file.write(b'x')"
    )
    subprocess.run([sys.executable, "-c", code, str(drop)], check=True)
    assert (drop / "x.csv").read_bytes() == b"x" and (drop / "x.csv").stat().st_uid == OTHER


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "范县.html"
    page.write_text(
        '<!DOCTYPE html><title>范县</title><p id="a">正文 '
        '<a href="./濮阳市.html">市</a> <a href="#a">上</a></p>'
    )
    return page


@pytest.mark.usefixtures("chromium")
def test_only_the_page_that_was_made_is_printed(page, tmp_path):
    digest, secret = sha256(page), tmp_path / "秘密.txt"
    secret.write_text("机密")
    page.write_text(f'<!DOCTYPE html><iframe src="{secret.as_uri()}"></iframe>')
    assert [*print_pages({page: digest}, 1)] == [(page, b"", "页面在打印前不见了或被改动，没有印")]
    page.unlink()
    assert [error for *_, error in print_pages({page: digest}, 1)] == [
        "页面在打印前不见了或被改动，没有印"
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("chromium")
def test_a_print_is_the_same_wherever_it_was_made_and_names_no_folder(page, tmp_path):
    other = tmp_path / "他处" / page.name
    other.parent.mkdir()
    other.write_bytes(page.read_bytes())
    prints = {
        content for path in (page, other) for _, content, _ in print_pages({path: sha256(path)}, 1)
    }
    [pdf] = prints
    assert pdf.startswith(b"%PDF") and b"/URI (file:" not in pdf

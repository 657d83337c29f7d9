"""README's second command on computers with more and with less, and the version that is told."""

import os
import shutil
import subprocess
import sys

import pytest
from support.places import ROOT
from support.processes import POSIX
from support.programs import needed, told

import creditcalc as cc

STUB = """#!/bin/sh
echo "$(basename "$0") $* CI=$CI" >> "$LOG"
case "$(basename "$0") $*" in
  "id -u") echo "$USER_ID" ;;
  "sudo "*) exit 1 ;;
  "apt-get install "*) exit "$APT_FAILS" ;;
  "python3 -m venv .venv")
    mkdir -p .venv/bin
    for name in python pip pytest playwright; do cp "$0" ".venv/bin/$name"; done ;;
esac
"""
TOOLS = ("bash", "sh", "dirname", "basename", "env", "mkdir", "cp", "ln")
ALL = ("chromium", "pdftotext", "soffice")
PACKAGES = ["poppler-utils", "libreoffice-calc-nogui"]


def calls(tmp_path, script, *stubs, user="0", apt_fails="0"):
    """What a script of the checkout calls on a computer that has these commands alone."""
    computer, log = tmp_path / "bin", tmp_path / "log"
    computer.mkdir()
    for tool in TOOLS:
        (computer / tool).symlink_to(shutil.which(tool))
    for stub in ("id", "python3", *stubs):
        (computer / stub).write_text(STUB)
        (computer / stub).chmod(0o755)
    for name in ("tests/run", ".ci/run"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    environment = {"PATH": str(computer), "LOG": str(log), "USER_ID": user, "APT_FAILS": apt_fails}
    subprocess.run(
        ["bash", str(tmp_path / script), "-k", "x"], env=environment, check=True, timeout=60
    )
    return log.read_text().splitlines()


def installed(lines):
    """The packages that apt-get was asked for."""
    return [line.split()[-2] for line in lines if line.startswith("apt-get install")]


@POSIX
@pytest.mark.parametrize(
    ("has", "user", "packages"),
    [
        (["apt-get"], "0", ["chromium", *PACKAGES]),
        (["apt-get", "google-chrome"], "0", PACKAGES),
        (["apt-get", *ALL], "0", []),
        (["apt-get", "sudo"], "1000", []),
        ([], "0", []),
    ],
    ids=["a bare Debian", "with Chrome", "with everything", "without root", "another system"],
)
def test_what_is_absent_is_installed_where_it_can_be_and_the_tests_run(
    tmp_path, has, user, packages
):
    lines = calls(tmp_path, "tests/run", *has, user=user)
    assert installed(lines) == packages
    assert lines[-1] == "pytest -k x CI="
    assert "pip install -q -e .[test] CI=" in lines


@POSIX
def test_a_package_that_is_not_there_keeps_no_other_from_being_installed(tmp_path):
    lines = calls(tmp_path, "tests/run", "apt-get", apt_fails="1")
    assert installed(lines) == ["chromium", *PACKAGES]
    assert "playwright install chromium CI=" in lines, "Ubuntu has no package of it"
    assert lines[-1] == "pytest -k x CI="


@POSIX
def test_the_machine_that_checks_runs_the_same_and_says_so(tmp_path):
    assert calls(tmp_path, ".ci/run", *ALL)[-1] == "pytest  CI=true"


def test_readme_names_the_command():
    assert "```sh\nbash tests/run\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_an_absent_program_skips_a_test_and_fails_it_where_everything_is_to_run(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install poppler-utils"):
        needed("pdftotext")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        needed("chromium")
    assert told(["needs root"]) == ""


@pytest.mark.slow
def test_the_last_line_says_how_many_tests_lacked_a_program_and_the_cure(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "0",
            "-k",
            "libreoffice",
            "tests/intake/test_merge.py",
        ],
        cwd=ROOT,
        env=environment | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == (
        "2 tests were skipped for want of a program. "
        "soffice: apt-get install libreoffice-calc-nogui"
    )


def test_the_version_is_told_by_the_package_and_by_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "creditcalc", "--version"], capture_output=True, text=True
    )
    assert done.stdout == f"creditcalc {cc.__version__}\n" and done.returncode == 0

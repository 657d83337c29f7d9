"""Coverage-guided fuzzing of everything that reads a file: ``python tests/fuzz/readers.py FOLDER
SECONDS [READER]…``.

Needs ``pip install atheris``. Each reader in turn gets mutations of the sample and of the test
files for so many seconds, in one process. A reader may refuse a file with Problems and do nothing
else; what it accepts must score within its bounds. The corpus and what was found (an input and its
traceback for each place in the code) stay in FOLDER.
"""

import hashlib
import io
import subprocess
import sys
import tempfile
import traceback
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BAD = ROOT / "tests" / "intake" / "bad_inputs"
SMALL = ROOT / "tests" / "rules" / "rulebooks" / "small.toml"
LIMITS = [
    "-max_len=20000",
    "-timeout=30",
    "-rss_limit_mb=3000",
    "-print_final_stats=1",
    "-keep_seed=1",
]
NAMES = ["濮阳市", "范县"]


class Fuzzer:
    """The readers, each of which takes the bytes of one file; the files lie in a folder of their
    own.
    """

    def __init__(self, folder: Path) -> None:
        import creditcalc as cc
        from creditcalc import case_lists
        from creditcalc.case_lists.kinds import kinds
        from creditcalc.evidence import register
        from creditcalc.intake import checked_table

        self.cc, self.folder, self.evidence_of = cc, folder, register
        self.check_inputs, self.read_ledgers, self.kinds = (
            checked_table.check_inputs,
            case_lists.read_ledgers,
            list(kinds()),
        )
        self.book, self.small = cc.load_rulebook(), cc.load_rulebook(SMALL)
        self.parts = parts_of(form(self.small))

    def file(self, name: str, content: bytes) -> Path:
        """A file of this name with this content."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def table(self, path: Path) -> None:
        """A table is read and scored; nothing out of bounds, nothing refused without a reason."""
        checked = self.check_inputs(path, self.small)
        said = [str(problem) for problem in checked.problems]
        assert all(said) and (len(checked.table) or checked.errors), "no row and no reason"
        if len(checked.table):
            within_bounds(self.cc.score(checked.table, self.small))

    def csv(self, content: bytes) -> None:
        """A CSV table."""
        self.table(self.file("t.csv", content))

    def xlsx(self, content: bytes) -> None:
        """A workbook."""
        self.table(self.file("t.xlsx", content))

    def form(self, content: bytes) -> None:
        """A form of which one part of the archive, named by the first byte, is mutated: past the
        archive's check sums.
        """
        parts = dict(self.parts)
        parts[sorted(parts)[content[0] % len(parts)] if content else "x"] = content[1:]
        self.table(self.file("f.xlsx", packed(parts)))

    def parquet(self, content: bytes) -> None:
        """A Parquet file."""
        self.table(self.file("t.parquet", content))

    def toml(self, content: bytes) -> None:
        """A rulebook; one that is accepted scores a row without a number and one of ones."""
        import pandas as pd

        book = self.cc.load_rulebook(self.file("b.toml", content))
        numbers = {name: [None, 1.0] for name, i in book.inputs.items() if i.type != "class"}
        keys = {
            "jurisdiction": ["甲县", "乙县"],
            "period": "2021-05",
            "level": "county",
            "city": "某市",
        }
        within_bounds(
            self.cc.score(pd.DataFrame(keys | numbers).astype(dict.fromkeys(numbers, float)), book)
        )

    def evidence(self, content: bytes) -> None:
        """A table of evidence."""
        places = [("濮阳市", name) for name in NAMES]
        given = self.evidence_of.check_evidence(
            [self.file("evidence.csv", content)], self.book, places
        )
        assert all(map(str, given.problems))
        owners = [("濮阳市", "濮阳市", "city"), ("濮阳市", "范县", "county")]
        self.evidence_of.standing(self.book, owners, given.table, "2021-05-31")

    def ledger(self, content: bytes) -> None:
        """A ledger as CSV, of the kind that the first byte names."""
        path = self.file(
            f"{self.kinds[content[0] % len(self.kinds)] if content else 'codes'}.csv", content[1:]
        )
        try:
            self.read_ledgers(path, book=self.book)
        finally:
            path.unlink()


READERS = ["csv", "xlsx", "form", "parquet", "toml", "evidence", "ledger"]


def within_bounds(card) -> None:
    """Points within their interval, the interval within full marks."""
    full = card.full.dropna(axis=1, how="all")
    low, high, points = (sheet[full.columns] for sheet in (card.low, card.high, card.points))
    assert ((low >= 0) & (low <= high) & (high <= full * (1 + 1e-12))).all(axis=None), "interval"
    assert (points.isna() | ((low <= points) & (points <= high))).all(axis=None), "points"
    totals = card.totals()
    assert (totals["score"] <= totals["low"] + 1e-9).all() and (
        totals["low"] <= totals["high"] + 1e-9
    ).all(), "totals"


def form(book) -> bytes:
    """A form of the small rulebook that is filled in."""
    import openpyxl

    from creditcalc.intake.forms import write_forms

    buffer = io.BytesIO()
    write_forms(buffer, book, ["甲县"], period="2024-05", city="某市")
    workbook = openpyxl.load_workbook(buffer)
    for row in workbook.active.iter_rows(min_row=9):
        if row[0].value in book.inputs:
            row[4].value = 1
    workbook.active.merge_cells("F9:G10")
    workbook.save(buffer := io.BytesIO())
    return buffer.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """What an archive holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    """Parts as an archive."""
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def seeds(fuzzer: Fuzzer, reader: str) -> list[bytes]:
    """What a reader's mutations begin with."""
    import pandas as pd

    ledgers = ROOT / "data" / "sample" / "ledgers"
    match reader:
        case "csv" | "xlsx" | "parquet":
            return [path.read_bytes()[:20000] for path in BAD.glob(f"*.{reader}")]
        case "form":
            return [bytes([n]) + fuzzer.parts[name] for n, name in enumerate(sorted(fuzzer.parts))]
        case "toml":
            return [SMALL.read_bytes()]
        case "evidence":
            return [
                b"".join((ROOT / "data/sample/evidence.csv").read_bytes().splitlines(True)[:n])
                for n in (2, 12)
            ]
        case _:
            frames = {path.stem: pd.read_csv(path, dtype=str) for path in ledgers.glob("*.csv")}
            frames |= {path.stem: pd.read_parquet(path) for path in ledgers.glob("*.parquet")}
            texts = {name: frame[:6].to_csv(index=False).encode() for name, frame in frames.items()}
            return [
                bytes([n]) + texts[name] for n, name in enumerate(fuzzer.kinds) if name in texts
            ]


def words(fuzzer: Fuzzer) -> str:
    """libFuzzer's dictionary: what means something to some reader."""
    from creditcalc.case_lists.kinds import kinds

    said = {
        label
        for kind in kinds().values()
        for column in kind.columns
        for label in (column.name, *column.labels)
    }
    said |= {
        *fuzzer.small.columns,
        *NAMES,
        "2021-05",
        "是",
        "否",
        "nan",
        "inf",
        "1e999",
        "-1",
        "=1+1",
        "%",
        "县区",
        "期间",
        "city",
    }
    said |= {"by", "kind", "tiers", "[[items]]", "[[base]]", "\ufeff", "\0", "\u202e", "9" * 30}
    return "".join(
        '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"\n' for word in sorted(said)
    )


def fuzz(reader: str, folder: Path, seconds: str) -> None:
    """Fuzz one reader until the time is up; never returns."""
    import atheris

    with atheris.instrument_imports(include=["creditcalc", "openpyxl", "tomllib", "zipfile"]):
        from creditcalc.problems import ProblemError

        fuzzer = Fuzzer(Path(tempfile.mkdtemp()))
    corpus, faults = folder / reader, folder / "faults"
    for path in (corpus, faults):
        path.mkdir(parents=True, exist_ok=True)
    for seed in seeds(fuzzer, reader):
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    (folder / "words").write_text(words(fuzzer), encoding="ascii")
    seen: set[str] = set()

    def once(content: bytes) -> None:
        try:
            getattr(fuzzer, reader)(content)
        except ProblemError as error:
            assert error.problems and all(map(str, error.problems))
        except Exception as error:
            ours = [
                frame
                for frame in traceback.extract_tb(error.__traceback__)
                if "creditcalc" in frame.filename
            ]
            stem, line = (Path(ours[-1].filename).stem, ours[-1].lineno) if ours else (reader, 0)
            place = f"{type(error).__name__}-{stem}-{line}"
            if place not in seen:
                seen.add(place)
                (faults / f"{reader}-{place}").write_bytes(content)
                (faults / f"{reader}-{place}.txt").write_text(
                    traceback.format_exc(), encoding="utf-8"
                )

    options = [
        f"-max_total_time={seconds}",
        f"-dict={folder / 'words'}",
        f"-artifact_prefix={faults}/",
        *LIMITS,
    ]
    atheris.Setup([sys.argv[0], str(corpus), *options], once)
    atheris.Fuzz()


def main() -> None:
    """Fuzz each reader that is named, or all, one after the other."""
    folder, seconds, *names = sys.argv[1:]
    if names[:1] == ["--one"]:
        fuzz(names[1], Path(folder), seconds)
    for reader in names or READERS:
        print(f"== {reader}", flush=True)
        subprocess.run([sys.executable, __file__, folder, seconds, "--one", reader])


if __name__ == "__main__":
    main()

"""Scoring against the same rules by hand, as OpenFisca variables and row by row; growth of time and
memory; a country.

``python tests/benchmarks/scoring.py`` prints the tables of README.md. Times are the processor's,
medians of interleaved rounds.
"""

import sys
import time
import tracemalloc
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from unittest.mock import patch

import by_hand
import numpy as np
import openfisca_peer
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

import creditcalc as cc
from creditcalc.rules import exact
from creditcalc.rules.formulas import lines, steps, thresholds
from creditcalc.rules.measures import amounts
from creditcalc.scoring.arrays import Columns

BOOK = cc.load_rulebook()
CLASSES = ["prefecture", "county_level", "capital"]
SIZES = [1, 1_000, 34_000, 1_000_000]
PEER, PIECES = "OpenFisca", "by hand, in pieces"
PIECE = 32_000  # rows


def columns_of(rows, seed=0):
    """Every input without a blank, wholes above 0, classes and levels as numbers."""
    random = np.random.default_rng(seed)
    bounds = {"flag": (0, 2), "class": (0, 3)}
    made = {
        i.name: random.integers(*bounds.get(i.type, (1, 100)), rows).astype(float)
        for i in BOOK.inputs.values()
    }
    return made | {"level": random.integers(0, 2, rows).astype(float)}


def table_of(columns):
    """The same for the library; counties are named by their number."""
    words = {"city_class": CLASSES, "level": ["county", "city"]}
    coded = {
        name: pd.Categorical.from_codes(columns[name].astype(int), categories)
        for name, categories in words.items()
    }
    keys = {"jurisdiction": np.arange(len(columns["level"])).astype(str), "period": "2021-05"}
    return pd.DataFrame(columns).assign(**coded, **keys)


def blanked(table, share):
    """The table with a share of its numbers missing."""
    names = [name for name in BOOK.inputs if name != "city_class"]
    random = np.random.default_rng(1)
    holed = {name: table[name].mask(random.random(len(table)) < share) for name in names}
    return table.assign(**holed)  # each column contiguous, as tables are read


def with_intervals(table):
    card = cc.score(table, BOOK)
    return card.points, card.low, card.high, card.status


def row_by_row(table):
    def row(values):
        out = np.empty((56, 1))
        by_hand.score({name: np.array([value]) for name, value in values.items()}, out)
        return pd.Series(out[:, 0])

    return table.apply(row, axis=1)


def timed(ways, rounds):
    """The median processor time of each way, in milliseconds."""
    times = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            times[name].append((time.process_time() - start) * 1e3)
    return {name: median(found) for name, found in times.items()}


def check(columns, table, system):
    """All three say the same."""
    rows = len(table)
    hand, card = by_hand.score_all(columns, rows), cc.score(table, BOOK)
    peer = openfisca_peer.score(system, columns, rows)
    for n, rule in enumerate(BOOK.rules.values()):
        gate = rule.kind == "base"
        ours = (
            card.status[rule.id].eq("pass").to_numpy() if gate else card.points[rule.id].to_numpy()
        )
        assert np.allclose(ours, hand[n], rtol=0, atol=1e-8), rule.id
        assert np.isclose(peer[rule.id], hand[n], rtol=0, atol=1e-3).mean() > 0.999, (
            rule.id
        )  # its numbers are float32


def speed(rows):
    columns = columns_of(rows)
    table, system = table_of(columns), openfisca_peer.system(columns)
    if rows <= 34_000:
        check(columns, table, system)
    holed, numbers = blanked(table, 0.05), pd.DataFrame(columns)
    ways = {
        "by hand": lambda: by_hand.score_all(columns, rows),
        PIECES: lambda: by_hand.score_all(columns, rows, PIECE),
        "score": lambda: cc.score(table, BOOK),
        "score, intervals, status": lambda: with_intervals(table),
        "the same, 5 % missing": lambda: with_intervals(holed),
        PEER: lambda: openfisca_peer.score(
            system, {name: numbers[name].to_numpy() for name in columns}, rows
        ),
    }
    found = timed(ways, 5 if rows > 100_000 else 15)
    if rows == 1_000:
        found |= timed({"pandas apply": lambda: row_by_row(numbers)}, 3)
    return found


def unchecked(columns, name):
    """``Columns.number`` of an input that is there, without a look for infinities."""
    if name not in columns._arrays:
        columns._arrays[name] = columns._numbers(name)
    return np.ascontiguousarray(columns._arrays[name][columns.rows], dtype=float)


def straight(self, x, full):
    """``proportional`` whose limits are wherever rounding puts them."""
    return np.clip((x - self.zero) * (full / (self.full_at - self.zero)), 0.0, full)


def reasons(rows):
    """What ``score`` takes without one of the checks that by hand leaves out, and without all of
    them, beside by hand.
    """
    columns = columns_of(rows)
    table = table_of(columns)
    checks = {
        "a look at every input for infinities": [patch.object(Columns, "number", unchecked)],
        "a look at every result for blanks": [
            patch.object(lines, "blanked", lambda result, x: result),
            patch.object(thresholds, "blanked", lambda result, x: result),
            patch.object(amounts, "where_empty", lambda values, whole, empty: values),
        ],
        "limits exact to 1e-9": [
            patch.object(lines.Proportional, "points", straight),
            patch.object(steps, "snap", lambda steps: steps),
            patch.object(exact, "snap", lambda steps: steps),
        ],
    }

    def without(patches):
        def way():
            with ExitStack() as stack:
                for each in patches:
                    stack.enter_context(each)
                cc.score(table, BOOK)

        return way

    ways = {
        PIECES: lambda: by_hand.score_all(columns, rows, PIECE),
        "score as it is": lambda: cc.score(table, BOOK),
    }
    ways["score, intervals, status"] = lambda: with_intervals(table)
    ways |= {f"without {name}": without(patches) for name, patches in checks.items()}
    return timed(
        ways
        | {"without all three": without([each for patches in checks.values() for each in patches])},
        7,
    )


def memory(rows):
    """Peak over inputs and results, in times their size."""
    table = table_of(columns_of(rows))
    sizes = []
    for given in (table, blanked(table, 0.05)):
        tracemalloc.start()
        results = with_intervals(given)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        distinct = {id(sheet.to_numpy().base): sheet for sheet in results[:3]}.values()
        inputs = int(given.memory_usage(index=False).sum())
        outputs = 448 * rows * len({sheet.to_numpy().ctypes.data for sheet in distinct}) + 56 * rows
        sizes.append((inputs + peak) / (inputs + outputs))
    return sizes


def country():
    """2,850 counties in 333 cities, twelve months."""
    months = [f"2021-{month:02d}" for month in range(1, 13)]
    columns = columns_of(2_850 * 12) | {"level": np.zeros(2_850 * 12)}
    table = table_of(columns).assign(
        jurisdiction=np.tile([f"{n}县" for n in range(2_850)], 12),
        period=np.repeat(months, 2_850),
        city=np.tile([f"{n % 333}市" for n in range(2_850)], 12),
        city_class=np.tile([CLASSES[n % 333 % 3] for n in range(2_850)], 12),
    )
    rolled = cc.roll_up(table, BOOK)
    card = cc.score(rolled, BOOK)
    ways = {
        "roll up": lambda: cc.roll_up(table, BOOK),
        "score": lambda: cc.score(rolled, BOOK),
        "totals": card.totals,
    }
    return timed(ways, 5)


def main():
    found = {rows: speed(rows) for rows in SIZES}
    print("| ms of processor time | " + " | ".join(f"{rows:,} rows" for rows in SIZES) + " |")
    print("| --- |" + " --- |" * len(SIZES))
    for way in found[1_000]:
        cells = [
            f"{f[way]:,.2f} ({f[way] / min(f['by hand'], f[PIECES]):.1f} ×)" if way in f else ""
            for f in found.values()
        ]
        print(f"| {way} | " + " | ".join(cells) + " |")
    print(f"\n| {SIZES[-1]:,} rows | ms of processor time |\n| --- | --- |")
    costs = reasons(SIZES[-1])
    for name, ms in costs.items():
        print(f"| {name} | {ms:,.0f} ({ms / costs[PIECES]:.1f} ×) |")
    print(
        "\n| peak memory ÷ (inputs + results) | nothing missing | 5 % missing |\n"
        "| --- | --- | --- |"
    )
    for rows in (34_000, 340_000, 1_000_000):
        print(f"| {rows:,} rows | " + " | ".join(f"{times:.2f}" for times in memory(rows)) + " |")
    parts = country()
    print(
        "\n2,850 counties × 12 months: "
        + ", ".join(f"{name} {ms:,.0f} ms" for name, ms in parts.items())
    )
    print(f"together {sum(parts.values()):,.0f} ms")


if __name__ == "__main__":
    main()

"""What it takes: for every rule short of its full marks the least change of its inputs that earns
them.

A target is found by the inverse of the rule's formula and measure, rounded to whole units of the
input, and then proved by scoring the changed row: what is reported is what that score says, with
every other rule that the change moves.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import pandas as pd

from creditcalc.analysis.target_proof import Candidate, Proof
from creditcalc.analysis.target_search import Search
from creditcalc.rules.measures.moves import Unreachable
from creditcalc.scoring.scorecard import Scorecard

TARGET_COLUMNS = ["jurisdiction", "period", "id", "goal", "changes", "points", "total_gain"]


class Targets(pd.DataFrame):
    """The long table of targets; ``unreachable`` holds jurisdiction, period, id and reason of what
    has none.
    """

    _metadata: ClassVar[list[str]] = ["unreachable"]
    unreachable: pd.DataFrame

    @property
    def _constructor(self) -> type[Targets]:
        return Targets


def targets(card: Scorecard, rows: Sequence[Hashable] | None = None) -> Targets:
    """The targets of every row (or of the index labels ``rows``): jurisdiction, period, id, goal,
    changes, points, total_gain.

    ``goal`` is full, next (the next step that earns anything) or pass; ``changes`` maps inputs to
    new values; ``points`` is the gain on the rule, ``total_gain`` on the total. Where the threshold
    is the city's, a county's target is its part of what the city lacks and its gain the city's.
    Sorted by points within a row.

    >>> from creditcalc import load_rulebook, score
    >>> values = {"loans_xyd": [450], "loans_credit": [10000]}
    >>> table = pd.DataFrame({"jurisdiction": ["范县"], "period": ["2021-05"], **values})
    >>> found = targets(score(table, load_rulebook()))
    >>> found.loc[found["goal"] == "full", "changes"].item()
    {'loans_xyd': 600.0}
    """
    positions = list(range(len(card.table)))
    if rows is not None:
        positions = card.table.index.get_indexer(pd.Index(rows)).tolist()
    search = Search(card)
    tried: list[Candidate] = []
    reasons: list[dict[str, Any]] = []
    for row in positions:
        for rule in card.book.rules.values():
            try:
                tried += search.candidates(row, rule)
            except Unreachable as reason:
                reasons.append({**search.key(row), "id": rule.id, "reason": str(reason)})
    proved: list[dict[str, Any]] = []
    for c, proof in zip(tried, search.prover.least(tried), strict=True):
        key = {**search.key(c.row), "id": c.rule.id}
        if proof is None:
            reasons.append({**key, "reason": _not_reached(search.unknown(c.row, c.rule))})
        else:
            proved.append({**key, "goal": c.goal, "row": c.row, **_gained(proof)})
    found = pd.DataFrame(_distinct(proved), columns=[*TARGET_COLUMNS, "row"]).sort_values(
        ["row", "points"], ascending=[True, False], kind="stable"
    )
    result = Targets(found[TARGET_COLUMNS].reset_index(drop=True))
    result.unreachable = pd.DataFrame(
        reasons, columns=["jurisdiction", "period", "id", "reason"]
    ).drop_duplicates(["jurisdiction", "period", "id"], ignore_index=True)
    return result


def _gained(proof: Proof) -> dict[str, Any]:
    """What a proof promises; a gate earns no points of its own."""
    points = 0.0 if proof.candidate.goal == "pass" else proof.gain
    return {"changes": proof.candidate.changes, "points": points, "total_gain": proof.total}


def _not_reached(unknown: list[str]) -> str:
    """Why the inverse did not hold when it was scored."""
    if unknown:
        return f"改变已知的数还不够，先补齐：{'、'.join(unknown)}"
    return "改变自身数值达不到"


def _distinct(proved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the next steps that are full marks already."""
    full = {(p["row"], p["id"]): p["changes"] for p in proved if p["goal"] == "full"}
    return [
        p for p in proved if p["goal"] != "next" or full.get((p["row"], p["id"])) != p["changes"]
    ]

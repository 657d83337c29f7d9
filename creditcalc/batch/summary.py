"""All jurisdictions of a period together: the sheets of the summary workbook."""

from __future__ import annotations

import numpy as np
import pandas as pd

from creditcalc.analysis.ranking import ranks
from creditcalc.analysis.steps import steps
from creditcalc.analysis.targets import targets
from creditcalc.batch.plan import Plan
from creditcalc.batch.provenance import combined, file_digests
from creditcalc.batch.record import Key
from creditcalc.bundled import bundled
from creditcalc.pages.showing import headed
from creditcalc.pages.worklog_sheets import note_sheet
from creditcalc.render.workbook import problem_frame
from creditcalc.rules import phrases
from creditcalc.scoring.scorecard import score

WHO_COLUMNS = ("jurisdiction", "city", "period")  # the columns that say whose a line is
TOTALS_COLUMNS = (
    *WHO_COLUMNS,
    "level",
    "rank",
    "score",
    "low",
    "high",
    "bonus",
    "bonus_low",
    "bonus_high",
    "total",
    "eligible",
    "county_duty",
    "county_duty_full",
)
MARKS_COLUMNS = ("full", "value", "points", "low", "high", "status", "clause")
ITEMS_COLUMNS = (*WHO_COLUMNS, "id", "name", "kind", "category", *MARKS_COLUMNS)
BASE_COLUMNS = (*WHO_COLUMNS, "id", "name", "value", "status", "clause")
TARGETS_COLUMNS = (*WHO_COLUMNS, "id", "name", "duty", "aim", "steps", "own_gain", "total_gain")


def period_totals(plan: Plan) -> pd.DataFrame:
    """The period's totals, counties ranked within their city, without those that have errors."""
    study = plan.study
    totals = study.totals[study.totals["period"] == plan.period]
    counties = totals[totals["level"] == "county"].groupby("city", sort=False)
    places = [ranks(group)["rank"] for _, group in counties]
    totals = totals.assign(rank=pd.concat(places).reindex(totals.index) if places else np.nan)
    owners = totals[["level", "city", "jurisdiction"]].itertuples(index=False)
    totals = totals[[Key(*owner) not in plan.refused for owner in owners]]
    return totals.sort_values(["city", "level", "rank"], kind="stable")


def summary_sheets(plan: Plan) -> dict[str, pd.DataFrame]:
    """The sheets of the summary workbook, with headers for people."""
    study = plan.study
    rows = study.table[study.table["period"] == plan.period]
    card = score(rows, study.book, study.readings)
    items = card.items().assign(city=np.repeat(rows["city"].to_numpy(), len(study.book.rules)))
    items = items[
        ~items.set_index(["city", "jurisdiction"]).index.isin(
            [(key.city, key.name) for key in plan.refused]
        )
    ]
    rules = study.book.rules
    items = items.rename(columns={"score": "points"}).assign(
        name=items["id"].map({id: rule.name for id, rule in rules.items()}),
        category=items["id"].map({id: rule.category for id, rule in rules.items()}),
        clause=items["id"].map({id: rule.clause for id, rule in rules.items()}),
    )
    base = items["kind"] == "base"
    return {
        "总分": headed(period_totals(plan), TOTALS_COLUMNS),
        "评分项": headed(items[~base], ITEMS_COLUMNS),
        "基础指标": headed(items[base], BASE_COLUMNS),
        "目标": headed(_target_frame(plan, rows), TARGETS_COLUMNS),
        "数据问题": problem_frame(study.problems),
        "说明": _notes(plan),
    }


def _notes(plan: Plan) -> pd.DataFrame:
    """What the workbook was made of, by what, and under which readings."""
    study, book = plan.study, plan.study.book
    facts = {
        "期间": plan.period,
        "台账": f"{book.document}，{book.edition}",
        "规则指纹": book.digest,
        "数据指纹": combined(file_digests(plan.options.data or bundled("data/sample"))),
        "版本": "，".join(
            f"{library} {version}" for library, version in plan.origin.versions.items()
        ),
        "生成时间": plan.origin.made_at,
    }
    return note_sheet(facts, study.readings, book, study.sample)


def _target_frame(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """What it takes, for everyone whose data is sound: the changes in words and the points that
    they bring.
    """
    book, frames = plan.study.book, []
    for city, group in table.groupby("city"):
        found = targets(score(group, book, plan.study.readings)).assign(city=city)
        typed = {row["jurisdiction"]: row for row in group.to_dict("records")}
        pairs = found[["jurisdiction", "changes"]].itertuples(index=False)
        frames.append(
            found.assign(steps=[steps(book, typed[name], changes) for name, changes in pairs])
        )
    frame = pd.concat(frames)
    frame = frame[
        ~frame.set_index(["city", "jurisdiction"]).index.isin(
            [(key.city, key.name) for key in plan.refused]
        )
    ]
    frame = frame.rename(columns={"goal": "aim", "points": "own_gain"})
    return frame.assign(
        name=frame["id"].map({id: rule.name for id, rule in book.rules.items()}),
        duty=frame["id"].map({id: phrases.LEVEL[rule.scope] for id, rule in book.rules.items()}),
    )

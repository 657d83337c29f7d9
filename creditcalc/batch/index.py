"""The index page of a period: where everybody stands at one look, what has no page and why, and how
to find a jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from creditcalc import words
from creditcalc.batch.plan import Plan
from creditcalc.batch.record import Key, Page
from creditcalc.batch.summary import period_totals
from creditcalc.pages.page_data import PageData
from creditcalc.pages.page_facts import intervals
from creditcalc.pages.showing import show
from creditcalc.problems import Problem
from creditcalc.render.display import Fact, Facts, Note, Prose, Shown, escape, safe_href
from creditcalc.render.table import Table
from creditcalc.rules import phrases

PAGE_STATUS = {
    "made": "已生成",
    "unchanged": "未变",
    "failed": "失败",
    "refused": "未生成",
    "left": "本次未做",
}
PROBLEMS_SHOWN = 500  # problems on the index page; the workbook has all
LOSSES = 3  # of the city, that the top of the page names
GLANCES = 5  # cities that it has room for
# The one script of all pages: it hides the rows of the table below that do not hold what is typed,
# and works without a network.
FINDING = """
const box=document.getElementById('find');
const rows=box.parentElement.nextElementSibling.querySelectorAll('tbody tr');
box.parentElement.hidden=false;
box.addEventListener('input',()=>{const word=box.value.trim();let n=0;
for(const row of rows){row.hidden=!row.textContent.includes(word);n+=!row.hidden}
document.getElementById('found').textContent=word?`${n} 个`:''});
"""


class FindBox(Shown):
    """A box that narrows the standings down to a name; hidden where no script runs."""

    def html(self) -> str:
        """The box with its label."""
        label = '<label for="find">按名称查找</label>'
        box = '<input id="find" type="search" autocomplete="off">'
        return f'<p class="find" hidden>{label} {box} <span id="found"></span></p>'


@dataclass(frozen=True, repr=False)
class Links(Shown):
    """Names that lead to pages, side by side."""

    targets: Sequence[tuple[str, str]]

    def html(self) -> str:
        """A list of links."""
        items = "".join(
            f'<li><a href="{safe_href(target)}">{escape(name)}</a></li>'
            for name, target in self.targets
        )
        return f'<ul class="names">{items}</ul>'


def index_body(plan: Plan, pages: list[Page]) -> str:
    """The index page's text: how the run went, who stands where, what has no page and why, what is
    wrong with the data.
    """
    errors, notices = (
        plan.study.checked.errors,
        [p for p in plan.study.problems if p.severity == "notice"],
    )
    cities = [plan.study.city(name, plan.period) for name in plan.study.cities(plan.period)]
    cities = [city for city in cities if Key("city", city.name, city.name) not in plan.refused]
    without = [page for page in pages if page.error]
    this_run: tuple[str, Iterable[Shown]] = ("本次运行", _outcome(pages, errors, notices))
    glances: list[tuple[str, Iterable[Shown]]] = [
        (city.name, _glance(city)) for city in cities[:GLANCES]
    ]
    shown = [this_run, *glances] if errors or without else [*glances, this_run]
    shown.append(("各县（区）", [FindBox(), _standings(plan, pages)]))
    offices = [page for page in pages if page.kind == "office" and page.intact(plan.folder)]
    if offices:
        shown.append(("责任单位", [Links([(page.name, page.file) for page in offices])]))
    if without:
        shown.append(("没有生成的页面", [_without_page(without)]))
    if errors:
        shown.append(("数据错误", [_problem_table(errors)]))
    if notices:
        shown.append(("数据提示", _notices(notices, plan.period)))
    return "\n".join(
        f"<h2>{escape(title)}</h2>\n" + "\n".join(part.html() for part in parts)
        for title, parts in shown
    )


def _outcome(pages: list[Page], errors: list[Problem], notices: list[Problem]) -> Iterable[Shown]:
    counts = {
        word: sum(page.status == status for page in pages) for status, word in PAGE_STATUS.items()
    }
    yield Prose(
        [
            "，".join(f"{word} {n} 页" for word, n in counts.items() if n)
            + f"；数据错误 {len(errors)} 处，提示 {len(notices)} 处。"
        ]
    )
    for status, text in (("failed", "生成时出错"), ("refused", "数据有错误，没有生成页面")):
        names = "、".join(page.name for page in pages if page.status == status)
        if names:
            yield Note(f"{names}：{text}", "失败", "bad")


def _glance(city: PageData) -> Iterable[Shown]:
    """Where a city stands: eligible or not and why, its total, its largest losses."""
    yield city.key_figures()
    frame = city.items()
    failed = frame[frame["status"].isin([phrases.STATUS["fail"], phrases.STATUS["pending"]])]
    if len(failed):
        names = "、".join(
            f"{id} {name}（{status}）"
            for id, name, status in failed[["id", "name", "status"]].to_numpy()
        )
        yield Note(
            names,
            "基础指标",
            "bad" if (failed["status"] == phrases.STATUS["fail"]).any() else "warn",
        )
    lost = (
        frame[(frame["kind"] == "item") & (frame["lost"] > 0)]
        .sort_values("lost", ascending=False, kind="stable")
        .head(LOSSES)
    )
    facts = [
        Fact(f"{id} {name}", f"−{words.points(x)} 分", f"现值 {value}，满分要求：{goal}", "bad")
        for id, name, x, value, goal in lost[["id", "name", "lost", "value", "goal"]].to_numpy()
    ]
    yield Prose([], heading="失分最多的三项")
    yield Facts(facts)


def _standings(plan: Plan, pages: list[Page]) -> Table:
    """Confirmed score, interval, bonus, eligibility and rank of each jurisdiction, with a link to
    its page.
    """
    page_of = {page.key: page for page in pages}
    found = period_totals(plan)
    owners = found[["level", "city", "jurisdiction"]].itertuples(index=False)
    own = [page_of[Key(*owner)] for owner in owners]
    frame = pd.DataFrame(
        {
            "jurisdiction": found["jurisdiction"],
            "eligible": found["eligible"],
            "score": found["score"],
            "rank": found["rank"],
            "interval": intervals(found),
            "bonus_interval": intervals(found, "bonus_low", "bonus_high"),
            "city": found["city"] if found["city"].nunique() > 1 else None,
            "page": [PAGE_STATUS[page.status] for page in own],
            "pdf": ["PDF" if page.printed else None for page in own],
            "_full_score": plan.study.book.full,
            "_link_jurisdiction": [page.file if page.intact(plan.folder) else "" for page in own],
            "_link_pdf": [page.pdf_file if page.printed else "" for page in own],
        }
    )
    return show(
        frame,
        "各县（区）与全市得分",
        unit="分",
        source="排名在本市各县（区）之间，按得分区间的下限",
    )


def _notices(notices: list[Problem], period: str) -> Iterable[Shown]:
    """What is odd in the period, and how much there is of others."""
    current = [problem for problem in notices if problem.period in ("", period)]
    if current:
        yield _problem_table(current)
    if others := len(notices) - len(current):
        yield Prose([f"其他期间还有提示 {others} 处，见汇总表。"])


def _without_page(pages: list[Page]) -> Table:
    rows = [(page.name, PAGE_STATUS[page.status], page.error) for page in pages]
    frame = pd.DataFrame(rows, columns=["jurisdiction", "page_status", "reason"])
    return show(frame, "没有生成的页面和原因")


def _problem_table(problems: list[Problem]) -> Table:
    rows = [(p.jurisdiction or "—", p.period or "—", str(p)) for p in problems[:PROBLEMS_SHOWN]]
    frame = pd.DataFrame(rows, columns=["jurisdiction", "period", "what"])
    more = (
        f"（共 {len(problems)} 处，只列前 {PROBLEMS_SHOWN} 处，全部见汇总表）"
        if len(problems) > PROBLEMS_SHOWN
        else ""
    )
    return show(frame, f"{words.SEVERITY[problems[0].severity]}{more}")

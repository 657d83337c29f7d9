"""The one dictionary of fields: what a column is called and how it is shown, by its name, on pages,
in Excel files, in the terminal and in the explorer.

A column's name has one meaning everywhere; to show one column more, name it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from creditcalc import words
from creditcalc.rules import phrases

AIMS = {"full": "满分", "next": "下一步", "pass": "通过"}
KINDS = {"base": "基础指标", "item": "评分指标", "bonus": "附加项"}
BASE_STATES = {"yes": "通过", "no": "不通过", "pending": "待核实"}
LATE = "，已过期"
STATE_TONES = {"yes": "good", "no": "bad", "pending": "warn"}
ELIGIBLE_TONES = {phrases.ELIGIBLE[state]: tone for state, tone in STATE_TONES.items()}


@dataclass(frozen=True)
class Field:
    """What a column is called and how its values are shown.

    ``words`` says what stands for a value; ``tone`` gives a shown word its tone and ``link`` a
    value its target. ``full`` is what a full bar or the darkest shade stands for: the first of
    these columns that the frame has, or a number; the largest value where there is neither. A
    ``spare`` column is left out where it has no value at all.
    """

    label: str
    kind: Literal["text", "number", "percent", "status"] = "text"
    digits: int = 2
    shade: Literal["", "bar", "heat"] = ""
    full: tuple[str | float, ...] = ()
    words: Mapping[Any, str] = field(default_factory=dict)
    tone: Callable[[str], str] | None = None
    link: Callable[[str], str] | None = None
    spare: bool = False


def _number(label: str, digits: int = 2) -> Field:
    return Field(label, "number", digits)


def _bar(label: str, *full: str | float) -> Field:
    return Field(label, "number", shade="bar", full=full)


def _count(label: str) -> Field:
    return Field(label, "number", digits=0)


def _status(label: str, words: Mapping[Any, str] | None = None) -> Field:
    return Field(label, "status", words=words or {})


FIELDS = {
    # whose, when
    "jurisdiction": Field("县（区、市）"),
    "county": Field("县（区）"),
    "city": Field("所属市", spare=True),
    "level": Field("级别", words=phrases.LEVEL),
    "period": Field("期间"),
    "office": Field("责任单位"),
    # totals
    "score": _bar("已确认得分", "full", 100.0),
    "low": _number("最低可能得分"),
    "high": _number("最高可能得分"),
    "interval": Field("得分区间"),
    "bonus": _number("附加分"),
    "bonus_low": _number("最低可能附加分"),
    "bonus_high": _number("最高可能附加分"),
    "bonus_interval": Field("附加分"),
    "total": _number("合计"),
    "county_duty": _number("县（区）任务得分"),
    "county_duty_full": _number("县（区）任务满分"),
    "month_change": _number("比上一期"),
    "eligible": Field(
        "申报条件",
        "status",
        words=phrases.ELIGIBLE,
        tone=lambda word: ELIGIBLE_TONES.get(word, ""),
    ),
    "base_state": _status("基础指标", BASE_STATES),
    "rank": _count("名次"),
    "places": Field("可能的名次"),
    "reading_places": Field("改选一种读法时的名次"),
    "span": Field("全部读法组合下的合计"),
    # categories
    "category": Field("类别"),
    "category_name": Field("内容"),
    "median": _number("各县（区）中位数"),
    # rules
    "id": Field("编号", link=lambda id: f"#{id}"),
    "name": Field("指标"),
    "kind": Field("性质", words=KINDS),
    "duty": Field("任务"),
    "part": Field("职责"),
    "value": Field("现值"),
    "city_value": Field("全市现值"),
    "goal": Field("要求"),
    "full": _number("满分"),
    "points": _bar("得分", "full"),
    "lost": _number("失分"),
    "status": _status("状态", phrases.STATUS),
    "evidence": Field("佐证", "status", spare=True),
    "rule": Field("规则"),
    "clause": Field("依据"),
    "difference": _number("相差"),
    "side": Field("强弱"),
    "own": _number("本县（区）"),
    "change": _number("变动"),
    # what it would take
    "aim": Field("目标", words=AIMS),
    "now": Field("现值（满分要求）"),
    "steps": Field("要做到"),
    "city_steps": Field("全市要做到"),
    "to_pass": Field("怎样通过"),
    "gain": Field("可得分"),
    "own_gain": _number("本项可得分"),
    "total_gain": _bar("合计可得分"),
    "city_points": _number("全市本项"),
    "city_gain": _bar("全市合计"),
    "rate": Field("每单位"),
    "pace": Field("按目前进度"),
    "same_gain": Field("同样可行（任选其一）"),
    "reason": Field("原因"),
    "actions": Field("对策"),
    # where a city's losses come from
    "city_lost": _number("全市失分"),
    "residual": _number("市级自身"),
    "county_lost": Field("失分", "number", shade="heat"),
    "share_of_full": Field("得分率", "number", digits=0, shade="heat", full=(100.0,)),
    # inputs
    "label": Field("数据项"),
    "unit": Field("单位"),
    "rollup": Field("全市"),
    "help": Field("填报说明"),
    "input": Field("列名"),
    "typed": Field("本期值"),
    "origin": _status("来源"),
    "used": Field("用于"),
    "absent": Field("缺的数据"),
    "whom": Field("问谁"),
    "waiting": Field("等它的指标"),
    "closes": _number("知道后至少确定"),
    "closes_at_most": _number("至多确定"),
    "share": _bar("占未定分值"),
    # evidence
    "material": Field("佐证材料"),
    "material_asked": Field("佐证材料"),
    "material_kind": Field("类别"),
    "seal": Field("盖公章"),
    "state": Field("情况"),
    "standing": Field("情况", "status", tone=lambda word: "bad" if word.endswith(LATE) else "warn"),
    "due": Field("截止日期"),
    "late": Field("是否过期"),
    "stake": _number("涉及得分"),
    "stakes": Field("涉及"),
    "gate": Field("涉及申报条件"),
    "sender": Field("报送单位"),
    "owner": Field("责任单位"),
    "remark": Field("备注"),
    "asked": _count("应交"),
    "settled": _count("已齐"),
    "overdue": _count("过期"),
    "missing_stake": _bar("缺材料涉及得分"),
    "missing_materials": Field("还缺的佐证材料"),
    "evidenced": _number("其中已佐证"),
    # readings
    "reading": Field("读法"),
    "question": Field("问题"),
    "chosen": Field("本页采用"),
    "default": Field("是否默认"),
    "others": Field("其他选项"),
    "default_reason": Field("默认的理由"),
    "users": Field("涉及指标"),
    "option": Field("改为"),
    "total_change": _number("合计变动"),
    "place": Field("名次"),
    "eligible_then": Field("申报条件"),
    # the ledger's text, problems of the data
    "nature": Field("性质"),
    "text": Field("内容"),
    "severity": _status("性质", words.SEVERITY),
    "where": Field("位置"),
    "what": Field("问题"),
    "found": Field("值"),
    "cure": Field("办法"),
    # pages
    "page": Field("页面"),
    "page_status": Field("状态"),
    "pdf": Field("打印版", spare=True),
}


def label(name: str) -> str:
    """What people call a column; one that is not known keeps its name.

    >>> label("points"), label("我的列")
    ('得分', '我的列')
    """
    return FIELDS[name].label if name in FIELDS else name

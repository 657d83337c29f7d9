"""The keys that each table of a rulebook file takes, and the type of each."""

from __future__ import annotations

from datetime import date
from typing import Any

from creditcalc.rules.toml_file import NUMBER

TYPES = ("count", "amount", "days", "flag", "score", "rank", "class")
ROLLUPS = ("sum", "any", "all", "max", "city")
SCOPES = ("county", "city")
RULE_KEYS: dict[str, Any] = {
    "id": str,
    "name": str,
    "scope": SCOPES,
    "clause": str,
    "rule": str,
    "evidence": list,
    "lead": list,
    "units": list,
}
RULE_OPTIONAL: dict[str, Any] = {
    "note": str,
    "window": dict,
    "closed_by": date,
    "value_unit": str,
    "city_threshold": bool,
}
SCORED_KEYS: dict[str, Any] = {"full": NUMBER, "measure": dict, "formula": dict}
INPUT_KEYS: dict[str, Any] = {
    "label": str,
    "type": TYPES,
    "unit": str,
    "rollup": ROLLUPS,
    "help": str,
}
INPUT_OPTIONAL: dict[str, Any] = {
    "inherit": bool,
    "direct": bool,
    "max": NUMBER,
    "part_of": str,
    "times": NUMBER,
    "total_of": str,
    "expected_within": str,
    "kindred": str,
    "classes": dict,
}
HEAD_KEYS: dict[str, Any] = {
    "id": str,
    "edition": str,
    "title": str,
    "document": str,
    "issued": date,
    "full": NUMBER,
    "bonus": NUMBER,
    "bonus_cap": (int, float, dict),
    "materials_due": date,
    "sealed_kinds": list,
    "unstated": str,
}
SECTIONS: dict[str, Any] = {
    "rulebook": dict,
    "categories": list,
    "readings": dict,
    "items": list,
    "inputs": dict,
}
SECTIONS_OPTIONAL: dict[str, Any] = {
    "base": list,
    "bonus": list,
    "repairs": list,
    "reallocations": list,
}
REALLOCATION_KEYS: dict[str, Any] = {
    "id": str,
    "clause": str,
    "rule": str,
    "measure": dict,
    "at_least": NUMBER,
    "drop": list,
    "scale": list,
    "factor": NUMBER,
}

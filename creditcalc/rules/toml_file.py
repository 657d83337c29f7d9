"""A rulebook's TOML: read within bounds of size and depth, and whether its values are of the kind
that is wanted.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from creditcalc.problems import Problem, RulebookError

NUMBER = (int, float)
LARGEST_RULEBOOK = 1 << 19  # bytes
MOST_DOTS = 20  # of a line, since what a key of many costs grows by their square


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """A TOML document and the digest of its file; RulebookError where it cannot be read or is
    larger than any rulebook.
    """
    try:
        if path.stat().st_size > LARGEST_RULEBOOK:
            raise ValueError(f"超过 {LARGEST_RULEBOOK >> 10} KB")
        content = path.read_bytes()
        if any(line.count(b".") > MOST_DOTS for line in content.splitlines()):
            raise ValueError(f"有一行的点号超过 {MOST_DOTS} 个")
        return tomllib.loads(content.decode("utf-8-sig")), hashlib.sha256(content).hexdigest()
    except OSError as error:
        raise RulebookError(
            [Problem("读不到规则文件", error.strerror or "", "检查路径和权限", file=str(path))]
        ) from None
    except RecursionError:
        raise RulebookError(
            [Problem("不是可读的 TOML 文件：括号套得太深", "", "规则文件用不到", file=str(path))]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        said = re.sub(r"(?s)(.{60}).*(.{60})", r"\1…\2", str(error))  # the place is at its end
        said = "有一个整数太长" if said.startswith("Exceeds the limit") else said
        raise RulebookError(
            [Problem(f"不是可读的 TOML 文件：{said}", "", "按提示的行列改正", file=str(path))]
        ) from None


def is_kind(value: Any, kind: Any) -> bool:
    """Whether a TOML value is of a kind; a number is finite and never a bool, an int never beyond
    float, a date text.
    """
    if kind is date:
        return isinstance(value, str) and _is_day(value)
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if isinstance(value, int) and abs(value) > 10**15:
        return False
    return isinstance(value, kind) and not (isinstance(value, float) and not math.isfinite(value))


def _is_day(text: str) -> bool:
    """Whether a text is a day that there is, as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_texts(value: Any) -> bool:
    """Whether a TOML value is a list of texts."""
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def fits(value: Any, hint: Any) -> bool:
    """Whether a TOML value fits the annotation of a formula's parameter."""
    if hint == NUMBER or hint in (float, int):
        return is_kind(value, int if hint is int else NUMBER)
    if hint is bool:
        return isinstance(value, bool)
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) in (list, tuple) or "Sequence" in str(hint):
        return isinstance(value, list) and all(
            isinstance(v, list) and all(is_kind(x, NUMBER) for x in v) for v in value
        )
    return any(fits(value, option) for option in get_args(hint))


def allowed(hint: Any) -> str:
    """What a message says fits an annotation."""
    options = [a for h in (hint, *get_args(hint)) if get_origin(h) is Literal for a in get_args(h)]
    return f"可选：{'、'.join(map(str, options))}" if options else "应为有限的数"

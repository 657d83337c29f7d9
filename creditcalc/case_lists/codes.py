"""Social credit codes (统一社会信用代码) by GB 32100-2015, with the organisation code inside by GB
11714: all at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
WEIGHTS = np.array(
    [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], np.int16
)  # 3 ** n mod 31
INNER_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], np.int16)
INNER_CHECKS = "0123456789X"
# By registration department (first character, with the amendments of 2016 and later), the
# categories it may register; 民政 registers 村民委员会 and 居民委员会 (4, 5) too.
CATEGORIES = {
    **dict.fromkeys("248A", "19"),
    **{
        "1": "1239",
        "3": "123459",
        "5": "123459",
        "6": "129",
        "7": "129",
        "9": "1239",
        "N": "1239",
        "Y": "1",
    },
}
FAULTS = [
    "",
    "不是 18 位",
    "有字符集以外的字符",
    "登记管理部门或机构类别不存在",
    "行政区划码不是数字",
    "组织机构代码的校验码不对",
    "校验码不对",
]

Characters = npt.NDArray[np.uint32]


def _table(values: dict[str, int]) -> npt.NDArray[np.int16]:
    """What each ASCII character stands for, −1 where it stands for nothing; the last entry is for
    all others.
    """
    table = np.full(129, -1, np.int16)
    table[[ord(character) for character in values]] = list(values.values())
    return table


VALUES = _table({character: n for n, character in enumerate(ALPHABET)})
INNER_VALUES = _table({character: int(character, 36) for character in ALPHABET})
HEADS = _table({first: n for n, first in enumerate(CATEGORIES)})
ALLOWED = np.array(
    [[character in categories for character in ALPHABET] for categories in CATEGORIES.values()]
)


def faults(codes: Iterable[str]) -> npt.NDArray[np.int8]:
    """For each code the index in FAULTS of what is wrong with it first, 0 where nothing is.

    >>> found = faults(["91110000600037341L", "91110000600037341M", "0", "AB110000600037341L"])
    >>> [FAULTS[n] for n in found]
    ['', '校验码不对', '不是 18 位', '登记管理部门或机构类别不存在']
    """
    text = np.array(codes if isinstance(codes, np.ndarray) else list(codes), f"U{LENGTH + 1}")
    grid = np.minimum(
        text.view(np.uint32).reshape(-1, LENGTH + 1), 128
    )  # one more than a code shows those that are longer
    given = grid[:, :LENGTH]
    values = VALUES[given]
    rightful = ALLOWED[HEADS[given[:, 0]], values[:, 1]] & (HEADS[given[:, 0]] >= 0)
    tests = [
        (given[:, -1] == 0) | (grid[:, -1] != 0),
        (values < 0).any(axis=1),
        ~rightful,
        (values[:, 2:8] > 9).any(axis=1),
        given[:, 16] != inner_checks(given[:, 8:16]),
        given[:, 17] != checks(given[:, :17]),
    ]
    found: npt.NDArray[np.int8] = np.select(
        tests, np.arange(1, len(FAULTS), dtype=np.int8), np.int8(0)
    )
    return found


def checks(bodies: Characters) -> Characters:
    """The check character of each body of 17 characters (a row of code points); a remainder of 0
    gives '0'.
    """
    sums = VALUES[bodies] @ WEIGHTS
    found: Characters = _points(ALPHABET)[-sums % len(ALPHABET)]
    return found


def inner_checks(bodies: Characters) -> Characters:
    """The check character that GB 11714 gives to each organisation code's eight characters."""
    sums = INNER_VALUES[bodies] @ INNER_WEIGHTS
    found: Characters = _points(INNER_CHECKS)[-sums % len(INNER_CHECKS)]
    return found


def _points(text: str) -> Characters:
    """A text's code points."""
    return np.array([text]).view(np.uint32)

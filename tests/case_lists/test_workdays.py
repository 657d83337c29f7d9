"""Working days beside the library's own functions, which go day by day."""

import datetime as dt
import time

import chinese_calendar
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditcalc.case_lists.workdays import YEARS, unknown, workdays
from creditcalc.problems import InputError

FIRST, LAST = dt.date(YEARS[0], 1, 1), dt.date(YEARS[1], 12, 31)
days = st.dates(FIRST, LAST)


def between(start, end):
    return workdays(pd.Series([pd.Timestamp(start)]), pd.Series([pd.Timestamp(end)])).item()


@given(days, st.integers(0, 60))
def test_days_are_those_of_the_library(start, length):
    end = min(start + dt.timedelta(length), LAST)
    later = [start + dt.timedelta(n) for n in range(1, (end - start).days + 1)]
    assert between(start, end) == sum(map(chinese_calendar.is_workday, later))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2021-05-31", "2021-05-31", 0),
        ("2021-05-28", "2021-05-31", 1),
        ("2021-04-30", "2021-05-06", 1),
        ("2021-05-07", "2021-05-08", 1),
        ("2021-02-10", "2021-02-18", 1),
    ],
    ids=["same day", "weekend", "holiday of May", "make-up Saturday", "spring festival"],
)
def test_known_days(start, end, expected):
    assert between(start, end) == expected


def test_the_hour_does_not_count():
    assert between("2021-05-28 17:00", "2021-05-31 09:00") == 1


def test_missing_dates_give_nothing():
    some = pd.Series([pd.Timestamp("2021-05-28"), pd.NaT])
    assert workdays(some, some[::-1].set_axis(some.index)).isna().all()


@pytest.mark.parametrize("day", [FIRST - dt.timedelta(1), LAST + dt.timedelta(1)])
def test_a_day_outside_the_calendar_says_which_years_it_knows(day):
    assert unknown(pd.Series([pd.Timestamp(day), pd.NaT])).tolist() == [True, False]
    with pytest.raises(InputError, match=f"{YEARS[0]} 年至 {YEARS[1]} 年"):
        between(day, day)
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_workday(day)


def test_a_hundred_thousand_cases_take_less_than_a_second():
    rng = np.random.default_rng(1)
    start = pd.Series(
        np.datetime64("2010-01-01") + rng.integers(0, 4000, 100_000).astype("timedelta64[D]")
    )
    end = start + pd.to_timedelta(rng.integers(0, 40, 100_000), unit="D")
    begun = time.process_time()
    found = workdays(start, end)
    assert time.process_time() - begun < 1
    for n in range(0, 100_000, 5000):
        own = chinese_calendar.get_workdays(start[n].date(), end[n].date())
        assert found[n] == len(own) - chinese_calendar.is_workday(start[n].date())

"""Days of seasons, feasts and relative periods."""

from __future__ import annotations

from datetime import date

import pytest

from engine.query import spans_of_days as spans
from engine.records import DateRange

TODAY = date(2024, 3, 31)


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (1999, date(1999, 4, 4)),
        (2008, date(2008, 3, 23)),
        (2019, date(2019, 4, 21)),
        (2024, date(2024, 3, 31)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter(year: int, sunday: date):
    assert spans.easter(year) == sunday


def test_winter_ends_in_the_next_year():
    assert spans.season_span(2019, "winter") == DateRange(date(2019, 12, 1), date(2020, 2, 29))


def test_thanksgiving_is_the_fourth_thursday():
    assert spans.feast_span(2023, "thanksgiving").first == date(2023, 11, 23)


@pytest.mark.parametrize(
    ("unit", "back", "first", "last"),
    [
        ("day", 1, date(2024, 3, 30), date(2024, 3, 30)),
        ("week", 0, date(2024, 3, 25), date(2024, 3, 31)),
        ("weekend", 1, date(2024, 3, 23), date(2024, 3, 24)),
        ("month", 1, date(2024, 2, 1), date(2024, 2, 29)),
        ("month", 3, date(2023, 12, 1), date(2023, 12, 31)),
        ("year", 2, date(2022, 1, 1), date(2022, 12, 31)),
    ],
)
def test_periods_before(unit: str, back: int, first: date, last: date):
    assert spans.unit_span(TODAY, unit, back) == DateRange(first, last)


@pytest.mark.parametrize(
    ("unit", "number", "first"),
    [
        ("day", 10, date(2024, 3, 21)),
        ("week", 2, date(2024, 3, 17)),
        ("month", 1, date(2024, 2, 29)),
        ("year", 1, date(2023, 3, 31)),
    ],
)
def test_last_units_end_today(unit: str, number: int, first: date):
    assert spans.last_units(TODAY, unit, number) == DateRange(first, TODAY)


def test_there_is_no_thirteenth_month():
    assert spans.day(2020, 13, 13) is None
    assert spans.year_span(1700) is None

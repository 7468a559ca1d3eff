"""Days of months, seasons, feasts and relative periods. Pure arithmetic on dates.

Seasons are whole months of the northern hemisphere: spring from March, summer from June, autumn
from September, winter from December; "winter 2020" begins in December 2020. Weeks begin on Monday.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from engine.records import DateRange

EARLIEST_YEAR = 1850
_FIRST_MONTHS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
_FEASTS = {
    "christmas": ((12, 24), (12, 26)),
    "christmas_eve": ((12, 24), (12, 24)),
    "new_years_eve": ((12, 31), (12, 31)),
    "new_year": ((1, 1), (1, 1)),
    "halloween": ((10, 31), (10, 31)),
    "valentines": ((2, 14), (2, 14)),
}


def day(year: int, month: int, number: int) -> DateRange | None:
    """One day; None if there is no such day."""
    try:
        found = date(year, month, number)
    except ValueError:
        return None
    return DateRange(found, found)


def year_span(year: int) -> DateRange | None:
    """A year of the age of photographs up to 9999; None for others."""
    return years(year, year) if EARLIEST_YEAR <= year <= 9999 else None


def years(first: int, last: int) -> DateRange:
    """The first to the last day of some years."""
    return DateRange(date(first, 1, 1), date(last, 12, 31))


def month_span(year: int, month: int) -> DateRange:
    """A month, 1 to 12."""
    return DateRange(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def season_span(year: int, season: str) -> DateRange:
    """The season that begins in a year."""
    first = _FIRST_MONTHS[season]
    last_year, last = (year + 1, 2) if first == 12 else (year, first + 2)
    return DateRange(date(year, first, 1), month_span(last_year, last).last)


def feast_span(year: int, feast: str) -> DateRange:
    """Christmas is 24 to 26 December, Easter from Friday to Monday, Thanksgiving the American."""
    if feast == "easter":
        sunday = easter(year)
        return DateRange(sunday - timedelta(2), sunday + timedelta(1))
    if feast == "thanksgiving":
        first = date(year, 11, 1)
        thursday = first + timedelta((3 - first.weekday()) % 7 + 21)
        return DateRange(thursday, thursday)
    (month, first_day), (last_month, last_day) = _FEASTS[feast]
    return DateRange(date(year, month, first_day), date(year, last_month, last_day))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, after Meeus, Jones and Butcher."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (8 * century + 13) // 25 + 15) % 30
    weekday = (32 + 2 * rest + 2 * (in_century // 4) - moon - in_century % 4) % 7
    correction = (golden + 11 * moon + 22 * weekday) // 451
    month, number = divmod(moon + weekday - 7 * correction + 114, 31)
    return date(year, month, number + 1)


def unit_span(today: date, unit: str, back: int) -> DateRange:
    """The day, week, month, year or weekend that lies ``back`` of them before today's.

    Raises:
        ValueError, OverflowError: so far back that there is no such date.
    """
    if unit == "day":
        found = today - timedelta(back)
        return DateRange(found, found)
    monday = today - timedelta(today.weekday() + 7 * back)
    if unit == "week":
        return DateRange(monday, monday + timedelta(6))
    if unit == "weekend":
        return DateRange(monday + timedelta(5), monday + timedelta(6))
    if unit == "month":
        number = today.year * 12 + today.month - 1 - back
        return month_span(number // 12, number % 12 + 1)
    return years(today.year - back, today.year - back)


def last_units(today: date, unit: str, number: int) -> DateRange:
    """The last ``number`` days, weeks, months or years, today included.

    Raises:
        ValueError, OverflowError: so far back that there is no such date.
    """
    if unit in ("month", "year"):
        months = today.year * 12 + today.month - 1 - number * (12 if unit == "year" else 1)
        year, month = months // 12, months % 12 + 1
        last_day = calendar.monthrange(year, month)[1]
        return DateRange(date(year, month, min(today.day, last_day)), today)
    days = number if unit == "day" else 7 * number
    return DateRange(today - timedelta(days), today)


def latest_past(
    today: date, span_of_year: Callable[[int], DateRange], ended: bool
) -> DateRange | None:
    """The latest of a yearly span that has begun, or has ended if ``ended``."""
    for year in range(today.year, today.year - 3, -1):
        found = span_of_year(year)
        end = found.last if ended else found.first
        if end is not None and (end < today or (end == today and not ended)):
            return found
    return None

"""Dates and times as cameras and programs write them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

_MOMENT = re.compile(
    r"""\s*(?P<year>\d{4})
        (?:[:/.-]?(?P<month>\d\d)
            (?:[:/.-]?(?P<day>\d\d)
                (?:[T\s]+(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d*)?)?
                    \s*(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?""",
    re.VERBOSE,
)
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A local time, as far as it is known; see ``PhotoMetadata``."""

    taken_at: str
    taken_until: str | None = None
    zone: str | None = None


def moment_of(text: str) -> Moment | None:
    """The moment that a text begins with, in any notation of EXIF, XMP, IPTC and PNG.

    >>> moment_of("2021:05:03 12:30:00")
    Moment(taken_at='2021-05-03T12:30:00', taken_until=None, zone=None)
    >>> moment_of("2021-05-03T12:30-05:30").zone
    '-05:30'
    >>> moment_of("2021-02")
    Moment(taken_at='2021-02-01', taken_until='2021-02-28', zone=None)
    >>> moment_of("0000:00:00 00:00:00")
    """
    found = _MOMENT.match(text)
    if found is None:
        return _of_letter(text)
    parts = found.groupdict()
    year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
    if parts["hour"] is None:
        return of_day(year, month, day)
    try:
        local = datetime(
            year, month, day, int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0)
        )
    except ValueError:  # month 0, day 31 of a short month
        return None
    if not _is_plausible(year):
        return None
    return Moment(local.isoformat(), zone=zone_of(parts["zone"] or ""))


def of_day(year: int, month: int = 0, day: int = 0) -> Moment | None:
    """A day, or the span of a month or year if the others are 0; None if there is no such day."""
    if not _is_plausible(year) or not 0 <= month <= 12 or (day and not month):
        return None
    if not month:
        return Moment(f"{year:04}-01-01", f"{year:04}-12-31")
    last = calendar.monthrange(year, month)[1]
    if not 0 <= day <= last:
        return None
    if not day:
        return Moment(f"{year:04}-{month:02}-01", f"{year:04}-{month:02}-{last:02}")
    return Moment(f"{year:04}-{month:02}-{day:02}")


def zone_of(text: str) -> str | None:
    """A difference to UTC, with its sign and colon; None if it is none.

    >>> zone_of("-0530"), zone_of("Z"), zone_of("+25:00")
    ('-05:30', '+00:00', None)
    """
    if text.strip() in ("Z", "z"):
        return "+00:00"
    found = _ZONE.fullmatch(text.strip())
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return None
    return f"{found[1]}{found[2]}:{found[3]}"


def _of_letter(text: str) -> Moment | None:
    """As letters have it, which PNG recommends: "Thu, 4 Jul 2019 10:11:12 +0200"."""
    try:
        local = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if not _is_plausible(local.year):
        return None
    zone = zone_of(local.strftime("%z")) if local.tzinfo else None
    return Moment(local.replace(tzinfo=None).isoformat(timespec="seconds"), zone=zone)


def _is_plausible(year: int) -> bool:
    """Photography began in 1826; clocks that stand at 0 give none."""
    return 1826 <= year <= 2100

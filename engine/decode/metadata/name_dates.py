"""Dates that names of files and folders tell: a guess, for photos that say nothing themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath

from engine.decode.metadata.moments import Moment, moment_of, of_day
from engine.records import DateSource, PhotoMetadata

_DAY = (
    r"(?P<year>(?:19|20)\d\d)(?P<a>[-_. ]?)(?P<month>0[1-9]|1[0-2])"
    r"(?P=a)(?P<day>0[1-9]|[12]\d|3[01])"
)
_TIME = r"(?P<hour>[01]\d|2[0-3])(?P<b>[-_.:h]?)(?P<minute>[0-5]\d)(?:(?P=b)|m)(?P<second>[0-5]\d)"
_WITH_TIME = re.compile(rf"(?<!\d){_DAY}[-_ T.]*{_TIME}(?:\D|\d{{1,3}}(?!\d)|$)")
"""IMG_20190704_101112, PXL_20210503_123000123, Screenshot_2019-07-04-10-11-12, 20190704101112,
signal-2021-05-03-12-30-00-123, "2019-07-04 10.11.12"."""
_DAY_ALONE = re.compile(rf"(?<!\d){_DAY}(?!\d)")
"""IMG-20190704-WA0001 (WhatsApp), 2019-07-04, 20190704."""
_AT = re.compile(
    r"(?<!\d)(\d{4})-(\d\d)-(\d\d),? \D{1,8} (\d{1,2})[.:](\d\d)[.:](\d\d)(?:\s?([AP])M)?",
)
"""WhatsApp Image 2019-07-04 at 10.11.12, Screenshot 2021-05-03 at 1.30.00 PM."""
_MILLISECONDS = re.compile(r"(?:FB_IMG_|received_|mmexport|wx_camera_|(?<!\d))(1[0-9]\d{11})(?!\d)")
"""Milliseconds since 1970, in UTC: Facebook, WeChat and others."""
_PARTS_OF_FOLDERS = re.compile(
    r"((?:19|20)\d\d)(?:[-_. ]?(0[1-9]|1[0-2])(?:[-_. ]?(0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)
_NUMBERED = re.compile(r"(0[1-9]|[12]\d|3[01])(?!\d)")
_YEAR_ALONE = re.compile(r"(?:19|20)\d\d")
_PIXEL = re.compile(r"PXL_", re.IGNORECASE)


def with_guess(metadata: PhotoMetadata, path: PurePath) -> PhotoMetadata:
    """The metadata with the date that the names tell, if it has none.

    Args:
        path: relative; from the watched folder's name on, because what lies above says nothing of
            photos.
    """
    if metadata.taken_at is not None:
        return metadata
    found = guess(path)
    return replace(
        metadata,
        taken_at=found.taken_at,
        taken_until=found.taken_until,
        zone=found.zone,
        date_source=found.date_source,
    )


def guess(path: PurePath) -> PhotoMetadata:
    """The date that the name of a file tells, else that of the folders above it.

    >>> guess(PurePath("IMG_20190704_101112.jpg")).taken_at
    '2019-07-04T10:11:12'
    >>> guess(PurePath("2019/07 Italy/a.jpg")).taken_until
    '2019-07-31'
    """
    named = of_name(path.stem)
    if named is not None:
        return _metadata(named, DateSource.NAME)
    in_folders = of_folders(path.parent.parts)
    return _metadata(in_folders, DateSource.FOLDER) if in_folders else PhotoMetadata()


def of_name(stem: str) -> Moment | None:
    """The moment in the name of a file; None without one."""
    if found := _AT.search(stem):
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        if found[7]:
            hour = hour % 12 + (12 if found[7].upper() == "P" else 0)
        return moment_of(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    if found := _WITH_TIME.search(stem):
        part = found.groupdict()
        date = f"{part['year']}-{part['month']}-{part['day']}"
        moment = moment_of(f"{date}T{part['hour']}:{part['minute']}:{part['second']}")
        if moment is not None and _PIXEL.match(stem):  # Google's camera writes UTC
            return replace(moment, zone="+00:00")
        return moment
    if found := _DAY_ALONE.search(stem):
        return of_day(*(int(found[name]) for name in ("year", "month", "day")))
    if found := _MILLISECONDS.search(stem):
        taken = datetime.fromtimestamp(int(found[1]) / 1000, UTC).replace(tzinfo=None)
        moment = moment_of(taken.isoformat(timespec="seconds"))
        return replace(moment, zone="+00:00") if moment is not None else None
    return None


def of_folders(parts: tuple[str, ...]) -> Moment | None:
    """The day, month or year that folders tell: "2019-07-04 Rome", "2019/07/04", "2019/2019-07",
    "Summer 2019"; the innermost that tells one."""
    for at in range(len(parts) - 1, -1, -1):
        found = _PARTS_OF_FOLDERS.match(parts[at])
        if found is None or len(set(_YEAR_ALONE.findall(parts[at]))) > 1:
            continue
        year, month, day = (int(part or 0) for part in found.groups())
        for below in parts[at + 1 :]:
            number = _NUMBERED.match(below)
            if number is None or day:
                break
            if not month:
                month = int(number[1])
            else:
                day = int(number[1])
        return of_day(year, month, day) or of_day(year)
    for part in reversed(parts):
        years = set(_YEAR_ALONE.findall(part))
        if len(years) == 1 and re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", part):
            return of_day(int(years.pop()))
    return None


def _metadata(moment: Moment, source: DateSource) -> PhotoMetadata:
    return PhotoMetadata(
        taken_at=moment.taken_at,
        taken_until=moment.taken_until,
        zone=moment.zone,
        date_source=source,
    )

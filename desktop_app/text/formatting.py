"""Numbers, amounts, durations and sizes in words."""

from __future__ import annotations

from pathlib import Path

from engine.file_names import shown


def number(value: int) -> str:
    """An integer with thousands separators: ``12,480``."""
    return f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 photo``, ``12,480 photos``.

    Args:
        one, many: singular and plural; the plural is ``one`` + "s" by default.
    """
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def photos(value: int) -> str:
    """A number of photos."""
    return count(value, "photo")


def percent(probability: float) -> str:
    """A probability in percent; neither 0 nor 100, which would claim certainty.

    >>> percent(0.914), percent(1.0), percent(0.0)
    ('91 %', '99 %', '1 %')
    """
    return f"{min(max(probability, 0.01), 0.99) * 100:.0f} %"


def duration(seconds: float) -> str:
    """A time left in words, rounded.

    >>> duration(20), duration(290), duration(5700)
    ('less than a minute', 'about 5 min', 'about 1 h 35 min')
    """
    if seconds < 45:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {max(1, minutes)} min"
    hours, minutes = divmod(round(minutes / 5) * 5, 60)
    if hours >= 48:
        return f"about {round(hours / 24)} days"
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"


def file_size(size_bytes: int) -> str:
    """A file size in decimal units: ``3.4 MB``."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    value, units = size_bytes / 1000, ["KB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.0f} {units[0]}" if value >= 100 else f"{value:.1f} {units[0]}"


def file_name(path: Path) -> str:
    """The name of a file or folder; bytes that are no text are U+FFFD."""
    return shown(path.name or path)


def whole_path(path: Path) -> str:
    """A path; bytes that are no text are U+FFFD."""
    return shown(path)

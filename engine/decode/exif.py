"""Capture time, camera and orientation from EXIF. Nothing here raises: EXIF is often broken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_EXIF_IFD = 0x8769
_MAKE = 0x010F
_MODEL = 0x0110
_ORIENTATION = 0x0112
_DATE_TIME = 0x0132
_DATE_TIME_ORIGINAL = 0x9003
_DATE_TIME_DIGITIZED = 0x9004

_DATE_PATTERN = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T]+(\d\d):(\d\d):(\d\d)")
_COMPANY_SUFFIX = re.compile(
    r"[\s,]+(?:corporation|corp|company|co|optical|imaging|electronics|inc|ltd|gmbh)\b\.?.*",
    re.IGNORECASE,
)
_MAX_CAMERA_LENGTH = 80


def read_orientation(exif: Mapping[int, Any]) -> int:
    """The EXIF orientation, 1..8; 1 (upright) if it is missing or invalid."""
    value = _get(exif, _ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_taken_at(exif: Mapping[int, Any]) -> str | None:
    """Capture time as ISO 8601 local time to the second ("2021-05-03T12:30:00"), or None.

    The camera's clock is not converted: most photos do not name its time zone.
    """
    details = _details(exif)
    for source, tag in (
        (details, _DATE_TIME_ORIGINAL),
        (details, _DATE_TIME_DIGITIZED),
        (exif, _DATE_TIME),
    ):
        found = _DATE_PATTERN.match(_text(_get(source, tag)))
        if found is None:
            continue
        try:
            year, month, day, hour, minute, second = (int(part) for part in found.groups())
            taken_at = datetime(year, month, day, hour, minute, second)
        except ValueError:  # month 0, day 31 of a short month
            continue
        return taken_at.isoformat()
    return None


def read_camera(exif: Mapping[int, Any]) -> str | None:
    """Maker and model without repetition ("Canon EOS 80D", "NIKON D750"), or None."""
    make = _COMPANY_SUFFIX.sub("", _text(_get(exif, _MAKE)))
    model = _text(_get(exif, _MODEL))
    if make and not model.lower().startswith(make.lower()):
        model = f"{make} {model}".strip()
    return model[:_MAX_CAMERA_LENGTH].strip() or None


def _details(exif: Mapping[int, Any]) -> Mapping[int, Any]:
    """The EXIF sub-directory of a photo's tags; empty if there is none."""
    get_ifd = getattr(exif, "get_ifd", None)
    if get_ifd is None:
        return {}
    try:
        return get_ifd(_EXIF_IFD) or {}
    except Exception:  # parsing garbage fails in more ways than can be listed
        return {}


def _get(source: Mapping[int, Any], tag: int) -> Any:
    """The value of a tag; None if it is missing or cannot be parsed."""
    try:
        return source.get(tag)
    except Exception:
        return None


def _text(value: Any) -> str:
    """The printable part of a value up to its first NUL; empty if it is no text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    kept = "".join(char if char.isprintable() else " " for char in value.split("\0")[0])
    return " ".join(kept.replace("\ufffd", " ").split())

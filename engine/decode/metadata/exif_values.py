"""What EXIF says of a photo. Nothing here raises: EXIF is often broken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.decode.exif import read_camera, tag_value
from engine.decode.metadata import texts
from engine.decode.metadata.moments import moment_of, zone_of
from engine.records import DateSource, PhotoMetadata

_EXIF_IFD = 0x8769
_GPS_IFD = 0x8825
# Each date of EXIF with its zone; the zones of others stand in where it has none of its own.
_DATES = ((0x9003, 0x9011), (0x9004, 0x9012), (0x0132, 0x9010))
_EXPOSURE_TIME, _F_NUMBER, _ISO, _FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A
_LENS_MAKE, _LENS_MODEL = 0xA433, 0xA434
_IMAGE_DESCRIPTION, _USER_COMMENT = 0x010E, 0x9286
_RATING, _RATING_PERCENT = 0x4746, 0x4749
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
_WRITTEN_BY_CAMERAS = re.compile(
    r"(?:olympus|minolta|konica|kodak|samsung|sony|nikon|casio|default|jenoptik)?\s*"
    r"(?:digital camera|dsc|dsc\d*|hdrpl|dcim\\.*|picture|untitled|<.*>|img_\d+|\d*)",
    re.IGNORECASE,
)
"""Descriptions that cameras give to every photo."""
_CHARACTER_CODE_BYTES = 8


def from_exif(exif: Mapping[int, Any]) -> PhotoMetadata:
    """What the tags say.

    Args:
        exif: a ``PIL.Image.Exif``, or the tags of its first directory.
    """
    details, gps = _directory(exif, _EXIF_IFD), _directory(exif, _GPS_IFD)
    taken_at, zone = _date(exif, details)
    latitude, longitude = _position(gps)
    iso = texts.positive(_first(tag_value(details, _ISO)))
    rating = texts.rating_of(tag_value(exif, _RATING))
    if rating is None:
        rating = texts.rating_of_percent(tag_value(exif, _RATING_PERCENT))
    keywords = _windows_text(exif, _XP_KEYWORDS).split(";")
    return PhotoMetadata(
        taken_at=taken_at,
        zone=zone,
        date_source=DateSource.EXIF if taken_at else None,
        camera=read_camera(exif),
        lens=_lens(details),
        exposure_s=texts.positive(tag_value(details, _EXPOSURE_TIME)),
        f_number=texts.positive(tag_value(details, _F_NUMBER)),
        iso=round(iso) if iso else None,
        focal_mm=texts.positive(tag_value(details, _FOCAL_LENGTH)),
        latitude=latitude,
        longitude=longitude,
        altitude_m=_altitude(gps) if latitude is not None else None,
        rating=rating,
        title=_windows_text(exif, _XP_TITLE) or _windows_text(exif, _XP_SUBJECT) or None,
        caption=_caption(exif, details),
        keywords=texts.words_of(keywords),
    )


def _date(exif: Mapping[int, Any], details: Mapping[int, Any]) -> tuple[str | None, str | None]:
    """The first date that is one, and its zone."""
    zones = [zone_of(texts.line_of(_text_value(details, tag))) for _, tag in _DATES]
    for at, (tag, _) in enumerate(_DATES):
        source = exif if tag == _DATES[-1][0] else details
        moment = moment_of(texts.line_of(_text_value(source, tag)))
        if moment is not None and moment.taken_until is None:
            others = [zone for zone in zones if zone]
            return moment.taken_at, zones[at] or moment.zone or (others[0] if others else None)
    return None, None


def _lens(details: Mapping[int, Any]) -> str | None:
    """Maker and model without repetition, or None."""
    make = texts.line_of(_text_value(details, _LENS_MAKE))
    model = texts.line_of(_text_value(details, _LENS_MODEL))
    if not any(char.isalnum() for char in model):  # dashes of adapters without contacts
        return None
    if (
        make
        and any(char.isalnum() for char in make)
        and make.split()[0].lower() not in model.lower()
    ):
        return f"{make} {model}"[:120]
    return model


def _caption(exif: Mapping[int, Any], details: Mapping[int, Any]) -> str | None:
    described = texts.text_of(_text_value(exif, _IMAGE_DESCRIPTION))
    if described and not _WRITTEN_BY_CAMERAS.fullmatch(described):
        return described
    return _windows_text(exif, _XP_COMMENT) or _user_comment(details) or None


def _user_comment(details: Mapping[int, Any]) -> str:
    """The comment, whose first eight bytes say what it is written in."""
    value = tag_value(details, _USER_COMMENT)
    if not isinstance(value, bytes):
        return ""
    code, value = value[:_CHARACTER_CODE_BYTES], value[_CHARACTER_CODE_BYTES:]
    if code.startswith(b"ASCII"):
        return texts.text_of(value)
    if code.startswith(b"UNICODE"):
        # The order of the bytes is nowhere said: it is that in which letters are small numbers.
        order = "utf-16-be" if value[:2] == b"\xfe\xff" or value[:1] == b"\0" else "utf-16-le"
        return texts.text_of(value.decode(order, "ignore").lstrip("\ufeff"))
    return ""


def _windows_text(exif: Mapping[int, Any], tag: int) -> str:
    """A text of Windows's own tags: UTF-16 as bytes."""
    value = tag_value(exif, tag)
    if isinstance(value, tuple):
        value = bytes(byte for byte in value if isinstance(byte, int) and 0 <= byte < 256)
    return texts.text_of(value.decode("utf-16-le", "ignore")) if isinstance(value, bytes) else ""


def _position(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    latitude = _degrees(gps, 1, "S", 90)
    longitude = _degrees(gps, 3, "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None  # receivers without a fix write 0, 0
    return latitude, longitude


def _degrees(gps: Mapping[int, Any], reference: int, negative: str, most: float) -> float | None:
    value = tag_value(gps, reference + 1)
    parts = value if isinstance(value, tuple) else (value,)
    numbers = [texts.number_of(part) for part in parts[:3]]
    if numbers[0] is None:
        return None
    degrees = sum(number / 60**at for at, number in enumerate(numbers) if number is not None)
    if not 0 <= degrees <= most:
        return None
    south = texts.line_of(_text_value(gps, reference)).upper().startswith(negative)
    return round(-degrees if south else degrees, 7)


def _altitude(gps: Mapping[int, Any]) -> float | None:
    altitude = texts.number_of(tag_value(gps, 6))
    if altitude is None or not altitude < 100_000:
        return None
    below = tag_value(gps, 5) in (1, b"\x01")
    return round(-altitude if below else altitude, 2)


def _text_value(source: Mapping[int, Any], tag: int) -> Any:
    """The value of a tag, as bytes where Pillow took its bytes for Latin-1: most are UTF-8."""
    value = tag_value(source, tag)
    if isinstance(value, str):
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            return value
    return value


def _directory(exif: Mapping[int, Any], number: int) -> Mapping[int, Any]:
    """A sub-directory of the tags; empty if there is none."""
    get_ifd = getattr(exif, "get_ifd", None)
    if get_ifd is None:
        return {}
    try:
        return get_ifd(number) or {}
    except Exception:  # parsing garbage fails in more ways than can be listed
        return {}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and value else value

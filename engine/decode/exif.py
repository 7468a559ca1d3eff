"""Camera and orientation from EXIF. Nothing here raises: EXIF is often broken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAKE = 0x010F
MODEL = 0x0110
_ORIENTATION = 0x0112

_COMPANY_SUFFIX = re.compile(
    r"[\s,]+(?:corporation|corp|company|co|optical|imaging|electronics|inc|ltd|gmbh)\b\.?.*",
    re.IGNORECASE,
)
_MAX_CAMERA_LENGTH = 80


def read_orientation(exif: Mapping[int, Any]) -> int:
    """The EXIF orientation, 1..8; 1 (upright) if it is missing or invalid."""
    value = tag_value(exif, _ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_camera(exif: Mapping[int, Any]) -> str | None:
    """Maker and model without repetition ("Canon EOS 80D", "NIKON D750"), or None."""
    make = _COMPANY_SUFFIX.sub("", _text(tag_value(exif, MAKE)))
    model = _text(tag_value(exif, MODEL))
    if make and not model.lower().startswith(make.lower()):
        model = f"{make} {model}".strip()
    return model[:_MAX_CAMERA_LENGTH].strip() or None


def tag_value(source: Mapping[int, Any], tag: int) -> Any:
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

"""Metadata as columns of ``photos``: those that filters compare, and the rest as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from engine.records import DateSource, PhotoMetadata

COLUMNS = ("taken_at", "taken_until", "camera", "lens", "rating", "latitude", "longitude")
_DETAILS = tuple(
    field.name for field in fields(PhotoMetadata) if field.name not in {*COLUMNS, "date_source"}
)
_LISTS = frozenset({"keywords", "people"})


def to_row(metadata: PhotoMetadata) -> tuple[str | int | float | None, ...]:
    """The values of ``COLUMNS`` and of ``details``."""
    details: dict[str, Any] = {
        name: value for name in _DETAILS if (value := getattr(metadata, name)) not in (None, ())
    }
    if metadata.date_source is not None:
        details["date_source"] = metadata.date_source.value
    text = json.dumps(details, ensure_ascii=False, separators=(",", ":")) if details else None
    return (*(getattr(metadata, name) for name in COLUMNS), text)


def from_row(row: tuple) -> PhotoMetadata:
    """The metadata of a row that ``to_row`` made, or one from before there were details."""
    details = json.loads(row[len(COLUMNS)] or "{}")
    known: dict[str, Any] = {name: details[name] for name in _DETAILS if name in details}
    known |= {name: tuple(known[name]) for name in _LISTS & known.keys()}
    source = details.get("date_source")
    return PhotoMetadata(
        **dict(zip(COLUMNS, row[:-1], strict=True)),
        **known,
        date_source=DateSource(source) if source else None,
    )

"""Metadata of photos as fields of lists."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from engine.records import PhotoMetadata

NAMES = tuple(field.name for field in fields(PhotoMetadata))


def known(metadata: PhotoMetadata) -> dict[str, Any]:
    """What is known, by its name, as JSON holds it.

    >>> known(PhotoMetadata(rating=5, keywords=("cat",)))
    {'rating': 5, 'keywords': ['cat']}
    """
    values = ((name, getattr(metadata, name)) for name in NAMES)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values
        if value not in (None, ())
    }


def cells(metadata: PhotoMetadata) -> list[str]:
    """A text for each of ``NAMES``; several keywords or people with "; " between."""
    found = known(metadata)
    return [
        "; ".join(value) if isinstance(value := found.get(name, ""), list) else str(value)
        for name in NAMES
    ]

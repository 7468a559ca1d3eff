"""Folders, photos, and files that could not be indexed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NewType

FolderId = NewType("FolderId", int)
PhotoId = NewType("PhotoId", int)


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched folder and how far it has come.

    Attributes:
        online: False while the folder cannot be reached (drive unplugged); nothing is forgotten.
        photos: files found below it; ``searchable`` of them are indexed; ``problems`` failed.
    """

    id: FolderId
    path: Path
    online: bool
    photos: int = 0
    searchable: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo, known by its content, wherever its file lies.

    Attributes:
        path: where it was last seen. ``available`` is False while nothing can be read there.
        size_wh: upright width and height in pixels.
        taken_at: capture time as ISO 8601 local time, None if the file does not say.
    """

    id: PhotoId
    path: Path
    size_wh: tuple[int, int]
    available: bool = True
    taken_at: str | None = None
    camera: str | None = None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be indexed, why, and what can be done."""

    path: Path
    kind: str
    message: str
    hint: str = ""
    attempts: int = 1
    happened_at: str = ""

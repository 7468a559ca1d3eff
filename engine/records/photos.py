"""Folders, photos, and files that could not be indexed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NewType

FolderId = NewType("FolderId", int)
PhotoId = NewType("PhotoId", int)


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched folder and its counts.

    Attributes:
        online: False while the folder cannot be reached (drive unplugged); its data are kept.
        lacking: photos that the last scan did not find, if they are too many to believe that they
            were deleted; else 0. While there are any, the folder is not online, until they are back
            or ``Library.folders.believe`` says that they are gone.
        unread: kinds of files that Pickout does not read ("CR3", "video") and how many of them the
            last scan counted, most first.
        photos: files found below it; ``searchable`` of them are indexed; ``problems`` failed.
    """

    id: FolderId
    path: Path
    online: bool
    photos: int = 0
    searchable: int = 0
    problems: int = 0
    lacking: int = 0
    unread: tuple[tuple[str, int], ...] = ()

    @property
    def unread_words(self) -> str:
        """What is not read, in words: "3,000 CR3 files, 1 video"; empty if there is nothing."""
        return ", ".join(
            f"{count:,} {kind if kind == 'video' else f'{kind} file'}{'' if count == 1 else 's'}"
            for kind, count in self.unread
        )


@dataclass(frozen=True, slots=True)
class FolderMove:
    """A watched folder and its new place, with how many of the files looked for are there."""

    folder_id: FolderId
    old: Path
    new: Path
    there: int
    looked_for: int


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo, identified by its content, not by its path.

    Attributes:
        path: its last known file. ``available`` is False while that cannot be read.
        size_wh: upright width and height in pixels.
        taken_at, taken_until: when it was taken, see ``PhotoMetadata``.
    """

    id: PhotoId
    path: Path
    size_wh: tuple[int, int]
    available: bool = True
    taken_at: str | None = None
    camera: str | None = None
    size_bytes: int = 0
    taken_until: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be processed.

    Attributes:
        kind: kind of the error.
        message, hint: the reason and what can be done, for people.
        attempts: how often it was tried.
        happened_at: time of the last attempt, ISO 8601.
    """

    path: Path
    kind: str
    message: str
    hint: str = ""
    attempts: int = 1
    happened_at: str = ""

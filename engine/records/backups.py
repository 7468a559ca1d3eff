"""Backups of a library, and what putting one back has done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class BackupKind(StrEnum):
    """What a backup holds.

    ``WHOLE``: everything. ``ESSENTIALS``: what cannot be made again; photos are looked at again
    after it was put back. ``RESTORE_POINT``: the library as it was before another one was put back.
    """

    WHOLE = "whole"
    ESSENTIALS = "essentials"
    RESTORE_POINT = "before-restore"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup in the folder of a library's backups.

    Attributes:
        name: of its file; ``pickout-cli restore`` takes it.
        made_at: ISO 8601 in UTC.
    """

    path: Path
    kind: BackupKind
    made_at: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restored library holds.

    Attributes:
        source: the file it came from; the library itself if it was salvaged.
        restore_point: the library as it was before; None if there was none.
        to_index: photos that have to be looked at again.
        lost: what could not be read, in words; empty if everything could.
    """

    source: Path
    restore_point: Path | None
    folders: int
    photos: int
    edits: int
    to_index: int
    lost: tuple[str, ...] = ()

"""Protocol of the table of folders; see ``engine.store.store`` for what every method promises."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.records import Folder, FolderId, PhotoId


class LastScan(NamedTuple):
    """What the last scan of a folder that was recorded has found out about it.

    Attributes:
        volume: as ``mounts.volume_of`` names it; None if it is not known.
        at: when that was, ISO 8601, UTC; None for never.
        mounts: see ``FolderContents``.
    """

    volume: str | None = None
    at: str | None = None
    mounts: tuple[str, ...] = ()


class FolderTable(Protocol):
    """Watched folders."""

    def all(self, profile_id: int) -> tuple[Folder, ...]:
        """Every folder with its counts under a profile, in the order they were added."""
        ...

    def paths(self) -> dict[FolderId, Path]:
        """Folder id -> absolute path."""
        ...

    def add(self, path: Path) -> FolderId:
        """Watch a folder; one that is watched already keeps its id."""
        ...

    def set_online(self, folder_id: FolderId, online: bool, lacking: int = 0) -> bool:
        """Record whether the folder can be reached; True if that has changed.

        Args:
            lacking: see ``Folder``.
        """
        ...

    def lacking(self) -> set[FolderId]:
        """Folders that lack too many photos, see ``Folder``."""
        ...

    def last_scan(self, folder_id: FolderId) -> LastScan:
        """The last scan that was recorded."""
        ...

    def record_scan(
        self,
        folder_id: FolderId,
        volume: str | None,
        unread: Iterable[tuple[str, int]] = (),
        mounts: Iterable[str] = (),
    ) -> bool:
        """Record that the folder was scanned now.

        Args:
            volume, mounts: see ``LastScan``.
            unread: see ``Folder``.

        Returns:
            Whether ``unread`` has changed.
        """
        ...

    def rules(self, folder_id: FolderId) -> str:
        """The folder's own rules for what is left out, as ``watch.rules`` reads them."""
        ...

    def set_rules(self, folder_id: FolderId, rules: str) -> None:
        """Change them."""
        ...

    def relocate(self, folder_id: FolderId, path: Path, volume: str | None) -> None:
        """The folder is at another place, on this volume; it counts as online there."""
        ...

    def mark_removed(self, folder_id: FolderId) -> bool:
        """Hide the folder and its files at once; False if there is no such folder."""
        ...

    def has_removed(self) -> bool:
        """Whether ``purge`` has something to do."""
        ...

    def purge(self) -> tuple[PhotoId, ...] | None:
        """Delete a batch of what removed folders held; None when nothing is left.

        Returns:
            Photos that no file holds any more.
        """
        ...

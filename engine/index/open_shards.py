"""The mapped shards of one index, and which of their files have been checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.index import shard as shards
from engine.index.checked_files import CheckedFiles, FileState
from engine.index.manifest import Manifest, ShardEntry

CHECKED_AT_OPENING = 200_000_000
"""Bytes of new or changed shards that are read when the index is opened: some tenths of a second,
or 9,000 photos. Searches miss the rest until it was checked in the background."""


class OpenShards:
    """Whoever holds it locks it.

    Args:
        read_only: another process may write the files; write nothing.

    Attributes:
        mapped: the shards that searches use, by file.
        unchecked: files that were not read since the index was opened. Those that are mapped were
            unchanged since they were last read; no search uses the others.
    """

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self.folder = folder
        self.read_only = read_only
        self.mapped: dict[str, shards.Shard] = {}
        self.unchecked: dict[str, ShardEntry] = {}
        self._states: dict[str, FileState] = {}
        self._record = CheckedFiles(folder)

    @property
    def all_usable(self) -> bool:
        """Whether no shard waits for its check before it can be used."""
        return self.unchecked.keys() <= self.mapped.keys()

    def damaged(self, manifest: Manifest) -> list[ShardEntry]:
        """Shards of the manifest whose files cannot be used."""
        usable = self.mapped.keys() | self.unchecked.keys()
        return [entry for entry in manifest.shards if entry.file not in usable]

    def open(self, manifest: Manifest) -> None:
        """Map what is known to be unchanged, check a part of the rest, and leave what is too much
        for now in ``unchecked``. What was mapped before stays so."""
        self.keep(entry.file for entry in manifest.shards)
        self._record = CheckedFiles.load(self.folder)
        # A process that reads cannot know whether the one that writes has died.
        crashed = self._record.in_use and not self.read_only
        closed = [entry for entry in manifest.shards if entry.file not in self.mapped]
        known = [] if crashed else [entry for entry in closed if self._record.unchanged(entry)]
        self._states |= {entry.file: self._record.files[entry.file] for entry in known}
        self.unchecked |= {entry.file: entry for entry in known}
        if known and not self.save_record(in_use=True):
            known = []  # a crash could not be told from a good end
        for entry in known:
            if not self.settle(manifest, entry, self._states[entry.file]):
                del self.unchecked[entry.file]
        left = CHECKED_AT_OPENING
        for entry in closed:
            if entry.file in self.mapped:
                continue
            left -= self._size(entry)
            if left < 0:
                self.unchecked[entry.file] = entry
                continue
            self.unchecked.pop(entry.file, None)
            self.settle(manifest, entry, shards.check(self.folder, entry))
        self.save_record()

    def next_unchecked(self) -> ShardEntry | None:
        """Those that no search uses yet come first; None if all are checked."""
        names = sorted(self.unchecked, key=lambda name: name in self.mapped)
        return self.unchecked[names[0]] if names else None

    def settle(self, manifest: Manifest, entry: ShardEntry, state: FileState | None) -> bool:
        """Use a shard that was checked, or no longer if it is damaged (``state`` None); returns
        which."""
        opened = None
        if state is not None:
            known = self.mapped.get(entry.file)
            opened = known or shards.open_checked(self.folder, manifest, entry)
        if opened is None or state is None:
            self.mapped.pop(entry.file, None)
            self._states.pop(entry.file, None)
            return False
        self.mapped[entry.file] = opened
        self._states[entry.file] = state
        return True

    def forget(self, entry: ShardEntry) -> None:
        """The file of a shard was replaced."""
        self.keep((self.mapped.keys() | self.unchecked.keys()) - {entry.file})

    def keep(self, files: Iterable[str]) -> None:
        """Forget all others."""
        kept = set(files)
        self.mapped = {name: shard for name, shard in self.mapped.items() if name in kept}
        self.unchecked = {name: entry for name, entry in self.unchecked.items() if name in kept}
        self._states = {name: state for name, state in self._states.items() if name in kept}

    def save_record(self, *, in_use: bool | None = None) -> bool:
        """Write down which files were checked; False if the disk does not take it.

        Args:
            in_use: whether searches use files that were not; None finds out.
        """
        if in_use is None:
            in_use = not self.unchecked.keys().isdisjoint(self.mapped)
        return self.read_only or self._record.save(self._states, in_use=in_use)

    def close(self) -> None:
        """Unmap all, and write down that this ended well."""
        self.mapped, self.unchecked = {}, {}
        self.save_record()
        self._states = {}

    def _size(self, entry: ShardEntry) -> int:
        try:
            return (self.folder / entry.file).stat().st_size
        except OSError:
            return 0

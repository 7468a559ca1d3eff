"""What changed in a library, and what there is to say, until somebody asks."""

from __future__ import annotations

import threading

from engine.records import LibraryChanges


class LibraryNews:
    """Collected by all threads of a library."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = LibraryChanges()
        self._notes: dict[str, str] = {}

    def add(self, changes: LibraryChanges) -> None:
        """Something was written."""
        if changes:
            with self._lock:
                self._changes |= changes

    def take(self) -> LibraryChanges:
        """What was added since this was last called."""
        with self._lock:
            taken, self._changes = self._changes, LibraryChanges()
        return taken

    def say(self, source: str, note: str) -> None:
        """Replace what one source says; an empty note is nothing."""
        with self._lock:
            self._notes[source] = note

    @property
    def note(self) -> str:
        """What all sources say."""
        with self._lock:
            return " ".join(filter(None, self._notes.values()))

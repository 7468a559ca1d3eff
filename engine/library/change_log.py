"""Changes of a library, and notes about it, kept until the window or the command line asks."""

from __future__ import annotations

import threading

from engine.records import LibraryChanges


class ChangeLog:
    """Collects what all threads of a library report. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = LibraryChanges()
        self._notes: dict[str, str] = {}

    def record(self, changes: LibraryChanges) -> None:
        """Add what a write has changed."""
        if changes:
            with self._lock:
                self._changes |= changes

    def drain(self) -> LibraryChanges:
        """Everything recorded since this was last called."""
        with self._lock:
            drained, self._changes = self._changes, LibraryChanges()
        return drained

    def set_note(self, source: str, note: str) -> None:
        """Replace the note of one source; an empty one removes it."""
        with self._lock:
            self._notes[source] = note

    @property
    def note(self) -> str:
        """The notes of all sources, joined by spaces."""
        with self._lock:
            return " ".join(filter(None, self._notes.values()))

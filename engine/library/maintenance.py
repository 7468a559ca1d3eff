"""Keeping a library consistent."""

from __future__ import annotations

from engine.indexing.integrity import check_library
from engine.jobs import Job
from engine.library.components import LibraryComponents
from engine.records import CheckReport


class LibraryMaintenance:
    """Checks and repairs. Thread-safe."""

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components

    def check(self) -> Job[CheckReport]:
        """Compare store and index and repair what is derived (lane ``index``). A library that was
        opened for reading only is not repaired."""
        components = self._components
        return components.lanes.index.submit(
            "check",
            lambda context: check_library(
                components.store,
                components.active_profile.current.index,
                components.thumbnails,
                components.pixels.thumbnail,
                context,
            ),
        )

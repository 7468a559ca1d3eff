"""Writing what was found to files."""

from __future__ import annotations

from engine.jobs import Job
from engine.library.components import LibraryComponents
from engine.records import ExportRequest, ExportSummary


class LibraryExports:
    """Starts exports. Thread-safe."""

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components

    def start(self, request: ExportRequest) -> Job[ExportSummary]:
        """Write hits to files (lane ``io``). A hit that fails becomes a problem of the summary."""
        from engine.export import exporter

        read_rgb = self._components.pixels.read
        return self._components.lanes.io.submit(
            "export", lambda context: exporter.run(request, read_rgb, context)
        )

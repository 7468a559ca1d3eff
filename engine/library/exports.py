"""Writing what was found to files."""

from __future__ import annotations

from engine.jobs import Job, JobContext
from engine.library.components import LibraryComponents
from engine.records import ExportPreview, ExportRequest, ExportSummary


class LibraryExports:
    """Starts exports. Thread-safe."""

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components

    def preview(self, request: ExportRequest) -> ExportPreview:
        """The names that the files of an export would get now. Reads the names in the folder.

        Raises:
            BadRequest: the pattern of the names has a field that there is not.
        """
        from engine.export import exporter

        return exporter.preview(request)

    def start(self, request: ExportRequest) -> Job[ExportSummary]:
        """Write hits to files (lane ``io``). A hit that fails becomes a problem of the summary."""
        from engine.export import exporter

        components = self._components

        def export(context: JobContext) -> ExportSummary:
            photo_ids = [hit.photo.id for hit in request.hits]
            metadata = components.store.photos.metadata(photo_ids)
            return exporter.run(request, components.pixels.read, context, metadata)

        return components.lanes.io.submit("export", export)

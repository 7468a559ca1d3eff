"""Several selected photos: the bar with what can be done, and the export dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from desktop_app.bridge.session import Session
from desktop_app.controllers.exporting import ExportController
from desktop_app.controllers.searching import SearchController
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.text import export_text
from desktop_app.ui_state import UiState
from desktop_app.views.export_dialog import ExportDialog
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.results_page import ResultsPage
from engine.errors import EngineError
from engine.jobs import Progress
from engine.records import (
    DEFAULT_PATTERN,
    ExistingFiles,
    ExportKind,
    ExportPreview,
    ExportRequest,
    ExportSummary,
    SearchHit,
)


class ExportPresenter(QObject):
    """Exports the selected photos.

    Attributes:
        dialog: the one that is open; None if none is.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: UiState,
        results: ResultsPage,
        photo: PhotoPresenter,
        searching: SearchController,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._grid, self._bar = results.grid, results.selection_bar
        self._photo, self._searching = photo, searching
        self._exports = ExportController(session.library, session.jobs, session.reads, self)
        self.dialog: ExportDialog | None = None
        self._hits: tuple[SearchHit, ...] = ()
        self._last_file: Path | None = None
        self._connect()

    def _connect(self) -> None:
        commands, bar, exports = self._window.commands, self._bar, self._exports
        self._grid.selection_changed.connect(self._show_selection)
        results_model = self._grid.photo_model
        results_model.modelReset.connect(self._show_selection)
        bar.export.connect(self.open)
        bar.copy_paths.connect(commands["copy_path"].trigger)
        bar.select_all.connect(commands["select_all"].trigger)
        bar.select_none.connect(self.select_none)
        commands["select_all"].triggered.connect(self._select_all)
        commands["export"].triggered.connect(self.open)
        exports.previewed.connect(self._previewed)
        exports.preview_failed.connect(self._preview_failed)
        exports.progressed.connect(self._progressed)
        exports.finished.connect(self._finished)
        exports.failed.connect(self._failed)
        exports.cancelled.connect(self._cancelled)

    # -- selection -------------------------------------------------------------------------

    @property
    def several_selected(self) -> bool:
        """Whether more than one photo is selected in the grid."""
        return self._grid.selected_count > 1

    def select_none(self) -> None:
        """Select the current photo only."""
        self._grid.select_current_only()
        self._grid.setFocus()

    def _select_all(self) -> None:
        if self._grid.isVisible():
            self._grid.selectAll()
            self._grid.setFocus()

    def _show_selection(self) -> None:
        selected, model = self._grid.selected_count, self._grid.photo_model
        status = self._session.events.status
        more = model.browsing and status is not None and model.rowCount() < status.searchable
        self._bar.show_count(selected, all_so_far=more and selected == model.rowCount())

    # -- the dialog ------------------------------------------------------------------------

    def open(self) -> None:
        """Ask how to export the selected photos, or the one that is open."""
        hit = self._photo.current_hit()
        alone = () if hit is None else (hit,)
        self._hits = alone if self._photo.is_open else tuple(self._grid.selected_hits()) or alone
        if not self._hits:
            self._window.toast.show_message(export_text.NOTHING_SELECTED)
            return
        dialog = self.dialog = ExportDialog(len(self._hits), self._window)
        dialog.choices_changed.connect(self._preview)
        dialog.folder_requested.connect(self._choose_folder)
        dialog.started.connect(self._start)
        dialog.stopped.connect(self._exports.cancel)
        dialog.show_requested.connect(self._show_in_folder)
        dialog.closed.connect(self._closed)
        folder = self._state.last_save_folder or Path.home()
        things = any(hit.region is not None for hit in self._hits)
        kinds = [ExportKind.CUTOUT if things else ExportKind.ORIGINAL]
        dialog.set_choices(kinds, folder, DEFAULT_PATTERN, ExistingFiles.KEEP)
        dialog.open()

    def _requests(self) -> list[ExportRequest]:
        dialog = self.dialog
        if dialog is None or dialog.folder is None:
            return []
        query = self._searching.query.text if self._searching.query is not None else ""
        return [
            ExportRequest(
                self._hits,
                dialog.folder,
                kind,
                query,
                dialog.pattern.text(),
                dialog.chosen_existing(),
            )
            for kind in dialog.chosen_kinds()
        ]

    def _preview(self) -> None:
        self._exports.preview(self._requests())

    def _previewed(self, previews: list[ExportPreview]) -> None:
        if self.dialog is not None:
            self.dialog.show_preview(previews)

    def _preview_failed(self, error: EngineError) -> None:
        if self.dialog is not None:
            self.dialog.show_problem(_words(error))

    def _choose_folder(self) -> None:
        folder = self._window.dialogs.choose_folder()
        if folder is not None and self.dialog is not None:
            self.dialog.set_folder(folder)

    def _closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    # -- the export ------------------------------------------------------------------------

    def _start(self) -> None:
        requests = self._requests()
        if self.dialog is None or not requests:
            return
        self._state.last_save_folder = requests[0].to
        self.dialog.show_running()
        self._exports.start(requests)

    def _progressed(self, progress: Progress, done_before: int, total: int) -> None:
        if self.dialog is not None:
            words = export_text.progress(progress, done_before, total)
            share = (done_before + progress.done) / total if total else None
            self.dialog.progress.show_progress(words, share, export_text.STOP)

    def _finished(self, summaries: list[ExportSummary]) -> None:
        paths = [path for summary in summaries for path in (*summary.written, *summary.kept)]
        self._last_file = paths[0] if paths else None
        words = export_text.summary(summaries)
        if self.dialog is None:
            self._window.toast.show_message(words)
            return
        self.dialog.show_ended(words, wrote=bool(paths))
        self._preview()

    def _failed(self, error: EngineError) -> None:
        if self.dialog is None:
            self._window.dialogs.show_problem(error)
            return
        self.dialog.show_ended("", wrote=False, problem=_words(error))

    def _cancelled(self) -> None:
        if self.dialog is None:
            self._window.toast.show_message(export_text.STOPPED)
            return
        self.dialog.show_ended(export_text.STOPPED, wrote=False)
        self._preview()

    def _show_in_folder(self) -> None:
        if self._last_file is not None:
            self._window.shell.show_in_folder(self._last_file)


def _words(error: EngineError) -> str:
    return " ".join(filter(None, (error.message, error.hint)))

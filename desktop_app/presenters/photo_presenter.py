"""Presents one photo: the photo view, the inspector, and cut-outs of the selected regions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QShortcut

from desktop_app.bridge.session import Session
from desktop_app.controllers.cutouts import CutoutController
from desktop_app.controllers.photo_reading import PhotoReader
from desktop_app.controllers.region_labels import RegionLabelReader
from desktop_app.controllers.searching import SearchController
from desktop_app.item_models.hit_highlight import highlight_of
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.text import photo_text, search_text
from desktop_app.ui_state import UiState
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.main_window import MainWindow
from desktop_app.views.photo.photo_view import PhotoView
from engine.errors import EngineError
from engine.records import (
    UNSTORED,
    ExportKind,
    Photo,
    PhotoId,
    PhotoMetadata,
    Region,
    RegionId,
    SearchHit,
    Verdict,
)

FINE_EDGES = "fine_edges"
"""Name in the stored state of the window."""


class PhotoPresenter(QObject):
    """Presents the current photo: the one in the photo view, else the current one of the grid.

    Attributes:
        view: the page that shows one photo.
        is_open: whether that page is the current one.

    Signals:
        opened(), closed(): the photo view is to be shown, or to be left.
        find_similar(SearchHit): search for regions similar to the hit's region.
    """

    opened = Signal()
    closed = Signal()
    find_similar = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: UiState,
        model: PhotoGridModel,
        grid: PhotoGridView,
        searching: SearchController,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._model, self._grid, self._searching = model, grid, searching
        self._reader = PhotoReader(session.library, session.reads, session.decodes, self)
        self._labels = RegionLabelReader(session.library, session.labels, self)
        self._things: tuple[Photo, Sequence[Region], list[RegionId]] | None = None
        self._cutouts = CutoutController(session.library, session.jobs, session.reads, self)
        self.view = PhotoView(session, model, self._reader, window.theme)
        self.is_open = False
        self._opened_row = -1
        self._pending_region: RegionId | None = None
        self._connect()

    def _connect(self) -> None:
        view, commands = self.view, self._window.commands
        self._grid.opened.connect(self.open_row)
        self._grid.selectionModel().currentChanged.connect(self.inspect)
        self._window.inspector.region_chosen.connect(self._region_chosen)
        self._model.sections_changed.connect(view.model_changed)
        view.closed.connect(self.close_photo)
        view.row_changed.connect(self.inspect)
        view.selection_changed.connect(self._show_selected_regions)
        view.find_similar.connect(self._request_similar)
        view.save_requested.connect(self._save_cutout)
        view.copy_requested.connect(self._copy_cutout)
        fine_edges = commands["fine_edges"]
        fine_edges.setCheckable(True)
        fine_edges.setChecked(self._state.flag(FINE_EDGES, False))
        view.action_bar.fine_edges.setChecked(fine_edges.isChecked())
        fine_edges.toggled.connect(view.action_bar.fine_edges.setChecked)
        view.action_bar.fine_edges.toggled.connect(fine_edges.setChecked)
        fine_edges.toggled.connect(self._store_fine_edges)
        self._reader.regions_ready.connect(self._regions_ready)
        self._labels.ready.connect(self._labels_ready)
        view.similar_toggled.connect(self._toggle_similar)
        self._cutouts.saved.connect(self._cutout_saved)
        self._cutouts.copied.connect(self._cutout_copied)
        self._cutouts.failed.connect(self._show_problem)
        for name, call in (
            ("find_similar", self._find_similar),
            ("save_cutout", self._save_cutout),
            ("copy_cutout", self._copy_cutout),
            ("fine_edges", self._tell_fine_edges),
            ("similar", self._toggle_similar),
            ("zoom_in", view.canvas.zoom_in),
            ("zoom_out", view.canvas.zoom_out),
            ("zoom_fit", view.canvas.fit),
        ):
            commands[name].triggered.connect(call)
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        keys = Qt.Key
        for key, call in (
            (keys.Key_Left, self._previous_photo),
            (keys.Key_Up, self._previous_photo),
            (keys.Key_Right, self._next_photo),
            (keys.Key_Down, self._next_photo),
            (keys.Key_Period, view.match_stepper.step_on),
            (keys.Key_Comma, view.match_stepper.step_back),
        ):
            QShortcut(QKeySequence(key), view, call, context=within)

    # -- opening and closing ---------------------------------------------------------------

    def open_row(self, row: int) -> None:
        """Open a row of the grid in the photo view."""
        if self._model.hit(row) is None:
            return
        self._opened_row = row
        self.is_open = True
        self.opened.emit()
        self.view.show_row(row)
        self.view.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_photo(self) -> None:
        """Go back to the grid; if another photo is on show than at first, scroll to it."""
        row = self.view.row
        self.deactivate()
        self.closed.emit()
        if row != self._opened_row:
            self._grid.go_to(row)

    def deactivate(self) -> None:
        """The photo view is no longer the current page; pending reads are dropped."""
        if self.is_open:
            self.is_open = False
            self.view.deactivate()

    def _previous_photo(self) -> None:
        self.view.step(-1)

    def _next_photo(self) -> None:
        self.view.step(1)

    def _toggle_similar(self) -> None:
        """Show the photos that are folded into the current hit after it, or hide them again."""
        hit = self.current_hit()
        group = self._model.group_of(hit) if hit is not None else None
        if hit is None or group is None:
            return
        unfold = not self._model.is_unfolded(group)
        if not unfold and self._model.is_similar(hit):  # its row goes
            row = self._model.row_of(group.photo.id)
            if self.is_open:
                self.view.show_row(row)
            else:
                self._grid.go_to(row)
        self._model.set_unfolded(group, unfold)

    # -- the inspector ---------------------------------------------------------------------

    def current_hit(self) -> SearchHit | None:
        """The hit in the photo view if that is open, else the current one of the grid."""
        if self.is_open:
            return self.view.hit
        return self._model.hit(self._grid.currentIndex().row())

    def inspect(self, *_: object) -> None:
        """Show the current hit in the inspector."""
        hit = self.current_hit()
        inspector = self._window.inspector
        searched = hit is not None and not self._model.browsing
        reranking_status = self._reranking_status(hit) if hit is not None else ""
        if hit is not None and self._model.is_similar(hit):
            hit = replace(hit, verdict=Verdict.UNVERIFIED)  # it was not judged by itself
        inspector.show_hit(
            hit, searched=searched, reranking_status=reranking_status, plan=self._model.plan
        )
        if hit is None:
            return
        if self._labels.requested != hit.photo.id:
            self._labels.read(hit.photo.id)
        library, photo = self._session.library, hit.photo
        self._session.reads.call(
            lambda: (photo, library.photos.metadata(photo.id)), self._metadata_ready
        )
        if self.is_open:
            return
        self._session.reads.call(
            lambda: (photo, library.photos.regions(photo.id)), self._grid_regions_ready
        )

    def _reranking_status(self, hit: SearchHit) -> str:
        if hit.looked_at and self._model.reranker:
            return search_text.LOOKED_AT_BY.format(title=self._model.reranker)
        return search_text.NOT_CHECKED_YET if self._model.is_waiting(hit) else ""

    def photos_changed(self, photos: Iterable[PhotoId]) -> None:
        """Photos have changed in the library: read the regions of the current one again."""
        hit = self.current_hit()
        if hit is None or hit.photo.id not in photos:
            return
        self._labels.read(hit.photo.id)
        if not self.is_open:
            self.inspect()
        elif all(region.id == UNSTORED for region in self.view.canvas.regions):
            self._reader.read_regions(hit.photo)

    def _metadata_ready(self, answer: tuple[Photo, PhotoMetadata]) -> None:
        photo, metadata = answer
        hit = self.current_hit()
        if hit is not None and hit.photo.id == photo.id:
            self._window.inspector.show_metadata(photo, metadata)

    def _grid_regions_ready(self, answer: tuple[Photo, tuple[Region, ...]]) -> None:
        photo, regions = answer
        hit = self.current_hit()
        if hit is not None and hit.photo.id == photo.id:
            highlight = highlight_of(hit)
            self._show_things(photo, highlight.selectable(regions), highlight.ids)

    def _regions_ready(self, photo_id: PhotoId, regions: tuple[Region, ...]) -> None:
        canvas = self.view.canvas  # it has the regions already, and an unstored one of the hit
        if self._pending_region is not None:
            if any(region.id == self._pending_region for region in canvas.regions):
                canvas.select(self._pending_region)
            self._pending_region = None
        self._show_selected_regions()

    def _show_selected_regions(self) -> None:
        canvas = self.view.canvas
        if self.is_open and canvas.photo is not None:
            selected = [region.id for region in canvas.selected_regions]
            self._show_things(canvas.photo, canvas.regions, selected)

    def _show_things(
        self, photo: Photo, regions: Sequence[Region], selected: list[RegionId]
    ) -> None:
        """Show the regions in the inspector, with their names as soon as those are there."""
        self._things = (photo, regions, selected)
        labels = self._labels.labels(photo.id)
        if labels is not None or not self._labels.warm:
            self._window.inspector.show_regions(photo, regions, selected, labels or {})

    def _labels_ready(self, photo_id: PhotoId) -> None:
        if self._things is not None and self._things[0].id == photo_id:
            self._show_things(*self._things)

    def _region_chosen(self, region_id: RegionId) -> None:
        if self.is_open:
            self.view.canvas.select(region_id)
            return
        self._pending_region = region_id
        self.open_row(self._grid.currentIndex().row())

    # -- cut-outs --------------------------------------------------------------------------

    def target(self) -> tuple[Photo | None, list[Region]]:
        """The photo and the regions that a command applies to."""
        if self.is_open and self.view.hit is not None:
            return self.view.hit.photo, self.view.selected_regions
        hit = self.current_hit()
        region = highlight_of(hit).region if hit is not None else None
        return (None, []) if hit is None or region is None else (hit.photo, [region])

    def _find_similar(self) -> None:
        self._with_target(self.find_similar_to)

    def _save_cutout(self) -> None:
        self._with_target(self.save_cutout_of)

    def _copy_cutout(self) -> None:
        self._with_target(self.copy_cutout_of)

    def _with_target(self, call: Callable[[Photo, list[Region]], None]) -> None:
        photo, regions = self.target()
        if photo is None or not regions:
            self._window.toast.show_message(photo_text.SELECT_FIRST)
        else:
            call(photo, regions)

    def find_similar_to(self, photo: Photo, regions: list[Region]) -> None:
        """Search for things like the last of these regions."""
        self._request_similar(SearchHit(photo, 0.0, regions[-1]))

    def _request_similar(self, hit: SearchHit) -> None:
        if hit.region is None or hit.region.id == UNSTORED:
            self._window.toast.show_message(photo_text.CANNOT_COMPARE)
        else:
            self.find_similar.emit(hit)

    def _query_words(self) -> str:
        return self._searching.query.text if self._searching.query is not None else ""

    def save_cutout_of(self, photo: Photo, regions: list[Region]) -> None:
        """Ask where to, and save these regions as one cut-out."""
        folder = self._state.last_save_folder
        if folder is None or not folder.is_dir():
            folder = Path.home()
        name = photo_text.saved_name(self._query_words() or "cut-out", photo)
        to = self._window.dialogs.choose_save_path(folder / name)
        if to is not None:
            self._state.last_save_folder = to.parent
            self._cutouts.save(photo, regions, to, self._query_words(), self._begin_cutout())

    def copy_cutout_of(self, photo: Photo, regions: list[Region]) -> None:
        """Put these regions on the clipboard as one cut-out."""
        self._cutouts.copy(photo, regions, self._query_words(), self._begin_cutout())

    def _begin_cutout(self) -> ExportKind:
        """The chosen kind of cut-out; one that takes long is told."""
        if not self._window.commands["fine_edges"].isChecked():
            return ExportKind.CUTOUT
        self._window.toast.show_message(photo_text.FINE_CUTOUT_BEGUN)
        return ExportKind.FINE_CUTOUT

    def _store_fine_edges(self, fine: bool) -> None:
        self._state.set_flag(FINE_EDGES, fine)

    def _tell_fine_edges(self, fine: bool) -> None:
        """By keyboard, palette or menu the choice shows nowhere else."""
        self._window.toast.show_message(
            photo_text.FINE_EDGES_ON if fine else photo_text.FINE_EDGES_OFF
        )

    def _cutout_saved(self, path: Path) -> None:
        def show_in_folder() -> None:
            self._window.shell.show_in_folder(path)

        words = photo_text.CUTOUT_SAVED.format(name=path.name)
        self._window.toast.show_message(words, photo_text.SHOW_IN_FOLDER, show_in_folder)

    def _cutout_copied(self, image: QImage) -> None:
        QGuiApplication.clipboard().setImage(image)
        self._window.toast.show_message(photo_text.CUTOUT_COPIED)

    def _show_problem(self, error: EngineError) -> None:
        self._window.dialogs.show_problem(error)

"""One photo at a time: the photo view, the inspector, and cut-outs of what is selected."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QShortcut

from desktop_app import text
from desktop_app.bridge.session import Session
from desktop_app.controllers.cutouts import CutoutController
from desktop_app.controllers.photo_reading import PhotoReader
from desktop_app.controllers.searching import SearchController
from desktop_app.item_models.hit_highlight import marks
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.ui_state import UiState
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.main_window import MainWindow
from desktop_app.views.photo.photo_view import PhotoView
from engine.errors import EngineError
from engine.records import UNSTORED, Photo, PhotoId, Region, RegionId, SearchHit


class PhotoPresenter(QObject):
    """What is current, in the grid or large, and what can be done with it.

    Attributes:
        view: the page that shows one photo.
        is_open: whether that page is the one in use.

    Signals:
        opened(), closed(): the photo view is wanted, or no longer.
        find_alike(SearchHit): look for things like the hit's region.
    """

    opened = Signal()
    closed = Signal()
    find_alike = Signal(object)

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
        self._window.inspector.thing_chosen.connect(self._thing_chosen)
        self._model.sections_changed.connect(view.model_changed)
        view.closed.connect(self.close_photo)
        view.row_changed.connect(self.inspect)
        view.selection_changed.connect(self._mark_things)
        view.find_alike.connect(self._ask_alike)
        view.save_wanted.connect(self._save_cutout)
        view.copy_wanted.connect(self._copy_cutout)
        self._reader.regions_ready.connect(self._regions_ready)
        self._cutouts.saved.connect(self._cutout_saved)
        self._cutouts.copied.connect(self._cutout_copied)
        self._cutouts.failed.connect(self._tell_problem)
        for name, call in (
            ("find_alike", self._find_alike),
            ("save_cutout", self._save_cutout),
            ("copy_cutout", self._copy_cutout),
            ("zoom_in", view.canvas.zoom_in),
            ("zoom_out", view.canvas.zoom_out),
            ("zoom_fit", view.canvas.fit),
        ):
            commands[name].triggered.connect(call)
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, call in (
            (("Left", "Up"), self._previous_photo),
            (("Right", "Down"), self._next_photo),
        ):
            for key in keys:
                QShortcut(QKeySequence(key), view, call, context=within)

    # -- going there and back --------------------------------------------------------------

    def open_row(self, row: int) -> None:
        """Show a row of the grid large."""
        if self._model.hit(row) is None:
            return
        self._opened_row = row
        self.is_open = True
        self.opened.emit()
        self.view.show_row(row)
        self.view.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_photo(self) -> None:
        """Back to the grid as it was; another photo than before is brought into sight."""
        row = self.view.row
        self.leave()
        self.closed.emit()
        if row != self._opened_row:
            self._grid.go_to(row)

    def leave(self) -> None:
        """The photo view is no longer shown; what is still being read for it is dropped."""
        if self.is_open:
            self.is_open = False
            self.view.leave()

    def _previous_photo(self) -> None:
        self.view.step(-1)

    def _next_photo(self) -> None:
        self.view.step(1)

    # -- the inspector ---------------------------------------------------------------------

    def current_hit(self) -> SearchHit | None:
        """The photo on show, else the current one of the grid."""
        if self.is_open:
            return self.view.hit
        return self._model.hit(self._grid.currentIndex().row())

    def inspect(self, *_) -> None:
        """Show in the inspector what is current."""
        hit = self.current_hit()
        inspector = self._window.inspector
        searched = hit is not None and not self._model.browsing
        looked = self._who_looked(hit) if hit is not None else ""
        inspector.show_hit(hit, searched=searched, looked=looked)
        if hit is None or self.is_open:
            return
        library, photo = self._session.library, hit.photo
        self._session.reads.call(
            lambda: (photo, library.photos.regions(photo.id)), self._grid_regions_ready
        )

    def _who_looked(self, hit: SearchHit) -> str:
        if hit.looked_at and self._model.looker:
            return text.LOOKED_AT_BY.format(title=self._model.looker)
        return text.NOT_CHECKED_YET if self._model.is_waiting(hit) else ""

    def note_changes(self, photos: Iterable[PhotoId]) -> None:
        """Some photos are new or outlined now: take over what was found in the current one."""
        hit = self.current_hit()
        if hit is None or hit.photo.id not in photos:
            return
        if not self.is_open:
            self.inspect()
        elif all(region.id == UNSTORED for region in self.view.canvas.regions):
            self._reader.read_regions(hit.photo)

    def _grid_regions_ready(self, answer: tuple[Photo, tuple[Region, ...]]) -> None:
        photo, regions = answer
        hit = self.current_hit()
        if hit is not None and hit.photo.id == photo.id:
            marked = marks(hit)
            self._window.inspector.show_things(photo, marked.among(regions), marked.ids)

    def _regions_ready(self, photo_id, regions) -> None:
        canvas = self.view.canvas  # it has them already, and what was made for the hit
        if self._pending_region is not None:
            if any(region.id == self._pending_region for region in canvas.regions):
                canvas.select(self._pending_region)
            self._pending_region = None
        self._mark_things()

    def _mark_things(self) -> None:
        canvas = self.view.canvas
        if self.is_open and canvas.photo is not None:
            selected = [region.id for region in canvas.selected_regions]
            self._window.inspector.show_things(canvas.photo, canvas.regions, selected)

    def _thing_chosen(self, region_id: RegionId) -> None:
        if self.is_open:
            self.view.canvas.select(region_id)
            return
        self._pending_region = region_id
        self.open_row(self._grid.currentIndex().row())

    # -- cut-outs --------------------------------------------------------------------------

    def _target(self) -> tuple[Photo | None, list[Region]]:
        """The photo and the things in it that an action is about."""
        if self.is_open and self.view.hit is not None:
            return self.view.hit.photo, self.view.selected_regions
        hit = self.current_hit()
        thing = marks(hit).thing if hit is not None else None
        return (None, []) if thing is None else (hit.photo, [thing])

    def _find_alike(self) -> None:
        photo, regions = self._target()
        if photo is None or not regions:
            self._window.toast.say(text.SELECT_FIRST)
            return
        self._ask_alike(SearchHit(photo, 0.0, regions[-1]))

    def _ask_alike(self, hit: SearchHit) -> None:
        if hit.region.id == UNSTORED:
            self._window.toast.say(text.NOT_TO_COMPARE)
        else:
            self.find_alike.emit(hit)

    def _query_words(self) -> str:
        return self._searching.query.text if self._searching.query is not None else ""

    def _save_cutout(self) -> None:
        photo, regions = self._target()
        if photo is None or not regions:
            self._window.toast.say(text.SELECT_FIRST)
            return
        folder = self._state.last_save_folder
        if folder is None or not folder.is_dir():
            folder = Path.home()
        name = text.saved_name(self._query_words() or "cut-out", photo)
        to = self._window.dialogs.choose_save_path(folder / name)
        if to is not None:
            self._state.last_save_folder = to.parent
            self._cutouts.save(photo, regions, to, self._query_words())

    def _copy_cutout(self) -> None:
        photo, regions = self._target()
        if photo is None or not regions:
            self._window.toast.say(text.SELECT_FIRST)
            return
        self._cutouts.copy(photo, regions, self._query_words())

    def _cutout_saved(self, path: Path) -> None:
        def show_in_folder() -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

        words = text.CUTOUT_SAVED.format(name=path.name)
        self._window.toast.say(words, text.SHOW_IN_FOLDER, show_in_folder)

    def _cutout_copied(self, image) -> None:
        QGuiApplication.clipboard().setImage(image)
        self._window.toast.say(text.CUTOUT_COPIED)

    def _tell_problem(self, error: EngineError) -> None:
        self._window.dialogs.tell_problem(error)

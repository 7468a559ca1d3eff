"""What people say of hits and things: right, wrong, a name; and undoing it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from desktop_app.bridge.session import Session
from desktop_app.controllers.editing import EditController
from desktop_app.controllers.searching import SearchController
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.text import correction_text, formatting, photo_text
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.main_window import MainWindow
from engine.errors import EngineError
from engine.records import UNSTORED, EditKind, EditStep, Photo, PhotoId, Region, RegionId, SearchHit


class CorrectionPresenter(QObject):
    """A judged hit is shown with its new verdict at once; it is stored, and the search is repeated,
    in the background."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        model: PhotoGridModel,
        grid: PhotoGridView,
        photo: PhotoPresenter,
        searching: SearchController,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._model = window, session, model
        self._grid, self._photo, self._searching = grid, photo, searching
        self._edits = EditController(session.library, session.edits, self)
        for name, call in (
            ("confirm_hit", self._confirm),
            ("deny_hit", self._deny),
            ("withdraw", self._withdraw),
            ("name_thing", self._name_selected),
            ("undo", self._edits.undo),
            ("redo", self._edits.redo),
        ):
            window.commands[name].triggered.connect(call)
        self._edits.judged.connect(searching.repeat)
        self._edits.name_read.connect(self._ask_name)
        self._edits.named.connect(self._named)
        self._edits.undone.connect(self._undone)
        self._edits.redone.connect(self._redone)
        self._edits.failed.connect(self._failed)

    # -- hits ------------------------------------------------------------------------------

    @property
    def query(self) -> str:
        """The words that hits can be judged by; empty if none are on show."""
        result = self._searching.result
        shown = self._photo.is_open or self._grid.isVisible()
        return result.request.text if result is not None and shown else ""

    def hits(self) -> list[SearchHit]:
        """The hits that would be judged: the one in the photo view, or those that are selected."""
        selected = [] if self._photo.is_open else self._grid.selected_hits()
        current = self._photo.current_hit()
        return selected or ([current] if current is not None else [])

    def _confirm(self) -> None:
        self._judge(True)

    def _deny(self) -> None:
        self._judge(False)

    def _withdraw(self) -> None:
        hits = [hit for hit in self.hits() if hit.judged]
        if not hits or not self.query:
            self._window.toast.show_message(correction_text.NOTHING_SAID)
            return
        self._edits.judge([hit.photo.id for hit in hits], self.query, None)
        self._tell(correction_text.TAKEN_BACK.format(query=self.query))

    def _judge(self, match: bool) -> None:
        query, hits = self.query, self.hits()
        result = self._searching.result
        if not query or not hits or result is None:
            self._window.toast.show_message(correction_text.ONLY_HITS)
            return
        photo_ids = [hit.photo.id for hit in hits]
        region_id = self._region_id(hits)
        self._go_on_from(photo_ids)
        self._searching.show_meanwhile(self._session.library.edits.judged(result, photo_ids, match))
        self._edits.judge(photo_ids, query, match, region_id)
        names = [formatting.file_name(hit.photo.path) for hit in hits]
        self._tell(correction_text.said(match, query, names))

    def _region_id(self, hits: Sequence[SearchHit]) -> RegionId | None:
        """The stored region that is meant, if it is a single one of a single photo."""
        _, regions = self._photo.target()
        if len(hits) > 1 or len(regions) != 1 or regions[0].id == UNSTORED:
            return None
        return regions[0].id

    def _go_on_from(self, photo_ids: Sequence[PhotoId]) -> None:
        """Make the next hit of the grid current, because these move to another place: the grid
        keeps the current one where it is."""
        if self._photo.is_open:
            return
        rows = [self._model.row_of(photo_id) for photo_id in photo_ids]
        following = max(rows) + 1
        self._grid.go_to(following if self._model.hit(following) else min(rows) - 1)

    # -- things ----------------------------------------------------------------------------

    def _name_selected(self) -> None:
        photo, regions = self._photo.target()
        if photo is None or not regions:
            self._window.toast.show_message(photo_text.SELECT_FIRST)
        else:
            self.name_thing(photo, regions)

    def name_thing(self, photo: Photo, regions: Sequence[Region]) -> None:
        """Ask for the name of the last of these regions of a photo."""
        if regions[-1].id == UNSTORED:
            self._window.toast.show_message(correction_text.CANNOT_NAME)
        else:
            self._edits.read_name(regions[-1])

    def _ask_name(self, region: Region, present: str) -> None:
        name = self._window.dialogs.ask_name(present)
        if name is not None and name != present:
            self._edits.name_region(region, name)
            words = correction_text.NAMED.format(name=name) if name else correction_text.NAME_TAKEN
            self._tell(words)

    def _named(self, photo_id: PhotoId) -> None:
        self._photo.photos_changed([photo_id])

    # -- undoing ---------------------------------------------------------------------------

    def _tell(self, words: str) -> None:
        """Show a notice of what was said, with a button that undoes it."""
        self._window.toast.show_message(words, correction_text.UNDO, self._edits.undo)

    def _undone(self, step: EditStep | None, name: str) -> None:
        self._turned(step, name, correction_text.UNDONE, correction_text.NOTHING_TO_UNDO)

    def _redone(self, step: EditStep | None, name: str) -> None:
        self._turned(step, name, correction_text.REDONE, correction_text.NOTHING_TO_REDO)

    def _turned(self, step: EditStep | None, name: str, words: str, nothing: str) -> None:
        if step is None:
            self._window.toast.show_message(nothing)
            return
        what = correction_text.step(step, name)
        self._window.toast.show_message(words.format(what=what))
        if step.kind is EditKind.HIT_JUDGED:
            self._searching.repeat()
        else:
            self._photo.photos_changed(step.photos)

    def _failed(self, error: EngineError) -> None:
        self._searching.repeat()  # what was shown does not hold
        self._window.dialogs.show_problem(error)

"""All photos, newest first, a page at a time, kept up to date while the library grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.item_models.photo_grid import PhotoGridModel
from engine.records import Photo, PhotoId

if TYPE_CHECKING:
    from engine.library import Library

PAGE = 400
REFRESH_MS = 1000


class BrowseController(QObject):
    """Fills the model while there is no query.

    Signals:
        loaded(): the first page is there (it may be empty).
    """

    loaded = Signal()

    def __init__(
        self, library: Library, reads: BackgroundCalls, model: PhotoGridModel, parent=None
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._model = library, reads, model
        self._active = False
        self._visit = 0
        self._fetching = False
        self._at_end = False
        self._changed: set[PhotoId] = set()
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._read_changes)

    @property
    def active(self) -> bool:
        return self._active

    def show(self) -> None:
        """Show all photos from the newest on."""
        self._active, self._fetching, self._at_end = True, True, False
        self._visit += 1
        visit = self._visit
        self._reads.call(lambda: (visit, self._library.photos.page(PAGE)), self._first_page)

    def leave(self) -> None:
        """A search takes over the model."""
        self._active = False
        self._visit += 1

    def more(self) -> None:
        """The end of what is loaded comes into sight."""
        if not self._active or self._fetching or self._at_end or not self._model.rows:
            return
        self._fetching = True
        visit, last = self._visit, self._model.rows[-1].photo.id
        self._reads.call(lambda: (visit, self._library.photos.page(PAGE, last)), self._next_page)

    def note_changes(self, photos: frozenset[PhotoId]) -> None:
        """Photos that are new, different or gone; taken over a moment later, all at once."""
        self._changed |= photos
        if not self._refresh.isActive():
            self._refresh.start()

    def _first_page(self, answer: tuple[int, tuple[Photo, ...]]) -> None:
        visit, photos = answer
        if visit != self._visit:
            return
        self._fetching = False
        self._at_end = len(photos) < PAGE
        self._model.show_photos(photos)
        self.loaded.emit()

    def _next_page(self, answer: tuple[int, tuple[Photo, ...]]) -> None:
        visit, photos = answer
        if visit != self._visit:
            return
        self._fetching = False
        self._at_end = len(photos) < PAGE
        known = {hit.photo.id for hit in self._model.rows}
        self._model.append_photos([p for p in photos if p.id not in known])

    def _read_changes(self) -> None:
        changed, self._changed = self._changed, set()
        shown = [hit.photo.id for hit in self._model.rows if hit.photo.id in changed]
        visit = self._visit
        newest_wanted = self._active

        def read():
            facts = {photo_id: self._library.photos.get(photo_id) for photo_id in shown}
            return visit, facts, self._library.photos.page(PAGE) if newest_wanted else ()

        self._reads.call(read, self._take_changes)

    def _take_changes(self, answer) -> None:
        visit, facts, newest = answer
        if facts:
            self._model.update_photos(facts)
        if visit != self._visit or not self._active:
            return
        known = {hit.photo.id for hit in self._model.rows}
        fresh = [photo for photo in newest if photo.id not in known]
        if not known or len(self._model.rows) <= PAGE:
            # One page is all there is: take its order over as it stands.
            if [p.id for p in newest] != [h.photo.id for h in self._model.rows]:
                if fresh and list(newest[len(fresh) :]) == [h.photo for h in self._model.rows]:
                    self._model.prepend_photos(fresh)
                else:
                    self._model.show_photos(newest)
            self._at_end = len(newest) < PAGE
            self.loaded.emit()
        else:
            self._model.prepend_photos(fresh)

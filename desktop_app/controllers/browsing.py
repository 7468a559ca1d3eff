"""Loads all photos, newest first, page by page, and keeps them up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.bridge.background_calls import BackgroundCalls
from desktop_app.item_models.photo_grid import PhotoGridModel
from engine.records import Photo, PhotoId

if TYPE_CHECKING:
    from engine.library import Library

PAGE = 400
"""Photos per page."""
REFRESH_MS = 1000


class BrowseController(QObject):
    """Fills the model with all photos while there is no query.

    Signals:
        loaded(): the first page has been loaded or replaced (it may be empty).
    """

    loaded = Signal()

    def __init__(
        self,
        library: Library,
        reads: BackgroundCalls,
        model: PhotoGridModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._reads, self._model = library, reads, model
        self._active = False
        self._generation = 0
        self._fetching = False
        self._at_end = False
        self._changed: set[PhotoId] = set()
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(REFRESH_MS)
        self._refresh.timeout.connect(self._read_changes)

    @property
    def active(self) -> bool:
        """Whether the model shows all photos."""
        return self._active

    def show(self) -> None:
        """Load the first page and show it."""
        self._active, self._fetching, self._at_end = True, True, False
        self._generation += 1
        generation = self._generation
        self._reads.call(lambda: (generation, self._library.photos.page(PAGE)), self._first_page)

    def deactivate(self) -> None:
        """Stop filling the model, because a search fills it now; answers on the way are dropped."""
        self._active = False
        self._generation += 1

    def load_more(self) -> None:
        """Append the next page; called when the last rows come into sight."""
        if not self._active or self._fetching or self._at_end or not self._model.rows:
            return
        self._fetching = True
        generation, last = self._generation, self._model.rows[-1].photo.id
        self._reads.call(
            lambda: (generation, self._library.photos.page(PAGE, last)), self._next_page
        )

    def photos_changed(self, photos: frozenset[PhotoId]) -> None:
        """Photos are new, different or gone; they are read together after ``REFRESH_MS``."""
        self._changed |= photos
        if not self._refresh.isActive():
            self._refresh.start()

    def _first_page(self, answer: tuple[int, tuple[Photo, ...]]) -> None:
        generation, photos = answer
        if generation != self._generation:
            return
        self._fetching = False
        self._at_end = len(photos) < PAGE
        self._model.show_photos(photos)
        self.loaded.emit()

    def _next_page(self, answer: tuple[int, tuple[Photo, ...]]) -> None:
        generation, photos = answer
        if generation != self._generation:
            return
        self._fetching = False
        self._at_end = len(photos) < PAGE
        known = {hit.photo.id for hit in self._model.rows}
        self._model.append_photos([p for p in photos if p.id not in known])

    def _read_changes(self) -> None:
        changed, self._changed = self._changed, set()
        shown = [hit.photo.id for hit in self._model.rows if hit.photo.id in changed]
        generation = self._generation
        read_newest = self._active

        def read() -> tuple[int, dict[PhotoId, Photo | None], tuple[Photo, ...]]:
            photos_by_id = {photo_id: self._library.photos.get(photo_id) for photo_id in shown}
            return generation, photos_by_id, self._library.photos.page(PAGE) if read_newest else ()

        self._reads.call(read, self._apply_changes)

    def _apply_changes(
        self, answer: tuple[int, dict[PhotoId, Photo | None], tuple[Photo, ...]]
    ) -> None:
        generation, photos_by_id, newest = answer
        if photos_by_id:
            self._model.update_photos(photos_by_id)
        if generation != self._generation or not self._active:
            return
        known = {hit.photo.id for hit in self._model.rows}
        fresh = [photo for photo in newest if photo.id not in known]
        if not known or len(self._model.rows) <= PAGE:
            # There is at most one page, so its order replaces the order on show.
            if [p.id for p in newest] != [h.photo.id for h in self._model.rows]:
                if fresh and list(newest[len(fresh) :]) == [h.photo for h in self._model.rows]:
                    self._model.prepend_photos(fresh)
                else:
                    self._model.show_photos(newest)
            self._at_end = len(newest) < PAGE
            self.loaded.emit()
        else:
            self._model.prepend_photos(fresh)

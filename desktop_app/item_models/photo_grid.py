"""The photos in the grid: all of them, or the hits of a search in sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt, Signal

from desktop_app import text
from engine.records import Photo, PhotoId, SearchHit, Verdict

HIT_ROLE = Qt.ItemDataRole.UserRole + 1
SECTION_ORDER = (Verdict.MATCH, Verdict.UNSURE, Verdict.UNVERIFIED, Verdict.NO)
CLOSEST_NO_SHOWN = 12
"""If nothing matched, this many of the closest are shown for comparison."""


@dataclass(frozen=True)
class GridSection:
    """Rows ``first`` to ``first + count`` under a heading; no heading if the title is empty."""

    title: str
    first: int
    count: int


class PhotoGridModel(QAbstractListModel):
    """Rows are ``SearchHit``; a photo that no search found is one without region or verdict.

    Hits are grouped by verdict and keep their rank within the group. Those judged No stay hidden
    until ``set_show_no``; if there is nothing better, the closest few are shown.

    Signals:
        sections_changed: after every change of ``sections`` or ``hidden_no``.
    """

    sections_changed = Signal()

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._rows: list[SearchHit] = []
        self._hits: tuple[SearchHit, ...] | None = None
        self._show_no = False
        self.sections: tuple[GridSection, ...] = ()
        self.hidden_no = 0

    # -- reading ---------------------------------------------------------------------------

    def rowCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index, role: int = Qt.ItemDataRole.DisplayRole):
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        hit = self._rows[index.row()]
        if role == HIT_ROLE:
            return hit
        if role == Qt.ItemDataRole.DisplayRole:
            return hit.photo.path.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if self._hits is None:
                return hit.photo.path.name
            return f"{hit.photo.path.name}, {text.VERDICT_WORDS[hit.verdict]}"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return hit.reason or str(hit.photo.path)
        return None

    @property
    def rows(self) -> Sequence[SearchHit]:
        return self._rows

    @property
    def browsing(self) -> bool:
        """True while it shows photos rather than hits."""
        return self._hits is None

    @property
    def show_no(self) -> bool:
        return self._show_no

    @property
    def good_hits(self) -> int:
        """Hits not judged No."""
        return sum(hit.verdict is not Verdict.NO for hit in self._hits or ())

    def hit(self, row: int) -> SearchHit | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, photo_id: PhotoId) -> int:
        """-1 if the photo is not shown."""
        for row, hit in enumerate(self._rows):
            if hit.photo.id == photo_id:
                return row
        return -1

    # -- photos ----------------------------------------------------------------------------

    def show_photos(self, photos: Iterable[Photo]) -> None:
        """Replace everything by photos in this order."""
        self._replace([_as_row(photo) for photo in photos], None)

    def append_photos(self, photos: Sequence[Photo]) -> None:
        if not photos:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(photos) - 1)
        self._rows.extend(_as_row(photo) for photo in photos)
        self._set_sections()
        self.endInsertRows()
        self.sections_changed.emit()

    def prepend_photos(self, photos: Sequence[Photo]) -> None:
        if not photos:
            return
        self.beginInsertRows(QModelIndex(), 0, len(photos) - 1)
        self._rows[:0] = [_as_row(photo) for photo in photos]
        self._set_sections()
        self.endInsertRows()
        self.sections_changed.emit()

    def update_photos(self, photos: dict[PhotoId, Photo | None]) -> None:
        """Take over new facts of photos that are shown; None removes the row."""
        for row in range(len(self._rows) - 1, -1, -1):
            hit = self._rows[row]
            if hit.photo.id not in photos:
                continue
            photo = photos[hit.photo.id]
            if photo is None:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self._hits = self._hits and tuple(h for h in self._hits if h is not hit)
                self._set_sections()
                self.endRemoveRows()
            elif photo != hit.photo:
                self._rows[row] = _with_photo(hit, photo)
                self._hits = self._hits and tuple(
                    self._rows[row] if h is hit else h for h in self._hits
                )
                self.dataChanged.emit(self.index(row), self.index(row))
        self.sections_changed.emit()

    # -- hits ------------------------------------------------------------------------------

    def show_hits(self, hits: Sequence[SearchHit], *, fresh: bool = True) -> None:
        """Replace everything by a ranking.

        Args:
            fresh: a new search; False for more of the same, which keeps what was unfolded.
        """
        if fresh:
            self._show_no = False
        hits = tuple(hits)
        rows, hidden = self._arrange(hits)
        same = [h.photo.id for h in rows] == [h.photo.id for h in self._rows]
        if same and self._hits is not None:
            # Same photos in the same places: nothing jumps, only badges and outlines change.
            self._rows, self._hits, self.hidden_no = rows, hits, hidden
            self._set_sections()
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            self.sections_changed.emit()
            return
        self._replace(rows, hits)

    def set_show_no(self, show: bool) -> None:
        """Unfold or fold the hits judged No."""
        if self._hits is None or show == self._show_no:
            return
        self._show_no = show
        self._replace(self._arrange(self._hits)[0], self._hits)

    def _arrange(self, hits: Sequence[SearchHit]) -> tuple[list[SearchHit], int]:
        rows = [h for verdict in SECTION_ORDER for h in hits if h.verdict is verdict]
        good = sum(h.verdict is not Verdict.NO for h in rows)
        shown = len(rows) if self._show_no else good or min(CLOSEST_NO_SHOWN, len(rows))
        return rows[:shown], len(rows) - shown

    def _replace(self, rows: list[SearchHit], hits: tuple[SearchHit, ...] | None) -> None:
        self.beginResetModel()
        self._rows, self._hits = rows, hits
        self.hidden_no = 0 if hits is None else len(hits) - len(rows)
        self._set_sections()
        self.endResetModel()
        self.sections_changed.emit()

    def _set_sections(self) -> None:
        if self._hits is None:
            self.sections = (GridSection("", 0, len(self._rows)),) if self._rows else ()
            return
        sections, first = [], 0
        for verdict in SECTION_ORDER:
            count = sum(h.verdict is verdict for h in self._rows)
            if count:
                # Alone, the closest of the judged No stand below a sentence that says so.
                alone = verdict is Verdict.NO and count == len(self._rows)
                title = "" if alone else text.SECTION_TITLES[verdict]
                sections.append(GridSection(title, first, count))
                first += count
        self.sections = tuple(sections)


def _as_row(photo: Photo) -> SearchHit:
    return SearchHit(photo=photo, score=0.0, region=None)


def _with_photo(hit: SearchHit, photo: Photo) -> SearchHit:
    return replace(hit, photo=photo)

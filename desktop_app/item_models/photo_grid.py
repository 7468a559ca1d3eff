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
    until ``set_show_no``; if there is nothing better, the closest few are shown. While verdicts of
    one search come in, rows are moved, not replaced, so that whoever stands on one stays there.

    Attributes:
        looker: title of the language model that looked at hits; empty if none did.

    Signals:
        sections_changed: after every change of ``sections`` or ``hidden_no``.
    """

    sections_changed = Signal()

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._rows: list[SearchHit] = []
        self._hits: tuple[SearchHit, ...] | None = None
        self._show_no = False
        self._kept_no: frozenset[PhotoId] = frozenset()
        self._waiting: frozenset[PhotoId] = frozenset()
        self.looker = ""
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
            words, waiting = [hit.photo.path.name], self.is_waiting(hit)
            if not waiting or hit.verdict is not Verdict.UNVERIFIED:
                words.append(text.VERDICT_WORDS[hit.verdict])
            if waiting:
                words.append(text.NOT_CHECKED_YET)
            return ", ".join(words)
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

    def is_waiting(self, hit: SearchHit) -> bool:
        """Whether a closer look at it is still to come."""
        return hit.photo.id in self._waiting

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

    def show_hits(
        self,
        hits: Sequence[SearchHit],
        *,
        fresh: bool = True,
        waiting: Iterable[PhotoId] = (),
        looker: str = "",
        keep: PhotoId | None = None,
    ) -> None:
        """Show a ranking.

        Args:
            fresh: a new search; False for more of the same, which keeps what was unfolded, and
                moves rows to their new places instead of replacing all.
            waiting: photos that a closer look is still to come to.
            looker: title of the language model that looks.
            keep: the photo that somebody is at; it stays even if it is judged No.
        """
        hits = tuple(hits)
        if fresh:
            self._show_no, self._kept_no = False, frozenset()
        self._waiting, self.looker = frozenset(waiting), looker
        self._keep_no(hits, keep)
        rows = self._arrange(hits)
        if fresh or self._hits is None:
            self._replace(rows, hits)
        else:
            self._settle(rows, hits)

    def set_show_no(self, show: bool) -> None:
        """Unfold or fold the hits judged No."""
        if self._hits is None or show == self._show_no:
            return
        self._show_no = show
        self._settle(self._arrange(self._hits), self._hits)

    def _keep_no(self, hits: Sequence[SearchHit], keep: PhotoId | None) -> None:
        """Which of the hits judged No are shown although they are folded; in one search, a row
        that was shown as one of the closest does not vanish because another has become better."""
        refused = [hit.photo.id for hit in hits if hit.verdict is Verdict.NO]
        kept = [i for i in refused if i in self._kept_no or i == keep]
        if len(refused) == len(hits):
            others = [i for i in refused if i not in kept]
            kept += others[: max(0, CLOSEST_NO_SHOWN - len(kept))]
        self._kept_no = frozenset(kept)

    def _arrange(self, hits: Sequence[SearchHit]) -> list[SearchHit]:
        return [
            hit
            for verdict in SECTION_ORDER
            for hit in hits
            if hit.verdict is verdict
            and (verdict is not Verdict.NO or self._show_no or hit.photo.id in self._kept_no)
        ]

    def _settle(self, rows: list[SearchHit], hits: tuple[SearchHit, ...]) -> None:
        """Come to these rows in small steps, so that whatever holds on to a row keeps it."""
        self._hits, self.hidden_no = hits, len(hits) - len(rows)
        wanted = {hit.photo.id: hit for hit in rows}
        for row in range(len(self._rows) - 1, -1, -1):
            if self._rows[row].photo.id not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self._set_sections()
                self.endRemoveRows()
        there = {hit.photo.id for hit in self._rows}
        self._reorder([hit for hit in rows if hit.photo.id in there])
        for row, hit in enumerate(rows):
            if hit.photo.id not in there:
                self.beginInsertRows(QModelIndex(), row, row)
                self._rows.insert(row, hit)
                self._set_sections()
                self.endInsertRows()
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        self.sections_changed.emit()

    def _reorder(self, rows: list[SearchHit]) -> None:
        """The same photos in another order, or with other verdicts."""
        place = {hit.photo.id: row for row, hit in enumerate(rows)}
        if list(place) == [hit.photo.id for hit in self._rows]:
            self._rows = rows
            self._set_sections()
            return
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        moved = [self.index(place[self._rows[index.row()].photo.id]) for index in held]
        self._rows = rows
        self._set_sections()
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _replace(self, rows: list[SearchHit], hits: tuple[SearchHit, ...] | None) -> None:
        self.beginResetModel()
        if hits is None:
            self._waiting, self.looker = frozenset(), ""
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

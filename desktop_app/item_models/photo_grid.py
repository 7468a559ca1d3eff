"""The model of the grid: all photos, or the hits of a search in sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from desktop_app.item_models.finding_rows import finding_rows
from desktop_app.item_models.hit_order import HitOrder, ordered
from desktop_app.item_models.hit_rows import SECTION_ORDER, hit_rows, with_photos
from desktop_app.text import correction_text, formatting, search_text
from engine.records import Photo, PhotoId, QueryPlan, SearchHit, Verdict

Index = QModelIndex | QPersistentModelIndex
HIT_ROLE = Qt.ItemDataRole.UserRole + 1
CLOSEST_NO_SHOWN = 12
"""If all hits were judged No, this many of the best-ranked ones are shown for comparison."""


@dataclass(frozen=True)
class GridSection:
    """Rows ``first`` to ``first + count`` under a heading; an empty title means no heading."""

    title: str
    first: int
    count: int


class PhotoGridModel(QAbstractListModel):
    """Rows are ``SearchHit``; without a search they have neither a region nor a verdict.

    Hits are grouped by verdict and keep their rank within the group. Hits judged No are hidden
    until ``set_show_no``; if there are no others, the best-ranked few are shown. While verdicts of
    one search arrive, rows are moved, not replaced, so that the current row stays current.

    Photos that are folded into a hit (``SearchHit.similar``) have rows of their own after it while
    it is unfolded.

    Attributes:
        reranker: title of the language model that reranks the hits; empty if none does.
        plan: what the text of the search was understood as.
        sections: the groups of rows in order.
        hidden_no: how many hits judged No are hidden.

    Signals:
        sections_changed(): after every change of ``sections`` or ``hidden_no``.
    """

    sections_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[SearchHit] = []
        self._hits: tuple[SearchHit, ...] | None = None
        self._show_no = False
        self._shown_no: frozenset[PhotoId] = frozenset()
        self._waiting: frozenset[PhotoId] = frozenset()
        self._order = HitOrder.RELEVANCE
        self._unfolded: frozenset[PhotoId] = frozenset()
        self._parents: dict[PhotoId, PhotoId] = {}
        self.reranker = ""
        self.plan: QueryPlan | None = None
        self.sections: tuple[GridSection, ...] = ()
        self.hidden_no = 0

    # -- reading ---------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        hit = self._rows[index.row()]
        if role == HIT_ROLE:
            return hit
        if role == Qt.ItemDataRole.DisplayRole:
            return formatting.file_name(hit.photo.path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if self._hits is None:
                return formatting.file_name(hit.photo.path)
            words, waiting = [formatting.file_name(hit.photo.path)], self.is_waiting(hit)
            if self.is_similar(hit):
                return f"{formatting.file_name(hit.photo.path)}, {search_text.SIMILAR}"
            if hit.judged:
                words.append(correction_text.YOU_SAID[hit.verdict])
            elif not waiting or hit.verdict is not Verdict.UNVERIFIED:
                words.append(search_text.VERDICT_WORDS[hit.verdict])
            if waiting:
                words.append(search_text.NOT_CHECKED_YET)
            if hit.similar:
                words.append(search_text.similar_photos(len(hit.similar)))
            return ", ".join(words)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            rows = finding_rows(hit, self.plan)
            return "; ".join(map(str, rows)) or hit.reason or formatting.whole_path(hit.photo.path)
        return None

    @property
    def rows(self) -> Sequence[SearchHit]:
        """All rows that are shown."""
        return self._rows

    @property
    def browsing(self) -> bool:
        """True while all photos are shown, False while hits are."""
        return self._hits is None

    @property
    def show_no(self) -> bool:
        """Whether all hits judged No are shown."""
        return self._show_no

    @property
    def good_hits(self) -> int:
        """The number of hits that are not judged No."""
        return sum(hit.verdict is not Verdict.NO for hit in self._hits or ())

    def hit(self, row: int) -> SearchHit | None:
        """The hit of a row; None if there is no such row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def is_waiting(self, hit: SearchHit) -> bool:
        """Whether the hit is still to be reranked; one that people have judged is not."""
        return hit.photo.id in self._waiting and not hit.judged

    def is_similar(self, hit: SearchHit) -> bool:
        """Whether the row is a photo that was folded into a hit."""
        return hit.photo.id in self._parents

    def group_of(self, hit: SearchHit) -> SearchHit | None:
        """The hit with similar photos that this row is or belongs to; None if there is none."""
        photo_id = self._parents.get(hit.photo.id, hit.photo.id)
        found = next((h for h in self._hits or () if h.photo.id == photo_id), None)
        return found if found is not None and found.similar else None

    def is_unfolded(self, hit: SearchHit) -> bool:
        """Whether the similar photos of this hit are shown."""
        return hit.photo.id in self._unfolded

    def row_of(self, photo_id: PhotoId) -> int:
        """The row of a photo; -1 if it is not shown."""
        for row, hit in enumerate(self._rows):
            if hit.photo.id == photo_id:
                return row
        return -1

    # -- photos ----------------------------------------------------------------------------

    def show_photos(self, photos: Iterable[Photo]) -> None:
        """Replace all rows by photos in this order."""
        self._replace([_as_row(photo) for photo in photos], None)

    def append_photos(self, photos: Sequence[Photo]) -> None:
        """Add photos after the last row."""
        if not photos:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(photos) - 1)
        self._rows.extend(_as_row(photo) for photo in photos)
        self._set_sections()
        self.endInsertRows()
        self.sections_changed.emit()

    def prepend_photos(self, photos: Sequence[Photo]) -> None:
        """Add photos before the first row."""
        if not photos:
            return
        self.beginInsertRows(QModelIndex(), 0, len(photos) - 1)
        self._rows[:0] = [_as_row(photo) for photo in photos]
        self._set_sections()
        self.endInsertRows()
        self.sections_changed.emit()

    def update_photos(self, photos: dict[PhotoId, Photo | None]) -> None:
        """Replace the records of photos that are shown; None removes the row."""
        if self._hits is not None:
            hits = with_photos(self._hits, photos)
            self._update_rows(self._grouped(hits), hits)
            return
        for row in range(len(self._rows) - 1, -1, -1):
            old = self._rows[row].photo
            photo = photos.get(old.id, old)
            if photo is None:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self._set_sections()
                self.endRemoveRows()
            elif photo != old:
                self._rows[row] = _as_row(photo)
                self.dataChanged.emit(self.index(row), self.index(row))
        self.sections_changed.emit()

    # -- hits ------------------------------------------------------------------------------

    def show_hits(
        self,
        hits: Sequence[SearchHit],
        *,
        new_search: bool = True,
        waiting: Iterable[PhotoId] = (),
        reranker: str = "",
        plan: QueryPlan | None = None,
        keep: PhotoId | None = None,
    ) -> None:
        """Show a ranking.

        Args:
            new_search: False for further results of the same search: hits judged No stay shown or
                hidden, and rows are moved to their new places instead of being replaced.
            waiting: photos that are still to be reranked.
            reranker: title of the language model that reranks.
            plan: what the text of the search was understood as.
            keep: the current photo; its row stays even if it is judged No.
        """
        hits = tuple(hits)
        if new_search:
            self._show_no, self._shown_no = False, frozenset()
            self._unfolded, self._parents = frozenset(), {}
        self._waiting, self.reranker, self.plan = frozenset(waiting), reranker, plan
        keep = self._parents.get(keep, keep) if keep is not None else None
        on_show = frozenset() if new_search else frozenset(hit.photo.id for hit in self._rows)
        self._choose_shown_no(hits, keep, on_show)
        rows = self._grouped(hits)
        if new_search or self._hits is None:
            self._replace(rows, hits)
        else:
            self._update_rows(rows, hits)

    def set_show_no(self, show: bool) -> None:
        """Show or hide the hits judged No."""
        if self._hits is None or show == self._show_no:
            return
        self._show_no = show
        self._update_rows(self._grouped(self._hits), self._hits)

    @property
    def order(self) -> HitOrder:
        """How the hits of one verdict are ordered."""
        return self._order

    def set_order(self, order: HitOrder) -> None:
        """Order the hits of each verdict in another way; photos without a search stay."""
        if order is not self._order:
            self._order = order
            if self._hits is not None:
                self._update_rows(self._grouped(self._hits), self._hits)

    def set_unfolded(self, hit: SearchHit, unfold: bool) -> None:
        """Show or hide the similar photos of a hit."""
        if self._hits is not None and unfold != self.is_unfolded(hit):
            self._unfolded ^= {hit.photo.id}
            self._update_rows(self._grouped(self._hits), self._hits)

    def _choose_shown_no(
        self, hits: Sequence[SearchHit], keep: PhotoId | None, on_show: Set[PhotoId]
    ) -> None:
        """Choose the hits judged No that are shown although the others are hidden.

        Within one search, a row that is shown for comparison does not vanish because another hit
        has got a better verdict, nor one of those ``on_show`` because people denied it.
        """
        judged_no = [hit.photo.id for hit in hits if hit.verdict is Verdict.NO]
        denied = {hit.photo.id for hit in hits if hit.judged} & on_show
        kept = [i for i in judged_no if i in self._shown_no or i in denied or i == keep]
        if len(judged_no) == len(hits):
            others = [i for i in judged_no if i not in kept]
            kept += others[: max(0, CLOSEST_NO_SHOWN - len(kept))]
        self._shown_no = frozenset(kept)

    def _grouped(self, hits: Sequence[SearchHit]) -> list[SearchHit]:
        """The rows of these hits; sets how many are hidden."""
        shown = [
            hit
            for hit in hits
            if hit.verdict is not Verdict.NO or self._show_no or hit.photo.id in self._shown_no
        ]
        self.hidden_no = len(hits) - len(shown)
        rows, self._parents = hit_rows(ordered(shown, self._order), self._unfolded)
        return rows

    def _update_rows(self, rows: list[SearchHit], hits: tuple[SearchHit, ...]) -> None:
        """Change to these rows by single removals, moves and insertions.

        Persistent indexes, such as the current one of the view, follow their rows.
        """
        self._hits = hits
        wanted = {hit.photo.id: hit for hit in rows}
        for row in range(len(self._rows) - 1, -1, -1):
            if self._rows[row].photo.id not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self._set_sections()
                self.endRemoveRows()
        present = {hit.photo.id for hit in self._rows}
        self._reorder([hit for hit in rows if hit.photo.id in present])
        for row, hit in enumerate(rows):
            if hit.photo.id not in present:
                self.beginInsertRows(QModelIndex(), row, row)
                self._rows.insert(row, hit)
                self._set_sections()
                self.endInsertRows()
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        self.sections_changed.emit()

    def _reorder(self, rows: list[SearchHit]) -> None:
        """Take over the same photos in another order, or with other verdicts."""
        place = {hit.photo.id: row for row, hit in enumerate(rows)}
        if list(place) == [hit.photo.id for hit in self._rows]:
            self._rows = rows
            self._set_sections()
            return
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        moved = [self.index(place[self._rows[index.row()].photo.id]) for index in persistent]
        self._rows = rows
        self._set_sections()
        self.changePersistentIndexList(persistent, moved)
        self.layoutChanged.emit()

    def _replace(self, rows: list[SearchHit], hits: tuple[SearchHit, ...] | None) -> None:
        self.beginResetModel()
        if hits is None:
            self._waiting, self.reranker, self.plan = frozenset(), "", None
            self._unfolded, self._parents, self.hidden_no = frozenset(), {}, 0
        self._rows, self._hits = rows, hits
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
                # If there are no others, a message above the grid says that these were judged No.
                only_no = verdict is Verdict.NO and count == len(self._rows)
                title = "" if only_no else search_text.SECTION_TITLES[verdict]
                sections.append(GridSection(title, first, count))
                first += count
        self.sections = tuple(sections)


def _as_row(photo: Photo) -> SearchHit:
    return SearchHit(photo=photo, score=0.0, region=None)

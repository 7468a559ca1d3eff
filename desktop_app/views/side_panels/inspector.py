"""The right side panel: why a photo was found, its metadata, its regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.bridge.session import Session
from desktop_app.item_models.finding_rows import finding_rows, reason_beside_rows
from desktop_app.item_models.hit_highlight import highlight_of
from desktop_app.text import formatting, photo_text, search_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.side_panels.fact_list import FactList
from desktop_app.views.side_panels.finding_list import FindingList
from desktop_app.views.side_panels.region_list import RegionList
from desktop_app.views.widgets.basic_widgets import ElidedLabel, IconLabel, label, side_panel
from engine.records import (
    Photo,
    PhotoId,
    PhotoMetadata,
    QueryPlan,
    Region,
    RegionId,
    RegionLabel,
    SearchHit,
)

WIDTH_PX = 300


class Inspector(QWidget):
    """Shows one photo; for a hit of a search also the verdict and its reason.

    Signals:
        region_chosen(RegionId): a tile was pressed.

    Attributes:
        findings: what each part of the query found.
        facts: what is known of the photo.
        things: the regions.
    """

    region_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown_metadata: tuple[PhotoId, PhotoMetadata] | None = None
        self.setObjectName("inspector")
        column = side_panel(self, photo_text.INSPECTOR, WIDTH_PX)
        column.setContentsMargins(16, 18, 16, 16)
        column.setSpacing(6)
        self._nothing = label(photo_text.NOTHING_SELECTED, "secondary", wrap=True)
        column.addWidget(self._nothing)
        self._about = QWidget()
        column.addWidget(self._about)
        self._build(QVBoxLayout(self._about))
        column.addStretch(1)
        self._about.hide()

    def _build(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._name = ElidedLabel(role="title", mode=Qt.TextElideMode.ElideMiddle)
        column.addWidget(self._name)
        column.addSpacing(10)
        self._why = QWidget()
        why = QVBoxLayout(self._why)
        why.setContentsMargins(0, 0, 0, 12)
        why.setSpacing(4)
        why.addWidget(label(photo_text.WHY, "heading"))
        line = QHBoxLayout()
        line.setSpacing(6)
        self._verdict_icon = IconLabel(self._theme, "match", 18, "text")
        self._verdict = label()
        line.addWidget(self._verdict_icon)
        line.addWidget(self._verdict, 1)
        why.addLayout(line)
        self._reason = label(role="secondary", wrap=True)
        self.findings = FindingList(self._theme)
        self._outline_note = label(role="secondary", wrap=True)
        self._reranking_label = label(role="secondary", wrap=True)
        for part in (self._reason, self.findings, self._outline_note, self._reranking_label):
            why.addWidget(part)
        column.addWidget(self._why)
        column.addWidget(label(photo_text.FACTS, "heading"))
        self.facts = FactList()
        column.addWidget(self.facts)
        column.addSpacing(12)
        self.things = RegionList(self._theme)
        self.things.chosen.connect(self.region_chosen)
        column.addWidget(self.things)

    def set_session(self, session: Session) -> None:
        """Give access to thumbnails and outlines, once the library is open."""
        self.things.set_session(session)

    def show_hit(
        self,
        hit: SearchHit | None,
        *,
        searched: bool,
        reranking_status: str = "",
        plan: QueryPlan | None = None,
    ) -> None:
        """Show what is known of a photo; the rest follows by ``show_metadata``, its regions by
        ``show_regions``.

        Args:
            hit: None for no photo.
            searched: the photo is a hit of a search; verdict and reason are shown.
            reranking_status: which model has judged it, or that this is still to come.
            plan: what the text of the search was understood as.
        """
        self._about.setVisible(hit is not None)
        self._nothing.setVisible(hit is None)
        if hit is None:
            self.things.clear()
            return
        photo = hit.photo
        self._name.set_full_text(formatting.file_name(photo.path))
        self._why.setVisible(searched)
        self._verdict.setText(
            search_text.sureness(hit.verdict, None if hit.judged else hit.probability)
        )
        self._verdict_icon.set_icon(hit.verdict.value)
        no_region = photo_text.WHOLE_PHOTO if hit.outlined else photo_text.NOT_OUTLINED
        outline_note = search_text.BOX_WITHOUT_OUTLINE if hit.box_xyxy is not None else ""
        nothing_outlined = hit.region is None and not outline_note
        if highlight_of(hit).is_unstored:
            outline_note = search_text.OUTLINED_FOR_HIT
        rows = finding_rows(hit, plan)
        self.findings.show_rows(rows)
        reason = reason_beside_rows(hit) if rows else hit.reason
        if not rows and not reason and nothing_outlined:
            reason = no_region
        for words, line in (
            (reason, self._reason),
            (outline_note, self._outline_note),
            (reranking_status, self._reranking_label),
        ):
            line.setText(words)
            line.setVisible(bool(words))
        if self._shown_metadata is None or self._shown_metadata[0] != photo.id:
            self._shown_metadata = None
        known = self._shown_metadata[1] if self._shown_metadata else None
        self.facts.show_facts(photo_text.facts(photo, known))
        if self.things.photo is None or self.things.photo.id != photo.id:
            self.things.clear()

    def show_metadata(self, photo: Photo, metadata: PhotoMetadata) -> None:
        """Show what else is known of the photo that ``show_hit`` got."""
        self._shown_metadata = (photo.id, metadata)
        self.facts.show_facts(photo_text.facts(photo, metadata))

    def show_regions(
        self,
        photo: Photo,
        regions: Sequence[Region],
        selected: Sequence[RegionId],
        labels: Mapping[RegionId, tuple[RegionLabel, ...]],
    ) -> None:
        """Show the regions of the photo with their names; those in ``selected`` are checked."""
        self.things.show_regions(photo, regions, selected, labels)

"""The right side panel: why a photo was found, its metadata, its regions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from desktop_app.bridge.session import Session, outline_key
from desktop_app.item_models.hit_highlight import highlight_of
from desktop_app.text import formatting, photo_text, search_text
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import ElidedLabel, IconLabel, label, side_panel
from engine.records import Photo, Region, RegionId, SearchHit

WIDTH_PX = 300
TILE_PX = 62
TILES_A_LINE = 4
TILES_SHOWN = 24


class RegionTile(QAbstractButton):
    """A button with one region of the photo, painted from the thumbnail."""

    def __init__(self, session: Session, theme: Theme, photo: Photo, region: Region) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._photo, self.region = photo, region
        self.setCheckable(True)
        self.setFixedSize(TILE_PX, TILE_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tile = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        painter.setClipPath(photo_painting.rounded(tile, 6))
        painter.fillRect(tile, self._theme.tokens["well"])
        pixmap = self._session.thumbnails.get(self._photo.id)
        if pixmap is not None:
            where = self._where(tile)
            photo_painting.paint_photo(painter, where, pixmap)
            path = self._session.outline(self.region, self._photo)
            if path is not None:
                shown = photo_painting.photo_to_rect(self._photo.size_wh, where).map(path)
                outside = QPainterPath()
                outside.setFillRule(Qt.FillRule.OddEvenFill)
                outside.addRect(tile)
                outside.addPath(shown)
                painter.fillPath(outside, QColor(0, 0, 0, 130))
        painter.setClipping(False)
        if self.isChecked() or self.hasFocus() or self.underMouse():
            token = "text" if self.hasFocus() else "accent"
            if not (self.isChecked() or self.hasFocus()):
                token = "control_border"
            painter.setPen(QPen(self._theme.tokens[token], 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def _where(self, tile: QRectF) -> QRectF:
        """The rectangle of the whole photo at which the region fills the tile."""
        box = self.region.box_xyxy
        scale = 0.86 * min(tile.width() / max(1.0, box.width), tile.height() / max(1.0, box.height))
        width, height = self._photo.size_wh
        shown_w, shown_h = width * scale, height * scale
        x = tile.center().x() - (box.x0 + box.x1) / 2 * scale
        y = tile.center().y() - (box.y0 + box.y1) / 2 * scale
        if shown_w >= tile.width():  # no empty edge where the photo can fill the tile
            x = min(tile.left(), max(tile.right() - shown_w, x))
        if shown_h >= tile.height():
            y = min(tile.top(), max(tile.bottom() - shown_h, y))
        return QRectF(x, y, shown_w, shown_h)


class Inspector(QWidget):
    """Shows one photo; for a hit of a search also the verdict and its reason.

    Signals:
        region_chosen(RegionId): a tile was pressed.
    """

    region_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._session: Session | None = None
        self._tiles: list[RegionTile] = []
        self._shown: tuple[Photo, tuple[Hashable, ...]] | None = None
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
        self._outline_note = label(role="secondary", wrap=True)
        self._reranking_label = label(role="secondary", wrap=True)
        for words in (self._reason, self._outline_note, self._reranking_label):
            why.addWidget(words)
        column.addWidget(self._why)
        column.addWidget(label(photo_text.FACTS, "heading"))
        facts = QGridLayout()
        facts.setHorizontalSpacing(12)
        facts.setVerticalSpacing(4)
        facts.setColumnStretch(1, 1)
        self._facts: dict[str, ElidedLabel] = {}
        names = (
            photo_text.TAKEN,
            photo_text.CAMERA,
            photo_text.SIZE,
            photo_text.FILE_SIZE,
            photo_text.FOLDER,
        )
        for row, name in enumerate(names):
            facts.addWidget(label(name, "secondary"), row, 0)
            value = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
            self._facts[name] = value
            facts.addWidget(value, row, 1)
        column.addLayout(facts)
        column.addSpacing(12)
        self._regions_heading = label(photo_text.THINGS, "heading")
        column.addWidget(self._regions_heading)
        self._region_grid = QGridLayout()
        self._region_grid.setSpacing(4)
        self._region_grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._region_grid)

    def set_session(self, session: Session) -> None:
        """Give access to thumbnails and outlines, once the library is open."""
        self._session = session
        session.thumbnails.ready.connect(self._pictures_ready)
        session.outlines.ready.connect(self._pictures_ready)

    def show_hit(
        self, hit: SearchHit | None, *, searched: bool, reranking_status: str = ""
    ) -> None:
        """Show the metadata of a photo; its regions follow by ``show_regions``.

        Args:
            hit: None for no photo.
            searched: the photo is a hit of a search; verdict and reason are shown.
            reranking_status: which model has judged it, or that this is still to come.
        """
        self._about.setVisible(hit is not None)
        self._nothing.setVisible(hit is None)
        if hit is None:
            self._clear_regions()
            self._shown = None
            return
        photo = hit.photo
        self._name.set_full_text(photo.path.name)
        self._why.setVisible(searched)
        self._verdict.setText(search_text.sureness(hit.verdict, hit.probability))
        self._verdict_icon.set_icon(hit.verdict.value)
        no_region = photo_text.WHOLE_PHOTO if hit.outlined else photo_text.NOT_OUTLINED
        outline_note = search_text.BOX_WITHOUT_OUTLINE if hit.box_xyxy is not None else ""
        nothing_outlined = hit.region is None and not outline_note
        if highlight_of(hit).is_unstored:
            outline_note = search_text.OUTLINED_FOR_HIT
        reason = hit.reason or (no_region if nothing_outlined else "")
        for words, line in (
            (reason, self._reason),
            (outline_note, self._outline_note),
            (reranking_status, self._reranking_label),
        ):
            line.setText(words)
            line.setVisible(bool(words))
        values = {
            photo_text.TAKEN: photo_text.taken(photo),
            photo_text.CAMERA: photo.camera or "—",
            photo_text.SIZE: photo_text.pixels(photo.size_wh),
            photo_text.FILE_SIZE: formatting.file_size(photo.size_bytes)
            if photo.size_bytes
            else "—",
            photo_text.FOLDER: str(photo.path.parent),
        }
        for name, value in values.items():
            self._facts[name].set_full_text(value)
        if self._shown is None or self._shown[0].id != photo.id:
            self._clear_regions()

    def show_regions(
        self, photo: Photo, regions: Sequence[Region], selected: list[RegionId]
    ) -> None:
        """Show the regions of the photo as tiles; those in ``selected`` are checked."""
        if self._session is None:
            return
        total = len(regions)
        regions = tuple(regions)[:TILES_SHOWN]
        keys = tuple(outline_key(region) for region in regions)
        if self._shown != (photo, keys):
            self._clear_regions()
            self._shown = (photo, keys)
            for number, region in enumerate(regions):
                tile = RegionTile(self._session, self._theme, photo, region)
                tile.setAccessibleName(photo_text.THING_NAME.format(number=number + 1))
                tile.clicked.connect(self._tile_clicked)
                self._tiles.append(tile)
                self._region_grid.addWidget(tile, number // TILES_A_LINE, number % TILES_A_LINE)
            count = formatting.number(total) if total else photo_text.NO_THINGS
            self._regions_heading.setText(f"{photo_text.THINGS} · {count}")
        for tile in self._tiles:
            tile.setChecked(tile.region.id in selected)

    def _clear_regions(self) -> None:
        for tile in self._tiles:
            tile.hide()
            self._region_grid.removeWidget(tile)
            tile.deleteLater()
        self._tiles = []
        self._shown = None
        self._regions_heading.setText(photo_text.THINGS)

    def _tile_clicked(self) -> None:
        tile = self.sender()
        assert isinstance(tile, RegionTile)
        self.region_chosen.emit(tile.region.id)

    def _pictures_ready(self, keys: object) -> None:
        for tile in self._tiles:
            tile.update()

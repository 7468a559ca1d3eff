"""The things of a photo in the inspector: with their names, or as plain pictures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from desktop_app.bridge.session import Session, outline_key
from desktop_app.text import formatting, photo_text
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import label, push_button
from desktop_app.views.widgets.flow_layout import FlowLayout
from engine.records import Photo, Region, RegionId, RegionLabel

TILE_PX = 62
NAMED_W_PX, NAMED_H_PX = 130, 48
PLAIN_SHOWN = 24
"""Without names, at most so many things are shown."""
MOST_SHOWN = 96


class RegionTile(QAbstractButton):
    """A button with one region of the photo, painted from the thumbnail, and its likeliest name."""

    def __init__(
        self,
        session: Session,
        theme: Theme,
        photo: Photo,
        region: Region,
        likeliest: RegionLabel | None = None,
    ) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._photo, self.region, self.likeliest = photo, region, likeliest
        self.setCheckable(True)
        named = likeliest is not None
        self.setFixedSize(NAMED_W_PX if named else TILE_PX, NAMED_H_PX if named else TILE_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self.height()
        tile = QRectF(0, 0, side, side).adjusted(3, 3, -3, -3)
        painter.save()
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
        painter.restore()
        if self.likeliest is not None:
            self._paint_name(painter, self.likeliest, side + 5.0)
        if self.isChecked() or self.hasFocus() or self.underMouse():
            token = "text" if self.hasFocus() else "accent"
            if not (self.isChecked() or self.hasFocus()):
                token = "control_border"
            painter.setPen(QPen(self._theme.tokens[token], 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def _paint_name(self, painter: QPainter, likeliest: RegionLabel, left: float) -> None:
        middle, width = self.height() / 2, self.width() - left - 4
        small = self.font()
        small.setPixelSize(11)
        align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        for words, top, token, font in (
            (likeliest.name, middle - 18, "text", self.font()),
            (photo_text.likely(likeliest), middle, "secondary", small),
        ):
            painter.setFont(font)
            painter.setPen(self._theme.tokens[token])
            elided = painter.fontMetrics().elidedText(
                words, Qt.TextElideMode.ElideRight, int(width)
            )
            painter.drawText(QRectF(left, top, width, 18), align, elided)

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


class RegionList(QWidget):
    """A heading and a tile a region.

    If some regions have names, only those are shown at first, the surest first; the others follow
    when people ask for all, and one that gets selected is shown from then on.

    Attributes:
        tiles: in the order in which they are shown.
        show_all_button: shows and hides the regions without a name.

    Signals:
        chosen(RegionId): a tile was pressed.
        menu_requested(Photo, Region, QPoint): right click or the menu key on a tile, at this point
            of the screen.
    """

    chosen = Signal(object)
    menu_requested = Signal(object, object, QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._session: Session | None = None
        self._photo: Photo | None = None
        self._regions: tuple[Region, ...] = ()
        self._labels: Mapping[RegionId, tuple[RegionLabel, ...]] = {}
        self._shown: tuple[Hashable, ...] | None = None
        self._selected_before: set[RegionId] = set()
        self._show_all = False
        self.tiles: list[RegionTile] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.heading = label(photo_text.THINGS, "heading")
        column.addWidget(self.heading)
        named, plain = QWidget(), QWidget()
        self._named_flow, self._plain_flow = FlowLayout(named, 4), FlowLayout(plain, 4)
        for part, flow in ((named, self._named_flow), (plain, self._plain_flow)):
            flow.setContentsMargins(0, 0, 0, 0)
            column.addWidget(part)
        self.show_all_button = push_button("", role="link")
        self.show_all_button.clicked.connect(self._toggle_all)
        self.show_all_button.hide()
        column.addWidget(self.show_all_button, 0, Qt.AlignmentFlag.AlignLeft)

    def set_session(self, session: Session) -> None:
        """Give access to thumbnails and outlines, once the library is open."""
        self._session = session
        session.thumbnails.ready.connect(self._pictures_ready)
        session.outlines.ready.connect(self._pictures_ready)

    def show_regions(
        self,
        photo: Photo,
        regions: Sequence[Region],
        selected: Sequence[RegionId],
        labels: Mapping[RegionId, tuple[RegionLabel, ...]],
    ) -> None:
        """Show the regions of a photo; those in ``selected`` are checked.

        Args:
            labels: names of the regions, likeliest first; empty if nothing gives names.
        """
        if self._photo is None or self._photo.id != photo.id:
            self.clear()
        self._photo, self._regions, self._labels = photo, tuple(regions), labels
        self._selected_before.update(selected)
        self._show_tiles()
        for tile in self.tiles:
            tile.setChecked(tile.region.id in selected)

    def clear(self) -> None:
        """Show no regions; those of the next photo follow."""
        self._clear_tiles()
        self._photo, self._regions, self._labels = None, (), {}
        self._selected_before, self._show_all = set(), False
        self.show_all_button.hide()
        self.heading.setText(photo_text.THINGS)

    @property
    def photo(self) -> Photo | None:
        """The photo whose regions are shown."""
        return self._photo

    def _name(self, region: Region) -> RegionLabel | None:
        names = self._labels.get(region.id, ())
        return names[0] if names else None

    def _choose(self) -> tuple[list[tuple[Region, RegionLabel]], list[Region], int]:
        """The regions to show with a name and without one, and how many are hidden."""
        named = [(r, name) for r in self._regions if (name := self._name(r)) is not None]
        named.sort(key=lambda pair: -pair[1].probability)
        plain = [r for r in self._regions if self._name(r) is None]
        if not named:
            return [], plain[:PLAIN_SHOWN], 0
        named = named[:MOST_SHOWN]
        seen = [r for r in plain if r.id in self._selected_before]
        shown = plain[: MOST_SHOWN - len(named)] if self._show_all else seen
        return named, shown, len(plain) - len(seen)

    def _show_tiles(self) -> None:
        if self._session is None or self._photo is None:
            return
        named, plain, hideable = self._choose()
        tiles: list[tuple[Region, RegionLabel | None]] = [*named, *((r, None) for r in plain)]
        keys = tuple((outline_key(region), name) for region, name in tiles)
        total = formatting.number(len(self._regions))
        if self._shown != (self._photo, keys):
            self._clear_tiles()
            self._shown = (self._photo, keys)
            for number, (region, name) in enumerate(tiles, 1):
                self._add_tile(region, name, number)
        shown_count = formatting.number(len(tiles)) if named else total
        words = shown_count if self._regions else photo_text.NO_THINGS
        self.heading.setText(f"{photo_text.THINGS} · {words}")
        button = photo_text.SHOW_NAMED_THINGS
        if not self._show_all:
            button = photo_text.SHOW_ALL_THINGS.format(count=total)
        self.show_all_button.setText(button)
        self.show_all_button.setAccessibleName(button)
        self.show_all_button.setVisible(hideable > 0)

    def _add_tile(self, region: Region, name: RegionLabel | None, number: int) -> None:
        assert self._session is not None and self._photo is not None
        tile = RegionTile(self._session, self._theme, self._photo, region, name)
        words = photo_text.THING_NAME.format(number=number)
        if name is not None:
            words = photo_text.NAMED_THING.format(name=name.name, likely=photo_text.likely(name))
            names = self._labels[region.id]
            tile.setToolTip(
                "\n".join(
                    photo_text.NAMED_THING.format(name=n.name, likely=photo_text.likely(n))
                    for n in names
                )
            )
        tile.setAccessibleName(words)
        tile.clicked.connect(self._tile_clicked)
        tile.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tile.customContextMenuRequested.connect(self._tile_menu)
        before = self.tiles[-1] if self.tiles else None
        self.tiles.append(tile)
        (self._plain_flow if name is None else self._named_flow).addWidget(tile)
        tile.show()
        if before is not None:
            QWidget.setTabOrder(before, tile)

    def _clear_tiles(self) -> None:
        for tile in self.tiles:
            tile.hide()
            for flow in (self._named_flow, self._plain_flow):
                flow.removeWidget(tile)
            tile.deleteLater()
        self.tiles = []
        self._shown = None

    def _toggle_all(self) -> None:
        self._show_all = not self._show_all
        checked = [tile.region.id for tile in self.tiles if tile.isChecked()]
        self._show_tiles()
        for tile in self.tiles:
            tile.setChecked(tile.region.id in checked)

    def _tile_clicked(self) -> None:
        tile = self.sender()
        assert isinstance(tile, RegionTile)
        self.chosen.emit(tile.region.id)

    def _tile_menu(self, at: QPoint) -> None:
        tile = self.sender()
        assert isinstance(tile, RegionTile)
        self.menu_requested.emit(self._photo, tile.region, tile.mapToGlobal(at))

    def _pictures_ready(self, keys: object) -> None:
        for tile in self.tiles:
            tile.update()

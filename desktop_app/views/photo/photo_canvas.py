"""One photo to look into: zoom, pan, and its things under the pointer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap, QTransform
from PySide6.QtWidgets import QWidget

from desktop_app import text
from desktop_app.bridge.image_conversion import PhotoLevels
from desktop_app.bridge.session import Session, outline_key
from desktop_app.item_models.hit_highlight import HitHighlight
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import Theme, paint_icon
from desktop_app.views.widgets.peeking import PeekOnSpace
from engine.records import UNSTORED, Photo, Region, RegionId

DIM = QColor(0, 0, 0, 115)
"""Black at 45 %: what is not the thing keeps 55 % of its light."""
HOVER_OUTLINE = QColor("#ffffff")
PADDING_PX = 16
LARGEST_SCALE = 16.0
WHEEL_STEP = 1.0018
KEY_STEP = 1.3
CLICK_SLACK_PX = 4


class PhotoCanvas(PeekOnSpace, QWidget):
    """Paints the photo with everything but the selected things dimmed.

    Coordinates named ``photo`` are pixels of the upright photo, whatever size has been decoded.

    Signals:
        selection_changed(): other things are selected.
        view_changed(): zoomed or panned; what floats over the photo must follow.
        needs_pixels(): zoomed in beyond what has been decoded.
    """

    selection_changed = Signal()
    view_changed = Signal()
    needs_pixels = Signal()

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._photo: Photo | None = None
        self._levels: PhotoLevels | None = None
        self._stand_in: QPixmap | None = None
        self._problem = ""
        self._regions: tuple[Region, ...] = ()
        self._marks = HitHighlight()
        self._selected: list[RegionId] = []
        self._hovered: RegionId | None = None
        self._scale: float | None = None
        self._centre = QPointF()
        self._pressed_at: QPointF | None = None
        self._panning = False
        self._peeking = False
        self._lit: tuple[tuple, QPainterPath] = ((), QPainterPath())
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 150)
        session.outlines.ready.connect(self._outlines_ready)

    # -- what is shown ---------------------------------------------------------------------

    def show_photo(self, photo: Photo, marks: HitHighlight) -> None:
        """Begin with the thumbnail and with the marked thing selected; things and pixels follow."""
        self._photo, self._levels, self._problem = photo, None, ""
        self._stand_in = self._session.thumbnails.get(photo.id)
        self._regions = (marks.thing,) if marks.thing is not None else ()
        self._marks, self._selected = marks, marks.ids
        self._hovered = None
        self.fit()
        self._name_itself()
        self.selection_changed.emit()

    def set_marks(self, marks: HitHighlight) -> None:
        """Other things are marked than before; the marked one is selected unless somebody has
        selected another meanwhile."""
        untouched = self._selected == self._marks.ids
        self._marks = marks
        # One that was made for the hit as it was before is known to nobody else.
        self._regions = marks.among([r for r in self._regions if r.id != UNSTORED])
        known = {region.id for region in self._regions}
        if marks.thing is not None and not known.issuperset(marks.ids):
            self._regions = (*(r for r in self._regions if r.id != marks.thing.id), marks.thing)
        there = [i for i in self._selected if i != UNSTORED or marks.made]
        selected = marks.ids if untouched else there
        self._name_itself()
        if self._selected != selected:
            self._selected = selected
            self.selection_changed.emit()
        self.update()

    def set_stand_in(self, pixmap: QPixmap | None) -> None:
        self._stand_in = pixmap
        self.update()

    def set_regions(self, regions: Sequence[Region]) -> None:
        regions = self._marks.among(regions)
        known = {region.id for region in regions}
        kept = [r for r in self._regions if r.id in self._selected and r.id not in known]
        self._regions = (*regions, *kept)
        for region in self._regions:
            self._path(region)
        self._name_itself()
        self.update()

    def set_levels(self, levels: PhotoLevels) -> None:
        self._levels, self._problem = levels, ""
        self.update()

    def set_problem(self, reason: str) -> None:
        """Say why the photo cannot be shown; the thumbnail stays behind it."""
        self._problem = reason
        self.setAccessibleDescription(f"{text.UNAVAILABLE_TITLE}. {reason}")
        self.update()

    @property
    def photo(self) -> Photo | None:
        return self._photo

    @property
    def regions(self) -> tuple[Region, ...]:
        return self._regions

    @property
    def selected_regions(self) -> list[Region]:
        """In the order in which they were selected."""
        by_id = {region.id: region for region in self._regions}
        return [by_id[region_id] for region_id in self._selected if region_id in by_id]

    def select(self, region_id: RegionId | None, *, add: bool = False) -> None:
        """Select a thing; ``add`` keeps the others, and takes one away that was selected."""
        before = list(self._selected)
        if region_id is None:
            self._selected = self._selected if add else []
        elif not add:
            self._selected = [region_id]
        elif region_id in self._selected:
            self._selected = [r for r in self._selected if r != region_id]
        else:
            self._selected = [*self._selected, region_id]
        if self._selected != before:
            self.update()
            self.selection_changed.emit()

    def set_peeking(self, peeking: bool) -> None:
        if peeking != self._peeking:
            self._peeking = peeking
            self.update()
            self.view_changed.emit()

    @property
    def peeking(self) -> bool:
        return self._peeking

    # -- zoom ------------------------------------------------------------------------------

    @property
    def fit_scale(self) -> float:
        """View pixels per photo pixel at which all of it is in sight."""
        if self._photo is None:
            return 1.0
        width, height = self._photo.size_wh
        room_w, room_h = self.width() - 2 * PADDING_PX, self.height() - 2 * PADDING_PX
        return max(0.001, min(room_w / max(1, width), room_h / max(1, height)))

    @property
    def scale(self) -> float:
        return self.fit_scale if self._scale is None else self._scale

    def fit(self) -> None:
        self._scale = None
        if self._photo is not None:
            self._centre = QPointF(self._photo.size_wh[0] / 2, self._photo.size_wh[1] / 2)
        self.update()
        self.view_changed.emit()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom; the photo's point under ``at`` (view pixels, None: the middle) stays there."""
        if self._photo is None:
            return
        at = QPointF(self.width() / 2, self.height() / 2) if at is None else at
        held = self.to_photo().map(at)
        scale = min(max(self.scale * factor, self.fit_scale), max(LARGEST_SCALE, self.fit_scale))
        if scale <= self.fit_scale * 1.001:
            self.fit()
            return
        self._scale = scale
        middle = QPointF(self.width() / 2, self.height() / 2)
        self._centre = held - (at - middle) / scale
        self._clamp()
        self._ask_for_pixels()
        self.update()
        self.view_changed.emit()

    def zoom_in(self) -> None:
        self.zoom_by(KEY_STEP)

    def zoom_out(self) -> None:
        self.zoom_by(1 / KEY_STEP)

    def photo_rect(self) -> QRectF:
        """Where the whole photo lies, view pixels."""
        if self._photo is None:
            return QRectF()
        width, height = self._photo.size_wh
        scale = self.scale
        left = self.width() / 2 - self._centre.x() * scale
        top = self.height() / 2 - self._centre.y() * scale
        return QRectF(left, top, width * scale, height * scale)

    def to_view(self) -> QTransform:
        """From photo pixels to view pixels."""
        size = self._photo.size_wh if self._photo is not None else (1, 1)
        return photo_painting.photo_to_rect(size, self.photo_rect())

    def to_photo(self) -> QTransform:
        return self.to_view().inverted()[0]

    def selection_rect(self) -> QRectF:
        """Around the selected things, view pixels; empty if there are none."""
        rect = QRectF()
        for region in self.selected_regions:
            rect = rect.united(photo_painting.rect_of(region.box_xyxy))
        return self.to_view().mapRect(rect) if not rect.isEmpty() else rect

    def _clamp(self) -> None:
        """Keep the photo in sight: no empty room on a side while it overhangs the other."""
        if self._photo is None:
            return
        half_w, half_h = self.width() / 2 / self.scale, self.height() / 2 / self.scale
        width, height = self._photo.size_wh

        def held(value: float, half: float, side: float) -> float:
            pad = PADDING_PX / self.scale
            low, high = half - pad, side - half + pad
            return side / 2 if low > high else min(max(value, low), high)

        self._centre = QPointF(
            held(self._centre.x(), half_w, width), held(self._centre.y(), half_h, height)
        )

    def _ask_for_pixels(self) -> None:
        if self._levels is None or self._photo is None:
            return
        shown_px = max(self._photo.size_wh) * self.scale * self.devicePixelRatioF()
        if shown_px > self._levels.longest_px * 1.1 and self._levels.longest_px < max(
            self._photo.size_wh
        ):
            self.needs_pixels.emit()

    # -- events ----------------------------------------------------------------------------

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if self._scale is not None and self._scale < self.fit_scale:
            self._scale = None
        self._clamp()
        self.view_changed.emit()

    def wheelEvent(self, event) -> None:
        self.zoom_by(WHEEL_STEP ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at, self._panning = event.position(), False

    def mouseMoveEvent(self, event) -> None:
        if self._pressed_at is not None:
            moved = event.position() - self._pressed_at
            if self._panning or moved.manhattanLength() > CLICK_SLACK_PX:
                self._panning = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self._centre -= moved / self.scale
                self._pressed_at = event.position()
                self._clamp()
                self.update()
                self.view_changed.emit()
            return
        self._hover(self.region_at(event.position()))

    def mouseReleaseEvent(self, event) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed_at is None:
            return
        self._pressed_at = None
        if self._panning:
            self._panning = False
            self.unsetCursor()
            return
        add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.select(self.region_at(event.position()), add=add)

    def leaveEvent(self, event) -> None:
        self._hover(None)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the things first and leaves after the last one."""
        order = [region.id for region in self._regions]
        at = order.index(self._selected[-1]) if self._selected and order else -1
        following = at + (1 if forward else -1)
        if 0 <= following < len(order):
            self.select(order[following])
            return True
        return super().focusNextPrevChild(forward)

    def region_at(self, point: QPointF) -> RegionId | None:
        """The smallest thing under a point of the view."""
        at = self.to_photo().map(point)
        found: tuple[float, RegionId] | None = None
        for region in self._regions:
            box = region.box_xyxy
            if not (box.x0 <= at.x() < box.x1 and box.y0 <= at.y() < box.y1):
                continue
            path = self._path(region)
            if path is not None and path.contains(at) and (found is None or box.area < found[0]):
                found = (box.area, region.id)
        return found[1] if found else None

    def _hover(self, region_id: RegionId | None) -> None:
        if region_id != self._hovered:
            self._hovered = region_id
            pointing = Qt.CursorShape.PointingHandCursor
            self.setCursor(pointing if region_id is not None else Qt.CursorShape.ArrowCursor)
            self.update()

    def _path(self, region: Region) -> QPainterPath | None:
        return self._session.outline(region, self._photo) if self._photo is not None else None

    def _outlines_ready(self, keys) -> None:
        arrived = set(keys)
        if any(outline_key(r) in arrived for r in (*self._regions, *self._marks.others)):
            self.update()

    def _name_itself(self) -> None:
        if self._photo is not None:
            things = text.things(len(self._regions))
            name = text.PHOTO_NAME.format(name=self._photo.path.name, things=things)
            self.setAccessibleName(name)
            self.setAccessibleDescription(text.PEEK_HINT)

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.tokens["well"])
        if self._photo is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = self.photo_rect()
        if self._levels is not None:
            image = self._levels.best_for(rect.width() * self.devicePixelRatioF())
            painter.drawImage(rect, image, QRectF(image.rect()))
        elif self._stand_in is not None:
            photo_painting.paint_photo(painter, rect, self._stand_in)
        else:
            painter.fillRect(rect, self._theme.tokens["hover"])
        if self._problem:
            self._paint_problem(painter, rect)
        if not self._peeking:
            self._paint_things(painter, rect)

    def _paint_things(self, painter: QPainter, rect: QRectF) -> None:
        to_view = self.to_view()
        selected = [(r, self._path(r)) for r in self.selected_regions]
        hovered = next((r for r in self._regions if r.id == self._hovered), None)
        if any(path is not None for _, path in selected):
            lit = self._lit_path([r for r, _ in selected] + ([hovered] if hovered else []))
            dark = QPainterPath()
            dark.setFillRule(Qt.FillRule.OddEvenFill)
            dark.addRect(rect)
            dark.addPath(to_view.map(lit))
            painter.fillPath(dark, DIM)
        if hovered is not None and hovered.id not in self._selected:
            path = self._path(hovered)
            if path is not None:
                shown = to_view.map(path)
                painter.fillPath(shown, QColor(255, 255, 255, 28))
                photo_painting.paint_outline(painter, shown, HOVER_OUTLINE, 1.5)
        on_show = {outline_key(region) for region, _ in selected}
        for other in self._marks.others:
            path = self._path(other)
            if path is not None and outline_key(other) not in on_show:
                colour = photo_painting.OTHER_OUTLINE
                photo_painting.paint_outline(painter, to_view.map(path), colour)
        for _, path in selected:
            if path is not None:
                photo_painting.paint_outline(painter, to_view.map(path))
        if self._marks.box_xyxy is not None:
            box = photo_painting.rect_of(self._marks.box_xyxy)
            photo_painting.paint_box(painter, to_view.mapRect(box))

    def _lit_path(self, regions: list[Region]) -> QPainterPath:
        """What is not dimmed, photo pixels; kept, because uniting outlines is slow."""
        paths = [(outline_key(r), self._path(r)) for r in regions]
        key = tuple(of_region for of_region, path in paths if path is not None)
        if self._lit[0] != key:
            lit = QPainterPath()
            for _, path in paths:
                if path is not None:
                    lit = QPainterPath(path) if lit.isEmpty() else lit.united(path)
            self._lit = (key, lit)
        return self._lit[1]

    def _paint_problem(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(rect, QColor(10, 11, 14, 170))
        middle = QRectF(self.rect()).center()
        icon = QRectF(0, 0, 32, 32)
        icon.moveCenter(middle - QPointF(0, 44))
        paint_icon(painter, icon, "photo-off", QColor("#ffffff"))
        painter.setPen(QColor("#ffffff"))
        width = min(440, self.width() - 48)
        font = painter.font()
        font.setPixelSize(15)
        font.setBold(True)
        painter.setFont(font)
        where = QRectF(middle.x() - width / 2, icon.bottom() + 8, width, 26)
        painter.drawText(where, int(Qt.AlignmentFlag.AlignCenter), text.UNAVAILABLE_TITLE)
        font.setPixelSize(13)
        font.setBold(False)
        painter.setFont(font)
        where = QRectF(middle.x() - width / 2, where.bottom() + 2, width, 80)
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(where, flags, self._problem)

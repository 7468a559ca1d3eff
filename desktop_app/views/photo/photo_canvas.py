"""The large photo of the photo view: zooming, panning, selecting regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from desktop_app.bridge.image_conversion import PhotoLevels
from desktop_app.bridge.session import Session, outline_key
from desktop_app.item_models.hit_highlight import HitHighlight
from desktop_app.text import formatting, photo_text
from desktop_app.views.painting import photo_painting
from desktop_app.views.painting.theme import Theme
from desktop_app.views.photo.region_painting import PaintedRegions, RegionPainter, paint_problem
from desktop_app.views.photo.region_selection import RegionSelection
from desktop_app.views.photo.view_transform import ViewTransform
from desktop_app.views.widgets.hide_overlays import HideOverlaysOnSpace
from engine.records import Photo, Region, RegionId

WHEEL_STEP = 1.0018
KEY_STEP = 1.3
DRAG_THRESHOLD_PX = 4


class PhotoCanvas(HideOverlaysOnSpace, QWidget):
    """Shows one photo with its regions; everything outside the selected regions is dimmed.

    Photo coordinates are pixels of the upright photo, whatever size has been decoded.

    Signals:
        selection_changed(): other regions are selected.
        view_changed(): zoomed, panned or resized; widgets that float over the photo must follow.
        needs_pixels(): zoomed in beyond the resolution that has been decoded.
        menu_requested(QPoint): right click or the menu key, at this point of the screen.
    """

    selection_changed = Signal()
    view_changed = Signal()
    needs_pixels = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._photo: Photo | None = None
        self._levels: PhotoLevels | None = None
        self._thumbnail: QPixmap | None = None
        self._problem = ""
        self._selection = RegionSelection()
        self._hovered: RegionId | None = None
        self._transform = ViewTransform(self._size_wh)
        self._region_painter = RegionPainter(self._path)
        self._pressed_at: QPointF | None = None
        self._panning = False
        self._overlays_hidden = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 150)
        session.outlines.ready.connect(self._outlines_ready)

    # -- content ---------------------------------------------------------------------------

    def show_photo(self, photo: Photo, highlight: HitHighlight) -> None:
        """Show a photo by its thumbnail, the highlighted region selected.

        Regions and pixels follow by ``set_regions`` and ``set_levels``.
        """
        self._photo, self._levels, self._problem = photo, None, ""
        self._thumbnail = self._session.thumbnails.get(photo.id)
        self._selection = RegionSelection(highlight)
        self._hovered = None
        self._transform.set_photo(photo.size_wh)
        self.fit()
        self._update_accessible_name()
        self.selection_changed.emit()

    def set_highlight(self, highlight: HitHighlight) -> None:
        """Replace the highlight; its region is selected unless the selection has been changed."""
        changed = self._selection.set_highlight(highlight)
        self._update_accessible_name()
        if changed:
            self.selection_changed.emit()
        self.update()

    def set_thumbnail(self, pixmap: QPixmap | None) -> None:
        """The picture that is shown until the pixels have been decoded."""
        self._thumbnail = pixmap
        self.update()

    def set_regions(self, stored: Sequence[Region]) -> None:
        """The stored regions of the photo have been read."""
        self._selection.set_stored(stored)
        for region in self.regions:
            self._path(region)
        self._update_accessible_name()
        self.update()

    def set_levels(self, levels: PhotoLevels) -> None:
        """The pixels of the photo have been decoded."""
        self._levels, self._problem = levels, ""
        self.update()

    def set_problem(self, reason: str) -> None:
        """Show why the photo cannot be decoded, over its thumbnail."""
        self._problem = reason
        self.setAccessibleDescription(f"{photo_text.UNAVAILABLE_TITLE}. {reason}")
        self.update()

    @property
    def photo(self) -> Photo | None:
        """The photo on show."""
        return self._photo

    @property
    def regions(self) -> tuple[Region, ...]:
        """All regions that can be selected."""
        return self._selection.regions

    @property
    def selected_regions(self) -> list[Region]:
        """The selected regions in the order of selection."""
        return self._selection.selected

    def select(self, region_id: RegionId | None, *, add: bool = False) -> None:
        """Select a region; None for none.

        Args:
            add: keep the other selected regions, and deselect the region if it is selected.
        """
        if self._selection.select(region_id, add=add):
            self.update()
            self.selection_changed.emit()

    @property
    def match_count(self) -> int:
        """How many things of the photo match the query."""
        return len(self._selection.matching)

    @property
    def match_at(self) -> int | None:
        """Which of the matching things is selected, from 0; None for another selection."""
        return self._selection.match_at

    def step_match(self, step: int) -> None:
        """Select the next (1) or previous (-1) matching thing, and bring it into view."""
        if self._selection.step_match(step):
            middle = self.selection_rect().center()
            if not self.rect().contains(middle.toPoint()):
                self._transform.pan_by(QPointF(self.rect().center()) - middle)
            self._view_moved()
            self.selection_changed.emit()

    def set_overlays_hidden(self, hidden: bool) -> None:
        """Show the photo without outlines and dimming while ``hidden``."""
        if hidden != self._overlays_hidden:
            self._overlays_hidden = hidden
            self.update()
            self.view_changed.emit()

    @property
    def overlays_hidden(self) -> bool:
        """Whether outlines and dimming are hidden."""
        return self._overlays_hidden

    # -- zoom ------------------------------------------------------------------------------

    @property
    def fit_scale(self) -> float:
        """View pixels per photo pixel at which the whole photo is visible."""
        return self._transform.fit_scale

    @property
    def scale(self) -> float:
        """View pixels per photo pixel."""
        return self._transform.scale

    def fit(self) -> None:
        """Show the whole photo."""
        self._transform.fit()
        self._view_moved()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom; the photo's point under ``at`` (view pixels, None: the middle) stays there."""
        if self._photo is None:
            return
        self._transform.zoom_by(factor, at)
        self._request_pixels()
        self._view_moved()

    def zoom_in(self) -> None:
        """Zoom in by one step of the keyboard."""
        self.zoom_by(KEY_STEP)

    def zoom_out(self) -> None:
        """Zoom out by one step of the keyboard."""
        self.zoom_by(1 / KEY_STEP)

    def photo_rect(self) -> QRectF:
        """The rectangle of the whole photo, view pixels."""
        return self._transform.photo_rect()

    def to_view(self) -> QTransform:
        """From photo pixels to view pixels."""
        return self._transform.to_view()

    def to_photo(self) -> QTransform:
        """From view pixels to photo pixels."""
        return self._transform.to_photo()

    def selection_rect(self) -> QRectF:
        """Bounding box of the selected regions, view pixels; empty without a selection."""
        rect = QRectF()
        for region in self.selected_regions:
            rect = rect.united(photo_painting.rect_of(region.box_xyxy))
        return self.to_view().mapRect(rect) if not rect.isEmpty() else rect

    def _size_wh(self) -> tuple[int, int]:
        return self.width(), self.height()

    def _view_moved(self) -> None:
        self.update()
        self.view_changed.emit()

    def _request_pixels(self) -> None:
        if self._levels is None or self._photo is None or self.scale <= self.fit_scale:
            return
        shown_px = max(self._photo.size_wh) * self.scale * self.devicePixelRatioF()
        if shown_px > self._levels.longest_px * 1.1 and self._levels.longest_px < max(
            self._photo.size_wh
        ):
            self.needs_pixels.emit()

    # -- events ----------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._transform.view_resized()
        self.view_changed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(WHEEL_STEP ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at, self._panning = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is not None:
            moved = event.position() - self._pressed_at
            if self._panning or moved.manhattanLength() > DRAG_THRESHOLD_PX:
                self._panning = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self._pressed_at = event.position()
                self._transform.pan_by(moved)
                self._view_moved()
            return
        self._hover(self.region_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed_at is None:
            return
        self._pressed_at = None
        if self._panning:
            self._panning = False
            self.unsetCursor()
            return
        add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.select(self.region_at(event.position()), add=add)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A right click on a region selects it, unless it is one of the selected ones."""
        at = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            at = self.mapToGlobal(self.selection_rect().center().toPoint())
        else:
            clicked = self.region_at(QPointF(event.pos()))
            selected = [region.id for region in self.selected_regions]
            if clicked is not None and clicked not in selected:
                self.select(clicked)
        self.menu_requested.emit(at)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab selects one region after the other and leaves the canvas after the last one."""
        region_id = self._selection.neighbour(1 if forward else -1)
        if region_id is not None:
            self.select(region_id)
            return True
        return super().focusNextPrevChild(forward)

    def region_at(self, point: QPointF) -> RegionId | None:
        """The smallest region under a point of the view."""
        at = self.to_photo().map(point)
        found: tuple[float, RegionId] | None = None
        for region in self.regions:
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

    def _outlines_ready(self, keys: Iterable[object]) -> None:
        ready = set(keys)
        if any(outline_key(r) in ready for r in (*self.regions, *self._selection.matching)):
            self.update()

    def _update_accessible_name(self) -> None:
        if self._photo is not None:
            things = photo_text.things(len(self.regions))
            name = photo_text.PHOTO_NAME.format(
                name=formatting.file_name(self._photo.path), things=things
            )
            self.setAccessibleName(name)
            self.setAccessibleDescription(photo_text.HIDE_OVERLAYS_HINT)

    # -- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
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
        elif self._thumbnail is not None:
            photo_painting.paint_photo(painter, rect, self._thumbnail)
        else:
            painter.fillRect(rect, self._theme.tokens["hover"])
        if self._problem:
            paint_problem(painter, QRectF(self.rect()), rect, self._problem)
        if not self._overlays_hidden:
            hovered = next((r for r in self.regions if r.id == self._hovered), None)
            painted = PaintedRegions(
                self.selected_regions,
                hovered,
                self._selection.unselected_matches,
                self._selection.highlight.box_xyxy,
            )
            self._region_painter.paint(painter, painted, rect, self.to_view())

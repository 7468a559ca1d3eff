"""Fit, zoom and pan: the transform between pixels of a photo and pixels of the view."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from desktop_app.views.painting.photo_painting import photo_to_rect

PADDING_PX = 16
"""Room around a fitted photo, view pixels."""
LARGEST_SCALE = 16.0
FIT_TOLERANCE = 1.001
"""A scale up to this factor above the fitting one counts as fitting."""


class ViewTransform:
    """Scale and position of one photo in a view; arithmetic without widgets.

    Photo coordinates are pixels of the upright photo. A scale is in view pixels per photo pixel.
    The fitting scale shows the whole photo and is the smallest one.

    Args:
        view_size_wh: returns the current size of the view, pixels.
    """

    def __init__(self, view_size_wh: Callable[[], tuple[int, int]]) -> None:
        self._view_size_wh = view_size_wh
        self._photo_wh: tuple[int, int] | None = None
        self._scale: float | None = None
        self._centre = QPointF()

    def set_photo(self, size_wh: tuple[int, int] | None) -> None:
        """Show another photo, fitted; None for no photo."""
        self._photo_wh = size_wh
        self.fit()

    def view_resized(self) -> None:
        """The view has another size: a photo that is now smaller than fitting is fitted."""
        if self._scale is not None and self._scale < self.fit_scale:
            self._scale = None
        self._clamp()

    @property
    def fit_scale(self) -> float:
        """The scale at which the whole photo is visible; 1 without a photo."""
        if self._photo_wh is None:
            return 1.0
        width, height = self._photo_wh
        view_w, view_h = self._view_size_wh()
        room_w, room_h = view_w - 2 * PADDING_PX, view_h - 2 * PADDING_PX
        return max(0.001, min(room_w / max(1, width), room_h / max(1, height)))

    @property
    def scale(self) -> float:
        """The current scale."""
        return self.fit_scale if self._scale is None else self._scale

    def fit(self) -> None:
        """Show the whole photo, and keep it fitted when the view changes its size."""
        self._scale = None
        if self._photo_wh is not None:
            self._centre = QPointF(self._photo_wh[0] / 2, self._photo_wh[1] / 2)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Multiply the scale, between the fitting and the largest one.

        Args:
            at: view pixels; the photo's point there stays there. None for the middle of the view.
        """
        if self._photo_wh is None:
            return
        at = self._middle() if at is None else at
        fixed = self.to_photo().map(at)
        scale = min(max(self.scale * factor, self.fit_scale), max(LARGEST_SCALE, self.fit_scale))
        if scale <= self.fit_scale * FIT_TOLERANCE:
            self.fit()
            return
        self._scale = scale
        self._centre = fixed - (at - self._middle()) / scale
        self._clamp()

    def pan_by(self, moved: QPointF) -> None:
        """Move the photo by so many view pixels, as far as it stays in the view."""
        self._centre -= moved / self.scale
        self._clamp()

    def photo_rect(self) -> QRectF:
        """The rectangle of the whole photo in view pixels; empty without a photo."""
        if self._photo_wh is None:
            return QRectF()
        width, height = self._photo_wh
        scale = self.scale
        middle = self._middle()
        left = middle.x() - self._centre.x() * scale
        top = middle.y() - self._centre.y() * scale
        return QRectF(left, top, width * scale, height * scale)

    def to_view(self) -> QTransform:
        """From photo pixels to view pixels."""
        size_wh = self._photo_wh if self._photo_wh is not None else (1, 1)
        return photo_to_rect(size_wh, self.photo_rect())

    def to_photo(self) -> QTransform:
        """From view pixels to photo pixels."""
        return self.to_view().inverted()[0]

    def _middle(self) -> QPointF:
        view_w, view_h = self._view_size_wh()
        return QPointF(view_w / 2, view_h / 2)

    def _clamp(self) -> None:
        """Leave no empty room on one side while the photo extends beyond the other."""
        if self._photo_wh is None:
            return
        view_w, view_h = self._view_size_wh()
        half_w, half_h = view_w / 2 / self.scale, view_h / 2 / self.scale
        width, height = self._photo_wh

        def clamped(value: float, half: float, side: float) -> float:
            pad = PADDING_PX / self.scale
            low, high = half - pad, side - half + pad
            return side / 2 if low > high else min(max(value, low), high)

        self._centre = QPointF(
            clamped(self._centre.x(), half_w, width), clamped(self._centre.y(), half_h, height)
        )

"""Fit, zoom, pan and clamping, without a widget."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF

from desktop_app.views.photo.view_transform import LARGEST_SCALE, PADDING_PX, ViewTransform


class View:
    """A view whose size a test can change."""

    def __init__(self, width: int, height: int) -> None:
        self.size_wh = (width, height)


@pytest.fixture
def view() -> View:
    return View(832, 632)


@pytest.fixture
def transform(view: View) -> ViewTransform:
    """A photo of 1600 x 800 pixels, fitted into 800 x 600 pixels and the padding."""
    transform = ViewTransform(lambda: view.size_wh)
    transform.set_photo((1600, 800))
    return transform


def test_fitting_leaves_the_padding_and_centres(transform):
    assert transform.scale == transform.fit_scale == 0.5
    assert transform.photo_rect() == QRectF(PADDING_PX, 116, 800, 400)


def test_the_two_transforms_are_inverse(transform):
    transform.zoom_by(3, QPointF(100, 200))
    point = QPointF(700, 300)
    there_and_back = transform.to_photo().map(transform.to_view().map(point))
    assert (there_and_back - point).manhattanLength() < 1e-6


def test_zooming_keeps_the_point(transform):
    at = QPointF(300, 250)
    before = transform.to_photo().map(at)
    transform.zoom_by(4, at)
    assert transform.scale == 2.0
    assert (transform.to_photo().map(at) - before).manhattanLength() < 1e-6


def test_the_scale_is_between_fitting_and_the_largest(transform):
    transform.zoom_by(1000)
    assert transform.scale == LARGEST_SCALE
    transform.zoom_by(0.00001)
    assert transform.scale == transform.fit_scale


def test_a_photo_smaller_than_the_view_may_fit_above_the_largest_scale(view):
    transform = ViewTransform(lambda: view.size_wh)
    transform.set_photo((10, 10))
    assert transform.fit_scale == 60.0
    transform.zoom_by(2)
    assert transform.scale == 60.0


@pytest.mark.parametrize("moved", [(5000, 5000), (-5000, -5000), (5000, -5000)])
def test_panning_ends_at_the_padding(transform, moved):
    transform.zoom_by(4)
    transform.pan_by(QPointF(*moved))
    rect = transform.photo_rect()
    assert rect.left() <= PADDING_PX + 1e-6 and rect.top() <= PADDING_PX + 1e-6
    assert rect.right() >= 832 - PADDING_PX - 1e-6
    assert rect.bottom() >= 632 - PADDING_PX - 1e-6


def test_a_fitted_photo_cannot_be_panned(transform):
    before = transform.photo_rect()
    transform.pan_by(QPointF(50, -70))
    assert transform.photo_rect() == before


def test_another_view_size_keeps_a_fitted_photo_fitted(transform, view):
    view.size_wh = (432, 632)
    transform.view_resized()
    assert transform.photo_rect() == QRectF(PADDING_PX, 216, 400, 200)


def test_a_larger_view_fits_a_photo_that_would_be_too_small(transform, view):
    transform.zoom_by(1.5)
    view.size_wh = (1632, 1632)
    transform.view_resized()
    assert transform.scale == transform.fit_scale == 1.0


def test_another_photo_is_fitted(transform):
    transform.zoom_by(5)
    transform.set_photo((800, 1600))
    assert transform.scale == transform.fit_scale


def test_without_a_photo_there_is_nothing_to_move(view):
    transform = ViewTransform(lambda: view.size_wh)
    transform.zoom_by(2)
    transform.pan_by(QPointF(10, 10))
    assert transform.photo_rect().isEmpty()
    assert transform.scale == 1.0

"""Zooming, panning, dimming and choosing on one photo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from desktop_app.bridge.image_conversion import image_from_rgb, photo_levels
from desktop_app.item_models.hit_highlight import HitHighlight
from desktop_app.views.photo.photo_canvas import PhotoCanvas
from tests.desktop_app.conftest import DEADLINE_MS, delete


@pytest.fixture
def canvas(session, memory, theme, qtbot):
    """``two.jpg``: a red ball on the left, a blue one on the right."""
    canvas = PhotoCanvas(session, theme)
    canvas.resize(800, 600)
    canvas.show()
    photo = memory.photos.get(2)
    regions = memory.photos.regions(2)
    canvas.show_photo(photo, HitHighlight(regions[0]))
    canvas.set_regions(regions)
    canvas.set_levels(photo_levels(image_from_rgb(memory.photos.read(2))))
    qtbot.waitUntil(
        lambda: all(session.outline(region, photo) is not None for region in regions),
        timeout=DEADLINE_MS,
    )
    yield canvas
    delete(canvas)


def middle_of(canvas, region) -> QPointF:
    box = region.box_xyxy
    return canvas.to_view().map(QPointF((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))


def test_the_whole_photo_is_in_sight_at_first(canvas):
    assert canvas.rect().contains(canvas.photo_rect().toRect())


def test_the_point_under_the_pointer_stays_while_zooming(canvas):
    at = QPointF(300, 200)
    before = canvas.to_photo().map(at)
    canvas.zoom_by(3, at)
    after = canvas.to_photo().map(at)
    assert (after - before).manhattanLength() < 0.01
    assert canvas.scale == pytest.approx(3 * canvas.fit_scale)


def test_zooming_out_ends_at_the_whole_photo(canvas):
    canvas.zoom_by(4)
    canvas.zoom_by(0.01)
    assert canvas.scale == canvas.fit_scale


def test_dragging_pans_and_does_not_select(canvas, memory):
    canvas.zoom_by(4)
    before, selected = canvas.photo_rect().topLeft(), canvas.selected_regions
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    QTest.mouseMove(canvas, QPoint(370, 280))
    QTest.mouseMove(canvas, QPoint(340, 260))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(340, 260))
    moved = canvas.photo_rect().topLeft() - before
    assert (moved - QPointF(-60, -40)).manhattanLength() < 1
    assert canvas.selected_regions == selected


def test_the_photo_cannot_be_dragged_out_of_sight(canvas):
    canvas.zoom_by(2)
    for _ in range(10):
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(700, 500))
        QTest.mouseMove(canvas, QPoint(400, 300))
        QTest.mouseMove(canvas, QPoint(10, 10))
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert canvas.photo_rect().right() >= canvas.width() - 20


def test_everything_but_the_thing_is_dimmed_and_peeking_lifts_it(canvas, memory):
    red, blue = memory.photos.regions(2)
    inside, outside = middle_of(canvas, red).toPoint(), middle_of(canvas, blue).toPoint()
    shown = canvas.grab().toImage()
    canvas.set_overlays_hidden(True)
    untouched = canvas.grab().toImage()
    assert shown.pixelColor(inside) == untouched.pixelColor(inside)
    dimmed, full = shown.pixelColor(outside), untouched.pixelColor(outside)
    assert dimmed.blue() == pytest.approx(0.55 * full.blue(), abs=4)


def test_the_thing_under_the_pointer_lights_up(canvas, memory):
    blue = memory.photos.regions(2)[1]
    at = middle_of(canvas, blue).toPoint()
    QTest.mouseMove(canvas, QPoint(5, 5))  # it may be there already
    before = canvas.grab().toImage().pixelColor(at)
    QTest.mouseMove(canvas, at)
    assert canvas.grab().toImage().pixelColor(at).blue() > before.blue() + 40


def test_a_click_beside_every_thing_selects_nothing(canvas):
    QTest.mouseClick(
        canvas, Qt.MouseButton.LeftButton, pos=canvas.to_view().map(QPointF(5, 5)).toPoint()
    )
    assert canvas.selected_regions == []


def test_tab_goes_through_the_things(canvas, memory):
    canvas.select(None)
    red, blue = memory.photos.regions(2)
    canvas.focusNextPrevChild(True)
    assert canvas.selected_regions == [red]
    canvas.focusNextPrevChild(True)
    assert canvas.selected_regions == [blue]


def test_zooming_beyond_the_decoded_pixels_asks_for_more(canvas, memory, qtbot):
    small = image_from_rgb(memory.photos.read(2)[::4, ::4].copy())
    canvas.set_levels(photo_levels(small))
    with qtbot.waitSignal(canvas.needs_pixels):
        canvas.zoom_by(2)

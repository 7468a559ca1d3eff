"""What is highlighted in a hit, in its cell of the grid and on the large photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage

from desktop_app.bridge.image_conversion import image_from_rgb, photo_levels
from desktop_app.bridge.session import outline_key
from desktop_app.item_models.hit_highlight import HitHighlight, highlight_of
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.views.grid.photo_delegate import PhotoDelegate
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.painting.theme import OUTLINE
from desktop_app.views.photo.photo_canvas import PhotoCanvas
from engine.masks.merging import merge_regions
from engine.masks.rle import encode
from engine.records import UNSTORED, BoxXyxy, Region, SearchHit, Verdict
from tests.desktop_app.conftest import DEADLINE_MS, delete

BOX = BoxXyxy(240, 330, 400, 460)
"""Of ``two.jpg``, where neither ball is."""


@pytest.fixture
def hit(memory) -> SearchHit:
    return SearchHit(memory.photos.get(2), 0.9, memory.photos.regions(2)[0], Verdict.MATCH, 0.9)


@pytest.fixture
def grid(session, theme, qtbot):
    """Paints one hit, once all its pictures are there."""
    model, view = PhotoGridModel(), PhotoGridView(theme)
    view.setItemDelegate(PhotoDelegate(session, theme, view))
    view.setModel(model)
    view.resize(700, 400)

    def paint(hit: SearchHit) -> QImage:
        model.show_hits([hit])
        wanted = [r for r in (highlight_of(hit).region, *hit.others) if r is not None]
        qtbot.waitUntil(
            lambda: (
                session.thumbnails.get(hit.photo.id) is not None
                and all(session.outline(region, hit.photo) is not None for region in wanted)
            ),
            timeout=DEADLINE_MS,
        )
        return view.grab(view.visualRect(model.index(0, 0))).toImage()

    yield paint
    delete(view)
    delete(model)


@pytest.fixture
def canvas(session, memory, theme, qtbot):
    canvas = PhotoCanvas(session, theme)
    canvas.resize(800, 600)

    def show(highlight: HitHighlight, *, stored: bool = True) -> PhotoCanvas:
        photo = memory.photos.get(2)
        canvas.show_photo(photo, highlight)
        canvas.set_levels(photo_levels(image_from_rgb(memory.photos.read(2))))
        if stored:
            canvas.set_regions(memory.photos.regions(2))
        qtbot.waitUntil(
            lambda: all(
                session.outline(region, photo) is not None
                for region in (*canvas.regions, *highlight.others)
            ),
            timeout=DEADLINE_MS,
        )
        return canvas

    yield show
    delete(canvas)


@pytest.fixture
def unstored_region(memory) -> Region:
    """An outline in the box that the library does not know."""
    mask = np.zeros((480, 640), bool)
    mask[340:450, 250:390] = True
    return Region(UNSTORED, memory.photos.get(2).id, BoxXyxy(250, 340, 390, 450), encode(mask), 0.5)


def different(one: QImage, other: QImage) -> int:
    """Pixels that differ."""
    return sum(
        one.pixel(x, y) != other.pixel(x, y)
        for y in range(one.height())
        for x in range(one.width())
    )


def accented(image: QImage) -> int:
    """Pixels in the colour of outlines."""

    def near(colour: QColor) -> bool:
        pairs = ((colour.red(), OUTLINE.red()), (colour.green(), OUTLINE.green()))
        return all(abs(a - b) < 30 for a, b in (*pairs, (colour.blue(), OUTLINE.blue())))

    return sum(
        near(image.pixelColor(x, y)) for y in range(image.height()) for x in range(image.width())
    )


def test_a_cell_shows_the_box_instead_of_a_thing_that_is_not_meant(grid, hit):
    plain = grid(replace(hit, region=None))
    boxed = grid(replace(hit, box_xyxy=BOX))
    assert accented(plain) == 0 and accented(boxed) > 50
    assert highlight_of(replace(hit, box_xyxy=BOX)).region is None


def test_a_box_is_dashed(grid, hit):
    solid, dashed = accented(grid(hit)), accented(grid(replace(hit, box_xyxy=BOX)))
    assert 0 < dashed < solid


def test_a_cell_outlines_the_other_things_too_but_less(grid, hit, memory):
    other = memory.photos.regions(2)[1]
    alone, both = grid(hit), grid(replace(hit, others=(other,)))
    assert different(alone, both) > 50
    assert accented(both) < 1.5 * accented(alone), "the first is the one that stands out"


def test_the_large_photo_shows_box_and_others_and_selects_neither(canvas, memory):
    plain = canvas(HitHighlight()).grab().toImage()
    boxed = canvas(HitHighlight(box_xyxy=BOX))
    assert boxed.selected_regions == []
    edge = boxed.to_view().map(QPointF(BOX.x0, BOX.y0)).toPoint()
    image = boxed.grab().toImage()
    assert image.pixelColor(edge) != plain.pixelColor(edge)
    assert different(image, plain) > 200
    red, blue = memory.photos.regions(2)
    others = canvas(HitHighlight(red, others=(blue,)))
    assert others.selected_regions == [red]
    with_other = others.grab().toImage()
    assert different(with_other, canvas(HitHighlight(red)).grab().toImage()) > 100


def test_a_thing_of_parts_is_selected_as_all_of_them(canvas, memory):
    red, blue = memory.photos.regions(2)
    union = HitHighlight(merge_regions([red, blue]), parts=(red.id, blue.id))
    before = canvas(union, stored=False)
    assert [region.box_xyxy for region in before.selected_regions] == [union.region.box_xyxy]
    after = canvas(union)
    assert after.selected_regions == [red, blue]


def test_an_outline_of_a_united_thing_is_not_taken_for_that_of_its_part(canvas, memory, session):
    photo, (red, blue) = memory.photos.get(2), memory.photos.regions(2)
    both = merge_regions([red, blue])
    assert both.id == red.id and outline_key(both) != outline_key(red)
    shown = canvas(HitHighlight(both, parts=(red.id, blue.id)), stored=False)
    assert shown.region_at(shown.to_view().map(QPointF(450, 250))) == red.id
    shown.set_regions([red, blue])
    canvas(HitHighlight(red))
    assert session.outline(red, photo).boundingRect().right() < 300
    assert session.outline(both, photo).boundingRect().right() > 400
    assert shown.region_at(shown.to_view().map(QPointF(450, 250))) == blue.id


def test_a_verdict_marks_other_things_unless_somebody_has_chosen(canvas, memory):
    red, blue = memory.photos.regions(2)
    shown = canvas(HitHighlight(red))
    shown.set_highlight(HitHighlight(blue))
    assert shown.selected_regions == [blue]
    shown.select(red.id)
    shown.set_highlight(HitHighlight(box_xyxy=BOX))
    assert shown.selected_regions == [red]


def test_an_outline_made_for_the_hit_takes_the_place_of_the_box(canvas, memory, unstored_region):
    red, blue = memory.photos.regions(2)
    shown = canvas(HitHighlight(box_xyxy=BOX))
    shown.set_highlight(HitHighlight(unstored_region))
    assert shown.selected_regions == [unstored_region] and shown.regions == (
        unstored_region,
        red,
        blue,
    )
    assert "3 things" in shown.accessibleName()
    shown.select(blue.id)
    shown.set_regions([red, blue])
    assert shown.regions == (unstored_region, red, blue), "it stays to be chosen again"
    shown.select(unstored_region.id)
    shown.select(red.id, add=True)
    shown.set_highlight(HitHighlight(blue))
    assert shown.regions == (red, blue) and shown.selected_regions == [red]
    assert shown.focusNextPrevChild(True) and shown.selected_regions == [blue]


def test_one_outline_made_for_a_hit_replaces_another(canvas, unstored_region):
    shown = canvas(HitHighlight(unstored_region))
    other = replace(
        unstored_region, box_xyxy=BoxXyxy(0, 0, 50, 50), rle=encode(np.ones((480, 640), bool))
    )
    shown.set_highlight(HitHighlight(other))
    assert shown.selected_regions == [other] and unstored_region not in shown.regions


def test_a_cell_outlines_what_was_made_for_the_hit(grid, hit, unstored_region):
    of_the_ball, of_the_unstored = grid(hit), grid(replace(hit, region=unstored_region))
    assert different(of_the_ball, of_the_unstored) > 100 and accented(of_the_unstored) > 50

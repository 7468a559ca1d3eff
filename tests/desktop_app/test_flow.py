"""The window on a real library: search, open, select, cut out."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from desktop_app.text import photo_text, search_text
from engine.records import Verdict
from tests.desktop_app.conftest import DEADLINE_MS


def names(desktop) -> list[str]:
    return [hit.photo.path.name for hit in desktop.presenter.model.rows]


def open_first(desktop, qtbot):
    grid = desktop.presenter.results.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Return)
    view = desktop.presenter.photo.view
    qtbot.waitUntil(lambda: len(view.canvas.regions) > 0, timeout=DEADLINE_MS)
    return view


def point_of(canvas, region) -> QPoint:
    """The middle of a thing on the canvas."""
    box = region.box_xyxy
    middle = QPointF((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    return canvas.to_view().map(middle).toPoint()


def test_all_photos_are_shown_without_a_query(desktop):
    assert sorted(names(desktop)) == [
        "blue.png",
        "green.png",
        "purple.png",
        "red-1.png",
        "red-2.png",
        "red-3.png",
    ]
    assert desktop.window.stack.currentWidget() is desktop.presenter.results


def test_a_lost_thumbnail_is_made_when_its_photo_is_shown(
    open_desktop, indexed, tmp_path, qtbot, model_store
):
    root = tmp_path / "library"
    shutil.copytree(indexed, root)
    (root / "thumbnails.sqlite").unlink()
    desktop = open_desktop(root)
    qtbot.waitUntil(lambda: desktop.presenter.model.rowCount() == 6, timeout=DEADLINE_MS)
    ids = [hit.photo.id for hit in desktop.presenter.model.rows]
    thumbnails = desktop.session.thumbnails
    qtbot.waitUntil(lambda: all(thumbnails.get(i) is not None for i in ids), timeout=DEADLINE_MS)
    assert all(desktop.session.library.photos.thumbnail(i) for i in ids), "they are kept"


def test_a_search_finds_the_thing_and_leads_to_a_cutout_with_alpha(
    desktop, search, qtbot, tmp_path
):
    search(desktop, "red")
    model = desktop.presenter.model
    assert sorted(names(desktop)) == ["red-1.png", "red-2.png", "red-3.png"]
    assert {hit.verdict for hit in model.rows} == {Verdict.MATCH}
    assert model.hidden_no == 3

    view = open_first(desktop, qtbot)
    assert desktop.window.stack.currentWidget() is view
    assert [r.id for r in view.selected_regions] == [model.rows[0].region.id]
    assert view.action_bar.isVisible()

    target = tmp_path / "taken.png"
    desktop.window.dialogs.save_path = target
    QTest.keyClick(view.canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(target.exists, timeout=DEADLINE_MS)
    pixels = np.asarray(Image.open(target))
    assert pixels.shape[2] == 4
    opaque = pixels[pixels[..., 3] > 250]
    assert len(opaque) > 300
    assert np.abs(opaque[:, :3].mean(0) - (220, 30, 30)).max() < 25
    qtbot.waitUntil(desktop.window.toast.isVisible, timeout=DEADLINE_MS)
    assert desktop.window.toast.message == photo_text.CUTOUT_SAVED.format(name="taken.png")
    assert desktop.window.toast.button.text() == photo_text.SHOW_IN_FOLDER
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".pickout")] == []


def test_a_click_selects_another_thing_and_shift_adds_it(desktop, search, qtbot):
    search(desktop, "red")
    row = names(desktop).index("red-2.png")
    desktop.presenter.photo.open_row(row)
    view = desktop.presenter.photo.view
    canvas = view.canvas
    qtbot.waitUntil(lambda: len(canvas.regions) == 2, timeout=DEADLINE_MS)
    for region in canvas.regions:
        qtbot.waitUntil(
            lambda region=region: canvas.region_at(QPointF(point_of(canvas, region))) == region.id,
            timeout=DEADLINE_MS,
        )
    matched = view.selected_regions[0]
    other = next(r for r in canvas.regions if r.id != matched.id)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point_of(canvas, other))
    assert [r.id for r in view.selected_regions] == [other.id]
    QTest.mouseClick(
        canvas,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
        point_of(canvas, matched),
    )
    assert [r.id for r in view.selected_regions] == [other.id, matched.id]


def test_copy_puts_a_picture_with_alpha_on_the_clipboard(desktop, search, qtbot):
    QGuiApplication.clipboard().clear()
    search(desktop, "purple")
    view = open_first(desktop, qtbot)
    QTest.keyClick(view.canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull(), timeout=DEADLINE_MS)
    image = QGuiApplication.clipboard().image()
    assert image.hasAlphaChannel()
    middle = image.pixelColor(image.width() // 2, image.height() // 2)
    assert abs(middle.red() - 150) < 25 and abs(middle.blue() - 170) < 25


def test_things_like_this_searches_by_the_selected_thing(desktop, search, qtbot):
    search(desktop, "blue")
    names_before = names(desktop)
    view = open_first(desktop, qtbot)
    shown = view.hit.photo.path.name
    QTest.keyClick(view.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: desktop.presenter.searching.query.like is not None)
    qtbot.waitUntil(
        lambda: names(desktop) and names(desktop)[0] not in (shown, *()), timeout=DEADLINE_MS
    )
    assert names(desktop)[0] in names_before
    assert desktop.window.search_bar.field.text() == ""
    assert desktop.window.stack.currentWidget() is desktop.presenter.results


def test_escape_goes_back_to_the_hits_and_then_to_all_photos(desktop, search, qtbot):
    search(desktop, "red")
    grid = desktop.presenter.results.grid
    view = open_first(desktop, qtbot)
    QTest.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert desktop.window.stack.currentWidget() is desktop.presenter.results
    assert len(names(desktop)) == 3
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(names(desktop)) == 6, timeout=DEADLINE_MS)
    assert desktop.window.search_bar.field.text() == ""


def test_arrows_go_through_the_hits(desktop, search, qtbot):
    search(desktop, "red")
    view = open_first(desktop, qtbot)
    first = view.hit.photo.id
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.hit.photo.id == desktop.presenter.model.rows[1].photo.id
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    assert view.hit.photo.id == first
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    assert view.hit.photo.id == first


def test_the_photos_pixels_replace_the_thumbnail(desktop, search, qtbot):
    search(desktop, "green")
    view = open_first(desktop, qtbot)
    with qtbot.waitSignal(desktop.presenter.photo._reader.pixels_ready, timeout=DEADLINE_MS) as got:
        desktop.presenter.photo._reader.read(view.hit.photo)
    assert got.args[1].images[0].width() == 160


def test_a_query_without_hits_shows_a_message_page(desktop, search):
    search(desktop, "<b>submarine</b>")
    page = desktop.window.message_page
    assert desktop.window.stack.currentWidget() is page
    assert page.title == search_text.NO_HIT.format(query="<b>submarine</b>")
    assert search_text.NO_HIT_BODY in page.body


def test_verified_without_a_model_says_what_to_do_and_costs_no_hits(desktop, search, qtbot):
    search(desktop, "red")
    switch, bar = (
        desktop.window.search_bar.verify_switch,
        desktop.presenter.results.second_look_bar,
    )
    info = desktop.session.library.search.reranker()
    assert not info.available
    switch.verified.click()
    qtbot.waitUntil(bar.isVisible, timeout=DEADLINE_MS)
    assert bar.message == f"{info.problem} {info.hint}".strip()
    assert switch.instant.isChecked() and len(names(desktop)) == 3


def test_hits_judged_no_can_be_shown(desktop, search):
    search(desktop, "red")
    button = desktop.presenter.results.show_no_button
    assert button.isVisible() and button.text() == search_text.SHOW_NO.format(count="3")
    button.click()
    assert len(names(desktop)) == 6
    button.click()
    assert len(names(desktop)) == 3


def test_the_search_is_recorded_as_recent(desktop, search):
    search(desktop, "red")
    search(desktop, "blue")
    assert desktop.window._state.recent_searches == ["blue", "red"]


def test_a_photo_whose_file_is_gone_says_so(
    open_desktop, search, qtbot, tmp_path, model_store, indexed
):
    import shutil

    root, photos = tmp_path / "own", tmp_path / "photos"
    shutil.copytree(model_store, photos)
    desktop = open_desktop(root)
    desktop.presenter.folders.add(photos)
    qtbot.waitUntil(lambda: len(names(desktop)) == 6, timeout=DEADLINE_MS)
    search(desktop, "purple")
    (photos / "purple.png").unlink()
    with qtbot.waitSignal(desktop.presenter.photo._reader.failed, timeout=DEADLINE_MS):
        desktop.presenter.photo.open_row(0)
    canvas = desktop.presenter.photo.view.canvas
    assert canvas.accessibleDescription().startswith(photo_text.UNAVAILABLE_TITLE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_paint_every_page(desktop, search, qtbot, theme, scheme):
    theme.apply(scheme)
    search(desktop, "red")
    pages = [desktop.window.grab()]
    open_first(desktop, qtbot)
    pages.append(desktop.window.grab())
    desktop.presenter.show_problems()
    pages.append(desktop.window.grab())
    theme.apply("dark")
    corner = pages[0].toImage().pixelColor(400, 700)
    assert (corner.lightness() < 128) == (scheme == "dark")
    assert len({page.toImage().cacheKey() for page in pages}) == 3

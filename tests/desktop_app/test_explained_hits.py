"""Hits that explain themselves: matching things, findings, names of things, similar photos."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from desktop_app.item_models.hit_highlight import HitHighlight
from desktop_app.text import photo_text, search_text
from engine.errors import ModelMissing
from engine.query.parser import QueryParser
from engine.records import Finding, RegionId, RegionLabel, SearchHit, Span, Verdict
from tests.desktop_app.conftest import BLUE, DEADLINE_MS, GREEN, RED, opens
from tests.desktop_app.memory_library import MemoryLibrary, synthetic_photo
from tests.fakes.query_vocabulary import SmallVocabulary

PARSER = QueryParser(SmallVocabulary(), today=lambda: date(2024, 10, 9))
TEXT = "ball without tree"


@pytest.fixture
def library(tmp_path) -> MemoryLibrary:
    """Three balls and a shadow in the first photo, which has two similar ones; then another."""
    library = MemoryLibrary(
        tmp_path,
        [
            synthetic_photo(
                "many.jpg",
                [
                    ("ball", (120, 120, 60, RED)),
                    ("ball", (320, 120, 60, GREEN)),
                    ("ball", (520, 120, 60, BLUE)),
                    ("shadow", (320, 380, 60, (60, 60, 60))),
                ],
            ),
            synthetic_photo("alike-1.jpg", [("ball", (130, 120, 60, RED))]),
            synthetic_photo("alike-2.jpg", [("ball", (140, 120, 60, RED))]),
            synthetic_photo("other.jpg", [("ball", (300, 200, 60, RED))]),
        ],
    )
    library.parse = PARSER.parse
    photo, (first, *others, _) = library.photos.get(1), library.photos.regions(1)
    library.hit_changes["many.jpg"] = {
        "region": first,
        "others": tuple(others),
        "similar": (library.photos.get(2), library.photos.get(3)),
        "findings": (
            Finding("ball", Span(0, 4), 0.91, Verdict.MATCH, (first.id,)),
            Finding("without tree", Span(5, 17), 0.88, Verdict.NO),
        ),
        "reason": "ball: outlined, 91 %; without tree: not found.",
        "verdict": Verdict.MATCH,
        "score": 2.0,
    }
    library.hit_changes["other.jpg"] = {"verdict": Verdict.MATCH, "score": 1.0}
    assert photo.path.name == "many.jpg"
    return library


@pytest.fixture
def desktop(open_desktop, library, search):
    desktop = open_desktop(open_library=opens(library))
    search(desktop, TEXT)
    desktop.presenter.results.grid.go_to(0)
    return desktop


@pytest.fixture
def view(desktop, qtbot):
    """The photo view on the first hit."""
    desktop.presenter.photo.open_row(0)
    view = desktop.presenter.photo.view
    qtbot.waitUntil(lambda: len(view.canvas.regions) == 4, timeout=DEADLINE_MS)
    return view


def names(desktop) -> list[str]:
    return [hit.photo.path.name for hit in desktop.presenter.model.rows]


# -- matching things --------------------------------------------------------------------------


def test_keys_step_through_the_matching_things(view, library):
    balls = list(library.photos.regions(1)[:3])
    stepper = view.match_stepper
    assert stepper.isVisible() and stepper.words.text() == "1 of 3 matches"
    for key, at in ((".", 1), (".", 2), (".", 0), (",", 2)):
        QTest.keyClick(view.canvas, key)
        assert view.selected_regions == [balls[at]]
        assert stepper.words.text() == f"{at + 1} of 3 matches"
    stepper.previous_button.click()
    assert view.selected_regions == [balls[1]]
    assert view.action_bar.isVisible(), "what is stepped to can be cut out"


def test_another_selection_is_no_match(view, library):
    view.canvas.select(library.photos.regions(1)[3].id)
    assert view.match_stepper.words.text() == "3 matches"
    view.match_stepper.next_button.click()
    assert view.match_stepper.words.text() == "1 of 3 matches"


def test_a_single_match_needs_no_steps(view, desktop):
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.hit.photo.path.name == "other.jpg" and view.match_stepper.isHidden()
    before = view.selected_regions
    QTest.keyClick(view.canvas, ".")
    assert view.selected_regions == before


def test_a_step_to_a_thing_out_of_sight_brings_it_into_view(view):
    canvas = view.canvas
    canvas.zoom_by(8, canvas.selection_rect().center())
    QTest.keyClick(canvas, ".")
    assert canvas.rect().contains(canvas.selection_rect().center().toPoint())


def test_all_matches_stay_outlined_while_one_is_selected(view, library, qtbot):
    canvas = view.canvas
    first = library.photos.regions(1)[0]
    qtbot.waitUntil(
        lambda: all(view._session.outline(r, canvas.photo) for r in canvas.regions),
        timeout=DEADLINE_MS,
    )
    box = first.box_xyxy
    edge = canvas.to_view().map(QPointF(box.x0, (box.y0 + box.y1) / 2)).toPoint()
    QTest.keyClick(canvas, ".")
    selected = view.selected_regions
    shown = canvas.grab().toImage()
    canvas.set_highlight(HitHighlight())
    without = canvas.grab().toImage()
    assert view.selected_regions == selected and first not in selected
    near = [edge + QPoint(dx, 0) for dx in range(-3, 4)]
    assert any(shown.pixelColor(at).red() > without.pixelColor(at).red() + 40 for at in near)


# -- findings ---------------------------------------------------------------------------------


def test_each_part_has_its_line_in_the_inspector_and_the_reason_is_not_said_twice(desktop):
    inspector = desktop.window.inspector
    assert inspector.findings.isVisible()
    assert inspector.findings.lines == ["ball", "91 %", "without tree", "seen, 88 %"]
    assert inspector._reason.isHidden()
    desktop.presenter.results.grid.go_to(1)
    assert inspector.findings.isHidden() and inspector.findings.lines == []
    assert inspector._reason.text() == "This looks like a ball."


def test_a_row_of_the_grid_tells_its_findings(desktop):
    words = desktop.presenter.model.index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert words == "✓ ball: 91 %; ✗ without tree: seen, 88 %"


# -- names of things --------------------------------------------------------------------------


@pytest.fixture
def labelled(library) -> MemoryLibrary:
    first, second, third, _ = library.photos.regions(1)
    library.labels = {
        first.id: (RegionLabel("ball", 0.62), RegionLabel("apple", 0.2)),
        second.id: (RegionLabel("frisbee", 0.91),),
        third.id: (),
    }
    return library


def tiles(desktop) -> list[tuple[str, bool]]:
    things = desktop.window.inspector.things
    return [(tile.accessibleName(), tile.isChecked()) for tile in things.tiles]


def test_things_are_listed_by_name_and_those_without_are_hidden(labelled, desktop, qtbot):
    things = desktop.window.inspector.things
    named = [("frisbee, 91 %", False), ("ball, 62 %", True)]
    qtbot.waitUntil(lambda: tiles(desktop) == named, timeout=DEADLINE_MS)
    assert things.heading.text() == f"{photo_text.THINGS} · 2"
    assert things.tiles[1].toolTip() == "ball, 62 %\napple, 20 %"
    button = things.show_all_button
    assert button.isVisible() and button.text() == "Show all (4)"
    button.click()
    assert tiles(desktop) == [*named, ("Thing 3", False), ("Thing 4", False)]
    assert things.heading.text() == f"{photo_text.THINGS} · 4"
    assert button.text() == photo_text.SHOW_NAMED_THINGS
    button.click()
    assert tiles(desktop) == named


def test_a_thing_without_a_name_is_listed_once_it_is_selected(labelled, view, desktop, qtbot):
    qtbot.waitUntil(lambda: len(tiles(desktop)) == 2, timeout=DEADLINE_MS)
    shadow = labelled.photos.regions(1)[3]
    view.canvas.select(shadow.id)
    assert tiles(desktop)[2] == ("Thing 3", True)
    view.canvas.select(None)
    assert len(tiles(desktop)) == 3, "nothing jumps"
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    QTest.keyClick(view.canvas, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: len(tiles(desktop)) == 2, timeout=DEADLINE_MS)


def test_a_name_opens_the_photo_at_its_thing(labelled, desktop, qtbot):
    qtbot.waitUntil(lambda: len(tiles(desktop)) == 2, timeout=DEADLINE_MS)
    desktop.window.inspector.things.tiles[0].click()
    photo = desktop.presenter.photo
    second = labelled.photos.regions(1)[1]
    qtbot.waitUntil(lambda: photo.view.selected_regions == [second], timeout=DEADLINE_MS)


def test_without_names_all_things_are_listed(desktop, qtbot):
    things = desktop.window.inspector.things
    qtbot.waitUntil(lambda: len(things.tiles) == 4, timeout=DEADLINE_MS)
    assert things.show_all_button.isHidden() and things.tiles[0].likeliest is None


def test_names_that_cannot_be_had_cost_nothing_else(library, open_desktop, search, qtbot):
    asked = []

    def fail(photo_id) -> dict[RegionId, tuple[RegionLabel, ...]]:
        asked.append(photo_id)
        raise ModelMissing("No model.", operation="naming things")

    library.photos.labels = fail
    desktop = open_desktop(open_library=opens(library))
    search(desktop, TEXT)
    desktop.presenter.results.grid.go_to(0)
    qtbot.waitUntil(lambda: bool(asked) and len(tiles(desktop)) == 4, timeout=DEADLINE_MS)
    assert desktop.window.dialogs.asked == []


# -- similar photos ---------------------------------------------------------------------------


def test_similar_photos_are_offered_shown_and_hidden_in_the_photo_view(view, desktop):
    button = view.similar_button
    assert names(desktop) == ["many.jpg", "other.jpg"]
    assert button.isVisible() and button.text() == "Show 2 similar photos"
    button.click()
    assert names(desktop) == ["many.jpg", "alike-1.jpg", "alike-2.jpg", "other.jpg"]
    assert button.text() == "Hide 2 similar photos" and view.hit.photo.path.name == "many.jpg"
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.hit.photo.path.name == "alike-1.jpg" and button.isVisible()
    button.click()
    assert view.hit.photo.path.name == "many.jpg", "the photo on show is not one that has gone"
    assert names(desktop) == ["many.jpg", "other.jpg"]
    QTest.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.hit.photo.path.name == "other.jpg" and button.isHidden()


def test_a_key_shows_and_hides_them_in_the_grid(desktop):
    grid = desktop.presenter.results.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_S)
    assert names(desktop) == ["many.jpg", "alike-1.jpg", "alike-2.jpg", "other.jpg"]
    QTest.keyClick(grid, Qt.Key.Key_Right)
    inspector = desktop.window.inspector
    assert inspector._verdict.text() == search_text.VERDICT_WORDS[Verdict.UNVERIFIED]
    assert inspector._reason.text() == search_text.SIMILAR_REASON.format(name="many.jpg")
    QTest.keyClick(grid, Qt.Key.Key_S)
    assert names(desktop) == ["many.jpg", "other.jpg"]
    assert grid.currentIndex().data() == "many.jpg"
    grid.go_to(1)
    QTest.keyClick(grid, Qt.Key.Key_S)
    assert names(desktop) == ["many.jpg", "other.jpg"], "this hit has none"


def test_a_click_on_the_badge_shows_and_hides_them(desktop):
    grid, index = desktop.presenter.results.grid, desktop.presenter.model.index(0)
    badge = grid.visualRect(index).topLeft() + QPoint(24, 20)
    beside = grid.visualRect(index).center()
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(grid.viewport(), left, pos=badge)
    assert len(names(desktop)) == 4
    QTest.mouseClick(grid.viewport(), left, pos=beside)
    assert len(names(desktop)) == 4
    QTest.mouseClick(grid.viewport(), left, pos=badge)
    assert len(names(desktop)) == 2


def test_a_badge_counts_them(desktop, qtbot):
    grid = desktop.presenter.results.grid
    index = desktop.presenter.model.index(0)

    def badge():
        cell = grid.visualRect(index)
        return grid.viewport().grab(cell).toImage().copy(8, 8, 40, 30)

    with_badge = badge()
    hit: SearchHit = desktop.presenter.model.rows[0]
    assert hit.similar
    grid.set_overlays_hidden(True)
    assert badge() != with_badge

"""Reranking (the second look) in the window: the switch, the bar, verdicts one by one."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_app.controllers.searching import VERIFY_COUNT
from desktop_app.presenters.second_look_presenter import FLAG, MORE
from desktop_app.text import command_text, formatting, photo_text, search_text
from engine.masks.rle import encode
from engine.records import UNSTORED, BoxXyxy, Region, RerankerInfo, SearchHit, Verdict
from tests.desktop_app.conftest import DEADLINE_MS, opens
from tests.desktop_app.memory_library import MemoryLibrary, synthetic_photo

PHOTOS = 60
MISSING = RerankerInfo(problem="No model that sees is installed.", hint="Get one first.")


@pytest.fixture
def searched(open_desktop, sixty_photos, search):
    """The window with all sixty hits of a search without reranking."""
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "red ball")
    return desktop


def switch(desktop):
    return desktop.window.search_bar.verify_switch


def bar(desktop):
    return desktop.presenter.results.second_look_bar


def names(desktop) -> list[str]:
    return [hit.photo.path.stem for hit in desktop.presenter.model.rows]


def set_verdict(library: MemoryLibrary, name: str, verdict: Verdict, probability: float) -> None:
    """Set what the reranker answers for a photo."""
    photo = next(p for p in library._photos.values() if p.path.name == name)
    region = library.photos.regions(photo.id)[0]
    library.rerank_results[name] = SearchHit(photo, 0.5, region, verdict, probability, "Seen.")


def reranked(desktop) -> int:
    result = desktop.presenter.searching.result
    return result.looked_at if result is not None else 0


def verify(desktop, sixty_photos, qtbot, count: int = VERIFY_COUNT) -> None:
    """Choose Verified and let so many hits be reranked."""
    switch(desktop).verified.click()
    sixty_photos.rerank_permits.release(count)
    qtbot.waitUntil(
        lambda: (
            reranked(desktop) == count
            and (count < VERIFY_COUNT or desktop.presenter.searching.result.complete)
        ),
        timeout=DEADLINE_MS,
    )


def go_to_row(desktop, row: int) -> str:
    """Make a row current; returns the name of its photo."""
    desktop.presenter.results.grid.go_to(row)
    return names(desktop)[row]


def current_name(desktop) -> str:
    return desktop.presenter.results.grid.currentIndex().data()


# -- the switch --------------------------------------------------------------------------------


def test_hits_are_not_reranked_by_default(searched, sixty_photos):
    assert switch(searched).instant.isChecked() and not bar(searched).isVisible()
    assert [request.verify for request in sixty_photos.requests] == [0]


def test_verified_repeats_the_query_at_once_and_instant_does_again(searched, sixty_photos, qtbot):
    verify(searched, sixty_photos, qtbot)
    assert [(r.text, r.verify) for r in sixty_photos.requests] == [
        ("red ball", 0),
        ("red ball", VERIFY_COUNT),
    ]
    assert [hit.looked_at for hit in searched.presenter.model.rows].count(True) == VERIFY_COUNT
    switch(searched).instant.click()
    qtbot.waitUntil(lambda: not bar(searched).isVisible(), timeout=DEADLINE_MS)
    qtbot.waitUntil(
        lambda: not any(hit.looked_at for hit in searched.presenter.model.rows),
        timeout=DEADLINE_MS,
    )
    assert sixty_photos.requests[-1].verify == 0


def test_the_switch_names_the_reranker_and_its_device(searched, sixty_photos, qtbot):
    button = searched.window.search_bar.verify_switch.verified
    qtbot.waitUntil(lambda: "Tiny VLM 2B" in button.toolTip(), timeout=DEADLINE_MS)
    assert "processor, 2 threads" in button.toolTip()


def test_the_shortcut_works_inside_the_search_field(searched, sixty_photos, qtbot):
    field = searched.window.search_bar.field
    field.setFocus()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(field, Qt.Key.Key_V, both)
    assert switch(searched).verified.isChecked()
    qtbot.waitUntil(lambda: sixty_photos.requests[-1].verify == VERIFY_COUNT, timeout=DEADLINE_MS)
    QTest.keyClick(field, Qt.Key.Key_V, both)
    assert switch(searched).instant.isChecked()
    qtbot.waitUntil(lambda: sixty_photos.requests[-1].verify == 0, timeout=DEADLINE_MS)
    keys = [keys for keys, _ in command_text.shortcuts(command_text.SEARCH)]
    assert {"Ctrl+Shift+V", "Ctrl+Shift+M"} <= set(keys)


def test_arrow_keys_move_the_switch(searched, sixty_photos, qtbot):
    switch(searched).instant.setFocus()
    QTest.keyClick(switch(searched).instant, Qt.Key.Key_Right)
    assert switch(searched).verified.isChecked() and switch(searched).verified.hasFocus()
    qtbot.waitUntil(lambda: sixty_photos.requests[-1].verify == VERIFY_COUNT, timeout=DEADLINE_MS)


def test_the_position_of_the_switch_is_stored(
    searched, open_desktop, tmp_path, sixty_photos, qtbot
):
    verify(searched, sixty_photos, qtbot)
    searched.window.close()
    other = MemoryLibrary(tmp_path, [synthetic_photo("a.jpg", [("dog", (50, 50, 20, (9, 9, 9)))])])
    again = open_desktop(open_library=opens(other))
    assert switch(again).verified.isChecked()
    again.window.search_bar.submitted.emit("dog")
    qtbot.waitUntil(lambda: bool(other.requests), timeout=DEADLINE_MS)
    assert other.requests[0].verify == VERIFY_COUNT


def test_without_a_model_the_reason_is_shown_and_the_switch_moves_back(
    searched, sixty_photos, qtbot
):
    sixty_photos.reranker_info = MISSING
    switch(searched).verified.click()
    qtbot.waitUntil(bar(searched).isVisible, timeout=DEADLINE_MS)
    assert bar(searched).message == "No model that sees is installed. Get one first."
    flags = bar(searched)._words.textInteractionFlags()
    assert flags & Qt.TextInteractionFlag.TextSelectableByMouse
    assert switch(searched).instant.isChecked() and switch(searched).verified.isEnabled()
    assert bar(searched).models_button.isVisible() and "pickout-cli" not in bar(searched).message
    assert len(sixty_photos.requests) == 1
    assert not searched.window._state.flag(FLAG, False)


def test_in_the_photo_view_the_reason_is_shown_as_a_toast(searched, sixty_photos, qtbot):
    sixty_photos.reranker_info = MISSING
    searched.presenter.photo.open_row(0)
    switch(searched).verified.click()
    qtbot.waitUntil(searched.window.toast.isVisible, timeout=DEADLINE_MS)
    assert MISSING.problem in searched.window.toast.message


def test_a_model_that_went_missing_costs_no_hits(open_desktop, sixty_photos, search):
    desktop = open_desktop(open_library=opens(sixty_photos))
    desktop.window._state.set_flag(FLAG, True)
    sixty_photos.reranker_info = MISSING
    desktop.presenter.searching.verify = VERIFY_COUNT
    search(desktop, "red ball")
    assert bar(desktop).isVisible() and MISSING.problem in bar(desktop).message
    assert desktop.presenter.model.rowCount() == PHOTOS
    assert not desktop.presenter.results.result_note_bar.isVisible(), "nothing is said twice"


def test_a_search_by_region_is_not_reranked_and_says_so(searched, sixty_photos, qtbot):
    verify(searched, sixty_photos, qtbot)
    searched.presenter.photo.find_similar.emit(searched.presenter.model.rows[0])
    qtbot.waitUntil(
        lambda: bar(searched).message == search_text.ONLY_WORDS_VERIFIED, timeout=DEADLINE_MS
    )


# -- while reranking runs ---------------------------------------------------------------------


def test_the_band_counts_and_its_button_stops_and_keeps_the_hits(searched, sixty_photos, qtbot):
    verify(searched, sixty_photos, qtbot, count=3)
    shown = bar(searched)
    assert shown.message == search_text.LOOKING.format(
        title="Tiny VLM 2B", done=3, total=VERIFY_COUNT
    )
    assert shown.stop_button.isVisible() and not shown.more_button.isVisible()
    assert searched.window.search_bar._busy.isVisible()
    shown.stop_button.setFocus()
    shown.stop_button.click()
    assert shown.message == search_text.STOPPED.format(done=3, hits=formatting.count(PHOTOS, "hit"))
    assert not searched.window.search_bar._busy.isVisible()
    model = searched.presenter.model
    assert model.rowCount() == PHOTOS
    assert [hit.looked_at for hit in model.rows] == 3 * [True] + (PHOTOS - 3) * [False]
    assert not any(model.is_waiting(hit) for hit in model.rows)
    assert shown.more_button.hasFocus(), "the keyboard does not lose its place"
    sixty_photos.rerank_permits.release(20)
    shown.more_button.click()
    qtbot.waitUntil(lambda: reranked(searched) == 3 + MORE, timeout=DEADLINE_MS)


def test_the_note_while_the_model_is_loaded_is_shown(searched, sixty_photos, qtbot):
    switch(searched).verified.click()
    qtbot.waitUntil(
        lambda: bar(searched).message == "Tiny VLM 2B is getting ready.", timeout=DEADLINE_MS
    )


def test_no_hit_is_called_unlike_while_reranking_runs(open_desktop, sixty_photos, search, qtbot):
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "submarine")
    shown = desktop.presenter.results.result_note_bar
    assert "Nothing here looks like" in shown.message
    verify(desktop, sixty_photos, qtbot, count=2)
    assert shown.message == ""
    sixty_photos.rerank_permits.release(VERIFY_COUNT)
    qtbot.waitUntil(lambda: desktop.presenter.searching.result.complete, timeout=DEADLINE_MS)


def test_hits_that_are_still_to_be_reranked_are_marked(searched, sixty_photos, qtbot):
    verify(searched, sixty_photos, qtbot, count=2)
    model = searched.presenter.model
    waiting = [hit.photo.path.stem for hit in model.rows if model.is_waiting(hit)]
    assert waiting == [f"{n:03d}" for n in range(2, VERIFY_COUNT)]
    words = model.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words == f"002.jpg, Match, {search_text.NOT_CHECKED_YET}"
    searched.presenter.results.grid.go_to(0)
    assert searched.window.inspector._reranking_label.text() == "Looked at by Tiny VLM 2B"
    searched.presenter.results.grid.go_to(2)
    assert searched.window.inspector._reranking_label.text() == search_text.NOT_CHECKED_YET


def test_a_row_moves_only_by_its_own_verdict(searched, sixty_photos, qtbot):
    set_verdict(sixty_photos, "000.jpg", Verdict.UNSURE, 0.4)
    set_verdict(sixty_photos, "001.jpg", Verdict.NO, 0.1)
    set_verdict(sixty_photos, "002.jpg", Verdict.MATCH, 0.99)
    before = names(searched)
    for count, own in ((1, "000"), (2, "001"), (3, "002")):
        if count == 1:
            verify(searched, sixty_photos, qtbot, count=1)
        else:
            sixty_photos.rerank_permits.release()
            qtbot.waitUntil(lambda n=count: reranked(searched) == n, timeout=DEADLINE_MS)
        after = names(searched)
        assert [n for n in before if n != own] == [n for n in after if n != own]
        before = after
    assert before[0] == "002" and before[-1] == "000" and "001" not in before


def test_the_current_photo_stays_current_and_in_place_while_others_move(
    searched, sixty_photos, qtbot
):
    grid = searched.presenter.results.grid
    name = go_to_row(searched, 31)
    grid.scrollTo(grid.currentIndex(), grid.ScrollHint.PositionAtCenter)
    place = grid.visualRect(grid.currentIndex())
    for n in range(VERIFY_COUNT):
        set_verdict(sixty_photos, f"{n:03d}.jpg", Verdict.NO, 0.1)
    resets = []
    searched.presenter.model.modelReset.connect(lambda: resets.append(True))
    verify(searched, sixty_photos, qtbot)
    assert names(searched).index(name) == 31 - VERIFY_COUNT
    assert current_name(searched) == f"{name}.jpg"
    assert grid.selectionModel().isSelected(grid.currentIndex())
    assert abs(grid.visualRect(grid.currentIndex()).top() - place.top()) <= 1
    assert resets == []


def test_the_current_photo_stays_current_when_it_moves_to_the_top(searched, sixty_photos, qtbot):
    grid = searched.presenter.results.grid
    name = go_to_row(searched, 7)
    set_verdict(sixty_photos, f"{name}.jpg", Verdict.MATCH, 0.99)
    verify(searched, sixty_photos, qtbot)
    assert names(searched)[0] == name and current_name(searched) == f"{name}.jpg"
    assert grid.viewport().rect().contains(grid.visualRect(grid.currentIndex()).center())


def test_the_current_photo_is_not_hidden_when_it_is_judged_no(searched, sixty_photos, qtbot):
    name = go_to_row(searched, 3)
    set_verdict(sixty_photos, f"{name}.jpg", Verdict.NO, 0.1)
    verify(searched, sixty_photos, qtbot)
    assert names(searched)[-1] == name and current_name(searched) == f"{name}.jpg"
    grid = searched.presenter.results.grid
    assert grid.viewport().rect().intersects(grid.visualRect(grid.currentIndex()))


def test_after_scrolling_the_visible_photos_stay_in_place(searched, sixty_photos, qtbot):
    grid = searched.presenter.results.grid
    grid.verticalScrollBar().setValue(3 * grid.geometry_px.pitch_px)
    first = grid.indexAt(QPoint(100, 100))
    name, top = names(searched)[first.row()], grid.visualRect(first).top()
    assert first.row() >= VERIFY_COUNT and top >= 0
    for n in range(4):
        set_verdict(sixty_photos, f"{n:03d}.jpg", Verdict.NO, 0.1)
    verify(searched, sixty_photos, qtbot)
    index = searched.presenter.model.index(names(searched).index(name), 0)
    assert abs(grid.visualRect(index).top() - top) <= 1


def test_the_photo_view_shows_a_new_verdict_of_its_photo(searched, sixty_photos, qtbot):
    photo = searched.presenter.photo
    photo.open_row(2)
    set_verdict(sixty_photos, "002.jpg", Verdict.UNSURE, 0.4)
    verify(searched, sixty_photos, qtbot)
    assert photo.is_open and photo.view.hit.photo.path.name == "002.jpg"
    assert photo.view.hit.verdict is Verdict.UNSURE
    assert searched.window.inspector._verdict.text() == "Unsure · 40 % likely"
    assert photo.view.row == names(searched).index("002")


def test_the_search_can_be_repeated_while_reranking_runs(searched, sixty_photos, qtbot):
    verify(searched, sixty_photos, qtbot, count=2)
    new = sixty_photos.put(
        synthetic_photo("new.jpg", [("red ball", (60, 60, 30, (210, 40, 40)))], (200, 150))
    )
    news = searched.presenter.results.changes_bar
    qtbot.waitUntil(news.isVisible, timeout=DEADLINE_MS)
    news.button.click()
    qtbot.waitUntil(lambda: searched.presenter.model.row_of(new) >= 0, timeout=DEADLINE_MS)
    assert sixty_photos.requests[-1].verify == VERIFY_COUNT


# -- a region without a stored outline --------------------------------------------------------


@pytest.fixture
def unstored_region(searched, sixty_photos, qtbot) -> Region:
    """A region that the reranker outlined in the third photo; the photo is current and reranked."""
    mask = np.zeros((150, 200), bool)
    mask[100:140, 20:60] = True
    photo = next(p for p in sixty_photos._photos.values() if p.path.name == "002.jpg")
    region = Region(UNSTORED, photo.id, BoxXyxy(20, 100, 60, 140), encode(mask), 0.5)
    sixty_photos.rerank_results["002.jpg"] = SearchHit(
        photo, 0.5, region, Verdict.MATCH, 0.95, "Seen."
    )
    searched.presenter.results.grid.go_to(2)
    verify(searched, sixty_photos, qtbot)
    return region


def tiles(desktop) -> list[tuple[int, bool]]:
    """Ids of the regions in the inspector, and whether they are checked."""
    return [(tile.region.id, tile.isChecked()) for tile in desktop.window.inspector.things.tiles]


def test_an_unstored_region_is_listed_and_selected(searched, unstored_region, sixty_photos, qtbot):
    stored = sixty_photos.photos.regions(unstored_region.photo_id)[0].id
    both = [(UNSTORED, True), (stored, False)]
    assert current_name(searched) == "002.jpg"
    qtbot.waitUntil(lambda: tiles(searched) == both, timeout=DEADLINE_MS)
    assert searched.window.inspector._outline_note.text() == search_text.OUTLINED_FOR_HIT
    searched.window.inspector.things.tiles[0].click()
    photo = searched.presenter.photo
    qtbot.waitUntil(
        lambda: photo.is_open and len(photo.view.canvas.regions) == 2, timeout=DEADLINE_MS
    )
    assert photo.view.selected_regions == [unstored_region] and tiles(searched) == both
    assert photo.view.action_bar.isVisible()


@pytest.mark.parametrize("large", [False, True])
def test_an_unstored_region_can_be_cut_out_but_not_searched_for(
    searched, unstored_region, sixty_photos, tmp_path, qtbot, large
):
    photo, commands = searched.presenter.photo, searched.window.commands
    if large:
        photo.open_row(searched.presenter.model.row_of(unstored_region.photo_id))
        qtbot.waitUntil(lambda: len(photo.view.canvas.regions) == 2, timeout=DEADLINE_MS)
        photo.view.action_bar.find_similar.emit()
    else:
        commands["find_similar"].trigger()
    assert searched.window.toast.message == photo_text.CANNOT_COMPARE
    assert all(request.like_region is None for request in sixty_photos.requests)
    searched.window.dialogs.save_path = tmp_path / "cut-out.png"
    commands["save_cutout"].trigger()
    qtbot.waitUntil((tmp_path / "cut-out.png").exists, timeout=DEADLINE_MS)
    assert sixty_photos.exported[-1].hits[0].region == unstored_region
    commands["copy_cutout"].trigger()
    qtbot.waitUntil(
        lambda: searched.window.toast.message == photo_text.CUTOUT_COPIED, timeout=DEADLINE_MS
    )


# -- more hits --------------------------------------------------------------------------------


def test_more_hits_can_be_reranked_until_there_are_none(searched, sixty_photos, qtbot):
    shown = bar(searched)
    verify(searched, sixty_photos, qtbot)
    assert shown.message == search_text.LOOKED.format(
        done=VERIFY_COUNT, hits=formatting.count(PHOTOS, "hit")
    )
    for total in (28, 48, 60):
        left = min(MORE, PHOTOS - reranked(searched))
        assert shown.more_button.isVisible()
        assert shown.more_button.accessibleName() == search_text.RERANK_MORE.format(count=left)
        sixty_photos.rerank_permits.release(left)
        shown.more_button.click()
        assert sixty_photos.requests[-1].verify == total
        qtbot.waitUntil(
            lambda n=total: (
                reranked(searched) == n and searched.presenter.searching.result.complete
            ),
            timeout=DEADLINE_MS,
        )
    assert not shown.more_button.isVisible()
    assert shown.message == search_text.LOOKED_AT_ALL.format(hits=formatting.count(PHOTOS, "hit"))


def test_more_hits_keep_selection_and_place_and_all_earlier_verdicts(searched, sixty_photos, qtbot):
    set_verdict(sixty_photos, "000.jpg", Verdict.UNSURE, 0.4)
    verify(searched, sixty_photos, qtbot)
    grid = searched.presenter.results.grid
    name = go_to_row(searched, 30)
    before, offset = names(searched), grid.verticalOffset()
    updates = []
    searched.presenter.searching.updated.connect(
        lambda query, result: updates.append((result.looked_at, names(searched)))
    )
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(grid, Qt.Key.Key_M, both)
    sixty_photos.rerank_permits.release()
    qtbot.waitUntil(lambda: reranked(searched) == VERIFY_COUNT + 1, timeout=DEADLINE_MS)
    assert min(done for done, _ in updates) >= VERIFY_COUNT
    assert all(shown == before for done, shown in updates if done == VERIFY_COUNT)
    assert current_name(searched) == f"{name}.jpg" and grid.verticalOffset() == offset

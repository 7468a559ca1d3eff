"""The parts of a query as chips: editing, taking out, the keyboard, when they are hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_app.item_models.query_parts import query_parts
from desktop_app.text import search_text
from desktop_app.views.widgets.flow_layout import FlowLayout
from desktop_app.views.widgets.query_chips import QueryChips
from engine.query.parser import QueryParser
from tests.desktop_app.conftest import DEADLINE_MS, delete, opens
from tests.fakes.query_vocabulary import SmallVocabulary

PARSER = QueryParser(SmallVocabulary(), today=lambda: date(2024, 10, 9))
TEXT = "red ball and a tree on the beach without people"


@pytest.fixture
def desktop(open_desktop, memory):
    memory.parse = PARSER.parse
    return open_desktop(open_library=opens(memory))


@pytest.fixture
def searched(desktop, search):
    search(desktop, TEXT)
    return desktop


def chips(desktop) -> list:
    return desktop.window.search_bar.query_chips.chips


def texts(desktop) -> list[str]:
    return [chip.part.text for chip in chips(desktop)]


def field(desktop):
    return desktop.window.search_bar.field


def test_every_part_is_a_chip_in_the_order_of_the_text(searched):
    assert texts(searched) == ["red ball", "tree", "beach", "without people"]
    assert searched.window.search_bar.query_chips.isVisible()
    looks = [chip.property("look") for chip in chips(searched)]
    assert looks == ["thing", "thing", "scene", "excluded"]
    assert all(chip.isVisible() and chip.accessibleName() for chip in chips(searched))
    assert search_text.PART_EXCLUDED in chips(searched)[3].accessibleDescription()


def test_what_was_not_understood_says_so(desktop, search):
    search(desktop, "zibble wobble ball")
    chip = chips(desktop)[0]
    assert chip.part.text == "zibble wobble" and chip.property("look") == "plain"
    assert chip.toolTip() == search_text.PART_KINDS["plain"]


def test_a_plain_word_looks_as_before(desktop, search):
    search(desktop, "red ball")
    assert chips(desktop) == [] and desktop.window.search_bar.query_chips.isHidden()


@pytest.mark.parametrize("how", ["button", "Delete", "Backspace"])
def test_a_part_that_is_taken_out_is_searched_without(searched, memory, qtbot, how):
    chip = chips(searched)[1]
    if how == "button":
        QTest.mouseClick(chip.remove_button, Qt.MouseButton.LeftButton)
    else:
        chip.setFocus()
        QTest.keyClick(chip, Qt.Key.Key_Delete if how == "Delete" else Qt.Key.Key_Backspace)
    left = "red ball on the beach without people"
    assert field(searched).text() == left
    qtbot.waitUntil(lambda: memory.requests[-1].text == left, timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: len(chips(searched)) == 3, timeout=DEADLINE_MS)
    assert texts(searched) == ["red ball", "beach", "without people"]
    if how != "button":
        assert chips(searched)[1].hasFocus(), "the keyboard stays in the row"


def test_taking_out_the_last_chips_by_keyboard_ends_in_the_field(desktop, search, memory, qtbot):
    search(desktop, "tree without people")
    chips(desktop)[1].setFocus()
    QTest.keyClick(chips(desktop)[1], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not chips(desktop), timeout=DEADLINE_MS)
    assert field(desktop).text() == "tree" and field(desktop).hasFocus()


def test_taking_out_the_only_part_shows_all_photos(desktop, search, memory, qtbot):
    search(desktop, "without people")
    chips(desktop)[0].setFocus()
    QTest.keyClick(chips(desktop)[0], Qt.Key.Key_Delete)
    assert field(desktop).text() == "" and field(desktop).hasFocus()
    qtbot.waitUntil(lambda: desktop.presenter.model.browsing, timeout=DEADLINE_MS)
    assert desktop.window.search_bar.query_chips.isHidden()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_F2, Qt.Key.Key_Space, None])
def test_a_chip_selects_its_words_in_the_field(searched, memory, key):
    chip = chips(searched)[1]
    chip.setFocus()
    if key is None:
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(12, chip.height() // 2))
    else:
        QTest.keyClick(chip, key)
    assert field(searched).hasFocus() and field(searched).selectedText() == "a tree"
    assert len(memory.requests) == 1, "nothing is searched for until it is edited"


def test_emoji_before_a_part_do_not_shift_the_selection(desktop, search):
    search(desktop, "🐱 and a red ball")
    QTest.keyClick(chips(desktop)[1], Qt.Key.Key_Return)
    assert field(desktop).selectedText() == "a red ball"


def test_spaces_that_were_typed_do_not_shift_the_selection(desktop, search):
    search(desktop, "  red  ball   and  tree ")
    QTest.keyClick(chips(desktop)[1], Qt.Key.Key_Return)
    assert field(desktop).selectedText() == "tree"


def test_a_corrected_text_takes_the_place_of_the_typed_one(desktop, search, memory, qtbot):
    memory.parse = lambda text: PARSER.parse(text.replace("trea", "tree"))
    search(desktop, "trea and ball")
    QTest.keyClick(chips(desktop)[0], Qt.Key.Key_Return)
    assert field(desktop).text() == "tree and ball" and field(desktop).selectedText() == "tree"
    QTest.keyClick(chips(desktop)[1], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: memory.requests[-1].text == "tree", timeout=DEADLINE_MS)


def test_arrow_keys_home_and_end_move_between_chips(searched):
    row = chips(searched)
    row[0].setFocus()
    for key, at in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_End, 3),
        (Qt.Key.Key_Right, 3),
        (Qt.Key.Key_Left, 2),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Left, 0),
    ):
        QTest.keyClick(searched.window.focusWidget(), key)
        assert row[at].hasFocus()


def test_tab_goes_from_the_field_to_the_first_chip(searched):
    field(searched).setFocus()
    QTest.keyClick(field(searched), Qt.Key.Key_Tab)
    assert chips(searched)[0].hasFocus()


def test_while_another_text_is_typed_chips_do_nothing(searched, memory):
    field(searched).setText("something else")
    QTest.keyClick(chips(searched)[0], Qt.Key.Key_Delete)
    QTest.keyClick(chips(searched)[0], Qt.Key.Key_Return)
    assert field(searched).text() == "something else" and field(searched).selectedText() == ""
    assert len(memory.requests) == 1


def test_chips_are_not_made_anew_by_further_results_of_the_same_text(searched):
    before = chips(searched)
    searching = searched.presenter.searching
    searching.publish(replace(searching.result))
    assert chips(searched) == before


def test_a_search_by_example_has_no_chips(searched, qtbot):
    searched.presenter.photo.find_similar.emit(searched.presenter.model.rows[0])
    assert searched.window.search_bar.query_chips.isHidden() and not chips(searched)


def test_clearing_the_search_takes_the_chips_away(searched):
    searched.presenter.searching.clear()
    assert searched.window.search_bar.query_chips.isHidden()


def test_chips_wrap_where_the_row_is_full(theme, qtbot):
    text = "two dogs, a cat, a ball, a tree, a car and a red umbrella on the beach without people"
    row = QueryChips(theme)
    row.show_parts(query_parts(PARSER.parse(text)))
    layout = row.layout()
    assert isinstance(layout, FlowLayout)
    assert layout.heightForWidth(500) > 1.8 * layout.heightForWidth(2000)
    row.resize(500, layout.heightForWidth(500))
    row.show()
    layout.activate()
    shown = [chip.geometry() for chip in row.chips]
    assert all(row.rect().contains(rect) for rect in shown)
    assert not any(a.intersects(b) for a in shown for b in shown if a is not b)
    delete(row)


def test_a_very_long_part_is_elided_and_keeps_its_text(theme):
    row = QueryChips(theme)
    plan = PARSER.parse("zibble " * 40 + "and dog")
    row.show_parts(query_parts(plan))
    chip = row.chips[0]
    assert chip.sizeHint().width() < 400
    assert chip.part.text in chip.toolTip() and chip.accessibleName() == chip.part.text
    delete(row)

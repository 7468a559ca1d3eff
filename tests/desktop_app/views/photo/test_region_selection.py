"""Selecting regions, and what new regions and highlights do to a selection."""

from __future__ import annotations

import pytest

from desktop_app.item_models.hit_highlight import HitHighlight
from desktop_app.views.photo.region_selection import RegionSelection
from engine.records import UNSTORED, BoxXyxy, PhotoId, Region, RegionId


def region(number: int) -> Region:
    return Region(RegionId(number), PhotoId(1), BoxXyxy(0, 0, 10, 10), b"", 0.9)


FIRST, SECOND, THIRD = region(1), region(2), region(3)
OWN = region(UNSTORED)


@pytest.fixture
def selection() -> RegionSelection:
    """Three stored regions, the second one highlighted."""
    selection = RegionSelection(HitHighlight(SECOND))
    selection.set_stored([FIRST, SECOND, THIRD])
    return selection


def test_the_highlighted_region_is_selected_before_the_stored_ones_are_read():
    selection = RegionSelection(HitHighlight(SECOND))
    assert selection.regions == (SECOND,)
    assert selection.selected == [SECOND]


def test_selecting_replaces_and_adding_toggles(selection):
    assert selection.select(FIRST.id)
    assert not selection.select(FIRST.id)
    assert selection.select(THIRD.id, add=True)
    assert selection.selected == [FIRST, THIRD]
    assert selection.select(FIRST.id, add=True)
    assert selection.selected == [THIRD]
    assert not selection.select(None, add=True)
    assert selection.select(None)
    assert selection.selected == []


def test_a_new_highlight_is_selected_unless_the_selection_was_changed(selection):
    assert selection.set_highlight(HitHighlight(THIRD))
    assert selection.selected == [THIRD]
    selection.select(FIRST.id)
    assert not selection.set_highlight(HitHighlight(SECOND))
    assert selection.selected == [FIRST]


def test_an_unstored_region_comes_first_and_goes_with_its_highlight(selection):
    selection.set_highlight(HitHighlight(OWN))
    assert selection.regions == (OWN, FIRST, SECOND, THIRD)
    assert selection.selected == [OWN]
    selection.set_highlight(HitHighlight(FIRST))
    assert selection.regions == (FIRST, SECOND, THIRD)
    assert selection.selected == [FIRST]


def test_a_selected_region_that_is_no_longer_stored_stays(selection):
    selection.select(THIRD.id)
    selection.set_stored([FIRST])
    assert selection.regions == (FIRST, THIRD)
    assert selection.selected == [THIRD]


def test_neighbours_end_after_the_last_region(selection):
    selection.select(None)
    assert selection.neighbour(1) == FIRST.id
    selection.select(THIRD.id)
    assert selection.neighbour(1) is None
    assert selection.neighbour(-1) == SECOND.id


def test_steps_go_through_the_matches_and_around():
    selection = RegionSelection(HitHighlight(SECOND, others=(THIRD, FIRST, SECOND)))
    selection.set_stored([FIRST, SECOND, THIRD])
    assert selection.matching == (SECOND, THIRD, FIRST) and selection.match_at == 0
    seen = []
    for step in (1, 1, 1, -1):
        assert selection.step_match(step)
        seen.append((selection.selected, selection.match_at))
    assert seen == [([THIRD], 1), ([FIRST], 2), ([SECOND], 0), ([FIRST], 2)]
    assert selection.unselected_matches == [SECOND, THIRD]


def test_steps_begin_at_the_best_match_after_another_selection():
    selection = RegionSelection(HitHighlight(SECOND, others=(THIRD,)))
    selection.set_stored([FIRST, SECOND, THIRD])
    selection.select(FIRST.id)
    assert selection.match_at is None and selection.unselected_matches == [SECOND, THIRD]
    selection.step_match(1)
    assert selection.selected == [SECOND]
    selection.select(None)
    selection.step_match(-1)
    assert selection.selected == [THIRD]


def test_matches_can_be_selected_before_the_stored_regions_are_read():
    selection = RegionSelection(HitHighlight(SECOND, others=(THIRD,)))
    selection.step_match(1)
    assert selection.selected == [THIRD]


def test_a_match_of_several_parts_is_one_step():
    union = region(1)
    highlight = HitHighlight(union, parts=(FIRST.id, SECOND.id), others=(THIRD,))
    selection = RegionSelection(highlight)
    selection.set_stored([FIRST, SECOND, THIRD])
    assert selection.match_at == 0 and selection.unselected_matches == [THIRD]
    selection.step_match(1)
    assert selection.selected == [THIRD] and selection.unselected_matches == [union]
    selection.step_match(1)
    assert selection.selected == [FIRST, SECOND]


def test_without_matches_steps_change_nothing():
    selection = RegionSelection()
    selection.set_stored([FIRST])
    assert not selection.step_match(1) and selection.selected == []

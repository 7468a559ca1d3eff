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

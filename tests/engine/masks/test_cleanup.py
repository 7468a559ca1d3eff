"""Tidying masks: tables of small drawings."""

import numpy as np
import pytest

from engine.masks.cleanup import distinct, tidy_mask, without_slivers


def drawn(text: str) -> np.ndarray:
    return np.array([[c == "#" for c in line] for line in text.split()])


CASES = {
    "nothing": ("....\n....", "....\n...."),
    "one piece": ("##..\n##..", "##..\n##.."),
    "touching at a corner is one piece": ("##..\n..##", "##..\n..##"),
    "large second piece stays": ("###..##\n###..##", "###..##\n###..##"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_tidy_stays(name):
    before, after = (drawn(text) for text in CASES[name])
    np.testing.assert_array_equal(tidy_mask(before), after)


def test_specks_go_and_small_holes_are_filled_but_large_ones_and_bays_stay():
    mask = np.zeros((60, 60), bool)
    mask[10:50, 10:50] = True
    mask[2:4, 2:4] = True  # a speck
    mask[20:24, 20:24] = False  # 16 px of 1,600: under 3 %
    mask[30:40, 30:40] = False  # 100 px: a real hole
    mask[10:13, 30:33] = False  # a bay at the rim
    tidy = tidy_mask(mask)
    assert not tidy[2:4, 2:4].any()
    assert tidy[20:24, 20:24].all()
    assert not tidy[30:40, 30:40].any()
    assert not tidy[10:13, 30:33].any()


def test_a_corner_of_background_is_no_hole():
    mask = np.ones((100, 100), bool)
    mask[:5, :5] = False
    assert not tidy_mask(mask)[:5, :5].any()


def test_distinct_keeps_the_better_of_two_near_copies_and_stops_at_most():
    masks = np.zeros((4, 10, 10), bool)
    masks[0, :5] = True
    masks[1, :5] = True
    masks[1, 5, :2] = True
    masks[2, 6:] = True
    assert distinct(masks, np.array([0.5, 0.9, 0.7, 0.8]), 0.6, most=5) == [1, 2]
    assert distinct(masks, np.array([0.5, 0.9, 0.7, 0.8]), 0.6, most=1) == [1]


def test_threads_go_and_bodies_stay():
    mask = np.zeros((120, 120), bool)
    mask[20:100, 20:80] = True
    mask[60, 80:115] = True
    bare = without_slivers(mask)
    assert not bare[60, 85:].any()
    assert bare[30:90, 30:70].all()


def test_a_mask_that_is_nothing_but_thread_stays():
    mask = np.zeros((300, 300), bool)
    mask[::3, :100] = True
    np.testing.assert_array_equal(without_slivers(mask), mask)

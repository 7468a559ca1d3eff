"""Post-processing of masks, with small masks drawn as text."""

import numpy as np
import pytest

from engine.masks.cleanup import non_maximum_suppression, remove_slivers, tidy_mask


def mask_of(text: str) -> np.ndarray:
    return np.array([[c == "#" for c in line] for line in text.split()])


CASES = {
    "nothing": ("....\n....", "....\n...."),
    "one piece": ("##..\n##..", "##..\n##.."),
    "touching at a corner is one piece": ("##..\n..##", "##..\n..##"),
    "large second piece stays": ("###..##\n###..##", "###..##\n###..##"),
}


@pytest.mark.parametrize("name", CASES)
def test_tidy_masks_are_unchanged(name):
    before, after = (mask_of(text) for text in CASES[name])
    np.testing.assert_array_equal(tidy_mask(before), after)


def test_specks_and_small_holes_go_and_large_holes_and_bays_stay():
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


def test_background_in_a_corner_is_no_hole():
    mask = np.ones((100, 100), bool)
    mask[:5, :5] = False
    assert not tidy_mask(mask)[:5, :5].any()


def test_the_better_of_two_near_duplicates_is_kept_up_to_most_masks():
    masks = np.zeros((4, 10, 10), bool)
    masks[0, :5] = True
    masks[1, :5] = True
    masks[1, 5, :2] = True
    masks[2, 6:] = True
    assert non_maximum_suppression(masks, np.array([0.5, 0.9, 0.7, 0.8]), 0.6, most=5) == [1, 2]
    assert non_maximum_suppression(masks, np.array([0.5, 0.9, 0.7, 0.8]), 0.6, most=1) == [1]


def test_slivers_are_removed_and_bodies_kept():
    mask = np.zeros((120, 120), bool)
    mask[20:100, 20:80] = True
    mask[60, 80:115] = True
    cleaned = remove_slivers(mask)
    assert not cleaned[60, 85:].any()
    assert cleaned[30:90, 30:70].all()


def test_a_mask_of_slivers_only_is_unchanged():
    mask = np.zeros((300, 300), bool)
    mask[::3, :100] = True
    np.testing.assert_array_equal(remove_slivers(mask), mask)

"""Which stored masks a box means."""

from dataclasses import replace

import numpy as np

from engine.masks import rle as rle_codec
from engine.masks.geometry import mask_box
from engine.records import BoxXyxy, PhotoId, Region, RegionId
from engine.reranking.box_match import match_box

SIZE_WH = (200, 100)
"""Of the masks; the photo is ten times as large."""
PHOTO_WH = (2000, 1000)


def region(number: int, mask: np.ndarray, score: float = 0.8) -> Region:
    box = mask_box(mask).scaled(10, 10)
    return Region(RegionId(number), PhotoId(1), box, rle_codec.encode(mask), score)


def filled(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros((SIZE_WH[1], SIZE_WH[0]), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def match(box: BoxXyxy, *regions: Region, scores=None):
    scores = np.zeros(len(regions), np.float32) if scores is None else np.float32(scores)
    return match_box(box, PHOTO_WH, regions, scores)


def test_the_mask_under_the_box_is_matched() -> None:
    things = [region(1, filled(10, 10, 60, 60)), region(2, filled(100, 20, 180, 90))]
    found = match(BoxXyxy(980, 220, 1790, 880), *things)
    assert found.regions == (1,) and found.overlap > 0.9


def test_of_two_masks_the_one_within_the_box_is_matched() -> None:
    around = filled(0, 0, 200, 100)
    around[30:70, 50:150] = False
    around[:, 160:] = False
    around[:, :40] = False
    around[:28], around[72:] = False, False
    inside = filled(52, 32, 148, 68)
    found = match(BoxXyxy(500, 300, 1500, 700), region(1, around), region(2, inside))
    assert found.regions == (1,)


def test_the_query_decides_between_masks_that_fit_alike() -> None:
    ring = filled(50, 30, 150, 70)
    ring[40:60, 70:130] = False
    things = [region(1, filled(50, 30, 150, 70)), region(2, ring)]
    box = BoxXyxy(500, 300, 1500, 700)
    assert match(box, *things, scores=[0.1, 0.9]).regions == (1,)
    assert match(box, *things, scores=[0.9, 0.1]).regions == (0,)


def test_parts_that_fill_the_box_together_are_joined() -> None:
    parts = [region(1, filled(50, 30, 95, 70)), region(2, filled(105, 30, 150, 70))]
    far = region(3, filled(5, 5, 20, 20))
    found = match(BoxXyxy(500, 300, 1500, 700), *parts, far)
    assert found.regions == (0, 1) and found.overlap == 1.0


def test_a_whole_is_preferred_to_its_parts() -> None:
    whole = region(1, filled(50, 30, 150, 70))
    parts = [region(2, filled(50, 30, 95, 70)), region(3, filled(105, 30, 150, 70))]
    assert match(BoxXyxy(510, 310, 1500, 700), *parts, whole).regions == (2,)


def test_three_parts_are_joined_and_what_adds_nothing_is_left_out() -> None:
    parts = [region(n, filled(x, 30, x + 33, 70)) for n, x in enumerate((50, 83, 117))]
    detail = region(4, filled(60, 40, 70, 50))
    found = match(BoxXyxy(500, 300, 1500, 700), detail, *parts)
    assert found.regions == (1, 2, 3) and found.overlap == 1.0


def test_parts_that_reach_far_out_of_the_box_are_not_joined() -> None:
    parts = [region(1, filled(50, 30, 95, 70)), region(2, filled(105, 30, 190, 70))]
    assert match(BoxXyxy(500, 300, 1500, 700), *parts).regions == (0,)


def test_scattered_masks_that_span_the_box_are_not_joined() -> None:
    whole = region(1, filled(55, 32, 145, 68))
    bits = [region(2, filled(50, 30, 54, 34)), region(3, filled(146, 66, 150, 70))]
    assert match(BoxXyxy(500, 300, 1500, 700), whole, *bits).regions == (0,)


def test_of_two_masks_with_the_same_box_the_fuller_one_is_matched() -> None:
    frame = filled(50, 30, 150, 70)
    frame[34:66, 54:146] = False
    things = [region(1, frame), region(2, filled(50, 30, 150, 70))]
    assert match(BoxXyxy(500, 300, 1500, 700), *things).regions == (1,)


def test_the_proposer_s_confidence_outweighs_a_slightly_better_box() -> None:
    things = [region(1, filled(50, 30, 150, 70), 0.3), region(2, filled(52, 31, 148, 69), 0.6)]
    assert match(BoxXyxy(500, 300, 1500, 700), *things).regions == (1,)


def test_a_mask_within_the_box_must_be_near_a_third_of_it() -> None:
    box = BoxXyxy(500, 300, 1500, 700)
    assert match(box, region(1, filled(60, 35, 110, 65))).regions == (0,)
    small = match(box, region(1, filled(60, 40, 100, 60)))
    assert small.regions == () and small.overlap == 0.2


def test_confidence_alone_does_not_make_a_match() -> None:
    sure = region(1, filled(60, 40, 100, 60), 1.0)
    assert match(BoxXyxy(500, 300, 1500, 700), sure, scores=[0.9]).regions == ()


def test_neither_order_nor_an_empty_mask_matters() -> None:
    things = [region(n, filled(x, 30, x + 33, 70)) for n, x in enumerate((50, 83, 117))]
    empty = replace(things[0], id=RegionId(9), rle=rle_codec.encode(filled(0, 0, 0, 0)))
    box = BoxXyxy(500, 300, 1500, 700)
    assert match(box, empty, *things).regions == (1, 2, 3)
    assert match(box, *things[::-1]).regions == (0, 1, 2)
    assert match(box, empty).regions == ()


def test_without_a_fitting_mask_nothing_is_matched() -> None:
    found = match(BoxXyxy(0, 0, 100, 100), region(1, filled(100, 20, 180, 90)))
    assert found.regions == () and found.overlap == 0.0
    assert match(BoxXyxy(0, 0, 100, 100)).regions == ()
    assert match(BoxXyxy(5, 5, 5, 9), region(1, filled(0, 0, 20, 20))).regions == ()

"""Which stored masks a box means."""

import numpy as np

from engine.masks import rle as rle_codec
from engine.masks.geometry import mask_box
from engine.records import BoxXyxy, PhotoId, Region, RegionId
from engine.second_look.box_match import match_box

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


def test_the_mask_under_the_box_is_meant() -> None:
    things = [region(1, filled(10, 10, 60, 60)), region(2, filled(100, 20, 180, 90))]
    found = match(BoxXyxy(980, 220, 1790, 880), *things)
    assert found.regions == (1,) and found.overlap > 0.9


def test_of_two_with_the_same_box_the_one_within_it_is_meant() -> None:
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


def test_parts_that_fill_the_box_together_are_meant_together() -> None:
    parts = [region(1, filled(50, 30, 95, 70)), region(2, filled(105, 30, 150, 70))]
    far = region(3, filled(5, 5, 20, 20))
    found = match(BoxXyxy(500, 300, 1500, 700), *parts, far)
    assert found.regions == (0, 1) and found.overlap == 1.0


def test_a_whole_is_preferred_to_its_parts() -> None:
    whole = region(1, filled(50, 30, 150, 70))
    parts = [region(2, filled(50, 30, 95, 70)), region(3, filled(105, 30, 150, 70))]
    assert match(BoxXyxy(510, 310, 1500, 700), *parts, whole).regions == (2,)


def test_where_nothing_fits_nothing_is_meant() -> None:
    found = match(BoxXyxy(0, 0, 100, 100), region(1, filled(100, 20, 180, 90)))
    assert found.regions == () and found.overlap == 0.0
    assert match(BoxXyxy(0, 0, 100, 100)).regions == ()
    assert match(BoxXyxy(5, 5, 5, 9), region(1, filled(0, 0, 20, 20))).regions == ()

"""Regions are known again by their place."""

from __future__ import annotations

import numpy as np

from engine.masks import rle as rle_codec
from engine.masks.outline_match import match_outlines
from engine.records import Rle


def disc(x: float, y: float, radius: float, size_hw: tuple[int, int] = (80, 100)) -> Rle:
    """A disc in a photo of 1 by 0.8; the mask may be of any size."""
    rows, columns = np.mgrid[: size_hw[0], : size_hw[1]] / size_hw[1]
    return rle_codec.encode((rows - y) ** 2 + (columns - x) ** 2 < radius**2)


def test_the_region_with_the_largest_overlap_is_found_at_any_size() -> None:
    regions = [disc(0.2, 0.2, 0.1, (400, 500)), disc(0.7, 0.4, 0.2, (400, 500))]
    assert match_outlines([disc(0.71, 0.4, 0.19), disc(0.2, 0.21, 0.1)], regions) == {0: 1, 1: 0}


def test_what_is_somewhere_else_is_not_matched() -> None:
    assert match_outlines([disc(0.3, 0.4, 0.1)], [disc(0.45, 0.4, 0.1)]) == {}
    assert match_outlines([], [disc(0.3, 0.4, 0.1)]) == match_outlines([disc(0.3, 0.4, 0.1)], [])


def test_no_region_is_given_twice() -> None:
    near, nearer = disc(0.3, 0.4, 0.12), disc(0.3, 0.4, 0.1)
    assert match_outlines([near, nearer], [disc(0.3, 0.4, 0.101)]) == {1: 0}

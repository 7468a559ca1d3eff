"""Which regions are different things."""

from __future__ import annotations

import numpy as np

from engine.fusion.distinct_regions import distinct_regions
from engine.masks.geometry import box_overlaps


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32)


LEFT, RIGHT = (0.0, 0.2, 0.4, 0.9), (0.5, 0.2, 0.9, 0.9)


def test_two_things_side_by_side_are_two() -> None:
    assert distinct_regions(np.array([0.7, 0.9]), boxes(LEFT, RIGHT), 0.5) == [1, 0]


def test_a_twin_and_a_part_are_the_same_thing() -> None:
    twin, part = (0.01, 0.2, 0.41, 0.9), (0.1, 0.3, 0.2, 0.4)
    found = distinct_regions(np.array([0.9, 0.8, 0.7]), boxes(LEFT, twin, part), 0.5)
    assert found == [0]


def test_the_region_of_a_pair_is_not_a_third_thing() -> None:
    pair = (0.0, 0.2, 0.9, 0.9)
    found = distinct_regions(np.array([0.95, 0.9, 0.8]), boxes(pair, LEFT, RIGHT), 0.5)
    assert found == [1, 2]


def test_unlikely_regions_are_left_out() -> None:
    assert distinct_regions(np.array([0.4, 0.6]), boxes(LEFT, RIGHT), 0.5) == [1]
    assert distinct_regions(np.zeros(0), np.zeros((0, 4), np.float32), 0.5) == []


def test_overlaps_are_of_areas() -> None:
    iou, within = box_overlaps(boxes((0, 0, 1, 1), (0, 0, 0.5, 1)))
    assert iou[0, 1] == 0.5 and within[1, 0] == 1.0 and within[0, 1] == 0.5

"""Outlines follow the mask's edge at any picture size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.masks import rle as rle_codec
from engine.masks.outline import outline_polygons


def filled(polygons, size_wh) -> np.ndarray:
    """The mask inside the polygons, by the odd-even rule."""
    canvas = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    cv2.fillPoly(canvas, [np.round(polygon).astype(np.int32) for polygon in polygons], 1)
    return canvas.astype(bool)


def iou(mask: np.ndarray, other: np.ndarray) -> float:
    return float((mask & other).sum() / (mask | other).sum())


@pytest.mark.parametrize("centre", [(30, 40), (200, 150), (396, 296), (2, 2)])
@pytest.mark.parametrize("radius", [12, 60])
def test_the_outline_encloses_the_mask_wherever_it_lies(centre, radius):
    rows, columns = np.mgrid[0:300, 0:400]
    mask = (columns - centre[0]) ** 2 + (rows - centre[1]) ** 2 < radius**2
    polygons = outline_polygons(rle_codec.encode(mask), (1600, 1200))
    large = cv2.resize(mask.astype(np.uint8), (1600, 1200), interpolation=cv2.INTER_NEAREST)
    assert iou(filled(polygons, (1600, 1200)), large.astype(bool)) > 0.9


def test_holes_are_outlined_too():
    mask = np.zeros((200, 200), bool)
    mask[20:180, 20:180] = True
    mask[80:120, 80:120] = False
    polygons = outline_polygons(rle_codec.encode(mask), (200, 200))
    assert len(polygons) == 2
    assert not filled(polygons, (200, 200))[100, 100]


def test_points_stay_within_the_picture():
    mask = np.ones((50, 80), bool)
    polygons = outline_polygons(rle_codec.encode(mask), (800, 500))
    points = np.concatenate(polygons)
    assert points.min() >= 0 and (points <= (800, 500)).all()


def test_an_empty_mask_has_no_outline():
    assert outline_polygons(rle_codec.encode(np.zeros((9, 9), bool)), (90, 90)) == []

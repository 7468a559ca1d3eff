"""Boxes on their way to a model's picture and back."""

import math

import numpy as np
import pytest

from engine.records import BoxXyxy
from engine.reranking.letterbox import SIDES_PX, Convention, Letterbox

SHAPES = {
    "square": lambda rng: (int(rng.integers(200, 4000)),) * 2,
    "wide": lambda rng: (int(rng.integers(2000, 12000)), int(rng.integers(200, 900))),
    "tall": lambda rng: (int(rng.integers(200, 900)), int(rng.integers(2000, 12000))),
    "tiny": lambda rng: (int(rng.integers(1, 40)), int(rng.integers(1, 40))),
    "huge": lambda rng: (int(rng.integers(8000, 30000)), int(rng.integers(8000, 30000))),
}


def overlap(a: BoxXyxy, b: BoxXyxy) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (a.area + b.area - shared)


def some_box(rng: np.random.Generator, size_wh: tuple[int, int]) -> BoxXyxy:
    x0, x1 = sorted(rng.uniform(0, size_wh[0], 2))
    y0, y1 = sorted(rng.uniform(0, size_wh[1], 2))
    return BoxXyxy(x0, y0, x1 + 1e-3, y1 + 1e-3)


@pytest.mark.parametrize("convention", Convention)
@pytest.mark.parametrize("shape", SHAPES)
def test_mapping_a_box_to_the_model_and_back_gives_the_same_box(
    shape: str, convention: Convention
) -> None:
    rng = np.random.default_rng(len(shape))
    for _ in range(60):
        size_wh = SHAPES[shape](rng)
        frame = Letterbox(size_wh, int(rng.choice(SIDES_PX)))
        box = some_box(rng, size_wh)
        there = frame.to_model(box, convention)
        limit = frame.side_px if convention is Convention.PIXELS else 1000
        assert min(there.as_tuple()) >= 0 and max(there.as_tuple()) <= limit + 0.01
        back = frame.to_photo(there.as_tuple(), convention)
        assert overlap(back, box) >= 0.98


@pytest.mark.parametrize("shape", SHAPES)
def test_the_picture_shows_things_where_the_mapping_puts_them(shape: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(6):
        width, height = SHAPES[shape](rng)
        shrink = max(1, max(width, height) // 1500)  # as decoded for the model; huge ones are
        decoded = np.zeros((max(1, height // shrink), max(1, width // shrink), 3), np.uint8)
        high, wide = decoded.shape[:2]
        x0, y0 = wide // 4, high // 4
        x1, y1 = max(x0 + 1, wide * 3 // 4), max(y0 + 1, high * 3 // 4)
        decoded[y0:y1, x0:x1] = 255
        frame = Letterbox((width, height))
        lit = frame.picture(decoded)[..., 0] > 127
        x, y, inner_wide, inner_high = frame.inner
        assert frame.picture(decoded).shape == (448, 448, 3)
        rows, columns = np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))
        box = BoxXyxy(x0 / wide * width, y0 / high * height, x1 / wide * width, y1 / high * height)
        there = frame.to_model(box, Convention.PIXELS)
        drawn_box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        softness = 0.1 * inner_wide / wide  # an enlarged edge lies between two pixels
        np.testing.assert_allclose(there.as_tuple(), drawn_box, atol=1.01 + softness)
        assert x <= drawn_box[0] and drawn_box[2] <= x + inner_wide
        assert y <= drawn_box[1] and drawn_box[3] <= y + inner_high


def test_rounding_to_whole_numbers_keeps_the_box() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        frame = Letterbox((int(rng.integers(600, 6000)), int(rng.integers(600, 6000))), 896)
        width, height = frame.photo_size_wh
        box = BoxXyxy(width * 0.1, height * 0.2, width * 0.8, height * 0.9)
        for convention in Convention:
            rounded = tuple(round(side) for side in frame.to_model(box, convention).as_tuple())
            assert overlap(frame.to_photo(rounded, convention), box) >= 0.98


def test_swapped_corners_are_sorted_and_boxes_are_clipped() -> None:
    frame = Letterbox((448, 224))
    assert frame.to_photo((300, 250, 100, 150), Convention.PIXELS).as_tuple() == (
        100, 38, 300, 138,
    )  # fmt: skip
    assert frame.to_photo((-50, -50, 9999, 9999), Convention.PIXELS).as_tuple() == (
        0, 0, 448, 224,
    )  # fmt: skip


@pytest.mark.parametrize(
    "corners",
    [
        (math.nan, 0, 10, 10),
        (0, 0, math.inf, 10),
        (100, 150, 100, 250),
        (10, 5, 200, 60),  # in the border above the photo
    ],
)
def test_boxes_without_an_area_in_the_photo_are_none(corners) -> None:
    assert Letterbox((448, 224)).to_photo(corners, Convention.PIXELS) is None

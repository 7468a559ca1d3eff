"""Colours of things, from pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.starter.colours.colour_vectors import (
    COLOURS,
    colour_values,
    colour_vectors,
)

MASK = np.zeros((120, 160), bool)
MASK[20:100, 30:130] = True


def photo(thing_rgb, around_rgb=(128, 128, 128)) -> np.ndarray:
    """A shaded, slightly noisy box on a plain ground, with something white beside it."""
    rng = np.random.default_rng(0)
    rgb = np.empty((*MASK.shape, 3), np.float32)
    rgb[:] = around_rgb
    rgb[:, :18] = 240
    shading = np.linspace(0.8, 1.05, MASK.shape[1])[:, None]
    rgb = np.where(MASK[..., None], np.float32(thing_rgb) * shading, rgb)
    return (rgb + rng.normal(0, 4, rgb.shape)).clip(0, 255).astype(np.uint8)


def first(rgb: np.ndarray, mask: np.ndarray = MASK) -> str:
    return COLOURS[int(colour_vectors(rgb, [mask])[0].argmax())]


def value(rgb: np.ndarray, colour: str, mask: np.ndarray = MASK) -> float:
    return float(colour_values(rgb, [mask])[0, COLOURS.index(colour)])


@pytest.mark.parametrize(
    ("rgb", "colour"),
    [
        *(((200, 20, 25), "red"), ((110, 10, 15), "red"), ((230, 60, 50), "red")),
        *(((245, 130, 20), "orange"), ((235, 110, 30), "orange")),
        *(((250, 215, 30), "yellow"), ((220, 190, 60), "yellow")),
        *(((40, 140, 50), "green"), ((25, 70, 30), "green"), ((120, 200, 80), "green")),
        *(((30, 70, 190), "blue"), ((25, 35, 80), "blue"), ((110, 170, 220), "blue")),
        *(((120, 40, 140), "purple"), ((170, 130, 200), "purple")),
        *(((245, 130, 170), "pink"), ((250, 195, 205), "pink")),
        *(((110, 65, 35), "brown"), ((70, 45, 25), "brown"), ((165, 120, 80), "brown")),
        *(((20, 20, 22), "black"), ((45, 44, 46), "black")),
        *(((125, 125, 125), "grey"), ((108, 110, 114), "grey")),
        *(((245, 245, 245), "white"), ((225, 224, 220), "white")),
    ],
)
def test_a_plain_colour_has_its_name(rgb: tuple[int, int, int], colour: str):
    assert first(photo(rgb)) == colour


@pytest.mark.parametrize("light", [(1.0, 0.88, 0.7), (0.8, 0.92, 1.0)], ids=["warm", "bluish"])
def test_white_is_white_under_coloured_light(light: tuple[float, float, float]):
    rgb = (photo((235, 235, 235), (140, 140, 140)) * np.float32(light)).astype(np.uint8)
    assert first(rgb) == "white"


def test_shadow_and_highlight_do_not_outweigh_the_paint():
    rgb = photo((200, 20, 25))
    rgb[20:55, 30:130] = 25
    rgb[90:100, 30:130] = 250
    assert first(rgb) == "red"


def test_each_colour_of_a_thing_counts():
    rgb = photo((240, 240, 240))
    rgb[20:60, 30:130] = (200, 20, 25)
    both = colour_values(rgb, [MASK])[0]
    assert {COLOURS[row] for row in np.argsort(both)[-2:]} == {"red", "white"}


def test_a_stripe_counts_less_than_the_whole_thing_and_more_than_nothing():
    striped = photo((240, 240, 240))
    striped[20:40, 30:130] = (200, 20, 25)
    stripe, whole = value(striped, "red"), value(photo((200, 20, 25)), "red")
    assert 0.3 < stripe < whole
    assert value(photo((240, 240, 240)), "red") < 0.1


def test_a_thin_thing_is_not_the_colour_behind_it():
    rgb = np.full((120, 160, 3), (30, 70, 190), np.uint8)
    mask = np.zeros((120, 160), np.uint8)
    cv2.line(mask, (5, 10), (150, 110), 1, 3)
    rgb[mask > 0] = (200, 20, 25)
    assert first(rgb, mask > 0) == "red"


def test_a_bright_colour_outside_the_mask_does_not_spill():
    assert first(photo((20, 20, 22), (250, 215, 30))) == "black"


def test_masks_of_any_size():
    rgb = photo((200, 20, 25))
    one = np.zeros_like(MASK)
    one[60, 60] = True
    corner = np.zeros_like(MASK)
    corner[20:22, 30:32] = True
    found = colour_vectors(rgb, [one, corner, np.ones_like(MASK), np.zeros_like(MASK), MASK])
    assert found.shape == (5, len(COLOURS)) and found.dtype == np.float32
    assert np.isfinite(found).all() and np.abs(found).max() <= 1
    assert [COLOURS[int(row.argmax())] for row in found[[0, 1, 4]]] == ["red"] * 3
    assert not found[3].any()
    assert colour_vectors(rgb, []).shape == (0, len(COLOURS))


def test_the_colours_of_a_thing_do_not_depend_on_other_masks():
    rgb = photo((200, 20, 25))
    other = np.zeros_like(MASK)
    other[:10] = True
    np.testing.assert_array_equal(
        colour_vectors(rgb, [MASK])[0], colour_vectors(rgb, [other, MASK])[1]
    )


def test_black_photos_are_no_error():
    dark = np.zeros((40, 50, 3), np.uint8)
    assert first(dark, np.ones((40, 50), bool)) == "black"

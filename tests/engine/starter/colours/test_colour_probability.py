"""Probabilities of colours from colour vectors."""

from __future__ import annotations

import numpy as np

from engine.starter.colours.colour_probability import colour_probabilities
from engine.starter.colours.colour_vectors import COLOURS, colour_vectors


def painted(*colours: tuple[int, int, int]) -> np.ndarray:
    """Colour vectors of things of one colour each, side by side in one photo on grey."""
    rgb = np.full((40, 40 * len(colours), 3), 128, np.uint8)
    masks = []
    for i, colour in enumerate(colours):
        mask = np.zeros(rgb.shape[:2], bool)
        mask[10:30, 40 * i + 10 : 40 * i + 30] = True
        rgb[mask] = colour
        masks.append(mask)
    return colour_vectors(rgb, masks)


def asked(**weights: float) -> np.ndarray:
    return np.array([weights.get(name, 0.0) for name in COLOURS], np.float32)


RED, GREEN, BLUE = (200, 30, 30), (40, 160, 50), (40, 70, 200)


def test_a_red_thing_is_red_and_a_green_one_is_not() -> None:
    red, green, blue = colour_probabilities(painted(RED, GREEN, BLUE), asked(red=1.0))
    assert red > 0.9 and green < 0.1 and blue < 0.1


def test_a_thing_of_two_colours_must_have_both() -> None:
    both = colour_probabilities(painted(RED, GREEN), asked(red=0.5, green=0.5))
    assert (both < 0.1).all()


def test_a_colour_that_must_not_be_there() -> None:
    red, green = colour_probabilities(painted(RED, GREEN), asked(red=-1.0))
    assert red < 0.1 and green > 0.9


def test_without_a_colour_every_thing_will_do() -> None:
    assert colour_probabilities(painted(RED, BLUE), asked()).tolist() == [1.0, 1.0]

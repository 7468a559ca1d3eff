"""Places in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fusion.places import place_probabilities
from engine.records import Place

BOXES = np.array(
    [
        (0.0, 0.0, 0.2, 0.2),  # small, at the upper left
        (0.4, 0.4, 0.6, 0.6),  # small, in the middle
        (0.5, 0.3, 1.0, 1.0),  # large, at the lower right
    ],
    np.float32,
)
AREAS = np.array([0.03, 0.04, 0.3], np.float32)
SURE = np.ones(3)


@pytest.mark.parametrize(
    ("place", "best"),
    [
        (Place.LEFT, 0),
        (Place.TOP, 0),
        (Place.CORNER, 0),
        (Place.MIDDLE, 1),
        (Place.RIGHT, 2),
        (Place.BOTTOM, 2),
        (Place.FOREGROUND, 2),
        (Place.LARGE, 2),
        (Place.LARGEST, 2),
        (Place.SMALL, 0),
        (Place.SMALLEST, 0),
        (Place.BACKGROUND, 0),
    ],
)
def test_the_region_at_the_place_fits_it(place: Place, best: int) -> None:
    found = place_probabilities(place, BOXES, AREAS, SURE)
    assert found.argmax() == best and found[best] > 0.5
    assert ((found >= 0) & (found <= 1)).all()


def test_what_is_on_the_other_side_does_not_fit() -> None:
    found = place_probabilities(Place.LEFT, BOXES, AREAS, SURE)
    assert found[2] < 0.01


def test_the_largest_is_meant_among_what_is_likely_to_be_the_thing() -> None:
    found = place_probabilities(Place.LARGEST, BOXES, AREAS, np.array([0.9, 0.8, 0.1]))
    assert found.argmax() == 1


def test_no_regions_give_no_numbers() -> None:
    nothing = np.zeros(0)
    assert place_probabilities(Place.LARGEST, np.zeros((0, 4)), nothing, nothing).shape == (0,)

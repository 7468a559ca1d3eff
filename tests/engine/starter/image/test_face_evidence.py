"""Values for "there is a person", from faces in drawn masks."""

import numpy as np
import pytest

from engine.starter.image.face_detector import Faces
from engine.starter.image.face_evidence import region_face_values, whole_face_value

HW = (400, 300)


def faces(*boxes: tuple[float, float, float, float], probability: float = 0.9) -> Faces:
    return Faces(
        np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), probability, np.float32)
    )


def mask(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    drawn = np.zeros(HW, bool)
    drawn[y0:y1, x0:x1] = True
    return drawn


FACE = (140, 60, 170, 100)
PERSON = mask(110, 40, 200, 240)


def test_a_person_with_a_face_has_its_probability():
    assert region_face_values(faces(FACE), [PERSON]) == pytest.approx([0.9])


def test_a_region_without_a_face_has_zero():
    beside, below = mask(200, 40, 290, 240), mask(110, 110, 200, 300)
    values = region_face_values(faces(FACE), [beside, below, PERSON])
    assert values[0] == values[1] == 0 < values[2]
    assert (region_face_values(faces(), [PERSON, below]) == 0).all()
    assert region_face_values(faces(FACE), []).shape == (0,)


def test_a_face_shaped_hole_is_no_face():
    """The wall behind somebody."""
    wall = ~PERSON
    assert region_face_values(faces(FACE), [wall]) == [0]


@pytest.mark.parametrize(
    "other",
    [
        mask(138, 58, 172, 102),  # the face alone
        mask(0, 0, 300, 400),  # the whole photo
        mask(110, 0, 200, 110),  # what hangs above, down to the chin
    ],
)
def test_a_part_a_crowd_and_a_thing_above_have_less_than_the_person(other):
    part, person = region_face_values(faces(FACE), [other, PERSON])
    assert 0 < part < 0.7 * person


def test_the_surest_face_counts():
    both = Faces(np.array([FACE, FACE], np.float32), np.array([0.7, 0.95], np.float32))
    assert region_face_values(both, [PERSON]) == pytest.approx([0.95])


def test_a_large_face_says_more_of_the_photo_than_a_small_one():
    small, large = faces((10, 10, 30, 34)), faces((50, 50, 150, 180))
    assert whole_face_value(faces(), HW) == 0
    assert 0 < whole_face_value(small, HW) < whole_face_value(large, HW) == pytest.approx(0.9)
    halved = faces((25, 25, 75, 90))
    assert whole_face_value(large, HW) == pytest.approx(whole_face_value(halved, (200, 150)))

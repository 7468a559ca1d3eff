"""Relations of boxes in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fusion.relations import between_probabilities, relation_probabilities
from engine.records import Relation

TABLE = (0.2, 0.5, 0.8, 0.9)
CUP_ON_TABLE = (0.4, 0.4, 0.5, 0.55)
DOG_UNDER_TABLE = (0.4, 0.75, 0.6, 0.95)
LAMP_ABOVE = (0.4, 0.05, 0.6, 0.25)
CHAIR_LEFT = (0.0, 0.5, 0.15, 0.9)
CHAIR_RIGHT = (0.85, 0.5, 1.0, 0.9)
HAT, MAN = (0.42, 0.1, 0.55, 0.2), (0.35, 0.1, 0.65, 0.9)
BALL_IN_HAND = (0.63, 0.4, 0.72, 0.5)


def probability(relation: Relation, subject: tuple, thing: tuple) -> float:
    return float(relation_probabilities(relation, np.array([subject]), np.array([thing]))[0, 0])


@pytest.mark.parametrize(
    ("relation", "subject", "thing"),
    [
        (Relation.LEFT_OF, CHAIR_LEFT, TABLE),
        (Relation.RIGHT_OF, CHAIR_RIGHT, TABLE),
        (Relation.ABOVE, LAMP_ABOVE, TABLE),
        (Relation.BELOW, TABLE, LAMP_ABOVE),
        (Relation.ON, CUP_ON_TABLE, TABLE),
        (Relation.UNDER, TABLE, CUP_ON_TABLE),
        (Relation.NEXT_TO, CHAIR_LEFT, TABLE),
        (Relation.INSIDE, HAT, MAN),
        (Relation.WEARING, MAN, HAT),
        (Relation.HOLDING, MAN, BALL_IN_HAND),
        (Relation.RIDING, CUP_ON_TABLE, TABLE),
        (Relation.IN_FRONT_OF, DOG_UNDER_TABLE, TABLE),
        (Relation.BEHIND, TABLE, DOG_UNDER_TABLE),
    ],
)
def test_what_stands_so_fits(relation: Relation, subject: tuple, thing: tuple) -> None:
    assert probability(relation, subject, thing) > 0.5


@pytest.mark.parametrize(
    ("relation", "subject", "thing"),
    [
        (Relation.LEFT_OF, CHAIR_RIGHT, TABLE),
        (Relation.LEFT_OF, LAMP_ABOVE, TABLE),
        (Relation.ABOVE, CHAIR_LEFT, CHAIR_RIGHT),
        (Relation.ON, LAMP_ABOVE, TABLE),
        (Relation.ON, TABLE, CUP_ON_TABLE),
        (Relation.NEXT_TO, CHAIR_LEFT, CHAIR_RIGHT),
        (Relation.NEXT_TO, HAT, MAN),
        (Relation.INSIDE, MAN, HAT),
        (Relation.WEARING, HAT, MAN),
        (Relation.HOLDING, BALL_IN_HAND, MAN),
        (Relation.IN_FRONT_OF, CHAIR_LEFT, CHAIR_RIGHT),
    ],
)
def test_what_stands_otherwise_does_not(relation: Relation, subject: tuple, thing: tuple) -> None:
    assert probability(relation, subject, thing) < 0.3


def test_every_pair_has_its_probability() -> None:
    found = relation_probabilities(
        Relation.LEFT_OF, np.array([CHAIR_LEFT, TABLE]), np.array([TABLE, CHAIR_RIGHT, LAMP_ABOVE])
    )
    assert found.shape == (2, 3)
    assert found[0, 1] > 0.5 and found[1, 1] > 0.5


def test_between_two_chairs() -> None:
    found = between_probabilities(
        np.array([TABLE, LAMP_ABOVE]), np.array([CHAIR_LEFT]), np.array([CHAIR_RIGHT, LAMP_ABOVE])
    )
    assert found.shape == (2, 1, 2)
    assert found[0, 0, 0] > 0.9 and found[1, 0, 0] < 0.3

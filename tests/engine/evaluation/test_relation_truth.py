"""What true masks say of relations, on rectangles."""

from __future__ import annotations

import pytest

from engine.evaluation.relation_truth import (
    Answer,
    PhotoThings,
    RelationKind,
    answer,
    shows_largest,
    tally,
)
from tests.fakes.made_rankings import photo, region, thing

DOG, BALL = 1, 2
LEFT, RIGHT = (10, 30, 50, 70), (120, 30, 160, 70)
HIGH, LOW = (60, 0, 100, 30), (65, 60, 105, 95)
TINY = (120, 50, 124, 54)


def _answer(kind, *things):
    second = None if kind in (RelationKind.TWO, RelationKind.LARGEST) else BALL
    return answer(kind, PhotoThings(photo(*things)), DOG, second)


@pytest.mark.parametrize(
    ("kind", "dog", "ball", "right"),
    [
        (RelationKind.LEFT_OF, LEFT, RIGHT, Answer.RIGHT),
        (RelationKind.LEFT_OF, RIGHT, LEFT, Answer.WRONG),
        (RelationKind.LEFT_OF, (10, 30, 50, 70), (30, 30, 70, 70), Answer.EITHER),
        # To the left, but rather above.
        (RelationKind.LEFT_OF, (10, 0, 30, 10), (40, 80, 60, 100), Answer.EITHER),
        (RelationKind.LEFT_OF, LEFT, TINY, Answer.EITHER),
        (RelationKind.ABOVE, HIGH, LOW, Answer.RIGHT),
        (RelationKind.ABOVE, LOW, HIGH, Answer.WRONG),
        (RelationKind.ABOVE, LEFT, RIGHT, Answer.WRONG),
        (RelationKind.ABOVE, (10, 20, 50, 60), RIGHT, Answer.EITHER),
        (RelationKind.NEXT_TO, LEFT, (55, 30, 95, 70), Answer.RIGHT),
        (RelationKind.NEXT_TO, LEFT, (75, 30, 115, 70), Answer.EITHER),
        (RelationKind.NEXT_TO, LEFT, RIGHT, Answer.WRONG),
        # Within the other one.
        (RelationKind.NEXT_TO, (20, 40, 40, 60), LEFT, Answer.EITHER),
    ],
)
def test_two_things(kind, dog, ball, right):
    assert _answer(kind, thing(DOG, dog), thing(BALL, ball)) is right


def test_any_two_of_several_things_will_do():
    dogs = [thing(DOG, RIGHT), thing(DOG, LEFT)]
    assert _answer(RelationKind.LEFT_OF, *dogs, thing(BALL, (60, 30, 100, 70))) is Answer.RIGHT


def test_one_of_the_things_is_missing():
    for kind in (RelationKind.LEFT_OF, RelationKind.ABOVE, RelationKind.NEXT_TO):
        assert _answer(kind, thing(DOG, LEFT)) is Answer.WRONG


def test_a_crowd_leaves_it_open():
    crowd = thing(BALL, LEFT, crowd=True)
    assert _answer(RelationKind.LEFT_OF, thing(DOG, RIGHT), crowd) is Answer.EITHER
    assert _answer(RelationKind.TWO, thing(DOG, LEFT, crowd=True)) is Answer.EITHER


@pytest.mark.parametrize(
    ("boxes", "right"),
    [
        ([], Answer.WRONG),
        ([LEFT], Answer.WRONG),
        ([LEFT, RIGHT], Answer.RIGHT),
        ([LEFT, TINY], Answer.EITHER),
        ([LEFT, RIGHT, HIGH], Answer.EITHER),
    ],
)
def test_two_of_one_kind(boxes, right):
    assert _answer(RelationKind.TWO, *(thing(DOG, box) for box in boxes)) is right


def test_one_without_the_other():
    assert _answer(RelationKind.WITHOUT, thing(DOG, LEFT)) is Answer.RIGHT
    assert _answer(RelationKind.WITHOUT, thing(DOG, TINY)) is Answer.EITHER
    assert _answer(RelationKind.WITHOUT, thing(DOG, LEFT), thing(BALL, TINY)) is Answer.WRONG
    assert _answer(RelationKind.WITHOUT, thing(BALL, LEFT)) is Answer.WRONG


class TestLargest:
    BIG, SMALL = (10, 10, 110, 90), (130, 30, 160, 60)

    def test_any_photo_with_the_thing_is_right(self):
        assert _answer(RelationKind.LARGEST, thing(DOG, LEFT)) is Answer.RIGHT
        assert _answer(RelationKind.LARGEST, thing(DOG, TINY)) is Answer.EITHER
        assert _answer(RelationKind.LARGEST, thing(BALL, LEFT)) is Answer.WRONG

    @pytest.mark.parametrize(("outlined", "right"), [(BIG, True), (SMALL, False), (None, False)])
    def test_the_larger_one_must_be_outlined(self, outlined, right):
        things = PhotoThings(photo(thing(DOG, self.SMALL), thing(DOG, self.BIG)))
        shown = None if outlined is None else region(outlined)
        assert shows_largest(things, DOG, shown) is right

    def test_things_of_about_the_same_size_do_not_matter(self):
        things = PhotoThings(photo(thing(DOG, LEFT), thing(DOG, RIGHT)))
        assert shows_largest(things, DOG, None)


def test_tally():
    answers = [Answer.WRONG, Answer.RIGHT, Answer.EITHER, Answer.RIGHT]
    assert tally(answers) == (frozenset({1, 3}), frozenset({2}))

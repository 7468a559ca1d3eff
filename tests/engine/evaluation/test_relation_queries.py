"""Queries made from true masks, and the precision of made rankings."""

from __future__ import annotations

import json

import pytest

from engine.errors import BadRequest
from engine.evaluation import relation_queries
from engine.evaluation.relation_queries import RelationQuery
from engine.evaluation.relation_truth import RelationKind
from engine.records import Verdict
from tests.fakes.made_rankings import GivenRankings, hit, photo, ranking, thing, truth

DOG, BALL = 1, 2
LEFT, RIGHT, SMALL = (10, 30, 50, 70), (120, 30, 160, 70), (60, 40, 80, 60)
DOG_LEFT = photo(thing(DOG, LEFT), thing(BALL, RIGHT))
DOG_RIGHT = photo(thing(DOG, RIGHT), thing(BALL, LEFT))
TRUTH = truth(
    [
        DOG_LEFT,
        DOG_LEFT,
        DOG_RIGHT,
        photo(thing(DOG, LEFT)),
        photo(thing(DOG, LEFT), thing(DOG, SMALL)),
        photo(thing(DOG, LEFT), thing(DOG, RIGHT)),
    ],
    "dog",
    "ball",
)


def test_queries_with_right_photos_and_distractors():
    queries = {query.text: query for query in relation_queries.generate(TRUTH)}
    assert queries["dog left of ball"].right == {0, 1}
    assert queries["two dogs"].right == {4, 5}
    assert queries["dog without ball"].right == {3, 4, 5}
    assert queries["largest dog"].right == {0, 1, 2, 3, 4, 5}
    # The ball is left of the dog in one photo only; no ball is without a dog; none is above.
    assert set(queries) == {"dog left of ball", "two dogs", "dog without ball", "largest dog"}


def test_the_queries_are_the_same_each_time_and_limited():
    assert relation_queries.generate(TRUTH) == relation_queries.generate(TRUTH)
    assert relation_queries.generate(TRUTH, per_kind=1) == relation_queries.generate(TRUTH)
    with pytest.raises(BadRequest, match="no query of relations"):
        relation_queries.generate(TRUTH, per_kind=0)


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("dog", "dogs"),
        ("bus", "buses"),
        ("toothbrush", "toothbrushes"),
        ("knife", "knives"),
        ("sheep", "sheep"),
        ("wine glass", "wine glasses"),
        ("mouse", "mice"),
    ],
)
def test_plurals(name, several):
    assert relation_queries.plural(name) == several


def _query(kind=RelationKind.LEFT_OF, right=(0, 1), either=()):
    return RelationQuery(kind, "asked", DOG, BALL, frozenset(right), frozenset(either))


@pytest.mark.parametrize(
    ("found", "value"),
    [
        ([0, 1, 2], 1.0),
        ([2, 0, 1], 0.5),
        ([2, 3, 0, 1], 0.0),
        ([0], 0.5),
        ([], 0.0),
        ([5, 0, 1], 1.0),  # 5 counts neither way
    ],
)
def test_precision_at_the_number_of_right_photos(found, value):
    made = ranking("asked", TRUTH, *map(hit, found))
    assert relation_queries.precision(_query(either=(5,)), made, TRUTH) == value


def test_the_largest_must_be_outlined():
    query = _query(RelationKind.LARGEST, right=(4,))
    for box, value in ((LEFT, 1.0), (SMALL, 0.0)):
        made = ranking("asked", TRUTH, hit(4, box=box))
        assert relation_queries.precision(query, made, TRUTH) == value


def test_figures_by_kind_and_what_must_not_be_shown():
    queries = relation_queries.generate(TRUTH)
    search = GivenRankings(
        TRUTH,
        ranking("dog left of ball", TRUTH, hit(0), hit(1)),
        ranking(
            "dog without ball", TRUTH, hit(3), hit(0), hit(1, Verdict.NO), hit(2, Verdict.UNSURE)
        ),
        ranking("ball", TRUTH, hit(0), hit(1), hit(2, Verdict.UNSURE)),
    )
    found = relation_queries.measure(search, queries)
    by_kind = {one.kind: one.precision_at_10 for one in found.by_kind}
    assert by_kind == {
        "left of": 1.0,
        "largest": 0.0,
        "two": 0.0,
        "without": pytest.approx(1 / 3),
    }
    assert found.precision_at_10 == pytest.approx((1 + 1 / 3) / 4)
    assert found.worst[0][1] == 0.0
    # Photo 0 is shown though its ball is a match; 1 is judged no; no ball is a match in 2.
    assert found.unwanted_shown == (("dog without ball", "0.jpg"),)
    assert json.loads(json.dumps(found.as_json()))["queries"] == 4
    assert "without" in relation_queries.table(found)

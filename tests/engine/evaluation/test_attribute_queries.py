"""Colours of things: labels, and figures of made rankings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import BadRequest
from engine.evaluation import attribute_queries
from engine.evaluation.attribute_queries import ColourLabel
from engine.records import Verdict
from engine.starter.colours.colour_vectors import COLOURS
from tests.fakes.made_rankings import GivenRankings, hit, photo, ranking, thing, truth

LABELS = Path(__file__).parents[2] / "data" / "coco_colours.json"
CAR, DOG = 1, 2
LEFT, RIGHT = (10, 10, 70, 80), (110, 10, 170, 80)
TRUTH = truth(
    [
        photo(thing(CAR, LEFT, key=1), thing(CAR, RIGHT, key=2)),  # red, blue
        photo(thing(CAR, LEFT, key=3)),  # blue
        photo(thing(CAR, LEFT, key=4)),  # pink, perhaps red
        photo(thing(CAR, LEFT, key=5), thing(DOG, RIGHT, key=6)),  # not labelled; dog
    ],
    "car",
    "dog",
)
SEEN = {
    1: ColourLabel(1, frozenset({"red"})),
    2: ColourLabel(2, frozenset({"blue"})),
    3: ColourLabel(3, frozenset({"blue"})),
    4: ColourLabel(4, frozenset({"pink"}), frozenset({"red"})),
}


def _measured(*hits, text="red car"):
    return attribute_queries.measure(GivenRankings(TRUTH, ranking(text, TRUTH, *hits)), SEEN)


def test_one_query_for_each_colour_of_each_thing():
    texts = [query.text for query in attribute_queries.generate(TRUTH, SEEN)]
    assert texts == ["blue car", "pink car", "red car"]
    with pytest.raises(BadRequest, match="None of the labelled things"):
        attribute_queries.generate(TRUTH, {99: ColourLabel(99, frozenset({"red"}))})


def test_the_right_thing_outlined():
    found = _measured(hit(0, box=LEFT), hit(1, Verdict.UNSURE, LEFT))
    assert (found.queries, found.queries_with_distractors) == (3, 3)
    assert (found.outlined, found.outlined_right) == (1, 1.0)
    assert found.other_colour_matched == found.wrongly_outlined == ()
    # Of blue in two photos, pink and red in one each, red was found.
    assert found.found == pytest.approx(1 / 4)


def test_the_other_thing_of_the_right_photo_outlined():
    found = _measured(hit(0, box=RIGHT))
    assert found.outlined_right == 0.0 and found.wrongly_outlined == (("red car", "0.jpg"),)
    assert found.other_colour_matched == ()


def test_a_photo_with_another_colour_called_a_match():
    found = _measured(hit(1, box=LEFT))
    assert found.outlined_right == 0.0
    assert found.other_colour_matched == (("red car", "1.jpg"),)
    # Red: photo 1. Blue: photo 2. Pink: photos 0 and 1.
    assert found.other_colour == 4


def test_a_colour_that_could_be_said_and_a_thing_without_label_count_neither_way():
    found = _measured(hit(2, box=LEFT), hit(3, box=LEFT))
    assert (found.outlined, found.outlined_right) == (0, None)
    assert found.other_things == 1 and found.other_colour_matched == ()
    assert "not rated" in attribute_queries.table(found)


@pytest.mark.parametrize(
    ("box", "at"),
    [
        (LEFT, 0),
        ((110, 10, 165, 75), 1),
        ((20, 20, 40, 40), 0),  # a part
        ((0, 0, 200, 100), None),
        ((80, 10, 100, 80), None),
        (None, None),
    ],
)
def test_which_thing_is_outlined(box, at):
    region = hit(0, box=box).region
    things = TRUTH.photos[0].instances
    assert attribute_queries.outlined_thing(region, things, TRUTH.photos[0].size_wh) == at


@pytest.mark.parametrize("written", ["{}", "[", '[{"annotation_id": 1}]', "[3]"])
def test_a_file_that_holds_no_labels(tmp_path, written):
    path = tmp_path / "labels.json"
    path.write_text(written)
    if written == "{}":
        assert attribute_queries.load(path) == {}
        return
    with pytest.raises(BadRequest, match="cannot be read"):
        attribute_queries.load(path)


def test_the_labels_of_the_tests_are_colours_and_many_queries():
    labels = attribute_queries.load(LABELS)
    rows = json.loads(LABELS.read_bytes())
    assert len(labels) == len(rows)
    said = {colour for label in labels.values() for colour in label.colours | label.maybe}
    assert said == set(COLOURS)
    assert not any(label.colours & label.maybe for label in labels.values())
    of_category: dict[str, list[ColourLabel]] = {}
    for row in rows:
        of_category.setdefault(row["category"], []).append(labels[row["annotation_id"]])
    told_apart = [
        (category, colour)
        for category, own in of_category.items()
        for colour in COLOURS
        if {True, False} <= {label.says(colour) for label in own}
    ]
    assert len(told_apart) >= 100

"""Colours taken out of queries."""

from __future__ import annotations

import numpy as np
import pytest

from engine.starter.colours.colour_vectors import COLOURS
from engine.starter.colours.colour_words import (
    NAME_COLOUR_WEIGHT,
    PART_COLOUR_WEIGHT,
    parse_colours,
)


def parsed_weights(text: str) -> dict[str, float]:
    weights = parse_colours(text).weights
    assert weights.dtype == np.float32 and weights.shape == (len(COLOURS),)
    return {
        colour: round(float(weight), 3)
        for colour, weight in zip(COLOURS, weights, strict=True)
        if weight
    }


@pytest.mark.parametrize("colour", COLOURS)
def test_every_basic_colour_is_parsed(colour: str):
    assert parse_colours(f"{colour} car").rest == "car"
    assert parsed_weights(f"{colour} car") == {colour: 1.0}


@pytest.mark.parametrize(
    ("text", "rest", "colours"),
    [
        ("Red Car!", "Car!", {"red": 1}),
        ("a red umbrella", "a umbrella", {"red": 1}),
        ("an orange cat", "a cat", {"orange": 1}),
        ("gray elephant", "elephant", {"grey": 1}),
        ("dark blue suitcase", "suitcase", {"blue": 1}),
        ("light-green, wooden chair", "wooden chair", {"green": 1}),
        ("bright red bus", "bus", {"red": 1}),
        ("crimson tie", "tie", {"red": 1}),
        ("navy blue tie", "tie", {"blue": 1}),
        ("turquoise vase", "vase", {"blue": 0.5, "green": 0.5}),
        ("blue-green vase", "vase", {"blue": 0.5, "green": 0.5}),
        ("beige couch", "couch", {"brown": 0.5, "white": 0.5}),
        ("silver car", "car", {"grey": 1}),
        ("golden vase", "vase", {"yellow": 1}),
        ("lime green frisbee", "frisbee", {"green": 1}),
        ("snow white dog", "dog", {"white": 1}),
        ("peach-coloured dress", "dress", {"pink": 1}),
        ("reddish-brown horse", "horse", {"red": 0.5, "brown": 0.5}),
        ("red and white bus", "bus", {"red": 0.5, "white": 0.5}),
        ("red, white and blue kite", "kite", {"red": 0.333, "white": 0.333, "blue": 0.333}),
        ("black-and-white cat", "cat", {"black": 0.5, "white": 0.5}),
        ("red bus and green car", "bus and car", {"red": 0.5, "green": 0.5}),
        ("red-coloured car", "car", {"red": 1}),
        ("red colored car", "car", {"red": 1}),
        ("car of yellow colour", "car", {"yellow": 1}),
        ("a car of a yellow color", "a car", {"yellow": 1}),
        ("car in the colour red", "car", {"red": 1}),
        ("umbrella in red", "umbrella", {"red": 1}),
        ("the bus is red", "the bus", {"red": 1}),
        ("the bus is blue and orange", "the bus", {"blue": 0.5, "orange": 0.5}),
        ("a bus that is painted red", "a bus", {"red": 1}),
        ("bus, red", "bus", {"red": 1}),
        ("bus (red)", "bus", {"red": 1}),
        ("car, red, parked", "car, parked", {"red": 1}),
        ("a red-ish car", "a car", {"red": 1}),
        ("orange and blue train", "train", {"orange": 0.5, "blue": 0.5}),
        ("the cat is orange", "the cat", {"orange": 1}),
        ("red", "", {"red": 1}),
        ("something red", "", {"red": 1}),
        ("the red one", "", {"red": 1}),
        ("red and white", "", {"red": 0.5, "white": 0.5}),
        ("orange-coloured", "", {"orange": 1}),
    ],
)
def test_colours_are_separated_from_the_rest(text: str, rest: str, colours: dict[str, float]):
    assert parse_colours(text).rest == rest
    assert parsed_weights(text) == colours


@pytest.mark.parametrize(
    "text",
    [
        *("orange", "an orange", "oranges", "slice of orange", "orange on a plate"),
        *("apple and orange", "an orange cut in half", "orange juice", "orange trees"),
        *("blood oranges", "stop light", "red haired woman"),
        *("goldfish", "golden retriever", "Golden Retrievers", "blackboard", "white board"),
        *("polar bear", "white wine", "red panda", "green beans", "greenhouse", "red cross"),
        *("silver spoon", "silver medals", "black and white photo", "a black and white photograph"),
        *("white woman", "black men", "man with blue eyes"),
        *("red-haired woman", "white-tailed deer"),
        *("traffic light", "lemon", "chocolate cake", "salmon", "cherry tree", "rose", "violet"),
        *("colourful kite", "coloured pencils", "umbrella left of a green bench", ""),
        *("man holding a red umbrella", "cat on a brown couch", "dog"),
    ],
)
def test_queries_without_a_colour(text: str):
    rest, weights = parse_colours(text)
    assert rest == text
    assert not weights.any()


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("black bear", {"black": NAME_COLOUR_WEIGHT}),
        ("brown bears", {"brown": NAME_COLOUR_WEIGHT}),
        ("blue jay", {"blue": NAME_COLOUR_WEIGHT}),
        ("a red wine", {"red": NAME_COLOUR_WEIGHT}),
    ],
)
def test_a_colour_in_a_name_has_a_low_weight_and_stays_in_the_rest(
    text: str, colours: dict[str, float]
):
    assert parse_colours(text).rest == text
    assert parsed_weights(text) == colours


@pytest.mark.parametrize(
    ("text", "rest", "colours"),
    [
        ("red umbrella left of a bench", "umbrella left of a bench", {"red": 1}),
        ("red umbrella left of a green bench", "umbrella left of a green bench", {"red": 1}),
        ("woman in red", "woman", {"red": 1}),
        ("woman in a red dress", "woman in a dress", {"red": PART_COLOUR_WEIGHT}),
        ("man wearing a blue tie", "man wearing a tie", {"blue": PART_COLOUR_WEIGHT}),
        ("white dog with a red collar", "dog with a collar", {"white": 1}),
    ],
)
def test_the_colour_is_that_of_the_first_thing(text: str, rest: str, colours: dict[str, float]):
    assert parse_colours(text).rest == rest
    assert parsed_weights(text) == colours


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("not red car", "car"),
        ("car that is not red", "car"),
        ("non-red car", "car"),
        ("a car that isn't red", "a car"),
    ],
)
def test_a_negated_colour_has_a_negative_weight(text: str, rest: str):
    assert parse_colours(text).rest == rest
    assert parsed_weights(text) == {"red": -1}


@pytest.mark.parametrize(
    "text", ["-", "---", "and", "  ", "red " * 200, "的 red 车", "café", "in", "of red"]
)
def test_odd_texts_are_no_error(text: str):
    rest, weights = parse_colours(text)
    assert np.isfinite(weights).all() and np.abs(weights).sum() <= 1.0001
    assert "red" not in rest

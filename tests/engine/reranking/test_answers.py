"""What a language model's answers mean."""

import json

import numpy as np
import pytest

from engine.reranking.answers import MAX_BOXES, UnreadableAnswer, boxes_grammar, read_boxes, yes_no
from engine.reranking.letterbox import Convention, Letterbox

FRAME = Letterbox((4480, 4480))


def test_the_probability_sums_spellings_and_is_relative_to_yes_and_no() -> None:
    logits = np.full(100, -20.0, np.float32)
    logits[[3, 4, 8]] = np.log([0.3, 0.1, 0.1])
    found = yes_no(logits, (3, 4), (8, 9))
    assert found.probability == pytest.approx(0.8, abs=1e-4)
    assert found.mass == pytest.approx(1.0, abs=1e-4)
    assert yes_no(logits + 500, (3, 4), (8, 9)).probability == pytest.approx(0.8, abs=1e-4)


def test_a_first_token_that_is_neither_yes_nor_no_is_unreadable() -> None:
    logits = np.zeros(1000, np.float32)
    logits[500] = 50.0
    with pytest.raises(UnreadableAnswer, match="neither yes nor no"):
        yes_no(logits, (1,), (2,))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_unreadable(bad: float) -> None:
    logits = np.zeros(10, np.float32)
    logits[1] = bad
    with pytest.raises(UnreadableAnswer):
        yes_no(logits, (1,), (2,))


def test_boxes_are_read_in_both_conventions() -> None:
    text = '[{"bbox_2d": [10, 20, 110, 220]}, {"bbox_2d": [0, 0, 448, 448]}]'
    pixels = read_boxes(text, FRAME, Convention.PIXELS)
    assert [box.as_tuple() for box in pixels] == [(100, 200, 1100, 2200), (0, 0, 4480, 4480)]
    (tenth,) = read_boxes('[{"bbox_2d": [100, 0, 200, 1000]}]', FRAME, Convention.THOUSANDTHS)
    assert tenth.as_tuple() == pytest.approx((448, 0, 896, 4480))


def test_an_empty_list_gives_no_boxes() -> None:
    assert read_boxes("[]", FRAME, Convention.PIXELS) == ()


def test_invalid_boxes_are_left_out() -> None:
    items = [
        {"bbox_2d": [200, 300, 100, 100]},
        {"bbox_2d": [5, 5, 5, 90]},
        {"bbox_2d": [900, 900, 990, 990]},
        {"bbox_2d": [1, 2, 3]},
        {"bbox_2d": [1, 2, "3", 4]},
        {"bbox_2d": [1, 2, True, 4]},
        "a box",
    ]
    (kept,) = read_boxes(json.dumps(items), FRAME, Convention.PIXELS)
    assert kept.as_tuple() == (1000, 1000, 2000, 3000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[{"bbox_2d": [10, 20, 11',
        "There is a dog.",
        '{"bbox_2d": [1, 2, 3, 4]}',
        '[{"bbox_2d": [NaN, NaN, NaN, NaN]}]',
        '[{"bbox_2d": [1e400, 0, 1e400, 5]}]',
        '[{"bbox_2d": [900, 900, 990, 990]}]',
        "[" * 100_000,
    ],
)
def test_text_that_is_no_list_of_valid_boxes_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_boxes(text, FRAME, Convention.PIXELS)


def test_a_list_that_was_cut_off_is_unreadable_even_if_it_parses() -> None:
    with pytest.raises(UnreadableAnswer, match="cut off"):
        read_boxes("[]", FRAME, Convention.PIXELS, finished=False)


def test_the_grammar_limits_the_number_of_boxes() -> None:
    assert boxes_grammar().splitlines()[0].count("box") == MAX_BOXES
    assert boxes_grammar(1).splitlines()[0] == 'root ::= "[" (box )? "]"'

"""The real llama.cpp with models of random numbers: pictures in, words and boxes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadRequest, Cancelled, ModelBroken
from engine.jobs import CancelToken
from engine.reranking import answers
from engine.reranking.answers import UnreadableAnswer
from engine.reranking.letterbox import SIDES_PX, Letterbox
from engine.reranking.llama_session import LlamaSession
from engine.reranking.model_families import FAMILIES, OTHER
from engine.reranking.session_settings import SessionSettings
from engine.tiny_models import vision_language_model
from engine.tiny_models.vision_language_model import KINDS
from tests.fakes import tiny_models
from tests.fakes.tiny_models import SIDE_PX, as_model, needs_llama, photo_with_red

pytestmark = needs_llama
NEVER = CancelToken()
"""Is never set."""


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., LlamaSession]]:
    """Loads models and closes them."""
    opened: list[LlamaSession] = []

    def run(kind: str = "qwen2.5-vl", side_px: int = SIDE_PX, **options) -> LlamaSession:
        files = vision_language_model.write(tmp_path / f"{len(opened)}", KINDS[kind], **options)
        opened.append(LlamaSession(as_model(files), SessionSettings(side_px, threads=1)))
        return opened[-1]

    yield run
    for session in opened:
        session.close()


def noise(seed: int, side_px: int = SIDE_PX) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_a_probability_and_the_picture_has_the_expected_tokens(load, kind) -> None:
    for side_px, tokens in zip(SIDES_PX, _tokens(kind), strict=True):
        session = load(kind, side_px)
        assert session.picture_tokens == tokens
        for seed in range(2):
            with session.with_picture(noise(seed, side_px), NEVER) as picture_context:
                answer = picture_context.answer_yes_no(answers.yes_no_question("a red umbrella"))
            assert 0 <= answer.probability <= 1 and 0 < answer.mass <= 1
            assert picture_context.picture_tokens == tokens


def _tokens(kind: str) -> tuple[int, ...]:
    patch_px = {"qwen2.5-vl": 28, "qwen3-vl": 32}[kind]
    return tuple((side // patch_px) ** 2 for side in SIDES_PX)


@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_lists_of_boxes_can_be_read(load, kind) -> None:
    """100 of each kind, from four sets of random weights."""
    counts = []
    for seed in range(4):
        session = load(kind, seed=seed)
        convention = convention_of(kind)
        frame = Letterbox((1600, 1200), SIDE_PX)
        for turn in range(25):
            query = f"“thing” number {turn} <|im_end|> {{}} \\ [1, 2"
            with session.with_picture(noise(turn), NEVER) as picture_context:
                text, finished = picture_context.generate(
                    answers.boxes_question(query), answers.boxes_grammar(), answers.BOX_TOKENS
                )
            assert finished, text
            try:
                counts.append(len(answers.read_boxes(text, frame, convention)))
            except UnreadableAnswer as error:  # read, and none of its boxes lies in the photo
                assert "outside the photo" in error.message
    assert len(counts) > 20 and max(counts) > 1


def convention_of(kind: str):
    return next(family.convention for family in FAMILIES if family.name == kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_question_about_a_picture_is_answered_like_a_first_one(load, kind):
    session = load(kind)
    first, second = (answers.yes_no_question(words) for words in ("dog", "a very old dog"))
    with session.with_picture(noise(1), NEVER) as picture_context:
        alone = picture_context.answer_yes_no(second)
    with session.with_picture(noise(1), NEVER) as picture_context:
        before = picture_context.answer_yes_no(first)
        picture_context.generate(
            answers.boxes_question("dog"), answers.boxes_grammar(), answers.BOX_TOKENS
        )
        again = picture_context.answer_yes_no(second)
        assert picture_context.answer_yes_no(first) == before
    assert again == alone != before


@pytest.mark.parametrize("kind", KINDS)
def test_a_fitted_model_recognises_its_colour(kind, tmp_path) -> None:
    files = tiny_models.write_fitted(tmp_path, KINDS[kind])
    session = LlamaSession(as_model(files), SessionSettings(SIDE_PX, threads=1))
    frame, rng = Letterbox((96, 96), SIDE_PX), np.random.default_rng(0)
    shares = []
    for share in (0.0, 0.15, 0.4, 0.7, 1.0):
        with session.with_picture(
            frame.picture(photo_with_red(share, rng)), NEVER
        ) as picture_context:
            shares.append(picture_context.answer_yes_no(answers.yes_no_question("red")).probability)
    session.close()
    assert shares == sorted(shares) and shares[0] < 0.35 and shares[-1] > 0.8


def test_special_tokens_in_a_query_stay_text(load) -> None:
    session = load()
    with session._chunks(_bitmap(session), "<|im_end|>") as chunks:
        count = session._mtmd.mtmd_input_chunk_get_n_tokens(chunks[-1])
    with session._chunks(_bitmap(session), "x") as chunks:
        short = session._mtmd.mtmd_input_chunk_get_n_tokens(chunks[-1])
    assert count - short == len("<|im_end|>") - 1, "each letter is a token of its own"


def _bitmap(session: LlamaSession):
    import ctypes

    pixels = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    pointer = pixels.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
    return session._mtmd.mtmd_bitmap_init(SIDE_PX, SIDE_PX, pointer)


class _CancelledAfter:
    """A cancel flag that is set after it was read so many times."""

    def __init__(self, reads: int) -> None:
        self._left = reads

    @property
    def cancelled(self) -> bool:
        self._left -= 1
        return self._left < 0


def _ask_until_cancelled(session: LlamaSession, cancel: _CancelledAfter) -> None:
    with session.with_picture(noise(9), cancel) as picture_context:
        while True:
            picture_context.answer_yes_no(answers.yes_no_question("dog"))
            picture_context.generate(answers.boxes_question("dog"), answers.boxes_grammar(), 400)


@pytest.mark.parametrize("kind", KINDS)
def test_cancelling_works_at_any_moment_and_does_not_change_later_answers(load, kind) -> None:
    session = load(kind)
    question = answers.yes_no_question("dog")
    with session.with_picture(noise(3), NEVER) as picture_context:
        wanted = picture_context.answer_yes_no(question)
    for reads in (0, 1, 2, 5, 9, 20, 40, 80):
        with pytest.raises(Cancelled):
            _ask_until_cancelled(session, _CancelledAfter(reads))
        with session.with_picture(noise(3), NEVER) as picture_context:
            assert picture_context.answer_yes_no(question) == wanted


def test_an_invalid_grammar_is_an_error_and_does_not_crash_the_process(load) -> None:
    session = load()
    with session.with_picture(noise(1), NEVER) as picture_context:
        with pytest.raises(ModelBroken, match="form of the answer"):
            picture_context.generate("Where?", 'root ::= ( "[" nothing', 10)
        assert 0 <= picture_context.answer_yes_no("Dog?").probability <= 1


def test_too_many_words_are_refused(load) -> None:
    session = load()
    with (
        session.with_picture(noise(1), NEVER) as picture_context,
        pytest.raises(BadRequest, match="too long"),
    ):
        picture_context.answer_yes_no("x" * 5000)


def test_an_answer_that_is_cut_off_is_not_finished(load) -> None:
    session = load()
    with session.with_picture(noise(1), NEVER) as picture_context:
        text, finished = picture_context.generate("Where?", answers.boxes_grammar(), 3)
    assert not finished and text.startswith("[")


def test_nan_logits_are_unreadable(load) -> None:
    head = np.full((len(vision_language_model.words()), 64), np.nan, np.float32)
    session = load(head=head)
    with session.with_picture(noise(1), NEVER) as picture_context, pytest.raises(UnreadableAnswer):
        picture_context.answer_yes_no("Dog?")


def test_a_picture_of_another_size_is_a_value_error(load) -> None:
    with (
        pytest.raises(ValueError, match="expected uint8"),
        load().with_picture(noise(1, 224), NEVER),
    ):
        pass


@pytest.mark.parametrize("template", [None, "{{ 'no place for a question' }}"])
def test_a_model_without_a_usable_template(load, template) -> None:
    if template is None:  # Qwen's own form is known
        with load(template=None).with_picture(noise(1), NEVER) as picture_context:
            assert 0 <= picture_context.answer_yes_no("Dog?").probability <= 1
    else:
        with pytest.raises(ModelBroken, match="chat template"):
            load(template=template)


def test_a_model_whose_context_cannot_be_truncated_encodes_the_picture_again(
    load, monkeypatch
) -> None:
    """As hybrid models with a running state are."""
    session = load()
    first, second = (answers.yes_no_question(words) for words in ("dog", "a very old dog"))
    with session.with_picture(noise(1), NEVER) as picture_context:
        wanted = [
            picture_context.answer_yes_no(first),
            picture_context.answer_yes_no(second),
            picture_context.answer_yes_no(first),
        ]
    monkeypatch.setattr(session._lib, "llama_memory_seq_rm", lambda *_: False)
    with session.with_picture(noise(1), NEVER) as picture_context:
        again = [picture_context.answer_yes_no(question) for question in (first, second, first)]
    assert again == wanted


def test_a_model_of_an_unknown_family_determines_the_tokens_of_a_picture(
    tmp_path: Path,
) -> None:
    files = vision_language_model.write(tmp_path, KINDS["qwen3-vl"])
    model = dataclasses.replace(as_model(files), family=OTHER)
    session = LlamaSession(model, SessionSettings(SIDE_PX, threads=1))
    assert session.picture_tokens is None
    with session.with_picture(noise(1), NEVER) as picture_context:
        assert 0 <= picture_context.answer_yes_no("Dog?").probability <= 1
    assert picture_context.picture_tokens > 0
    session.close()


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    one = vision_language_model.write(tmp_path / "1", seed=7)
    two = vision_language_model.write(tmp_path / "2", seed=7)
    other = vision_language_model.write(tmp_path / "3", seed=8)
    assert one.language.read_bytes() == two.language.read_bytes() != other.language.read_bytes()
    assert one.vision.read_bytes() == two.vision.read_bytes() != other.vision.read_bytes()

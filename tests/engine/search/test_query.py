"""A search request becomes a query vector, or an error with a hint."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ModelBroken
from engine.records import SearchRequest
from engine.search.query import resolve
from tests.fakes.colour_models import NDIM, WordEmbedder


class Nonsense:
    """Returns the vectors it was given."""

    ndim = NDIM

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def embed(self, texts):
        return self._vectors


def test_text_is_trimmed_and_embedded() -> None:
    query = resolve(SearchRequest(text="  red \n"), WordEmbedder, None, 1)
    assert query.text == "red"
    assert np.array_equal(query.vector, WordEmbedder().embed(["red"])[0])


def test_words_without_meaning_make_no_query() -> None:
    assert resolve(SearchRequest(text="xyzzy"), WordEmbedder, None, 1) is None


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((1, NDIM + 1)), np.zeros(NDIM), np.full((1, NDIM), np.nan), np.zeros((2, NDIM))],
)
def test_a_model_that_gives_nonsense_is_broken(vectors: np.ndarray) -> None:
    with pytest.raises(ModelBroken):
        resolve(SearchRequest(text="red"), lambda: Nonsense(vectors), None, 1)


def test_a_note_of_the_text_model_is_in_the_query():
    class RemarkingEmbedder(WordEmbedder):
        def query_note(self, text: str) -> str:
            return f"{text}?"

    assert resolve(SearchRequest(text=" red "), RemarkingEmbedder, None, 1).remark == "red?"
    assert resolve(SearchRequest(text="red"), WordEmbedder, None, 1).remark == ""

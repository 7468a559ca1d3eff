"""Shipped vectors of everyday nouns: those that the sentence model gives today."""

import numpy as np
import pytest

from engine.errors import ModelBroken, ModelMissing
from engine.profiles.starter import shipped_folder
from engine.starter.text import noun_vectors, thesaurus
from engine.starter.text.noun_vectors import NounVectors
from engine.starter.text.query_meaning import entry_phrasings
from engine.starter.text.text_encoder import SentenceEncoder


@pytest.mark.parametrize("noun", ["lamp", "fence", "hat", "ball", "river", "castle"])
def test_a_vector_is_that_of_the_nouns_entry(noun):
    entry = thesaurus.Thesaurus(shipped_folder() / thesaurus.FILE_NAME).meaning(noun)
    mean = SentenceEncoder().encode(entry_phrasings(entry)).mean(axis=0)
    vector = NounVectors(shipped_folder() / noun_vectors.FILE_NAME).vector(noun)
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=2e-3)


def test_other_words_have_none():
    vectors = NounVectors(shipped_folder() / noun_vectors.FILE_NAME)
    assert vectors.vector("zeppelin") is None and vectors.vector("") is None


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / noun_vectors.FILE_NAME
    rng = np.random.default_rng(0)
    written = {word: rng.standard_normal(8).astype(np.float32) for word in ("b", "ä", "a c")}
    noun_vectors.save(path, written)
    for word, vector in written.items():
        np.testing.assert_allclose(NounVectors(path).vector(word), vector, atol=0.02)


def test_missing_and_damaged_files_are_told_apart(tmp_path):
    path = tmp_path / noun_vectors.FILE_NAME
    with pytest.raises(ModelMissing):
        NounVectors(path).vector("lamp")
    path.write_bytes(b"no table")
    with pytest.raises(ModelBroken):
        NounVectors(path).vector("lamp")
    noun_vectors.save(path, {"a": np.ones(8, np.float32), "b\nc": np.ones(8, np.float32)})
    with pytest.raises(ModelBroken):
        NounVectors(path).vector("a")

"""The NumPy forward pass against what sentence-transformers computed from the same weights."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.errors import ModelBroken, ModelMissing
from engine.starter.text.text_encoder import SentenceEncoder

GOLDEN = Path(__file__).parents[3] / "golden" / "minilm.npz"


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


def test_vectors_are_those_of_the_reference(encoder):
    golden = np.load(GOLDEN)
    vectors = encoder.encode([str(text) for text in golden["texts"]])
    np.testing.assert_allclose(vectors, golden["vectors"], atol=2e-6)


def test_a_batch_of_mixed_lengths_equals_one_by_one(encoder):
    texts = ["cat", "a cat on a mat", "dog", "two dogs that run after a ball", "cat"]
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_very_long_text_is_truncated(encoder):
    vector = encoder.encode(["photo " * 5000])
    assert vector.shape == (1, 384)
    assert np.isfinite(vector).all()


def test_missing_and_damaged_files_are_told_apart(tmp_path):
    with pytest.raises(ModelMissing) as missing:
        SentenceEncoder(tmp_path)
    assert missing.value.path.parent == tmp_path
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(ModelBroken):
        SentenceEncoder(tmp_path)
    save_file({"other": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelBroken):
        SentenceEncoder(tmp_path)

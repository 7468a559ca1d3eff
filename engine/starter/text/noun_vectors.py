"""Sentence vectors of the thesaurus entries of everyday nouns.

An entry is three long sentences (see ``ClassName.phrasings``), most of the work of a query that
names a thing. ``engine.training.noun_table`` writes the file: a safetensors file with ``vectors``,
int8 (N, 384), ``steps``, float32 (N,), and ``lemmas``, uint8, N sorted words in UTF-8 with line
feeds between them. Vector n is its int8 times step n.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from engine.starter.arrays import broken, load_arrays

FILE_NAME = "noun_vectors.safetensors"
_LEVELS = 127


class NounVectors:
    """The shipped vectors, read at the first use. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def vector(self, lemma: str) -> np.ndarray | None:
        """Mean of the sentence vectors of a noun's entry, a unit vector float32 (384,); None if it
        is not an everyday noun.

        Raises:
            ModelMissing: there is no such file.
            ModelBroken: it is not in the format above.
        """
        rows, vectors, steps = self._table
        row = rows.get(lemma)
        return None if row is None else vectors[row] * steps[row]

    @cached_property
    def _table(self) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
        arrays = load_arrays(self._path, {"lemmas", "vectors", "steps"})
        lemmas = arrays["lemmas"].tobytes().decode("utf-8", "replace").split("\n")
        if not len(lemmas) == len(arrays["vectors"]) == len(arrays["steps"]):
            raise broken(self._path)
        return {lemma: i for i, lemma in enumerate(lemmas)}, arrays["vectors"], arrays["steps"]


def save(path: Path, vectors_of: dict[str, np.ndarray]) -> None:
    """Write the file.

    Args:
        vectors_of: lemma -> float32 (384,).
    """
    from safetensors.numpy import save_file

    lemmas = sorted(vectors_of)
    vectors = np.array([vectors_of[lemma] for lemma in lemmas], np.float32)
    steps = np.abs(vectors).max(axis=1) / _LEVELS
    arrays = {
        "lemmas": np.frombuffer("\n".join(lemmas).encode(), np.uint8),
        "vectors": np.rint(vectors / steps[:, None]).astype(np.int8),
        "steps": steps.astype(np.float32),
    }
    save_file(arrays, path)

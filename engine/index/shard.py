"""One immutable USearch file: built, verified, searched. The only module that imports usearch.

A shard holds vectors in 8 bits a number, all of them in one step, and with one number more, which
makes all of them equally long (Bachrach et al. 2014, "Speeding up the Xbox recommender system"):
the neighbours in the graph are then near in direction and length. A query has a zero there, so its
dot products are what they were. Without that number, the graph's paths lead to the longest vectors,
and half of the regions that are the most similar to a text are not found.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.index.manifest import Manifest, ShardEntry, write_whole
from engine.jobs import CancelToken

log = logging.getLogger(__name__)

_ADD_BATCH = 256
"""Vectors added between two checks of the cancel token."""
_LEVELS = 127
_TINY = 1e-30
"""In the place of zero, which cannot be divided by."""


@dataclass(frozen=True)
class Shard:
    """A verified shard, opened for searching only."""

    entry: ShardEntry
    index: Any

    def search(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Region ids int64 and approximate dot products float32 of up to ``k`` neighbours, nearest
        first.

        Args:
            query: float32 (D,).
        """
        step = max(float(np.abs(query).max()), _TINY) / _LEVELS
        quantised = np.append(np.rint(query / step), 0).astype(np.int8)
        matches = self.index.search(quantised, min(k, self.entry.count))
        products = (1.0 - matches.distances.astype(np.float64)) * (step * self.entry.step)
        return matches.keys.astype(np.int64), products.astype(np.float32)

    def keys(self) -> np.ndarray:
        """int64, ascending: every region id in it."""
        return np.sort(np.array(self.index.keys, dtype=np.int64))


def build(
    folder: Path,
    manifest: Manifest,
    span: tuple[int, int],
    ids: np.ndarray,
    vectors: np.ndarray,
    cancel: CancelToken | None = None,
) -> ShardEntry:
    """Write a shard for the ids in ``(span[0], span[1]]``.

    Built with one thread: with several, USearch leaves vectors that no search reaches.

    Args:
        ids: int64 (N,), ascending, N at least 1.
        vectors: float16 (N, D), finite and not zero; a dot product is the similarity.

    Raises:
        Cancelled: nothing is left behind.
        DiskFull, StoreDamaged: if it cannot be written.
    """
    squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float32)
    lengthening = np.sqrt(squares.max() - squares)
    extremes: list[float] = [float(lengthening.max()), float(vectors.max()), -float(vectors.min())]
    step = max(extremes) / _LEVELS
    index = _empty(manifest)
    for start in range(0, len(ids), _ADD_BATCH):
        if cancel is not None:
            cancel.raise_if_set()
        batch = slice(start, start + _ADD_BATCH)
        rows = np.column_stack((vectors[batch], lengthening[batch]))
        index.add(ids[batch].astype(np.uint64), np.rint(rows / step).astype(np.int8), threads=1)
    image = bytes(index.save() or b"")
    digest = hashlib.sha256(image).hexdigest()
    name = f"shard-{span[0]}-{span[1]}-{digest[:8]}.usearch"
    write_whole(folder / name, lambda path: path.write_bytes(image))
    return ShardEntry(name, digest, len(ids), span[0], span[1], step)


def open_verified(folder: Path, manifest: Manifest, entry: ShardEntry) -> Shard | None:
    """The shard, None if its file is not what the manifest says.

    The hash comes first: USearch checks nothing, and one flipped byte can end the process.
    """
    path = folder / entry.file
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != entry.sha256:
            log.info("index shard %s is damaged; it will be made again", path)
            return None
        index = _empty(manifest)
        index.view(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: written by a USearch whose files this one does not read.
        log.info("index shard %s not used: %s", path, error)
        return None
    return Shard(entry, index) if len(index) == entry.count else None


def _empty(manifest: Manifest) -> Any:
    from usearch.index import Index

    return Index(ndim=manifest.ndim + 1, metric="ip", dtype="i8")

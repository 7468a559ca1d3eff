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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.index.checked_files import FileState
from engine.index.manifest import Manifest, ShardEntry, write_whole
from engine.jobs import CancelToken

log = logging.getLogger(__name__)

_ADD_BATCH = 256
"""Vectors added between two checks of the cancel token."""
_HASHED_AT_ONCE = 4 << 20
"""Bytes hashed between two looks at whether something else is more urgent: some milliseconds."""
_LEVELS = 127
_OVER_SHARE = 3
"""Of many shards, each is first asked for so many times its share of the neighbours."""
_TINY = 1e-30
"""In the place of zero, which cannot be divided by."""


@dataclass(frozen=True)
class Shard:
    """A shard, mapped for searching only."""

    entry: ShardEntry
    path: Path
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
        """int64, ascending: every region id in it. Reads all of the graph, unlike a search."""
        index = _empty(self.index.ndim)
        index.view(str(self.path))
        return np.sort(np.asarray(index.keys, dtype=np.int64))


def nearest(
    opened: Sequence[Shard], query: np.ndarray, k: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Neighbours in each shard, among them the ``k`` nearest of all: as of ``Shard.search``.

    A shard of which all that was asked for is among the ``k`` nearest may hold more of them, as
    photos of one day are often in one shard; it is asked again for all.
    """
    if not opened:
        return []
    total = sum(shard.entry.count for shard in opened)
    shares = [min(k, 1 + _OVER_SHARE * k * shard.entry.count // total) for shard in opened]
    found = [shard.search(query, share) for shard, share in zip(opened, shares, strict=True)]
    scores = np.sort(np.concatenate([of_shard for _, of_shard in found]))[::-1]
    last = scores[k - 1] if len(scores) >= k else -np.inf
    for i, (shard, share) in enumerate(zip(opened, shares, strict=True)):
        ids, of_shard = found[i]
        if share < min(k, shard.entry.count) and len(ids) and of_shard[-1] >= last:
            found[i] = shard.search(query, k)
    return found


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
    index = _empty(manifest.ndim + 1)
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


def check(
    folder: Path, entry: ShardEntry, between: Callable[[], None] = lambda: None
) -> FileState | None:
    """Read the whole file; None if it is not what the manifest says, else its state.

    Args:
        between: called after every few megabytes.
    """
    path = folder / entry.file
    digest = hashlib.sha256()
    try:
        state = FileState.of(path, entry.sha256)
        with open(path, "rb") as file:
            while piece := file.read(_HASHED_AT_ONCE):
                digest.update(piece)
                between()
    except OSError as error:
        log.info("index shard %s not used: %s", path, error)
        return None
    if digest.hexdigest() != entry.sha256:
        log.info("index shard %s is damaged; it will be made again", path)
        return None
    return state


def open_checked(folder: Path, manifest: Manifest, entry: ShardEntry) -> Shard | None:
    """Map the shard, without reading its vectors; None if its head is not what the manifest says.

    Only for a file that has had the right hash: USearch checks nothing else than the head, and one
    flipped byte can end the process.
    """
    from usearch.index import Index

    path = folder / entry.file
    try:
        head = Index.metadata(str(path)) or {}
        if (head.get("count_present"), head.get("dimensions")) != (entry.count, manifest.ndim + 1):
            log.info("index shard %s has another head; it will be made again", path)
            return None
        # The table of keys would take a look at every vector's node, and is not needed to search.
        index = _empty(manifest.ndim + 1, enable_key_lookups=False)
        index.view(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: written by a USearch whose files this one does not read.
        log.info("index shard %s not used: %s", path, error)
        return None
    return Shard(entry, path, index) if len(index) == entry.count else None


def _empty(ndim: int, *, enable_key_lookups: bool = True) -> Any:
    from usearch.index import Index

    return Index(ndim=ndim, metric="ip", dtype="i8", enable_key_lookups=enable_key_lookups)

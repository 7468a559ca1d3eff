"""Vectors that are in no shard yet; they are searched exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BufferSnapshot:
    """The buffer at one moment; later changes of the buffer do not affect it.

    Attributes:
        ids: int64 (N,).
        vectors: float32 (N, D).
    """

    ids: np.ndarray
    vectors: np.ndarray

    def search(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Region ids int64 and dot products float32 of the ``k`` nearest, in no order."""
        if not len(self.ids):
            return self.ids, np.zeros(0, np.float32)
        scores = self.vectors @ query
        if k < len(scores):
            best = np.argpartition(-scores, k)[:k]
            return self.ids[best], scores[best]
        return self.ids, scores


class VectorBuffer:
    """Arrays that grow at the end, by doubling. Not thread-safe: its owner holds a lock; snapshots
    need none."""

    def __init__(self, ndim: int) -> None:
        self._ids = np.zeros(0, np.int64)
        self._vectors = np.zeros((0, ndim), np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def view(self) -> BufferSnapshot:
        """The vectors as they are now, without a copy."""
        return BufferSnapshot(self._ids[: self._count], self._vectors[: self._count])

    def append(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """``ids`` int64 (n,), ``vectors`` (n, D). Rows in earlier snapshots stay where they are."""
        needed = self._count + len(ids)
        if needed > len(self._ids):
            room = max(needed, 2 * len(self._ids), 1024)
            fresh_ids = np.zeros(room, np.int64)
            fresh_vectors = np.zeros((room, self._vectors.shape[1]), np.float32)
            fresh_ids[: self._count] = self._ids[: self._count]
            fresh_vectors[: self._count] = self._vectors[: self._count]
            self._ids, self._vectors = fresh_ids, fresh_vectors
        self._ids[self._count : needed] = ids
        self._vectors[self._count : needed] = vectors
        self._count = needed

    def keep(self, chosen: np.ndarray) -> None:
        """Drop every row but those where ``chosen`` (bool (N,)) is True."""
        view = self.view()
        self._ids, self._vectors = view.ids[chosen], view.vectors[chosen]
        self._count = len(self._ids)

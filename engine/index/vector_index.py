"""Protocol of the vector index: nearest regions of one profile, derived from the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.jobs import CancelToken


@dataclass(frozen=True)
class Neighbours:
    """Result of a search of the index; regions deleted a moment ago may be among them.

    Attributes:
        ids: int64 (N,), region ids, nearest first.
        scores: float32 (N,), dot products (cosines for the metric ``cos``), descending.
    """

    ids: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, slots=True)
class IndexReport:
    """Result of a check.

    Attributes:
        vectors: regions in the store that a search can find.
        repaired: what was wrong; right again unless the index is read-only.
        faults: what is still wrong.
    """

    vectors: int
    repaired: tuple[str, ...]
    faults: tuple[str, ...]


class VectorSource(Protocol):
    """Where an index gets its vectors from: the store's table of regions. Thread-safe."""

    def vectors_after(
        self, profile_id: int, after: int, up_to: int | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches of int64 (n,) ids and float (n, D) vectors with ``after < id <= up_to``, in
        ascending order of their ids."""
        ...

    def vectors_of(self, profile_id: int, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Those of the regions that exist: int64 (n,) ids, ascending, and float (n, D) vectors.

        Args:
            ids: int64, ascending.
        """
        ...

    def ids(self, profile_id: int, after: int = 0, up_to: int | None = None) -> np.ndarray:
        """int64, ascending: every region of the profile with ``after < id <= up_to``."""
        ...


class VectorIndex(Protocol):
    """Nearest neighbours among the regions of one profile.

    The store is the truth, the index is derived from it: whatever happens to its files, it can be
    built again, and no caller hands it vectors. Opening one reads nothing; the first use does.

    Threads: ``maintain`` and ``check`` are for one thread (lane ``index``), everything else is for
    any thread. Searches go on meanwhile and see the index before or after each step, never between.

    Every method but ``remove`` and ``close`` may raise StoreDamaged, if the store cannot be read.

    An implementation is made for one profile and one metric, ``ip`` (dot product) or ``cos``.

    Attributes:
        profile_id: the number of the profile in the store.
        read_only: another process writes the index; this one follows it and writes nothing.
    """

    profile_id: int
    read_only: bool

    def search(self, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> Neighbours:
        """The ``k`` nearest regions, or as many as there are.

        Regions whose transaction ended before the call are included. Unless the allowed regions
        are named, which neighbours are found may be approximate; so may be their scores and order,
        if more than 100 are asked for. Otherwise scores are those of the vectors as stored.

        Args:
            query: float32 (D,), finite; need not have unit length.
            allowed: int64 (N,), ascending: only these regions are compared, each of them; the time
                grows with N. Ids that the index does not have are left out.
        """
        ...

    @property
    def complete(self) -> bool:
        """False while some regions cannot be found, because their part is being checked or built
        again."""
        ...

    @property
    def unchecked(self) -> int:
        """Files that have not been compared with their hashes since the index was opened."""
        ...

    def check_next(self, between: Callable[[], None] = lambda: None) -> bool:
        """Read one of the unchecked files. False if it is damaged: it is not used any more, and
        ``maintain`` builds it again. True if none is left.

        Args:
            between: called every few milliseconds; may wait, or raise to end the check.
        """
        ...

    def refresh(self) -> None:
        """Read what the store has gained, so that the next search need not."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """The store has deleted these regions. Searches may name them until ``maintain``."""
        ...

    def maintain(self, cancel: CancelToken | None = None, *, merge: bool = True) -> None:
        """Bring the index into a form that searches quickly, and repair damaged parts.

        Args:
            merge: also do what may take minutes.

        Raises:
            Cancelled: between two steps; each is done as a whole or not at all.
            DiskFull: the index stays as it was.
        """
        ...

    def check(self, cancel: CancelToken | None = None) -> IndexReport:
        """Compare the index with the store region by region, and repair differences unless it is
        read-only. Raises as ``maintain`` does."""
        ...

    def close(self) -> None:
        """Release files and memory. A later use opens the index again."""
        ...

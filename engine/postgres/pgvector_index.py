"""``VectorIndex`` on pgvector: an HNSW graph over the vectors of one profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.index.vector_index import IndexReport, Neighbours, VectorSource
from engine.jobs import CancelToken
from engine.postgres import vectors
from engine.postgres.connection import Server, Session
from engine.store.rows import MIN_NORM

EXACT_ROWS = 10_000
"""Up to so many vectors, each is compared: about as fast as the graph."""
EXACT_ALLOWED = 200_000
"""Up to so many allowed regions, each is compared; with more, the graph is walked until enough of
them are found. ``pickout-cli bench postgres``: with fewer, a walk takes longer and finds less."""
_LINKS = 16
_EF_CONSTRUCTION = 128
_EF_SEARCH = 400
_MOST_EF_SEARCH = 1000
"""pgvector's limit; the walk goes on from there."""
_MOST_SCANNED = 400_000
"""Vectors that a walk under a filter looks at before it gives up."""
_SCAN_MEMORY = 8
"""Times ``work_mem`` that a walk may take."""
_COMPARED_AGAIN = 100
"""If no more neighbours are asked for, so many are found and compared with the vectors of the
store; allowed regions are, however many."""
_MARGIN = 50
"""Further neighbours that are compared, because float16 may change an order."""
_COMPARED_AT_ONCE = 8192
_BUILD_LOCK = 0x50494D


class PgvectorIndex:
    """See ``VectorIndex`` for what it promises.

    The store writes the vectors in the transaction of their regions, so there is nothing to follow
    or to lose. ``maintain`` builds the graph once there are many; from then on the server keeps it.

    Args:
        regions: the store's table, with the vectors as they are kept.
        metric: ``ip`` or ``cos``.
    """

    def __init__(
        self,
        server: Server,
        regions: VectorSource,
        profile_id: int,
        *,
        ndim: int,
        metric: str,
        read_only: bool = False,
    ) -> None:
        self.profile_id = profile_id
        self.read_only = read_only
        self._server = server
        self._regions = regions
        self._ndim = int(ndim)
        self._metric = metric
        self._operator, self._operators = {
            "ip": ("<#>", "halfvec_ip_ops"),
            "cos": ("<=>", "halfvec_cosine_ops"),
        }[metric]

    def search(self, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> Neighbours:
        """See ``VectorIndex``. More than ``EXACT_ALLOWED`` regions of which few are asked for are
        found by a walk through the graph, so the neighbours are approximate."""
        query = query.astype(np.float32)
        if allowed is not None and not len(allowed):
            return Neighbours(np.zeros(0, np.int64), np.zeros(0, np.float32))
        again = allowed is not None or k <= _COMPARED_AGAIN
        wanted = max(k, _COMPARED_AGAIN) + _MARGIN if again else k
        with self._server.reading() as session:
            count = self._count(session)
            among = count if allowed is None else len(allowed)
            exact = among <= (EXACT_ROWS if allowed is None else EXACT_ALLOWED)
            exact = exact or 2 * wanted > among or not self._has_graph(session)
            ids, scores = self._nearest(session, query, wanted, allowed, exact=exact)
        if again:
            ids, scores = self._compared(query, ids)
        best = np.argsort(-scores, kind="stable")[:k]
        return Neighbours(ids[best], scores[best])

    @property
    def unchecked(self) -> int:
        """See ``VectorIndex``: the server checks its own files."""
        return 0

    def check_next(self, between: Callable[[], None] = lambda: None) -> bool:
        """See ``VectorIndex``."""
        return True

    @property
    def complete(self) -> bool:
        """See ``VectorIndex``: always."""
        return True

    def refresh(self) -> None:
        """See ``VectorIndex``: the server does it."""

    def remove(self, ids: Sequence[int]) -> None:
        """See ``VectorIndex``: the server has removed them."""

    def maintain(self, cancel: CancelToken | None = None, *, merge: bool = True) -> None:
        """See ``VectorIndex``: build the graph, if it is missing and there are many vectors.
        Others read and write meanwhile."""
        if cancel is not None:
            cancel.raise_if_set()
        if self.read_only or not merge:
            return
        with self._server.reading() as session:
            if self._count(session) <= EXACT_ROWS or self._has_graph(session):
                return
        self._build()

    def check(self, cancel: CancelToken | None = None) -> IndexReport:
        """See ``VectorIndex``: compare the ids of blocks and vectors."""
        repaired: tuple[str, ...] = ()
        stored, indexed = self._regions.ids(self.profile_id), self._indexed_ids()
        lacking, stray = np.setdiff1d(stored, indexed), np.setdiff1d(indexed, stored)
        if cancel is not None:
            cancel.raise_if_set()
        if (len(lacking) or len(stray)) and not self.read_only:
            self._repair(lacking, stray)
            repaired = (f"index: {len(lacking)} vectors were missing, {len(stray)} too many",)
            stored, indexed = self._regions.ids(self.profile_id), self._indexed_ids()
        found = len(np.intersect1d(stored, indexed))
        left = len(stored) - found
        faults = (f"index: {left} of {len(stored)} regions cannot be found",) if left else ()
        return IndexReport(found, repaired, faults)

    def close(self) -> None:
        """See ``VectorIndex``: the store closes the connections."""

    # -- statements ------------------------------------------------------------------------

    @property
    def _embedding(self) -> str:
        return f"embedding::halfvec({self._ndim})"

    def _nearest(
        self,
        session: Session,
        query: np.ndarray,
        k: int,
        allowed: np.ndarray | None,
        *,
        exact: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ids int64 and similarities float32 of the nearest regions."""
        distance = f"({self._embedding}) {self._operator} ?::halfvec({self._ndim})"
        where, values = f"profile_id = {int(self.profile_id)}", []
        if allowed is not None:
            where += " AND region_id = ANY(?::bigint[])"
            values.append(allowed.tolist())
        # An expression that no index has makes the server compare all.
        order = f"({distance}) + 0" if exact else distance
        if not exact:
            ef_search = min(max(_EF_SEARCH, k), _MOST_EF_SEARCH)
            for name, value in {
                "hnsw.iterative_scan": "relaxed_order",
                "hnsw.ef_search": ef_search,
                "hnsw.max_scan_tuples": _MOST_SCANNED,
                "hnsw.scan_mem_multiplier": _SCAN_MEMORY,
                "enable_seqscan": "off",
                "enable_bitmapscan": "off",
                "enable_sort": "off",
            }.items():
                session.raw.execute(f"SET LOCAL {name} = {value}")
        text = vectors.literal(query)
        rows = session.execute(
            f"SELECT region_id, {distance} FROM region_vectors WHERE {where} ORDER BY {order} "
            f"LIMIT {int(k)}",
            (text, *values, text),
        ).fetchall()
        found = np.array(rows, np.float64).reshape(-1, 2)
        scores = 1 - found[:, 1] if self._metric == "cos" else -found[:, 1]
        return found[:, 0].astype(np.int64), scores.astype(np.float32)

    def _compared(self, query: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Those of the regions that exist, with the similarities of the vectors as kept."""
        ids = np.sort(ids)
        parts = [
            self._regions.vectors_of(self.profile_id, ids[first : first + _COMPARED_AT_ONCE])
            for first in range(0, max(len(ids), 1), _COMPARED_AT_ONCE)
        ]
        found = [
            (part, self._for_dot_product(of_part) @ self._for_dot_product(query[None])[0])
            for part, of_part in parts
            if len(part)
        ]
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def _for_dot_product(self, rows: np.ndarray) -> np.ndarray:
        if self._metric != "cos":
            return rows
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), MIN_NORM / 2)

    def _count(self, session: Session) -> int:
        """Vectors of the profile, from the counters."""
        row = session.execute(
            f"""SELECT coalesce(sum(photos), 0) + coalesce(sum(things), 0) FROM profile_counts
                WHERE profile_id = {int(self.profile_id)}"""
        ).fetchone()
        return int(row[0]) if row else 0

    def _has_graph(self, session: Session) -> bool:
        row = session.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(?)",
            (vectors.index_name(self.profile_id),),
        ).fetchone()
        return bool(row and row[0])

    def _build(self) -> None:
        """Build the graph on a connection of its own, outside of a transaction. One indexer does,
        the others go on."""
        session, name = self._server.connect(), vectors.index_name(self.profile_id)
        try:
            with self._server.explained("building the search index"):
                lock = session.execute(
                    f"SELECT pg_try_advisory_lock({_BUILD_LOCK}, {int(self.profile_id)})"
                ).fetchone()
                if not (lock and lock[0]):
                    return
                session.execute(f"DROP INDEX IF EXISTS {name}")  # a killed build leaves one
                session.execute(
                    f"""CREATE INDEX CONCURRENTLY {name} ON region_vectors
                        USING hnsw (({self._embedding}) {self._operators})
                        WITH (m = {_LINKS}, ef_construction = {_EF_CONSTRUCTION})
                        WHERE profile_id = {int(self.profile_id)}"""
                )
        finally:
            session.raw.close()

    def _indexed_ids(self) -> np.ndarray:
        with self._server.reading() as session:
            rows = session.execute(
                "SELECT region_id FROM region_vectors WHERE profile_id = ? ORDER BY region_id",
                (self.profile_id,),
            ).fetchall()
        return np.array(rows, np.int64).reshape(-1)

    def _repair(self, lacking: np.ndarray, stray: np.ndarray) -> None:
        with self._server.writing() as session:
            session.execute(
                "DELETE FROM region_vectors WHERE region_id = ANY(?::bigint[])", (stray.tolist(),)
            )
            for region_id in lacking.tolist():
                ids, found = self._regions.vectors_of(
                    self.profile_id, np.array([region_id], np.int64)
                )
                if len(ids):
                    vectors.insert(session, self.profile_id, region_id, found)

"""The graph under filters against brute force; damage between blocks and vectors."""

from __future__ import annotations

import numpy as np
import pytest

from engine.index.vector_index import Neighbours
from engine.postgres import pgvector_index
from engine.postgres.pgvector_index import PgvectorIndex
from engine.postgres.postgres_store import PostgresStore
from tests.engine.postgres.conftest import OpenStore
from tests.fakes.generated_index import NDIM, PROFILE_ID, Filler, exact, queries

PHOTOS = 300


@pytest.fixture
def filled(open_store: OpenStore) -> PostgresStore:
    store = open_store()
    assert store.profile_id("p", NDIM, "p") == PROFILE_ID
    Filler(store)(PHOTOS)
    return store


def opened(store: PostgresStore, metric: str = "ip") -> PgvectorIndex:
    return PgvectorIndex(store.server, store.regions, PROFILE_ID, ndim=NDIM, metric=metric)


def graphs(store: PostgresStore) -> int:
    """How many graphs there are."""
    with store.server.reading() as session:
        row = session.execute(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() "
            "AND indexdef LIKE '%hnsw%'"
        ).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("metric", ["ip", "cos"])
@pytest.mark.parametrize("share", [0.15, 0.5, 1.0])
def test_filtered_neighbours_are_those_of_brute_force(
    filled: PostgresStore, monkeypatch: pytest.MonkeyPatch, metric: str, share: float
) -> None:
    monkeypatch.setattr(pgvector_index, "EXACT_ROWS", 100)
    monkeypatch.setattr(pgvector_index, "EXACT_ALLOWED", 100)
    index = opened(filled, metric)
    index.maintain()
    walked = []
    nearest = index._nearest

    def watched(*args: object, exact: bool, **rest: object) -> object:
        walked.append(not exact)
        return nearest(*args, exact=exact, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(index, "_nearest", watched)
    ids = filled.regions.ids(PROFILE_ID)
    rng = np.random.default_rng(5)
    found = []
    for query in queries(20):
        allowed = np.sort(rng.choice(ids, round(share * len(ids)), replace=False))
        chosen = set(allowed.tolist())
        best = [i for i in exact(filled, query, len(ids), metric) if i in chosen][:10]
        near: Neighbours = index.search(query, 10, None if share == 1.0 else allowed)
        assert share == 1.0 or set(near.ids.tolist()) <= chosen
        found.append(len(set(near.ids.tolist()) & set(best)) / 10)
    assert all(walked), "the graph is what this test is about"
    assert np.mean(found) >= 0.97


def test_a_missing_vector_is_found_and_written_again(filled: PostgresStore) -> None:
    index = opened(filled)
    with filled.server.writing() as session:
        session.execute("DELETE FROM region_vectors WHERE region_id IN (3, 700)")
        session.execute(
            "INSERT INTO region_vectors SELECT 999999, profile_id, embedding FROM region_vectors "
            "WHERE region_id = 4"
        )
    report = index.check()
    assert report.vectors == 10 * PHOTOS and report.faults == ()
    assert report.repaired == ("index: 2 vectors were missing, 1 too many",)
    again = index.check()
    assert again.repaired == () and again.vectors == 10 * PHOTOS


def test_the_graph_goes_with_the_profile(
    filled: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgvector_index, "EXACT_ROWS", 100)
    opened(filled).maintain()
    assert graphs(filled) == 1
    while filled.profiles.delete_step(PROFILE_ID):
        pass
    assert graphs(filled) == 0
    assert len(opened(filled).search(queries()[0], 5).ids) == 0

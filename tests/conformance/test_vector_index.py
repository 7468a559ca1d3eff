"""What every vector index promises, see ``engine.index.vector_index``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.index.vector_index import VectorIndex
from engine.jobs import CancelToken
from engine.store.store import Store
from tests.conformance.backends import Backend
from tests.fakes.generated_index import (
    NDIM,
    PROFILE_ID,
    Filler,
    delete_photos,
    exact,
    queries,
    recall,
)

Open = Callable[..., VectorIndex]


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> Iterator[Store]:
    opened = backend.open_store(tmp_path / "library", False)
    assert opened.profile_id("p", NDIM, "p") == PROFILE_ID
    yield opened
    opened.close()


@pytest.fixture
def fill(store: Store) -> Filler:
    return Filler(store)


@pytest.fixture
def open_index(
    backend: Backend, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    backend.shrink(monkeypatch.setattr)
    opened = []

    def run(*, read_only: bool = False, metric: str = "ip", key: str = "p") -> VectorIndex:
        opened.append(
            backend.open_index(
                tmp_path / "library",
                store,
                PROFILE_ID,
                key=key,
                ndim=NDIM,
                metric=metric,
                read_only=read_only,
            )
        )
        return opened[-1]

    yield run
    for index in opened:
        index.close()


def test_an_empty_index_finds_nothing(open_index: Open) -> None:
    index = open_index()
    assert len(index.search(queries()[0], 5).ids) == 0
    index.maintain()
    assert index.complete and index.check().vectors == 0


@pytest.mark.parametrize("metric", ["ip", "cos"])
def test_neighbours_come_nearest_first_with_their_similarities(
    store: Store, fill: Filler, open_index: Open, metric: str
) -> None:
    fill(8)
    index = open_index(metric=metric)
    for query in queries():
        found = index.search(query, 7)
        assert found.ids.dtype == np.int64 and found.scores.dtype == np.float32
        assert len(found.ids) == 7 and (np.diff(found.scores) <= 0).all()
    assert recall(index, store, metric) >= 0.95


def test_fewer_regions_than_asked_for_are_all_found(fill: Filler, open_index: Open) -> None:
    fill(2)
    assert len(open_index().search(queries()[0], 100).ids) == 20


@pytest.mark.parametrize("metric", ["ip", "cos"])
@pytest.mark.parametrize("maintained", [True, False])
def test_allowed_regions_are_compared_exactly(
    store: Store, fill: Filler, open_index: Open, metric: str, maintained: bool
) -> None:
    index = open_index(metric=metric)
    for _ in range(3 if maintained else 1):
        fill(30)
        if maintained:
            index.maintain(merge=False)
    fill(3)
    ids = store.regions.ids(PROFILE_ID)
    for seed, count in enumerate((1, 2, 7, 60, len(ids))):
        allowed = np.sort(np.random.default_rng(seed).choice(ids, count, replace=False))
        for query in queries(3):
            best = exact(store, query, len(ids), metric)
            nearest = [i for i in best if i in set(allowed.tolist())]
            for k in (1, 5, 1000):
                found = index.search(query, k, allowed)
                assert found.ids.dtype == np.int64 and found.scores.dtype == np.float32
                assert found.ids.tolist() == nearest[:k]
                assert (np.diff(found.scores) <= 0).all()
    everything = index.search(query, len(ids), ids)
    near = index.search(query, 10)
    score_of = dict(zip(everything.ids.tolist(), everything.scores.tolist(), strict=True))
    assert near.scores == pytest.approx([score_of[i] for i in near.ids.tolist()], abs=0.01)


def test_allowed_regions_that_are_not_there_are_left_out(
    store: Store, fill: Filler, open_index: Open
) -> None:
    fill(20)
    index = open_index()
    index.maintain()
    none = np.zeros(0, np.int64)
    assert len(index.search(queries()[0], 5, none).ids) == 0
    last = int(store.regions.ids(PROFILE_ID)[-1])
    beyond = np.array([last - 1, last, last + 1, last + 1000], np.int64)
    assert set(index.search(queries()[0], 5, beyond).ids) == {last - 1, last}


def test_what_was_committed_a_moment_ago_is_found(
    store: Store, fill: Filler, open_index: Open
) -> None:
    index = open_index()
    for _ in range(3):
        fill(1)
        assert len(index.search(queries()[0], 1000).ids) == len(store.regions.ids(1))


@pytest.mark.parametrize("metric", ["ip", "cos"])
def test_maintaining_loses_nothing(
    store: Store, fill: Filler, open_index: Open, metric: str
) -> None:
    index = open_index(metric=metric)
    for _ in range(5):
        fill(7)
        index.maintain(merge=False)
        assert recall(index, store, metric) >= 0.95
    index.maintain()
    assert recall(index, store, metric) >= 0.95
    report = index.check()
    assert (report.vectors, report.repaired, report.faults) == (350, (), ())


def test_an_index_that_is_opened_again_finds_the_same(
    store: Store, fill: Filler, open_index: Open
) -> None:
    fill(20)
    first = open_index()
    first.maintain()
    fill(2)
    before = [first.search(query, 10).ids.tolist() for query in queries()]
    first.close()
    again = open_index()
    assert [again.search(query, 10).ids.tolist() for query in queries()] == before
    assert [first.search(query, 10).ids.tolist() for query in queries()] == before


def test_removed_regions_are_gone_after_maintaining_and_checking(
    store: Store, fill: Filler, open_index: Open
) -> None:
    fill(20)
    index = open_index()
    index.maintain()
    before = store.regions.ids(PROFILE_ID)
    delete_photos(store, 12)
    index.remove(np.setdiff1d(before, store.regions.ids(PROFILE_ID)).tolist())
    index.maintain()
    assert recall(index, store) >= 0.95
    assert set(index.search(queries()[0], 1000).ids) == set(store.regions.ids(PROFILE_ID))
    assert index.check().vectors == 80


def test_cancelling_leaves_an_index_that_finds_everything(
    store: Store, fill: Filler, open_index: Open
) -> None:
    fill(20)
    index = open_index()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        index.maintain(cancel)
    assert recall(index, store) == 1.0


def test_a_read_only_index_follows_the_writer(store: Store, fill: Filler, open_index: Open) -> None:
    writer, reader = open_index(), open_index(read_only=True)
    assert reader.read_only
    fill(20)
    assert recall(reader, store) == 1.0
    writer.maintain()
    fill(1)
    reader.maintain()
    assert recall(reader, store) >= 0.95
    assert reader.check().vectors == 210

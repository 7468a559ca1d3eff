"""Stage one by the index finds what looking at every photo would."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.index.usearch_index import UsearchIndex
from engine.records import SearchRequest
from engine.search import candidates
from engine.search.query import ResolvedQuery
from engine.search.ranking import rank
from engine.search.region_similarities import RegionCache
from engine.store.rows import IndexLevel
from engine.store.sqlite_store import SqliteStore
from tests.fakes.colour_models import BestRegionScorer

from .conftest import NDIM


def queries() -> list[np.ndarray]:
    vectors = np.random.default_rng(2).normal(size=(5, NDIM)).astype(np.float32)
    return list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def ranking(store: SqliteStore, index: UsearchIndex, query: ResolvedQuery) -> list[int]:
    found = candidates.find(query, store, index)
    rows = RegionCache(store.regions, 1).rows(found.photo_ids)
    return [item.photo_id for item in rank(query, rows, BestRegionScorer())]


def text_query(vector: np.ndarray, **options) -> ResolvedQuery:
    return ResolvedQuery(SearchRequest(text="x", limit=10, **options), vector)


@pytest.fixture
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 300 photos were many."""
    monkeypatch.setattr(candidates, "ALL_PHOTOS", 50)
    monkeypatch.setattr(candidates, "CANDIDATES", 40)
    monkeypatch.setattr(candidates, "_FIRST_REGIONS", 30)


def test_the_index_gives_the_ranking_that_every_photo_gives(
    store: SqliteStore,
    index: UsearchIndex,
    add_photos: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_photos("a", 300)
    exact = [ranking(store, index, text_query(vector)) for vector in queries()]
    monkeypatch.setattr(candidates, "ALL_PHOTOS", 50)
    monkeypatch.setattr(candidates, "CANDIDATES", 40)
    monkeypatch.setattr(candidates, "_FIRST_REGIONS", 30)
    assert [ranking(store, index, text_query(vector)) for vector in queries()] == exact


@pytest.mark.usefixtures("few_candidates")
def test_a_folder_filter_finds_the_folders_best_however_deep_they_lie(
    store: SqliteStore, index: UsearchIndex, add_photos: Callable[..., int]
) -> None:
    add_photos("many", 250)
    few = add_photos("few", 60)
    in_few = store.photos.searchable_ids(1, frozenset([few]), 60)
    for vector in queries():
        found = ranking(store, index, text_query(vector, folder_ids=frozenset([few])))
        rows = RegionCache(store.regions, 1).rows(in_few)
        query = text_query(vector)
        best = [item.photo_id for item in rank(query, rows, BestRegionScorer())]
        assert found == best


@pytest.mark.usefixtures("few_candidates")
def test_missing_photos_are_no_candidates(
    store: SqliteStore, index: UsearchIndex, add_photos: Callable[..., int]
) -> None:
    folder_id = add_photos("a", 200)
    query = text_query(queries()[0])
    best = ranking(store, index, query)
    names = [photo.path.name for photo in store.photos.visible(best[:3]).values()]
    store.files.record_missing(folder_id, names)
    after = ranking(store, index, query)
    assert not set(best[:3]) & set(after) and after[:7] == best[3:]


def test_the_examples_photo_is_left_out(
    store: SqliteStore, index: UsearchIndex, add_photos: Callable[..., int]
) -> None:
    add_photos("a", 20)
    region = int(store.regions.ids(1)[1])
    photo_id = store.regions.photos_of([region])[region]
    request = SearchRequest(like_region=region)
    query = ResolvedQuery(request, store.regions.vector(region, 1), photo_id)
    found = candidates.find(query, store, index).photo_ids
    assert photo_id not in found and len(found) == 19


def test_the_cache_stays_within_its_budget_and_gives_the_same(
    store: SqliteStore, add_photos: Callable[..., int]
) -> None:
    add_photos("a", 30)
    ids = store.photos.searchable_ids(1, frozenset(), 100)
    roomy = RegionCache(store.regions, 1).rows(ids)
    tight = RegionCache(store.regions, 1, budget_bytes=2000)
    for _ in range(2):
        for photo_id, rows in tight.rows(ids).items():
            assert np.array_equal(rows.vectors, roomy[photo_id].vectors)
    assert tight._bytes <= 2000 and tight._bytes == sum(r.nbytes for r in tight._rows.values())


def test_the_cache_notices_a_full_indexing(
    store: SqliteStore, index: UsearchIndex, add_photos: Callable[..., int]
) -> None:
    add_photos("a", 5, level=IndexLevel.COARSE)
    cache = RegionCache(store.regions, 1)
    ids = store.photos.searchable_ids(1, frozenset(), 100)
    assert not any(rows.outlined or len(rows.ids) for rows in cache.rows(ids).values())
    add_photos("a", 2)
    rows = cache.rows(ids)
    assert sorted(len(row.ids) for row in rows.values()) == [0, 0, 0, 3, 3]
    assert all(row.outlined == bool(len(row.ids)) for row in rows.values())
    assert cache._bytes == sum(r.nbytes for r in cache._rows.values())


@pytest.mark.usefixtures("few_candidates")
def test_coarse_photos_are_found_among_full_ones(
    store: SqliteStore, index: UsearchIndex, add_photos: Callable[..., int]
) -> None:
    add_photos("full", 100)
    add_photos("coarse", 100, level=IndexLevel.COARSE)
    coarse = {int(i) for i in store.photos.all_ids()} - store.regions.fully_indexed(
        list(store.photos.all_ids()), 1
    )
    for photo_id in list(coarse)[:5]:
        whole = store.regions.rows([photo_id], 1)[photo_id].whole
        assert photo_id in candidates.find(text_query(whole), store, index).photo_ids

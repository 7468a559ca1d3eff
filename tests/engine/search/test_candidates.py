"""Stage one by the index finds what looking at every photo would, however narrow the filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, pairwise

import numpy as np
import pytest

from engine.index import usearch_index
from engine.index.usearch_index import UsearchIndex
from engine.index.vector_index import Neighbours
from engine.records import DateRange, Filter, FilterKind, PhotoId, SearchRequest, Span
from engine.search import candidates
from engine.search.query import ResolvedQuery
from engine.search.ranking import rank_by_example
from engine.search.region_cache import RegionCache
from engine.store.rows import IndexLevel
from engine.store.sqlite_store import SqliteStore

from .conftest import NDIM

AddPhotos = Callable[..., int]
FIRST_DAY = date(2019, 1, 1)


def queries(count: int = 5) -> list[np.ndarray]:
    vectors = np.random.default_rng(2).normal(size=(count, NDIM)).astype(np.float32)
    return list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def ranked(
    store: SqliteStore, photo_ids: Sequence[PhotoId], vector: np.ndarray, limit: int = 10
) -> list[int]:
    rows = RegionCache(store.regions, 1).rows(photo_ids)
    return [item.photo_id for item in islice(rank_by_example(vector, rows, limit), limit)]


def ranking(store: SqliteStore, index: UsearchIndex, query: ResolvedQuery) -> list[int]:
    return ranked(store, candidates.find(query, store, index).photo_ids, query.vectors[0])


def text_query(
    vector: np.ndarray, filters: Iterable[Filter] = (), **options: object
) -> ResolvedQuery:
    request = SearchRequest(text="x", limit=10, **options)
    return ResolvedQuery(request, vector[None], filters=tuple(filters))


def in_folder(name: str) -> Filter:
    return Filter(FilterKind.FOLDER, name, Span(0, 1))


def on_days(first: int, count: int) -> Filter:
    """Taken on the days of ``one_a_day`` with these numbers."""
    day = FIRST_DAY + timedelta(days=first)
    return Filter(FilterKind.DATE, DateRange(day, day + timedelta(days=count - 1)), Span(0, 1))


def one_a_day(number: int) -> str:
    day = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(days=number)
    return day.isoformat()


@pytest.fixture
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 300 photos were many, and 120 regions too many to ask the index for."""
    monkeypatch.setattr(candidates, "ALL_PHOTOS", 30)
    monkeypatch.setattr(candidates, "CANDIDATES", 40)
    monkeypatch.setattr(candidates, "_FIRST_REGIONS", 30)
    monkeypatch.setattr(candidates, "_MOST_REGIONS", 120)


def test_the_index_gives_the_ranking_that_every_photo_gives(
    store: SqliteStore,
    index: UsearchIndex,
    add_photos: AddPhotos,
    request: pytest.FixtureRequest,
) -> None:
    add_photos("a", 300)
    exact = [ranking(store, index, text_query(vector)) for vector in queries()]
    request.getfixturevalue("few_candidates")
    assert [ranking(store, index, text_query(vector)) for vector in queries()] == exact


@pytest.mark.usefixtures("few_candidates")
def test_a_folder_filter_finds_the_folders_best_however_deep_they_lie(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    add_photos("many", 250)
    few = add_photos("few", 60)
    in_few = store.photos.searchable_ids(1, frozenset([few]), 60)
    assert in_few is not None
    for vector in queries():
        best = ranked(store, in_few, vector)
        below_few = text_query(vector, folder_ids=frozenset([few]))
        assert ranking(store, index, below_few) == best
        assert ranking(store, index, text_query(vector, [in_folder("few")])) == best


@pytest.mark.usefixtures("few_candidates")
@pytest.mark.parametrize("maintained", [True, False])
def test_a_filter_finds_what_looking_at_all_it_keeps_would(
    store: SqliteStore,
    index: UsearchIndex,
    add_photos: AddPhotos,
    monkeypatch: pytest.MonkeyPatch,
    maintained: bool,
) -> None:
    add_photos("a", 300, taken_at=one_a_day)
    if maintained:
        monkeypatch.setattr(usearch_index, "SEAL_AT", 500)
        index.maintain()
        assert index.opened()
    for days in (1, 3, 29, 31, 60, 200, 300):
        for number, vector in enumerate(queries(3)):
            only = on_days(number * (300 - days) // 2, days)
            kept = store.photos.searchable_ids(1, frozenset(), None, [only])
            assert kept is not None and len(kept) == days
            assert ranking(store, index, text_query(vector, [only])) == ranked(store, kept, vector)


@pytest.mark.usefixtures("few_candidates")
def test_filters_that_keep_only_the_least_similar_photos_lose_none(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    """As "snow" of last summer: not one of the nearest regions is of that time."""
    add_photos("a", 300, taken_at=one_a_day)
    everything = store.photos.searchable_ids(1, frozenset(), None)
    assert everything is not None
    for vector in queries():
        last = ranked(store, everything, vector, 300)[-60:]
        days = sorted(
            (date.fromisoformat(photo.taken_at[:10]) - FIRST_DAY).days
            for photo in store.photos.visible(last).values()
            if photo.taken_at
        )
        gaps = [on_days(a + 1, b - a - 1) for a, b in pairwise([-1, *days, 300]) if b - a > 1]
        outside = [Filter(gap.kind, gap.value, gap.span, excluded=True) for gap in gaps]
        assert ranking(store, index, text_query(vector, outside)) == last[:10]


@pytest.mark.usefixtures("few_candidates")
def test_a_filter_that_keeps_nothing_gives_no_candidate(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    add_photos("a", 100, taken_at=one_a_day)
    vector = queries()[0]
    for nothing in (in_folder("forest"), on_days(500, 9), Filter(FilterKind.LENS, "5", Span(0, 1))):
        assert candidates.find(text_query(vector, [nothing]), store, index).photo_ids == []


@pytest.mark.usefixtures("few_candidates")
def test_photos_near_any_vector_of_the_query_are_candidates(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    add_photos("a", 300, taken_at=one_a_day)
    filters = (on_days(0, 250),)
    kept = store.photos.searchable_ids(1, frozenset(), None, filters)
    assert kept is not None
    request = SearchRequest(text="x", limit=10)
    query = ResolvedQuery(request, np.stack(queries(3)), filters=filters)
    found = candidates.find(query, store, index).photo_ids
    assert len(found) == len(set(found)) < 250
    for vector in queries(3):
        assert set(ranked(store, kept, vector)) <= set(found)


@pytest.mark.usefixtures("few_candidates")
def test_without_a_vector_all_photos_that_pass_are_candidates(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    add_photos("a", 100, taken_at=one_a_day)
    nothing = np.zeros((0, NDIM), np.float32)
    query = ResolvedQuery(SearchRequest(text="x"), nothing, filters=(on_days(0, 70),))
    assert len(set(candidates.find(query, store, index).photo_ids)) == 70


@pytest.mark.usefixtures("few_candidates")
def test_wide_filters_do_not_compare_every_region(
    store: SqliteStore,
    index: UsearchIndex,
    add_photos: AddPhotos,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_photos("a", 300, taken_at=one_a_day)

    def refuse(*_: object) -> Neighbours:
        raise AssertionError("every region was compared")

    monkeypatch.setattr(candidates, "_compared", refuse)
    found = candidates.find(text_query(queries()[0], [on_days(0, 280)]), store, index)
    assert 20 <= len(found.photo_ids) <= 40


@pytest.mark.usefixtures("few_candidates")
def test_missing_photos_are_no_candidates(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    folder_id = add_photos("a", 200)
    query = text_query(queries()[0])
    best = ranking(store, index, query)
    names = [photo.path.name for photo in store.photos.visible(best[:3]).values()]
    store.files.record_missing(folder_id, names)
    after = ranking(store, index, query)
    assert not set(best[:3]) & set(after) and after[:7] == best[3:]


def test_the_examples_photo_is_left_out(
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    add_photos("a", 20)
    region = int(store.regions.ids(1)[1])
    photo_id = store.regions.photos_of([region])[region]
    request = SearchRequest(like_region=region)
    query = ResolvedQuery(request, store.regions.vector(region, 1)[None], photo_id)
    found = candidates.find(query, store, index).photo_ids
    assert photo_id not in found and len(found) == 19


def test_the_cache_stays_within_its_budget_and_gives_the_same(
    store: SqliteStore, add_photos: AddPhotos
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
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
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
    store: SqliteStore, index: UsearchIndex, add_photos: AddPhotos
) -> None:
    add_photos("full", 100)
    add_photos("coarse", 100, level=IndexLevel.COARSE)
    coarse = {int(i) for i in store.photos.all_ids()} - store.regions.fully_indexed(
        list(store.photos.all_ids()), 1
    )
    for photo_id in list(coarse)[:5]:
        whole = store.regions.rows([photo_id], 1)[photo_id].whole
        assert photo_id in candidates.find(text_query(whole), store, index).photo_ids

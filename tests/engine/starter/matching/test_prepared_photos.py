"""Photos are prepared once and not kept for ever."""

from __future__ import annotations

import numpy as np
import pytest

from engine.starter.matching.prepared_photos import NearestNames, PreparedPhotos
from engine.store.rows import RegionRows

NAMES = np.eye(4, dtype=np.float32)


def photo(seed: int, count: int = 3) -> RegionRows:
    rng = np.random.default_rng(seed)
    ones = np.ones(count, np.float32)
    vectors = rng.normal(size=(count + 1, 4)).astype(np.float32)
    boxes = np.tile(np.array([0.1, 0.1, 0.5, 0.6], np.float32), (count, 1))
    return RegionRows(np.arange(count), boxes, ones, ones, vectors[:-1], vectors[-1])


def similarities(of_photo: RegionRows) -> np.ndarray:
    return np.vstack([of_photo.vectors, of_photo.whole[None]])


def test_the_nearest_names_are_kept_with_their_similarities() -> None:
    products = np.random.default_rng(0).normal(size=(5, 200)).astype(np.float32)
    nearest = NearestNames.of(products)
    for row, indexes, kept in zip(products, nearest.indexes, nearest.similarities, strict=True):
        assert row[indexes].tolist() == kept.tolist()
        assert kept.min() >= np.sort(row)[-len(indexes)]
    assert nearest.totals == pytest.approx(np.exp(12.0 * products).sum(axis=1), rel=1e-4)


def test_the_whole_photo_is_the_last_row() -> None:
    of_photo = photo(1)
    (prepared,) = PreparedPhotos(NAMES).of([of_photo])
    order = np.argsort(prepared.names.indexes, axis=1)
    kept = np.take_along_axis(prepared.names.similarities, order, axis=1)
    assert np.allclose(kept, similarities(of_photo))


def test_a_photo_is_prepared_once() -> None:
    photos = PreparedPhotos(NAMES)
    first = photo(1)
    before = photos.of([first])[0]
    assert photos.of([photo(2), first])[1] is before


def test_another_photo_at_the_same_address_is_not_taken_for_it() -> None:
    photos = PreparedPhotos(NAMES)
    for seed in range(50):
        of_photo = photo(seed)  # the one before has just been freed
        best = photos.of([of_photo])[0].names.similarities.max(axis=1)
        assert np.allclose(best, similarities(of_photo).max(axis=1))


def test_beyond_the_budget_the_oldest_are_dropped_but_all_are_answered() -> None:
    photos = PreparedPhotos(NAMES, kept_bytes=100)
    several = [photo(seed) for seed in range(20)]
    assert len(photos.of(several)) == 20
    assert photos.of(several)[0] is not photos.of(several)[0]


def test_a_photo_without_regions_is_prepared_too() -> None:
    (prepared,) = PreparedPhotos(NAMES).of([photo(1, count=0)])
    assert prepared.names.totals.shape == (1,) and prepared.geometry.columns.shape == (0, 6)

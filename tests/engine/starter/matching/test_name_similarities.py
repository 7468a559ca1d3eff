"""Similarities to known names are computed once for each photo and not kept for ever."""

from __future__ import annotations

import numpy as np

from engine.starter.matching.name_similarities import NameSimilarities
from engine.store.rows import RegionRows

NAMES = np.eye(4, dtype=np.float32)


def photo(seed: int, count: int = 3) -> RegionRows:
    rng = np.random.default_rng(seed)
    ones = np.ones(count, np.float32)
    vectors = rng.normal(size=(count + 1, 4)).astype(np.float32)
    return RegionRows(
        np.arange(count), np.zeros((count, 4), np.float32), ones, ones, vectors[:-1], vectors[-1]
    )


def products(of_photo: RegionRows) -> np.ndarray:
    return np.vstack([of_photo.vectors, of_photo.whole[None]])


def test_they_are_dot_products_the_whole_photo_last() -> None:
    photos = [photo(1), photo(2, 0), photo(3)]
    found = NameSimilarities(NAMES).of(photos)
    for of_photo, similarities in zip(photos, found, strict=True):
        assert np.allclose(similarities, products(of_photo), atol=2e-3)


def test_a_photo_is_compared_once() -> None:
    similarities = NameSimilarities(NAMES)
    first = photo(1)
    before = similarities.of([first])[0]
    assert similarities.of([photo(2), first])[1] is before


def test_another_photo_at_the_same_address_is_not_taken_for_it() -> None:
    similarities = NameSimilarities(NAMES)
    for seed in range(50):
        of_photo = photo(seed)  # the one before has just been freed
        assert np.allclose(similarities.of([of_photo])[0], products(of_photo), atol=2e-3)


def test_beyond_the_budget_the_oldest_are_dropped_but_all_are_answered() -> None:
    similarities = NameSimilarities(NAMES, kept_bytes=100)
    photos = [photo(seed) for seed in range(20)]
    assert len(similarities.of(photos)) == 20
    assert similarities.of(photos)[0] is not similarities.of(photos)[0]

"""Bursts are folded into their best photo."""

from __future__ import annotations

import numpy as np

from engine.fusion.plan_match import PlanMatch
from engine.search.folding import fold
from engine.search.ranking import RankedPhoto, Ranking
from engine.store.rows import RegionRows

NOTHING = np.zeros(0, np.float32)
BEACH, TOWN = (1.0, 0.0), (0.0, 1.0)


def rows_of(whole: tuple[float, float]) -> RegionRows:
    return RegionRows(
        NOTHING, NOTHING.reshape(0, 4), NOTHING, NOTHING, NOTHING.reshape(0, 2), np.array(whole)
    )


def folded(
    looks: dict[int, tuple[float, float]], taken_at: dict[int, str | None], limit: int = 50
) -> list[tuple[int, list[int]]]:
    """The hits among photos by number, the best first, each with those folded into it."""
    ids, rows = sorted(looks), {number: rows_of(whole) for number, whole in looks.items()}
    place = {number: place for place, number in enumerate(looks)}

    def ranked(k: int) -> RankedPhoto:
        return RankedPhoto(ids[k], PlanMatch(-float(place[ids[k]]), 0.5), rows[ids[k]])

    ranking = Ranking(ids, np.array([-float(place[number]) for number in ids]), ranked)
    hits = fold(ranking, rows, taken_at, limit)
    return [(one.ranked.photo_id, one.similar) for one in hits]


def test_alike_photos_of_one_minute_are_one_hit_at_the_best_place() -> None:
    taken = {1: "2020-05-01T10:00:50", 2: "2020-05-01T10:01:05", 3: "2020-05-01T12:00:00"}
    assert folded({2: BEACH, 3: BEACH, 1: BEACH}, taken) == [(2, [1]), (3, [])]


def test_other_pictures_of_the_same_minute_stay() -> None:
    taken = {1: "2020-05-01T10:00:00", 2: "2020-05-01T10:00:01"}
    assert folded({1: BEACH, 2: TOWN}, taken) == [(1, []), (2, [])]


def test_without_a_time_nothing_is_folded() -> None:
    taken = {1: None, 2: None, 3: "last summer", 4: "2020-05-01", 5: "2020-05-01"}
    assert folded(dict.fromkeys(taken, BEACH), taken) == [(number, []) for number in taken]


def test_photos_without_a_record_are_left_out() -> None:
    assert folded({1: BEACH, 2: BEACH}, {2: None}) == [(2, [])]


def test_photos_after_the_last_hit_are_folded_into_it_and_are_no_hits() -> None:
    taken = dict.fromkeys((1, 2, 3, 4), "2020-05-01T10:00:00")
    looks = {4: TOWN, 3: BEACH, 2: TOWN, 1: (1.0, 1.0)}
    assert folded(looks, taken, limit=2) == [(4, [2]), (3, [])]

"""Bursts are folded into their best photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.fusion.plan_match import PlanMatch
from engine.records import Photo, PhotoId
from engine.search.folding import fold
from engine.search.ranking import RankedPhoto
from engine.store.rows import RegionRows

NOTHING = np.zeros(0, np.float32)
BEACH, TOWN = (1.0, 0.0), (0.0, 1.0)


def ranked(number: int, whole: tuple[float, float]) -> RankedPhoto:
    rows = RegionRows(
        NOTHING, NOTHING.reshape(0, 4), NOTHING, NOTHING, NOTHING.reshape(0, 2), np.array(whole)
    )
    return RankedPhoto(PhotoId(number), PlanMatch(-float(number), 0.5), rows)


def photos(**taken_at: str | None) -> dict[PhotoId, Photo]:
    """By number, ``p1="..."``."""
    found = {}
    for name, time in taken_at.items():
        number = PhotoId(int(name[1:]))
        found[number] = Photo(number, Path(f"{number}.jpg"), (10, 10), taken_at=time)
    return found


def shape(folded) -> list[tuple[int, list[int]]]:
    return [(one.ranked.photo_id, one.similar) for one in folded]


def test_alike_photos_of_one_minute_are_one_hit_at_the_best_place() -> None:
    taken = photos(p1="2020-05-01T10:00:50", p2="2020-05-01T10:01:05", p3="2020-05-01T12:00:00")
    found = fold([ranked(2, BEACH), ranked(3, BEACH), ranked(1, BEACH)], taken)
    assert shape(found) == [(2, [1]), (3, [])]


def test_other_pictures_of_the_same_minute_stay() -> None:
    taken = photos(p1="2020-05-01T10:00:00", p2="2020-05-01T10:00:01")
    assert shape(fold([ranked(1, BEACH), ranked(2, TOWN)], taken)) == [(1, []), (2, [])]


def test_without_a_time_nothing_is_folded() -> None:
    taken = photos(p1=None, p2=None, p3="last summer")
    alike = [ranked(n, BEACH) for n in (1, 2, 3)]
    assert shape(fold(alike, taken)) == [(1, []), (2, []), (3, [])]


def test_photos_without_a_record_are_left_out() -> None:
    assert shape(fold([ranked(1, BEACH), ranked(2, BEACH)], photos(p2=None))) == [(2, [])]

"""Which losses are believed."""

import pytest

from engine.watch import changes, losses
from engine.watch.scanner import FileFacts

LAST_SCAN_NS = 1000


def lacking(before, now, *, other_volume=False, elsewhere=()):
    """Both: name -> size and time."""
    on_disk = [FileFacts(name, *facts) for name, facts in now.items()]
    difference = changes.diff(on_disk, before)
    lost = [name for name in losses.lost_photos(difference, before) if name not in elsewhere]
    replaced = losses.replaced_photos(difference, before, LAST_SCAN_NS)
    return losses.too_many(lost, replaced, difference, len(before), other_volume=other_volume)


def files(*numbers):
    return {f"{n}.jpg": (n, n) for n in numbers}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (files(), files(), 0),
        (files(1), files(), 1),
        (files(*range(100)), files(), 100),
        (files(1, 2), files(1), 0),
        (files(1, 2, 3, 4), files(1), 0),
        (files(*range(10)), files(0, 1, 2, 3), 6),
        (files(*range(10)), files(0, 1, 2, 3, 4), 0),
        (files(1, 2), files(3, 4), 2),
        (files(1, 2), {"1.jpg": (9, 9), "2.jpg": (8, 8)}, 0),
    ],
)
def test_an_empty_folder_and_one_that_lacks_most_are_doubted(before, now, expected):
    assert lacking(before, now) == expected


@pytest.mark.parametrize(
    ("size", "time", "expected"),
    [(1, 900, 10), (1, 1100, 0), (0, 900, 0)],
    ids=["other photos", "edited photos", "photos of the same size"],
)
def test_other_photos_under_the_same_names_are_doubted(size, time, expected):
    before = {f"{n}.jpg": (n, n) for n in range(10)}
    assert lacking(before, {f"{n}.jpg": (n + size, time) for n in range(10)}) == expected


def test_photos_in_a_renamed_folder_are_not_lost():
    before = {f"2021/{n}.jpg": (n, n) for n in range(100)}
    after = {f"Holidays/{n}.jpg": (n, n) for n in range(100)}
    assert lacking(before, after) == 0
    assert lacking(before, dict(list(after.items())[:30])) == 70


def test_photos_of_the_same_size_and_time_are_found_once_each():
    before = {f"{n}.jpg": (1, 1) for n in range(10)}
    assert lacking(before, {"other.jpg": (1, 1)}) == 9


def test_what_is_elsewhere_is_not_lost():
    before = files(*range(10))
    assert lacking(before, {}, elsewhere=before) == 0
    assert lacking(before, {}, elsewhere=["1.jpg"]) == 9


def test_on_another_volume_every_difference_is_doubted():
    before = files(*range(100))
    assert lacking(before, before, other_volume=True) == 0
    assert lacking(before, files(*range(99)), other_volume=True) == 1
    assert lacking(before, before | {"1.jpg": (9, 9)}, other_volume=True) == 1
    assert lacking(before, before | files(101), other_volume=True) == 0

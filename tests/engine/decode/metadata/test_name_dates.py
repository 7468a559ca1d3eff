"""Dates in names of files and folders."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from engine.decode.metadata.name_dates import guess, with_guess
from engine.records import DateSource, PhotoMetadata


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20190704_101112.jpg", "2019-07-04T10:11:12"),
        ("IMG_20190704_101112_1.jpg", "2019-07-04T10:11:12"),
        ("IMG_20190704_101112345_HDR.jpg", "2019-07-04T10:11:12"),
        ("2019-07-04 10.11.12.jpg", "2019-07-04T10:11:12"),
        ("20190704_101112.jpg", "2019-07-04T10:11:12"),
        ("20190704101112.jpg", "2019-07-04T10:11:12"),
        ("PXL_20210503_123000123.jpg", "2021-05-03T12:30:00"),
        ("PXL_20210503_123000123.PORTRAIT.jpg", "2021-05-03T12:30:00"),
        ("signal-2021-05-03-12-30-00-123.jpg", "2021-05-03T12:30:00"),
        ("signal-2021-05-03-123000.jpg", "2021-05-03T12:30:00"),
        ("signal-2021-05-03-12-30-00-123-1.jpg", "2021-05-03T12:30:00"),
        ("Screenshot_2019-07-04-10-11-12.png", "2019-07-04T10:11:12"),
        ("Screenshot_20190704-101112_Chrome.png", "2019-07-04T10:11:12"),
        ("Screenshot from 2021-05-03 12-30-00.png", "2021-05-03T12:30:00"),
        ("Screenshot 2021-05-03 at 1.30.00\u202fPM.png", "2021-05-03T13:30:00"),
        ("Screen Shot 2021-05-03 at 12.05.00 AM.png", "2021-05-03T00:05:00"),
        ("Bildschirmfoto 2021-05-03 um 12.30.00.png", "2021-05-03T12:30:00"),
        ("WhatsApp Image 2019-07-04 at 10.11.12.jpeg", "2019-07-04T10:11:12"),
        ("WhatsApp Image 2019-07-04 at 9.11.12 PM (1).jpeg", "2019-07-04T21:11:12"),
        ("IMG-20190704-WA0001.jpg", "2019-07-04"),
        ("2019-07-04 beach.jpg", "2019-07-04"),
        ("photo_2021-05-03_12-30-00.jpg", "2021-05-03T12:30:00"),
        ("FB_IMG_1562235072000.jpg", "2019-07-04T10:11:12"),
        ("VID_20190704_101112~2.jpg", "2019-07-04T10:11:12"),
        # No dates: numbers of cameras, impossible days, parts of longer numbers.
        ("DSC_2019.jpg", None),
        ("IMG_20191341.jpg", None),
        ("IMG_20190230_101112.jpg", None),
        ("120190704_1.jpg", None),
        ("IMG_0704.jpg", None),
        ("20190704101.jpg", None),
    ],
)
def test_name(name: str, expected: str | None) -> None:
    found = guess(PurePath(name))
    assert found.taken_at == expected and found.taken_until is None
    assert found.date_source == (DateSource.NAME if expected else None)


@pytest.mark.parametrize(
    ("path", "first", "last"),
    [
        ("Photos/2019/07/04/a.jpg", "2019-07-04", None),
        ("Photos/2019/07 Italy/a.jpg", "2019-07-01", "2019-07-31"),
        ("Photos/2019/2019-02/a.jpg", "2019-02-01", "2019-02-28"),
        ("Photos/2019-07-04 Rome/raw/a.jpg", "2019-07-04", None),
        ("Photos/20190704/a.jpg", "2019-07-04", None),
        ("Photos/2019/a.jpg", "2019-01-01", "2019-12-31"),
        ("Photos/Summer 2019/a.jpg", "2019-01-01", "2019-12-31"),
        ("Photos/2019/13 Cats/a.jpg", "2019-01-01", "2019-12-31"),
        ("Photos/2018-2019/a.jpg", None, None),
        ("Photos/Sigma 20190/a.jpg", None, None),
        ("Photos/a.jpg", None, None),
    ],
)
def test_folders(path: str, first: str | None, last: str | None) -> None:
    found = guess(PurePath(path))
    assert (found.taken_at, found.taken_until) == (first, last)
    assert found.date_guessed == (first is not None)


def test_a_guess_takes_the_place_of_nothing() -> None:
    path = PurePath("2018/IMG_20190704_101112.jpg")
    known = PhotoMetadata(taken_at="2001-01-01T00:00:00", date_source=DateSource.EXIF, rating=2)
    assert with_guess(known, path) == known
    guessed = with_guess(PhotoMetadata(rating=2), path)
    assert (guessed.taken_at, guessed.rating) == ("2019-07-04T10:11:12", 2)
    assert guessed.date_guessed

"""An outline in place of a box, where one can be had; what goes wrong costs nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import Cancelled, PhotoMissing
from engine.jobs import CancelToken
from engine.records import (
    UNSTORED,
    BoxXyxy,
    Photo,
    PhotoId,
    Region,
    Rle,
    SearchHit,
    Verdict,
)
from engine.search.box_outlines import BoxOutlines

BOX = BoxXyxy(1, 2, 30, 40)
PHOTO = Photo(PhotoId(7), Path("/a.jpg"), (100, 100))
MADE = Region(UNSTORED, PHOTO.id, BOX, Rle((2, 2), b"04"), 0.5)
HIT = SearchHit(PHOTO, 0.5, None, Verdict.MATCH, 0.9, looked_at=True, box_xyxy=BOX)


class Answers:
    """Gives or raises one thing after the other, and counts."""

    def __init__(self, *answers: Region | Exception | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, photo: Photo, box: BoxXyxy, cancel: CancelToken) -> Region | None:
        self.asked += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_mask_of_a_box_is_made_once() -> None:
    for answer in (MADE, None):
        ask = Answers(answer)
        outlines = BoxOutlines(ask)
        first, second = (outlines.with_region(HIT, CancelToken()) for _ in range(2))
        assert first == second and ask.asked == 1
        assert first == (HIT if answer is None else replace(HIT, region=MADE, box_xyxy=None))


@pytest.mark.parametrize(
    "hit",
    [
        replace(HIT, box_xyxy=None),
        replace(HIT, verdict=Verdict.NO),
        replace(HIT, verdict=Verdict.UNVERIFIED),
    ],
)
def test_no_mask_is_made_for_a_hit_without_a_box_or_rejected(hit: SearchHit) -> None:
    assert BoxOutlines(Answers()).with_region(hit, CancelToken()) is hit


@pytest.mark.parametrize(
    "error", [PhotoMissing("Gone.", operation="reading"), ZeroDivisionError("a bug")]
)
def test_a_failure_leaves_the_box_and_is_not_cached(error: Exception) -> None:
    outlines = BoxOutlines(Answers(error, MADE))
    assert outlines.with_region(HIT, CancelToken()) is HIT
    assert outlines.with_region(HIT, CancelToken()).region == MADE


def test_a_cancelled_segmentation_is_not_cached() -> None:
    with pytest.raises(Cancelled):
        BoxOutlines(Answers(Cancelled())).with_region(HIT, CancelToken())

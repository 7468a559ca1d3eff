"""Annotated photos of rectangles and rankings of them, made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.evaluation.annotated_search import Ranking, truth_index
from engine.evaluation.coco_truth import CocoTruth, Instance, TruthPhoto
from engine.masks import rle as rle_codec
from engine.records import BoxXyxy, Photo, PhotoId, Region, RegionId, SearchHit, Verdict

SIZE_WH = (200, 100)
Box = tuple[int, int, int, int]


def thing(category_id: int, box: Box, *, crowd: bool = False, key: int | None = None) -> Instance:
    """A rectangle x0, y0, x1, y1."""
    x0, y0, x1, y1 = (float(side) for side in box)
    outline = ((x0, y0, x1, y0, x1, y1, x0, y1),)
    return Instance(category_id, (x1 - x0) * (y1 - y0), crowd, outline, key)


def photo(*things: Instance) -> TruthPhoto:
    return TruthPhoto("some.jpg", SIZE_WH, things)


def truth(photos: list[TruthPhoto], *names: str) -> CocoTruth:
    """Photos called 0.jpg, 1.jpg ...; category ids from 1."""
    named = tuple(
        TruthPhoto(f"{index}.jpg", one.size_wh, one.instances) for index, one in enumerate(photos)
    )
    return CocoTruth(named, dict(enumerate(names, start=1)))


def region(box: Box) -> Region:
    mask = np.zeros((SIZE_WH[1], SIZE_WH[0]), bool)
    x0, y0, x1, y1 = box
    mask[y0:y1, x0:x1] = True
    return Region(RegionId(1), PhotoId(1), BoxXyxy(*map(float, box)), rle_codec.encode(mask), 1.0)


def stored_photo(index: int) -> Photo:
    return Photo(PhotoId(index + 1), Path(f"{index:06d}-{index}.jpg"), SIZE_WH)


def hit(
    index: int, verdict: Verdict = Verdict.MATCH, box: Box | None = None, similar: tuple = ()
) -> SearchHit:
    """The photo with this index; ``similar``: indexes of photos folded into it."""
    return SearchHit(
        stored_photo(index),
        1.0,
        None if box is None else region(box),
        verdict,
        similar=tuple(stored_photo(other) for other in similar),
    )


def ranking(text: str, truth: CocoTruth, *hits: SearchHit) -> Ranking:
    photos = tuple(truth.photos[truth_index(one.photo)] for one in hits)
    return Ranking(text, hits, photos, 1.0)


class GivenRankings:
    """Stands where ``AnnotatedSearch`` does, with given rankings; other texts find nothing."""

    def __init__(self, truth: CocoTruth, *rankings: Ranking) -> None:
        self.truth = truth
        self._rankings = {one.text: one for one in rankings}

    def search_all(self, texts, stage):
        return [self._rankings.get(text, Ranking(text, (), (), 1.0)) for text in texts]

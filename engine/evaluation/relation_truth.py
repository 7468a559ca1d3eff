"""What true masks say of a photo and a query: left of, above, next to, largest, two, without.

Photos on the border of what people would call so are neither right nor wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum, StrEnum

import numpy as np

from engine.evaluation import mask_overlap
from engine.evaluation.coco_truth import Instance, TruthPhoto
from engine.masks import rle as rle_codec
from engine.masks.geometry import mask_box
from engine.records import BoxXyxy, Region

SMALL_SHARE = 0.003
"""Things below this share of the photo make a photo neither right nor wrong."""
_CLEARLY_ACROSS = 1.3
_NEAR, _FAR = 0.3, 1.0
"""Gap between two boxes in lengths of the smaller one: up to the first they are next to each other,
beyond the second they are not."""
_INSIDE = 0.6
"""Share of the smaller box from which it counts as inside the other, not beside it."""
_CLEARLY_LARGEST = 0.75
"""The second largest has at most this share of the largest one's area."""


class Answer(Enum):
    """Whether a photo is right for a query. ``EITHER``: it counts neither way."""

    RIGHT = "right"
    EITHER = "either"
    WRONG = "wrong"


class RelationKind(StrEnum):
    """Kinds of queries that true masks answer."""

    LEFT_OF = "left of"
    ABOVE = "above"
    NEXT_TO = "next to"
    LARGEST = "largest"
    TWO = "two"
    WITHOUT = "without"


class PhotoThings:
    """The annotated things of one photo, with their boxes and areas.

    Attributes:
        categories: ids of all categories of the photo, crowds included.
    """

    def __init__(self, photo: TruthPhoto) -> None:
        self.photo = photo
        self._counts: dict[int, tuple[int, int, bool]] = {}
        self.categories = {thing.category_id for thing in photo.instances}
        self._whole_px = photo.size_wh[0] * photo.size_wh[1]
        self._boxes: dict[int, list[tuple[Instance, BoxXyxy]]] = {}
        for thing in photo.instances:
            rle = thing.rle(photo.size_wh)
            box = None if rle is None or thing.crowd else mask_box(rle_codec.decode(rle))
            if box is not None:
                self._boxes.setdefault(thing.category_id, []).append((thing, box))
        for found in self._boxes.values():
            found.sort(key=lambda pair: -pair[0].area_px)

    def things(self, category_id: int) -> list[tuple[Instance, BoxXyxy]]:
        """Things of the category with an outline, crowds excluded, largest first."""
        return self._boxes.get(category_id, [])

    def counts(self, category_id: int) -> tuple[int, int, bool]:
        """The number of things that are not small, of all things, and whether there is a crowd."""
        if category_id not in self._counts:
            found = self.things(category_id)
            big = sum(not self.is_small(thing) for thing, _ in found)
            crowd = any(t.crowd for t in self.photo.instances if t.category_id == category_id)
            self._counts[category_id] = big, len(found), crowd
        return self._counts[category_id]

    def is_small(self, thing: Instance) -> bool:
        """Whether the thing is so small that it counts neither way."""
        return thing.area_px < SMALL_SHARE * self._whole_px


def answer(kind: RelationKind, things: PhotoThings, first: int, second: int | None) -> Answer:
    """Whether a photo is right.

    Args:
        first, second: category ids; ``second`` is None for ``LARGEST`` and ``TWO``.
    """
    if kind is RelationKind.LARGEST:
        return _largest(things, first)
    if kind is RelationKind.TWO:
        return _two(things, first)
    assert second is not None
    if kind is RelationKind.WITHOUT:
        return _without(things, first, second)
    return _pair(_PAIR_ANSWERS[kind], things, first, second)


def shows_largest(things: PhotoThings, category_id: int, region: Region | None) -> bool:
    """Whether the region is the largest thing of its category, where one is clearly the largest.

    True if there are not two, or none is clearly the largest.
    """
    found = [thing for thing, _ in things.things(category_id)]
    if len(found) < 2 or found[1].area_px > _CLEARLY_LARGEST * found[0].area_px:
        return True
    if region is None:
        return False
    overlaps = mask_overlap.ious([region], found, things.photo.size_wh)[0]
    return bool(overlaps.max() > 0) and int(np.argmax(overlaps)) == 0


def _largest(things: PhotoThings, category_id: int) -> Answer:
    big, everything, crowd = things.counts(category_id)
    if big:
        return Answer.RIGHT
    return Answer.EITHER if everything or crowd else Answer.WRONG


def _two(things: PhotoThings, category_id: int) -> Answer:
    big, everything, crowd = things.counts(category_id)
    if big == everything == 2 and not crowd:
        return Answer.RIGHT
    # Whether three are "two dogs" is a matter of taste.
    return Answer.EITHER if everything >= 2 or crowd else Answer.WRONG


def _without(things: PhotoThings, wanted: int, unwanted: int) -> Answer:
    if wanted not in things.categories or unwanted in things.categories:
        return Answer.WRONG
    return Answer.RIGHT if things.counts(wanted)[0] else Answer.EITHER


def _pair(
    of_boxes: Callable[[BoxXyxy, BoxXyxy], Answer], things: PhotoThings, first: int, second: int
) -> Answer:
    """The best answer of any two things; EITHER at most where one is small or there is a crowd."""
    if first not in things.categories or second not in things.categories:
        return Answer.WRONG
    crowd = things.counts(first)[2] or things.counts(second)[2]
    best = Answer.EITHER if crowd else Answer.WRONG
    for thing, box in things.things(first):
        for other, other_box in things.things(second):
            if thing is other:
                continue
            found = of_boxes(box, other_box)
            if found is Answer.RIGHT and not things.is_small(thing) and not things.is_small(other):
                return Answer.RIGHT
            if found is not Answer.WRONG:
                best = Answer.EITHER
    return best


def _left_of(a: BoxXyxy, b: BoxXyxy) -> Answer:
    across, down = _offset(a, b)
    if across <= 0:
        return Answer.WRONG
    apart = _centre(a)[0] < b.x0 and _centre(b)[0] > a.x1
    return Answer.RIGHT if apart and across >= _CLEARLY_ACROSS * abs(down) else Answer.EITHER


def _above(a: BoxXyxy, b: BoxXyxy) -> Answer:
    across, down = _offset(a, b)
    if down <= 0:
        return Answer.WRONG
    apart = _centre(a)[1] < b.y0 and _centre(b)[1] > a.y1
    return Answer.RIGHT if apart and down >= _CLEARLY_ACROSS * abs(across) else Answer.EITHER


def _next_to(a: BoxXyxy, b: BoxXyxy) -> Answer:
    smaller = min(a.area, b.area)
    gap = math.hypot(max(a.x0 - b.x1, b.x0 - a.x1, 0), max(a.y0 - b.y1, b.y0 - a.y1, 0))
    if gap > _FAR * math.sqrt(smaller):
        return Answer.WRONG
    width = max(min(a.x1, b.x1) - max(a.x0, b.x0), 0)
    height = max(min(a.y1, b.y1) - max(a.y0, b.y0), 0)
    near = gap <= _NEAR * math.sqrt(smaller) and width * height < _INSIDE * smaller
    return Answer.RIGHT if near else Answer.EITHER


_PAIR_ANSWERS = {
    RelationKind.LEFT_OF: _left_of,
    RelationKind.ABOVE: _above,
    RelationKind.NEXT_TO: _next_to,
}


def _centre(box: BoxXyxy) -> tuple[float, float]:
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def _offset(a: BoxXyxy, b: BoxXyxy) -> tuple[float, float]:
    """How far the centre of ``b`` is to the right of that of ``a``, and how far below, pixels."""
    (ax, ay), (bx, by) = _centre(a), _centre(b)
    return bx - ax, by - ay


def tally(answers: Sequence[Answer]) -> tuple[frozenset[int], frozenset[int]]:
    """Indexes of the right photos, and of those that count neither way."""
    right = frozenset(i for i, found in enumerate(answers) if found is Answer.RIGHT)
    either = frozenset(i for i, found in enumerate(answers) if found is Answer.EITHER)
    return right, either

"""Whether a box around a thing, drawn not quite right, leads to the stored masks of that thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.errors import BadRequest
from engine.evaluation import annotated_library, mask_overlap, metrics
from engine.evaluation.annotated_search import AnnotatedSearch, ProgressListener, truth_index
from engine.evaluation.coco_truth import Instance, TruthPhoto
from engine.jobs import JobContext
from engine.jobs.cancel import CancelToken
from engine.masks.union import united
from engine.records import BoxXyxy, RerankerInfo, Rle
from engine.reranking.box_match import match_box
from engine.scoring.verifier import Candidate, Verification

DRAWS = 5
"""Boxes drawn for each thing."""
MOVED_BY = 0.1
"""Each side of a box is moved by up to this share of its width or height."""
BAR = 0.9
"""Share of boxes that must lead to the right masks."""
SIZES = (("32 to 96 px", 96 * 96), ("from 96 px", None))
"""Classes of things by the square root of their area, each with the area where it ends."""
_SEED = 17


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one box: ``right``, another thing (``wrong``), or ``none`` matched."""

    area_px: float
    kind: str


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """On things that some stored mask covers, since no box can find a mask that is not there; of
    the others, whether their boxes rightly match none.

    Raises:
        BadRequest: the folder or the COCO file is not given or does not fit, or no thing in it
            is covered.
    """
    if request.folder is None or request.coco is None:
        raise BadRequest(
            "Boxes are measured on photos whose things are annotated.",
            operation="measuring boxes",
            hint="Give the photos and their COCO file: --folder DIR --coco FILE.",
        )
    truth = annotated_library.load_present(request.coco, request.folder, request.photos)
    notes = _Notes()
    opened = annotated_library.indexed(
        truth, request.folder, listener, profile=request.profile, reranker=notes
    )
    tally = _Tally()
    with opened as judged:
        profile = judged.library.models.active.name
        search = AnnotatedSearch(judged.library, truth, len(truth.photos), listener)
        for category_id, name in truth.queries().items():
            notes.candidates.clear()
            search.search_all([name], "Matching boxes")
            for candidate in notes.candidates:
                photo = truth.photos[truth_index(candidate.photo)]
                tally.add(candidate, photo, category_id)
    if not tally.covered:
        raise BadRequest(
            "No thing in these photos is covered by a mask.",
            operation="measuring boxes",
            path=request.folder,
            hint="Give photos with things of at least 32 x 32 pixels.",
        )
    figures = {
        "bench": "boxes",
        "profile": profile,
        "photos": len(truth.photos),
        "things": tally.things,
        "covered": tally.covered,
        "draws": DRAWS,
        "moved_by": MOVED_BY,
        "bar": BAR,
        "moved": shares(tally.moved),
        "exact": shares(tally.exact),
        "uncovered": shares(tally.uncovered),
    }
    return BenchResult(tuple(_lines(figures)), figures)


class _Tally:
    """Outcomes of all boxes so far; ``things`` are those that count, ``covered`` by a mask.

    Attributes:
        moved, exact: boxes of the covered things; ``uncovered``: moved boxes of the others.
    """

    def __init__(self) -> None:
        self.things = self.covered = 0
        self.moved: list[Outcome] = []
        self.exact: list[Outcome] = []
        self.uncovered: list[Outcome] = []
        self._rng = np.random.default_rng(_SEED)
        self._rng_of_uncovered = np.random.default_rng(_SEED)

    def add(self, candidate: Candidate, photo: TruthPhoto, category_id: int) -> None:
        """Draw boxes around the category's things in one photo."""
        wanted = [
            one
            for one in photo.instances
            if one.category_id == category_id and mask_overlap.is_countable(one)
        ]
        self.things += len(wanted)
        for thing, box, overlaps in _drawn(candidate, photo, wanted):
            moved, rng = self.uncovered, self._rng_of_uncovered
            if overlaps.size and overlaps.max() >= metrics.IOU_AT_LEAST:
                self.covered += 1
                self.exact.append(_outcome(box, candidate, photo, thing, overlaps))
                moved, rng = self.moved, self._rng
            for _ in range(DRAWS):
                drawn = jittered(box, photo.size_wh, rng)
                moved.append(_outcome(drawn, candidate, photo, thing, overlaps))


def jittered(box: BoxXyxy, size_wh: tuple[int, int], rng: np.random.Generator) -> BoxXyxy:
    """The box with every side moved at random, within the photo."""
    dx0, dx1 = rng.uniform(-MOVED_BY, MOVED_BY, 2) * box.width
    dy0, dy1 = rng.uniform(-MOVED_BY, MOVED_BY, 2) * box.height
    width, height = size_wh
    return BoxXyxy(
        max(0.0, box.x0 + dx0),
        max(0.0, box.y0 + dy0),
        min(float(width), box.x1 + dx1),
        min(float(height), box.y1 + dy1),
    )


def shares(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Of all boxes and by size: how many there are, which share is right or matched no mask."""
    by_size = {}
    least = 0.0
    for label, end in SIZES:
        some = [o for o in outcomes if o.area_px >= least and (end is None or o.area_px < end)]
        by_size[label] = _shares(some)
        least = end or least
    return _shares(outcomes) | {"by_size": by_size}


def _shares(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    def share(kind: str) -> float | None:
        return sum(o.kind == kind for o in outcomes) / len(outcomes) if outcomes else None

    return {"boxes": len(outcomes), "right": share("right"), "no_mask": share("none")}


def _drawn(
    candidate: Candidate, photo: TruthPhoto, things: Sequence[Instance]
) -> Iterator[tuple[Instance, BoxXyxy, np.ndarray]]:
    """Things whose shape is known, each with its box and the overlap of every mask."""
    overlaps = mask_overlap.ious(candidate.regions, things, photo.size_wh)
    for thing, of_masks in zip(things, overlaps.T, strict=True):
        rle = thing.rle(photo.size_wh)
        if rle is not None:
            yield thing, _box(rle), of_masks


def _box(rle: Rle) -> BoxXyxy:
    from pycocotools import mask as coco

    x, y, width, height = coco.toBbox({"size": list(rle.size_hw), "counts": rle.counts})
    return BoxXyxy(float(x), float(y), float(x + width), float(y + height))


def _outcome(
    box: BoxXyxy,
    candidate: Candidate,
    photo: TruthPhoto,
    thing: Instance,
    overlaps: np.ndarray,
) -> Outcome:
    match = match_box(box, candidate.photo.size_wh, candidate.regions, candidate.region_scores)
    if not match.regions:
        return Outcome(thing.area_px, "none")
    if len(match.regions) == 1:
        overlap = overlaps[match.regions[0]]
    else:
        together = united([candidate.regions[i] for i in match.regions])
        overlap = mask_overlap.ious([together], [thing], photo.size_wh).max()
    return Outcome(thing.area_px, "right" if overlap >= metrics.IOU_AT_LEAST else "wrong")


class _Notes:
    """A second look that looks at nothing and keeps what it is given of every photo, so that
    boxes meet exactly the evidence that they meet in a search."""

    free = False
    match_at, no_below = 1.0, 0.0

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []

    def info(self) -> RerankerInfo:
        return RerankerInfo("notes", "Notes")

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> _Notes:
        return self

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        self.candidates.append(candidate)
        return Verification(0.5)

    def close(self) -> None:
        """Nothing was started."""


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{figures['covered']} of {figures['things']} things in {figures['photos']} photos are "
        f"covered by a mask ({figures['profile']})"
    )
    drawn = f"{figures['draws']} boxes each, sides moved by up to {figures['moved_by']:.0%}"
    for name, label in (("moved", drawn), ("exact", "exact boxes")):
        one = figures[name]
        yield f"{label}: {one['right']:.1%} right, {one['no_mask']:.1%} match no mask"
        for size, some in one["by_size"].items():
            if some["boxes"]:
                yield (
                    f"  {size}: {some['right']:.1%} right, {some['no_mask']:.1%} match no mask "
                    f"({some['boxes']} boxes)"
                )
    if (one := figures["uncovered"])["boxes"]:
        yield (
            f"of the other things: {one['no_mask']:.1%} match no mask, {one['right']:.1%} are "
            f"right with parts together ({one['boxes']} boxes)"
        )
    met = "met" if figures["moved"]["right"] >= figures["bar"] else "missed"
    yield f"bar of {figures['bar']:.0%} right: {met}"

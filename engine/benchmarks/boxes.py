"""Matching of boxes to stored masks, measured with jittered boxes around annotated things."""

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
from engine.masks.merging import merge_regions
from engine.records import BoxXyxy, RerankerInfo, Rle
from engine.reranking.box_match import match_box
from engine.scoring.verifier import Candidate, Verification

DRAWS = 5
"""Jittered boxes for each thing."""
MAX_JITTER = 0.1
"""Each side of a box is moved by up to this share of its width or height."""
REQUIRED_SHARE = 0.9
"""Share of jittered boxes that must lead to the right masks."""
SIZES = (("32 to 96 px", 96 * 96), ("from 96 px", None))
"""Size classes by the square root of the area, each with its upper limit in square pixels."""
_SEED = 17


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one box.

    Attributes:
        area_px: area of the thing, in square pixels of the photo.
        kind: ``right``, ``wrong`` (the masks of another thing), or ``none`` (no mask matched).
    """

    area_px: float
    kind: str


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Match jittered and exact boxes around things that a stored mask covers.

    No box can find a mask that is not stored; for things without one, measure whether their boxes
    match no mask.

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
    recorder = _CandidateRecorder()
    opened = annotated_library.indexed(
        truth, request.folder, listener, profile=request.profile, reranker=recorder
    )
    tally = _Tally()
    with opened as annotated:
        profile = annotated.library.models.active.name
        search = AnnotatedSearch(annotated.library, truth, len(truth.photos), listener)
        for category_id, name in truth.queries().items():
            recorder.candidates.clear()
            search.search_all([name], "Matching boxes")
            for candidate in recorder.candidates:
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
        "moved_by": MAX_JITTER,
        "bar": REQUIRED_SHARE,
        "moved": shares(tally.jittered),
        "exact": shares(tally.exact),
        "uncovered": shares(tally.uncovered),
    }
    return BenchResult(tuple(_lines(figures)), figures)


class _Tally:
    """Outcomes of all boxes so far.

    Attributes:
        things: number of countable things.
        covered: number of those that a stored mask covers.
        jittered, exact: outcomes of boxes around covered things.
        uncovered: outcomes of jittered boxes around the others.
    """

    def __init__(self) -> None:
        self.things = self.covered = 0
        self.jittered: list[Outcome] = []
        self.exact: list[Outcome] = []
        self.uncovered: list[Outcome] = []
        self._rng = np.random.default_rng(_SEED)
        self._rng_of_uncovered = np.random.default_rng(_SEED)

    def add(self, candidate: Candidate, photo: TruthPhoto, category_id: int) -> None:
        """Match boxes around the category's things in one photo."""
        wanted = [
            thing
            for thing in photo.instances
            if thing.category_id == category_id and mask_overlap.is_countable(thing)
        ]
        self.things += len(wanted)
        for thing, box, overlaps in _with_boxes(candidate, photo, wanted):
            # Their own generator, so that they do not change the boxes of covered things.
            outcomes, rng = self.uncovered, self._rng_of_uncovered
            if overlaps.size and overlaps.max() >= metrics.IOU_AT_LEAST:
                self.covered += 1
                self.exact.append(_outcome(box, candidate, photo, thing, overlaps))
                outcomes, rng = self.jittered, self._rng
            for _ in range(DRAWS):
                moved = jittered(box, photo.size_wh, rng)
                outcomes.append(_outcome(moved, candidate, photo, thing, overlaps))


def jittered(box: BoxXyxy, size_wh: tuple[int, int], rng: np.random.Generator) -> BoxXyxy:
    """The box with every side moved at random by up to ``MAX_JITTER``, clipped to the photo."""
    dx0, dx1 = rng.uniform(-MAX_JITTER, MAX_JITTER, 2) * box.width
    dy0, dy1 = rng.uniform(-MAX_JITTER, MAX_JITTER, 2) * box.height
    width, height = size_wh
    return BoxXyxy(
        max(0.0, box.x0 + dx0),
        max(0.0, box.y0 + dy0),
        min(float(width), box.x1 + dx1),
        min(float(height), box.y1 + dy1),
    )


def shares(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Number of boxes, share that is right and share that matches no mask; of all and by size."""
    by_size = {}
    lower = 0.0
    for label, end in SIZES:
        group = [o for o in outcomes if o.area_px >= lower and (end is None or o.area_px < end)]
        by_size[label] = _shares(group)
        lower = end or lower
    return _shares(outcomes) | {"by_size": by_size}


def _shares(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    def share(kind: str) -> float | None:
        return sum(o.kind == kind for o in outcomes) / len(outcomes) if outcomes else None

    return {"boxes": len(outcomes), "right": share("right"), "no_mask": share("none")}


def _with_boxes(
    candidate: Candidate, photo: TruthPhoto, things: Sequence[Instance]
) -> Iterator[tuple[Instance, BoxXyxy, np.ndarray]]:
    """Things that have an outline, each with its box and its IoU with every stored mask."""
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
        together = merge_regions([candidate.regions[i] for i in match.regions])
        overlap = mask_overlap.ious([together], [thing], photo.size_wh).max()
    return Outcome(thing.area_px, "right" if overlap >= metrics.IOU_AT_LEAST else "wrong")


class _CandidateRecorder:
    """A reranker, and its verifier, that stores each candidate and answers 0.5.

    Boxes are then matched against the same candidates as in a search."""

    match_at, no_below = 1.0, 0.0

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []

    def info(self) -> RerankerInfo:
        return RerankerInfo("notes", "Notes")

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> _CandidateRecorder:
        return self

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        self.candidates.append(candidate)
        return Verification(0.5)

    def close(self) -> None:
        """Does nothing."""


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{figures['covered']} of {figures['things']} things in {figures['photos']} photos are "
        f"covered by a mask ({figures['profile']})"
    )
    jitter = f"{figures['draws']} boxes each, sides moved by up to {figures['moved_by']:.0%}"
    for name, label in (("moved", jitter), ("exact", "exact boxes")):
        found = figures[name]
        yield f"{label}: {found['right']:.1%} right, {found['no_mask']:.1%} match no mask"
        for size, some in found["by_size"].items():
            if some["boxes"]:
                yield (
                    f"  {size}: {some['right']:.1%} right, {some['no_mask']:.1%} match no mask "
                    f"({some['boxes']} boxes)"
                )
    if (found := figures["uncovered"])["boxes"]:
        yield (
            f"of the other things: {found['no_mask']:.1%} match no mask, "
            f"{found['right']:.1%} are right with parts together ({found['boxes']} boxes)"
        )
    met = "met" if figures["moved"]["right"] >= figures["bar"] else "missed"
    yield f"bar of {figures['bar']:.0%} right: {met}"

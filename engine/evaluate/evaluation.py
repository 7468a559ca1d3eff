"""The product judged by COCO truth: its own decoding, indexing and searching, start to end."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from engine.errors import BadRequest
from engine.evaluate import coco_truth, metrics
from engine.evaluate.coco_truth import CocoTruth, Instance, TruthPhoto
from engine.jobs import Job, Progress
from engine.library import Library
from engine.masks import geometry
from engine.masks import rle as rle_codec
from engine.records import Photo, Region, Rle, SearchHit, SearchRequest

T = TypeVar("T")
RANKS = 50
"""Photos of a ranking that count."""
SMALLEST_OBJECT_PX = 32 * 32
_PAGE = 200


class Watcher(Protocol):
    """Whoever waits for the evaluation."""

    def follow(self, job: Job[T]) -> T:
        """Wait for a job, showing its progress; return its result or raise its error."""
        ...

    def report(self, progress: Progress) -> None:
        """Show how far the queries are."""
        ...


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to judge.

    Attributes:
        photos_dir: where the photos of the COCO file lie; others there are left out.
        verify: hits of each query that a slow verifier looks at.
    """

    photos_dir: Path
    coco_path: Path
    verify: int = 0


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The figures, named as in the JSON form.

    Attributes:
        photos: photos listed in the COCO file and present; ``not_indexed`` of them failed and
            count as never returned.
        seconds_per_photo: wall time of the whole indexing job, loading models included.
        verdict_auroc, verdict_ece: None if no hit had a probability.
    """

    photos: int
    queries: int
    profile: str
    image_map_at_50: float
    object_map_at_50_iou50: float
    mask_recall_iou50_at_20: float
    mask_recall_iou50_at_50: float
    seconds_per_photo: float
    query_ms_p50: float
    verdict_auroc: float | None
    verdict_ece: float | None
    not_indexed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values by name; the agreed names only."""
        figures = asdict(self)
        del figures["not_indexed"]
        return figures


def evaluate(
    request: EvaluationRequest, watcher: Watcher, *, profile: Any = None
) -> EvaluationResult:
    """Index the listed photos in a temporary library, ask for every category, compare.

    Blocks for as long as that takes; the temporary library is removed in any case.

    Args:
        profile: as for ``Library.open``.

    Raises:
        BadRequest: the COCO file is bad, or none of its photos or no category is there.
        Exception: whatever a job raised.
    """
    truth = _present(coco_truth.load(request.coco_path), request)
    queries = truth.queries()
    if not queries:
        raise BadRequest(
            "The COCO file holds no annotated thing in these photos.",
            operation="evaluating",
            path=request.coco_path,
        )
    with tempfile.TemporaryDirectory(prefix="pickout-evaluate-") as temporary:
        photos_dir = Path(temporary, "photos")
        _lay_out(truth, request.photos_dir, photos_dir)
        library = Library.open(Path(temporary, "library"), profile=profile)
        with contextlib.closing(library):
            library.add_folder(photos_dir)
            started_s = time.perf_counter()
            watcher.follow(library.index())
            seconds_per_photo = (time.perf_counter() - started_s) / len(truth.photos)
            asked = _ask_all(library, truth, queries, request.verify, watcher)
            masks = _mask_ious(library, truth)
            status = library.status()
    recall = [_share(*metrics.covered_share(masks, first)) for first in (20, 50)]
    return EvaluationResult(
        photos=len(truth.photos),
        queries=len(queries),
        profile=status.profile,
        image_map_at_50=metrics.mean(asked.image_aps),
        object_map_at_50_iou50=metrics.mean(asked.object_aps),
        mask_recall_iou50_at_20=recall[0],
        mask_recall_iou50_at_50=recall[1],
        seconds_per_photo=seconds_per_photo,
        query_ms_p50=float(np.median(asked.took_ms)),
        verdict_auroc=metrics.auroc(asked.labels, asked.probabilities),
        verdict_ece=metrics.expected_calibration_error(asked.labels, asked.probabilities),
        not_indexed=len(truth.photos) - status.searchable,
    )


def _present(truth: CocoTruth, request: EvaluationRequest) -> CocoTruth:
    """Only the photos whose files exist."""
    photos = tuple(p for p in truth.photos if (request.photos_dir / p.file_name).is_file())
    if not photos:
        raise BadRequest(
            "None of the photos of the COCO file is in this folder.",
            operation="evaluating",
            path=request.photos_dir,
            hint="Give the folder that its file names are relative to.",
        )
    return CocoTruth(photos, truth.categories)


def _lay_out(truth: CocoTruth, source: Path, target: Path) -> None:
    """A folder with exactly the listed photos, each name led by its place in the list."""
    target.mkdir()
    for place, photo in enumerate(truth.photos):
        original = (source / photo.file_name).resolve()
        copy = target / f"{place:06d}-{original.name}"
        try:
            os.link(original, copy)
        except OSError:
            shutil.copy2(original, copy)  # a fresh date looks like a file still being written


def _place(photo: Photo) -> int:
    return int(photo.path.name.partition("-")[0])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of all queries; the last two lists run in parallel, one entry a rated hit."""

    image_aps: list[float]
    object_aps: list[float]
    took_ms: list[float]
    labels: list[bool]
    probabilities: list[float]


def _ask_all(
    library: Library,
    truth: CocoTruth,
    queries: dict[int, str],
    verify: int,
    watcher: Watcher,
) -> _Asked:
    asked = _Asked([], [], [], [], [])
    limit = max(RANKS, len(truth.photos))
    rated_hits = verify if verify > 0 else RANKS
    for done, (category_id, name) in enumerate(queries.items()):
        watcher.report(Progress("Asking", done, len(queries), current=name))
        started_s = time.perf_counter()
        result = watcher.follow(
            library.search(SearchRequest(text=name, limit=limit, verify=verify))
        )
        asked.took_ms.append((time.perf_counter() - started_s) * 1000)
        relevant_total = sum(photo.holds(category_id) for photo in truth.photos)
        ranked = [(hit, truth.photos[_place(hit.photo)]) for hit in result.hits]
        shown = [photo.holds(category_id) for _, photo in ranked]
        outlined = [_outlines(hit, photo, category_id) for hit, photo in ranked[:RANKS]]
        asked.image_aps.append(metrics.average_precision_at(shown, relevant_total, RANKS))
        asked.object_aps.append(metrics.average_precision_at(outlined, relevant_total, RANKS))
        for (hit, _), label in list(zip(ranked, shown, strict=True))[:rated_hits]:
            if hit.probability is not None:
                asked.labels.append(label)
                asked.probabilities.append(hit.probability)
    watcher.report(Progress("Asking", len(queries), len(queries)))
    return asked


def _outlines(hit: SearchHit, truth: TruthPhoto, category_id: int) -> bool:
    """Whether the hit's one mask lies on a thing of the category."""
    if hit.region is None:
        return False
    wanted = [one for one in truth.instances if one.category_id == category_id]
    ious = _ious([hit.region], wanted, truth.size_wh)
    return bool(ious.size) and bool(ious.max() >= metrics.IOU_AT_LEAST)


def _mask_ious(library: Library, truth: CocoTruth) -> list[np.ndarray]:
    """Per photo, its first 50 masks against its countable objects; float (masks, objects)."""
    regions = {_place(p): library.regions(p.id)[:50] for p in _all_photos(library)}
    ious = []
    for place, photo in enumerate(truth.photos):
        countable = [
            one for one in photo.instances if not one.crowd and one.area_px >= SMALLEST_OBJECT_PX
        ]
        ious.append(_ious(regions.get(place, ()), countable, photo.size_wh))
    return ious


def _all_photos(library: Library) -> Iterator[Photo]:
    before = None
    while page := library.photos(_PAGE, before):
        yield from page
        before = page[-1].id


def _ious(
    regions: list[Region] | tuple[Region, ...],
    instances: list[Instance],
    size_wh: tuple[int, int],
) -> np.ndarray:
    """Overlaps at the photo's upright size; float64 (regions, instances)."""
    from pycocotools import mask as coco

    if not regions or not instances:
        return np.zeros((len(regions), len(instances)))
    found = [_upright(region.rle, size_wh) for region in regions]
    nothing = rle_codec.encode(np.zeros((size_wh[1], size_wh[0]), bool))
    drawn = [one.rle(size_wh) or nothing for one in instances]
    # On run lengths, because 50 masks of a large photo would take gigabytes as arrays.
    return np.asarray(coco.iou(_packed(found), _packed(drawn), [0] * len(drawn)))


def _upright(rle: Rle, size_wh: tuple[int, int]) -> Rle:
    return rle_codec.encode(geometry.scale_mask(rle_codec.decode(rle), size_wh))


def _packed(rles: list[Rle]) -> list[dict[str, Any]]:
    return [{"size": list(rle.size_hw), "counts": rle.counts} for rle in rles]


def _share(covered: int, total: int) -> float:
    return covered / total if total else 0.0


def table(result: EvaluationResult) -> str:
    """The figures for people, a line each."""

    def figure(value: float | None, form: str) -> str:
        return "not rated" if value is None else format(value, form)

    rows = [
        ("photos", str(result.photos)),
        ("not indexed", str(result.not_indexed)),
        ("queries", str(result.queries)),
        ("profile", result.profile),
        ("image mAP@50", figure(result.image_map_at_50, ".3f")),
        ("object mAP@50, IoU 0.5", figure(result.object_map_at_50_iou50, ".3f")),
        ("mask recall, 20 masks", figure(result.mask_recall_iou50_at_20, ".3f")),
        ("mask recall, 50 masks", figure(result.mask_recall_iou50_at_50, ".3f")),
        ("seconds a photo", figure(result.seconds_per_photo, ".2f")),
        ("query, ms (median)", figure(result.query_ms_p50, ".1f")),
        ("verdict AUROC", figure(result.verdict_auroc, ".3f")),
        ("verdict ECE", figure(result.verdict_ece, ".3f")),
    ]
    wide = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:<{wide}}  {value:>10}" for label, value in rows)

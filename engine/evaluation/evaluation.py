"""The product judged by COCO truth: its own decoding, indexing and searching, start to end."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.evaluation import (
    annotated_library,
    contact_sheet,
    mask_overlap,
    metrics,
    reranking_figures,
    vocabulary_figures,
)
from engine.evaluation.annotated_search import RANKS, AnnotatedSearch, ProgressListener, Ranking
from engine.evaluation.coco_truth import CocoTruth
from engine.evaluation.recording_reranker import RecordingReranker
from engine.evaluation.reranking_figures import RerankingFigures
from engine.evaluation.vocabulary_figures import VocabularyFigures
from engine.jobs import Progress
from engine.records import PhotoId


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to judge.

    Attributes:
        photos_dir: where the photos of the COCO file lie; others there are left out.
        verify: hits of each query that the second look looks at, where there is one.
        only: names of the categories to ask for; empty means all that the photos hold.
        words: ask for other names and for absent things too.
        first: so many photos count, in the order of the file; None means all.
        sheets_dir: a new or empty folder that gets contact sheets; None for none.
    """

    photos_dir: Path
    coco_path: Path
    verify: int = 0
    only: tuple[str, ...] = ()
    words: bool = False
    first: int | None = None
    sheets_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """One query; ``photos`` hold the category."""

    name: str
    photos: int
    image_ap_at_50: float
    object_ap_at_50_iou50: float


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The figures, named as in the JSON form, which ``FIGURES.md`` explains.

    Attributes:
        photos: photos listed in the COCO file and present; ``not_indexed`` of them failed and
            count as never returned.
        seconds_per_photo: wall time of the whole indexing job, loading models included.
        verdict_auroc, verdict_ece: None if no hit had a probability.
        words: None unless they were asked for.
        second_look: None unless one was asked for and there is one; all other figures are then
            those with it.
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
    per_category: tuple[CategoryFigures, ...]
    words: VocabularyFigures | None = None
    second_look: RerankingFigures | None = None
    not_indexed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values by name; ``words`` and ``second_look`` only where there are any."""
        figures = asdict(self)
        del figures["not_indexed"], figures["words"]
        figures["per_category"] = [asdict(one) for one in self.per_category]
        if self.second_look is None:
            del figures["second_look"]
        if self.words is not None:
            figures["words"] = self.words.as_json()
        return figures


@dataclass(frozen=True, slots=True)
class _Asked:
    """All queries once, by category id, and what they are worth."""

    rankings: Mapping[int, Ranking]
    per_category: tuple[CategoryFigures, ...]

    @property
    def image_map(self) -> float:
        return metrics.mean([one.image_ap_at_50 for one in self.per_category])

    @property
    def object_map(self) -> float:
        return metrics.mean([one.object_ap_at_50_iou50 for one in self.per_category])

    def looked_at(self) -> dict[int, set[PhotoId]]:
        """Photos whose verdict is that of a second look."""
        return {
            category_id: {hit.photo.id for hit in ranking.hits if hit.looked_at}
            for category_id, ranking in self.rankings.items()
        }


def evaluate(
    request: EvaluationRequest,
    listener: ProgressListener,
    *,
    profile: Any = None,
    reranker: RecordingReranker | None = None,
) -> EvaluationResult:
    """Index the listed photos in a temporary library, ask for every category, compare.

    Blocks for as long as that takes; the temporary library is removed in any case.

    Args:
        profile: as for ``Library.open``.
        reranker: takes the second look, unless it is not available; closed at the end.

    Raises:
        BadRequest: the COCO file is bad, or none of its photos or no category is there, or a
            category was asked for that the file does not name, or the folder for the contact
            sheets holds something.
        ExportProblem: a contact sheet cannot be written.
        Exception: whatever a job raised.
    """
    truth = annotated_library.load_present(request.coco_path, request.photos_dir, request.first)
    queries = _queries(truth, request)
    if request.sheets_dir is not None:
        contact_sheet.make_folder(request.sheets_dir)
    info = reranker.info() if reranker is not None and request.verify else None
    verify = request.verify if info is not None and info.available else 0
    opened = annotated_library.indexed(
        truth, request.photos_dir, listener, profile=profile, reranker=reranker
    )
    with opened as judged:
        library = judged.library
        search = AnnotatedSearch(library, truth, verify, listener)
        before = _ask(search.without_reranking(), queries, "Asking") if verify else None
        asked = _ask(search, queries, "Asking with the second look" if verify else "Asking")
        figures = _second_look(before, asked, info.name, verify, reranker) if before else None
        words = vocabulary_figures.measure(search, asked.rankings) if request.words else None
        photos = judged.photos()
        regions = {place: library.photos.regions(photo.id) for place, photo in photos.items()}
        if request.sheets_dir is not None:
            listener.report(Progress("Drawing contact sheets"))
            read_rgb = library.photos.read
            contact_sheet.write_mask_sheets(request.sheets_dir, truth, photos, regions, read_rgb)
            contact_sheet.write_query_sheets(request.sheets_dir, asked.rankings, truth, read_rgb)
        status = library.status()
    masks = list(mask_overlap.of_photos(regions, truth))
    recall = [_share(*metrics.count_covered(masks, first)) for first in (20, 50)]
    rated = _rated(asked, asked.looked_at() if verify else None)
    return EvaluationResult(
        photos=len(truth.photos),
        queries=len(queries),
        profile=status.profile,
        image_map_at_50=asked.image_map,
        object_map_at_50_iou50=asked.object_map,
        mask_recall_iou50_at_20=recall[0],
        mask_recall_iou50_at_50=recall[1],
        seconds_per_photo=judged.indexing_s / len(truth.photos),
        query_ms_p50=float(np.median([one.took_ms for one in asked.rankings.values()])),
        verdict_auroc=metrics.auroc(*rated),
        verdict_ece=metrics.expected_calibration_error(*rated),
        per_category=asked.per_category,
        words=words,
        second_look=figures,
        not_indexed=len(truth.photos) - status.searchable,
    )


def _ask(search: AnnotatedSearch, queries: Mapping[int, str], stage: str) -> _Asked:
    answers = search.search_all(list(queries.values()), stage)
    rankings = dict(zip(queries, answers, strict=True))
    return _Asked(rankings, _per_category(search, rankings))


def _second_look(
    before: _Asked, asked: _Asked, model: str, verify: int, watched: RecordingReranker
) -> RerankingFigures:
    looked_at = asked.looked_at()
    rated = _rated(asked, looked_at)
    seen = tuple(watched.seen)
    return RerankingFigures(
        model=model,
        looked_at_per_query=verify,
        image_map_at_50_before=before.image_map,
        object_map_at_50_iou50_before=before.object_map,
        image_map_at_50=asked.image_map,
        object_map_at_50_iou50=asked.object_map,
        verdict_auroc_before=metrics.auroc(*_rated(before, looked_at)),
        verdict_auroc=metrics.auroc(*rated),
        verdict_ece=metrics.expected_calibration_error(*rated),
        seconds_per_look=reranking_figures.seconds_per_look(seen),
        looks=len(seen),
        unanswered=sum(not one.answered for one in seen),
    )


def _queries(truth: CocoTruth, request: EvaluationRequest) -> dict[int, str]:
    """Names of the categories to ask for, by id."""
    _refuse_unknown(request.only, list(truth.categories.values()))
    wanted = {name.casefold() for name in request.only}
    queries = {
        category_id: name
        for category_id, name in truth.queries().items()
        if not wanted or name.casefold() in wanted
    }
    if not queries:
        raise BadRequest(
            "The COCO file holds no annotated thing "
            + ("of these categories in these photos." if wanted else "in these photos."),
            operation="evaluating",
            path=request.coco_path,
        )
    return queries


def _refuse_unknown(names: Sequence[str], categories: Sequence[str]) -> None:
    known = {category.casefold(): category for category in categories}
    for name in names:
        if name.casefold() not in known:
            near = difflib.get_close_matches(name.casefold(), known, n=1)
            raise BadRequest(
                f'The COCO file has no category "{name}".',
                operation="evaluating",
                hint=f'Did you mean "{known[near[0]]}"?'
                if near
                else f"It has: {', '.join(sorted(categories))}.",
            )


def _per_category(
    search: AnnotatedSearch, rankings: Mapping[int, Ranking]
) -> tuple[CategoryFigures, ...]:
    return tuple(
        CategoryFigures(
            name=ranking.text,
            photos=search.truth.photos_with(category_id),
            image_ap_at_50=search.image_ap(ranking, category_id),
            object_ap_at_50_iou50=search.object_ap(ranking, category_id),
        )
        for category_id, ranking in rankings.items()
    )


def _rated(
    asked: _Asked, only: Mapping[int, Collection[PhotoId]] | None
) -> tuple[list[bool], list[float]]:
    """Of every rated hit: whether its photo holds what was asked, and the probability said.

    Args:
        only: photos of each query that count; None for the first ``RANKS``.
    """
    labels, probabilities = [], []
    for category_id, ranking in asked.rankings.items():
        pairs = zip(ranking.hits, ranking.shown(category_id), strict=True)
        for rank, (hit, shown) in enumerate(pairs):
            counts = rank < RANKS if only is None else hit.photo.id in only[category_id]
            if counts and hit.probability is not None:
                labels.append(shown)
                probabilities.append(hit.probability)
    return labels, probabilities


def _share(covered: int, total: int) -> float:
    return covered / total if total else 0.0

"""Evaluates the product's own decoding, indexing and search against COCO annotations."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.evaluation import (
    annotated_library,
    attribute_queries,
    caption_retrieval,
    contact_sheet,
    mask_overlap,
    metrics,
    relation_queries,
    reranking_figures,
    true_mask_profile,
    vocabulary_figures,
)
from engine.evaluation.annotated_search import RANKS, AnnotatedSearch, ProgressListener, Ranking
from engine.evaluation.attribute_queries import AttributeFigures
from engine.evaluation.caption_retrieval import CaptionFigures
from engine.evaluation.coco_truth import CocoTruth
from engine.evaluation.recording_reranker import RecordingReranker
from engine.evaluation.relation_queries import RelationFigures
from engine.evaluation.reranking_figures import RerankingFigures
from engine.evaluation.vocabulary_figures import VocabularyFigures
from engine.jobs import Progress
from engine.postgres.address import ServerAddress
from engine.records import PhotoId


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to evaluate.

    Attributes:
        photos_dir: folder that the file names of the COCO file are relative to; photos that the
            file does not list are ignored.
        verify: hits of each query that the reranker verifies, if one is available.
        only: names of the categories to search for; empty means all that the photos hold.
        words: search for synonyms and for absent things too.
        captions: a file of sentences that describe the photos, to search for too.
        relations: search for queries of relations, counts and absence too.
        true_masks: take the annotated masks and names for those of the models, whatever the
            profile. Only plans are then measured.
        attributes: a file of colours of annotated things, to search for too.
        first: use only the first so many photos of the file; None means all.
        sheets_dir: a new or empty folder for contact sheets; None for no sheets.
        server: as for ``annotated_library.indexed``.
    """

    photos_dir: Path
    coco_path: Path
    verify: int = 0
    only: tuple[str, ...] = ()
    words: bool = False
    first: int | None = None
    sheets_dir: Path | None = None
    captions: Path | None = None
    relations: bool = False
    true_masks: bool = False
    attributes: Path | None = None
    server: ServerAddress | None = None


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """The figures of one category; ``photos`` is the number of photos that hold it."""

    name: str
    photos: int
    image_ap_at_50: float
    object_ap_at_50_iou50: float


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The figures. Field names are the keys of the JSON form, explained in ``FIGURES.md``.

    Attributes:
        photos: photos of the COCO file whose files exist; ``not_indexed`` of them could not be
            indexed and count as never returned.
        seconds_per_photo: wall time of the indexing job, with loading the models, by photos.
        verdict_auroc, verdict_ece: None if no hit had a probability.
        words, captions, relations, attributes: None unless requested.
        second_look: None unless reranking was requested and available. If it is there, all other
            figures are those with reranking.
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
    captions: CaptionFigures | None = None
    relations: RelationFigures | None = None
    attributes: AttributeFigures | None = None
    not_indexed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The JSON form; keys of what was not requested are left out."""
        figures = asdict(self)
        del figures["not_indexed"]
        figures["per_category"] = [asdict(category) for category in self.per_category]
        if self.words is not None:
            figures["words"] = self.words.as_json()
        requested = ("words", "second_look", "captions", "relations", "attributes")
        return {
            key: value
            for key, value in figures.items()
            if key not in requested or value is not None
        }


@dataclass(frozen=True, slots=True)
class _QueryResults:
    """Rankings of all queries, by category id, and their figures."""

    rankings: Mapping[int, Ranking]
    per_category: tuple[CategoryFigures, ...]

    @property
    def image_map(self) -> float:
        return metrics.mean([category.image_ap_at_50 for category in self.per_category])

    @property
    def object_map(self) -> float:
        return metrics.mean([category.object_ap_at_50_iou50 for category in self.per_category])

    def reranked_photos(self) -> dict[int, set[PhotoId]]:
        """By category id, the photos whose verdict is the reranker's."""
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
    """Index the listed photos in a temporary library, search for every category, compare.

    Blocks until done. The temporary library is removed also after an error.

    Args:
        profile: as for ``Library.open``.
        reranker: verifies the first hits, unless it is not available; closed at the end.

    Raises:
        BadRequest: the COCO file, the sentences or the labels are bad, or have nothing to do with
            each other; none of its photos exists; no category is annotated; a
            requested category is not in the file; the folder for contact sheets is not empty.
        ExportProblem: a contact sheet cannot be written.
        Exception: whatever a job raised.
    """
    truth = annotated_library.load_present(request.coco_path, request.photos_dir, request.first)
    queries = _queries(truth, request)
    captions = None if request.captions is None else caption_retrieval.load(request.captions)
    colours = None if request.attributes is None else attribute_queries.load(request.attributes)
    relations = relation_queries.generate(truth) if request.relations else ()
    write_photos = None
    if request.true_masks:
        profile = true_mask_profile.true_mask_profile(truth)
        write_photos = partial(true_mask_profile.write_photos, truth)
    if request.sheets_dir is not None:
        contact_sheet.make_folder(request.sheets_dir)
    info = reranker.info() if reranker is not None and request.verify else None
    verify = request.verify if info is not None and info.available else 0
    opened = annotated_library.indexed(
        truth,
        request.photos_dir,
        listener,
        profile=profile,
        reranker=reranker,
        write_photos=write_photos,
        server=request.server,
    )
    with opened as annotated:
        library = annotated.library
        search = AnnotatedSearch(library, truth, verify, listener)
        before = _search_all(search.without_reranking(), queries, "Asking") if verify else None
        stage = "Asking with the second look" if verify else "Asking"
        results = _search_all(search, queries, stage)
        reranking = None
        if before is not None:
            assert reranker is not None and info is not None  # else verify is 0
            reranking = _reranking_figures(before, results, info.name, verify, reranker)
        words = vocabulary_figures.measure(search, results.rankings) if request.words else None
        plain = search.without_reranking()
        captioned = None if captions is None else caption_retrieval.measure(plain, captions)
        related = relation_queries.measure(plain, relations) if relations else None
        coloured = None if colours is None else attribute_queries.measure(plain, colours)
        photos = annotated.photos()
        regions = {index: library.photos.regions(photo.id) for index, photo in photos.items()}
        if request.sheets_dir is not None:
            listener.report(Progress("Drawing contact sheets"))
            read_rgb = library.photos.read
            contact_sheet.write_mask_sheets(request.sheets_dir, truth, photos, regions, read_rgb)
            contact_sheet.write_query_sheets(request.sheets_dir, results.rankings, truth, read_rgb)
        status = library.status()
    masks = list(mask_overlap.photo_ious(regions, truth))
    recall = [_recall(*metrics.count_covered(masks, first)) for first in (20, 50)]
    rated = _labels_and_probabilities(results, results.reranked_photos() if verify else None)
    return EvaluationResult(
        photos=len(truth.photos),
        queries=len(queries),
        profile=status.profile,
        image_map_at_50=results.image_map,
        object_map_at_50_iou50=results.object_map,
        mask_recall_iou50_at_20=recall[0],
        mask_recall_iou50_at_50=recall[1],
        seconds_per_photo=annotated.indexing_s / len(truth.photos),
        query_ms_p50=float(np.median([ranking.took_ms for ranking in results.rankings.values()])),
        verdict_auroc=metrics.auroc(*rated),
        verdict_ece=metrics.expected_calibration_error(*rated),
        per_category=results.per_category,
        words=words,
        second_look=reranking,
        captions=captioned,
        relations=related,
        attributes=coloured,
        not_indexed=len(truth.photos) - status.searchable,
    )


def _search_all(search: AnnotatedSearch, queries: Mapping[int, str], stage: str) -> _QueryResults:
    found = search.search_all(list(queries.values()), stage)
    rankings = dict(zip(queries, found, strict=True))
    return _QueryResults(rankings, _per_category(search, rankings))


def _reranking_figures(
    before: _QueryResults,
    results: _QueryResults,
    model: str,
    verify: int,
    reranker: RecordingReranker,
) -> RerankingFigures:
    reranked = results.reranked_photos()
    rated = _labels_and_probabilities(results, reranked)
    verifications = tuple(reranker.verifications)
    return RerankingFigures(
        model=model,
        looked_at_per_query=verify,
        image_map_at_50_before=before.image_map,
        object_map_at_50_iou50_before=before.object_map,
        image_map_at_50=results.image_map,
        object_map_at_50_iou50=results.object_map,
        verdict_auroc_before=metrics.auroc(*_labels_and_probabilities(before, reranked)),
        verdict_auroc=metrics.auroc(*rated),
        verdict_ece=metrics.expected_calibration_error(*rated),
        seconds_per_look=reranking_figures.mean_seconds(verifications),
        looks=len(verifications),
        unanswered=sum(not item.answered for item in verifications),
    )


def _queries(truth: CocoTruth, request: EvaluationRequest) -> dict[int, str]:
    """Names of the categories to search for, by id."""
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
    """Check that all names are categories.

    Raises:
        BadRequest: one is not; the hint names the most similar category.
    """
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


def _labels_and_probabilities(
    results: _QueryResults, only: Mapping[int, Collection[PhotoId]] | None
) -> tuple[list[bool], list[float]]:
    """For every hit with a probability: whether its photo holds the category, and the probability.

    Args:
        only: by category id, the photos that count; None for the first ``RANKS`` hits.
    """
    labels: list[bool] = []
    probabilities: list[float] = []
    for category_id, ranking in results.rankings.items():
        pairs = zip(ranking.hits, ranking.relevance(category_id), strict=True)
        for rank, (hit, relevant) in enumerate(pairs):
            counts = rank < RANKS if only is None else hit.photo.id in only[category_id]
            if counts and hit.probability is not None:
                labels.append(relevant)
                probabilities.append(hit.probability)
    return labels, probabilities


def _recall(covered: int, total: int) -> float:
    return covered / total if total else 0.0

"""The product judged by COCO truth: its own decoding, indexing and searching, start to end."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.evaluate import coco_truth, contact_sheet, mask_overlap, metrics, word_figures
from engine.evaluate.coco_truth import CocoTruth
from engine.evaluate.judged_search import JudgedSearch, Ranking, Watcher, place_of
from engine.evaluate.word_figures import WordFigures
from engine.jobs import Progress
from engine.library import Library
from engine.records import Photo

_PAGE = 200


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to judge.

    Attributes:
        photos_dir: where the photos of the COCO file lie; others there are left out.
        verify: hits of each query that a slow verifier looks at.
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
    words: WordFigures | None = None
    not_indexed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values by name; ``words`` only where they were asked for."""
        figures = asdict(self)
        del figures["not_indexed"], figures["words"]
        figures["per_category"] = [asdict(one) for one in self.per_category]
        return figures if self.words is None else figures | {"words": self.words.as_json()}


def evaluate(
    request: EvaluationRequest, watcher: Watcher, *, profile: Any = None
) -> EvaluationResult:
    """Index the listed photos in a temporary library, ask for every category, compare.

    Blocks for as long as that takes; the temporary library is removed in any case.

    Args:
        profile: as for ``Library.open``.

    Raises:
        BadRequest: the COCO file is bad, or none of its photos or no category is there, or a
            category was asked for that the file does not name, or the folder for the contact
            sheets holds something.
        ExportProblem: a contact sheet cannot be written.
        Exception: whatever a job raised.
    """
    truth = _present(coco_truth.load(request.coco_path), request)
    queries = _queries(truth, request)
    if request.sheets_dir is not None:
        contact_sheet.make_folder(request.sheets_dir)
    with tempfile.TemporaryDirectory(prefix="pickout-evaluate-") as temporary:
        photos_dir = Path(temporary, "photos")
        _lay_out(truth, request.photos_dir, photos_dir)
        library = Library.open(Path(temporary, "library"), profile=profile)
        with contextlib.closing(library):
            library.add_folder(photos_dir)
            started_s = time.perf_counter()
            watcher.follow(library.index())
            seconds_per_photo = (time.perf_counter() - started_s) / len(truth.photos)
            search = JudgedSearch(library, truth, request.verify, watcher)
            answers = search.ask_all(list(queries.values()), "Asking")
            rankings = dict(zip(queries, answers, strict=True))
            words = word_figures.measure(search, rankings) if request.words else None
            photos = {place_of(photo): photo for photo in _all_photos(library)}
            regions = {place: library.regions(photo.id) for place, photo in photos.items()}
            if request.sheets_dir is not None:
                watcher.report(Progress("Drawing contact sheets"))
                read_rgb = library.read_photo
                contact_sheet.write_mask_sheets(
                    request.sheets_dir, truth, photos, regions, read_rgb
                )
                contact_sheet.write_query_sheets(request.sheets_dir, rankings, truth, read_rgb)
            status = library.status()
    masks = list(mask_overlap.of_photos(regions, truth))
    recall = [_share(*metrics.covered_share(masks, first)) for first in (20, 50)]
    per_category = _per_category(search, rankings)
    labels, probabilities = _rated(search, rankings)
    return EvaluationResult(
        photos=len(truth.photos),
        queries=len(queries),
        profile=status.profile,
        image_map_at_50=metrics.mean([one.image_ap_at_50 for one in per_category]),
        object_map_at_50_iou50=metrics.mean([one.object_ap_at_50_iou50 for one in per_category]),
        mask_recall_iou50_at_20=recall[0],
        mask_recall_iou50_at_50=recall[1],
        seconds_per_photo=seconds_per_photo,
        query_ms_p50=float(np.median([ranking.took_ms for ranking in answers])),
        verdict_auroc=metrics.auroc(labels, probabilities),
        verdict_ece=metrics.expected_calibration_error(labels, probabilities),
        per_category=per_category,
        words=words,
        not_indexed=len(truth.photos) - status.searchable,
    )


def _present(truth: CocoTruth, request: EvaluationRequest) -> CocoTruth:
    """Only the photos whose files exist, and of those the first."""
    photos = tuple(p for p in truth.photos if (request.photos_dir / p.file_name).is_file())
    if not photos:
        raise BadRequest(
            "None of the photos of the COCO file is in this folder.",
            operation="evaluating",
            path=request.photos_dir,
            hint="Give the folder that its file names are relative to.",
        )
    return CocoTruth(photos[: request.first], truth.categories)


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


def _per_category(
    search: JudgedSearch, rankings: Mapping[int, Ranking]
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
    search: JudgedSearch, rankings: Mapping[int, Ranking]
) -> tuple[list[bool], list[float]]:
    """Of every rated hit: whether its photo holds what was asked, and the probability said."""
    labels, probabilities = [], []
    for category_id, ranking in rankings.items():
        pairs = zip(ranking.hits, ranking.shown(category_id), strict=True)
        for hit, shown in list(pairs)[: search.rated_hits]:
            if hit.probability is not None:
                labels.append(shown)
                probabilities.append(hit.probability)
    return labels, probabilities


def _all_photos(library: Library) -> Iterator[Photo]:
    before = None
    while page := library.photos(_PAGE, before):
        yield from page
        before = page[-1].id


def _share(covered: int, total: int) -> float:
    return covered / total if total else 0.0

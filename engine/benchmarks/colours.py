"""Ranking by colour: whether "red car" finds red cars before other cars.

Measured on generated photos with repainted things, and on things with labelled colours."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.inputs import recoloured_photos
from engine.errors import BadRequest
from engine.evaluation import attribute_queries, coco_truth, metrics
from engine.evaluation.annotated_search import ProgressListener, truth_index
from engine.evaluation.attribute_queries import ColourLabel
from engine.evaluation.coco_truth import CocoTruth
from engine.jobs import Progress
from engine.library import Library
from engine.records import SearchRequest
from engine.starter.colours.colour_vectors import COLOURS, colour_vectors

CATEGORIES = 8
"""Categories of which things are repainted."""
HELD_OUT_OF = 3
"""Labels whose annotation id is divisible by this were not used for fitting the colours."""
_OPERATION = "measuring colours"


@dataclass(frozen=True, slots=True)
class ColourPhoto:
    """One photo with the known colours of its things.

    Attributes:
        colours: known colours of its things, by category.
        categories: names of all its categories, also of things of unknown colour.
    """

    path: Path
    colours: Mapping[str, frozenset[str]]
    categories: frozenset[str]


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Search generated photos of repainted things; if labels are given, the labelled photos too.

    Raises:
        BadRequest: the folder, the COCO file or the labels are missing or do not fit together.
    """
    if request.folder is None or request.coco is None:
        raise BadRequest(
            "Colours are measured on photos whose things are annotated.",
            operation=_OPERATION,
            hint="Give the photos and their COCO file: --folder DIR --coco FILE.",
        )
    labels = {} if request.labels is None else attribute_queries.load(request.labels, _OPERATION)
    truth = coco_truth.load(request.coco)
    existing = [p for p in truth.photos if (request.folder / p.file_name).is_file()]
    truth = CocoTruth(tuple(existing), truth.categories)
    figures: dict[str, Any] = {"bench": "colours"}
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        folder = Path(temporary, "painted")
        listener.report(Progress("Painting things"))
        generated = recoloured_photos.make(folder, truth, request.folder, CATEGORIES)
        if not generated:
            raise BadRequest(
                "No large thing that could be painted is in these photos.",
                operation=_OPERATION,
                path=request.folder,
                hint="Give the folder that the file names of the COCO file are relative to.",
            )
        photos = [
            ColourPhoto(
                folder / photo.file_name,
                {photo.category: frozenset([photo.colour])},
                frozenset([photo.category]),
            )
            for photo in generated
        ]
        figures["painted"] = _search_figures(photos, request.profile, listener)
    if request.labels is not None:
        figures["labelled_things"] = _region_figures(labels, truth, request.folder, listener)
        photos = _labelled_photos(labels, truth, request.folder)
        figures["labelled_photos"] = _search_figures(photos, request.profile, listener)
    return BenchResult(tuple(_lines(figures)), figures)


def _search_figures(
    photos: Sequence[ColourPhoto], profile: Any, listener: ProgressListener
) -> dict[str, Any]:
    """Index the photos in a temporary library and search for every colour of every category."""
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        photos_dir = Path(temporary, "photos")
        photos_dir.mkdir()
        for index, photo in enumerate(photos):
            name = f"{index:05d}-{photo.path.name}"
            (photos_dir / name).write_bytes(photo.path.read_bytes())
        library = Library.open(Path(temporary, "library"), profile=profile)
        with contextlib.closing(library):
            library.folders.add(photos_dir)
            listener.follow(library.indexing.start())

            def search(text: str) -> list[int]:
                listener.report(Progress("Asking", current=text))
                request = SearchRequest(text=text, limit=len(photos))
                hits = listener.follow(library.search.start(request)).hits
                return [truth_index(hit.photo) for hit in hits]

            return ranking_figures(photos, search)


def ranking_figures(
    photos: Sequence[ColourPhoto], search: Callable[[str], Sequence[int]]
) -> dict[str, Any]:
    """The figures of one set of photos.

    Args:
        search: returns the indices into ``photos`` of the hits for a text, best first. Photos that
            are not among the hits share the last rank.

    Returns:
        ``auroc`` and ``map`` of photos with the right colour against photos of the category with
        other colours: means over colours, and ``by_colour``. ``category_map``: mean AP of all
        photos of the category for queries with a colour; ``category_map_plain``: the same for the
        category's name alone.

    Raises:
        BadRequest: no category has things of several colours.
    """
    categories = sorted({name for photo in photos for name in photo.colours})
    by_colour: dict[str, list[tuple[float, float]]] = {}
    with_colour: list[float] = []
    plain: dict[str, float] = {}
    for category in categories:
        known = [index for index, photo in enumerate(photos) if category in photo.colours]
        # Photos of the category without a known colour count for the category only.
        holding = [category in photo.categories for photo in photos]
        for colour in COLOURS:
            right = [index for index in known if colour in photos[index].colours[category]]
            if not right or len(right) == len(known):
                continue
            if category not in plain:
                plain[category] = _ap(search(category), holding)
            order = search(f"{colour} {category}")
            rank = {found: position for position, found in enumerate(order)}
            rated = [-float(rank.get(index, len(photos))) for index in known]
            labels = [index in right for index in known]
            area = metrics.auroc(labels, rated)
            of_known = [index in right for index in order if index in set(known)]
            precision = metrics.average_precision_at(of_known, len(right), len(known))
            by_colour.setdefault(colour, []).append((area or 0.0, precision))
            with_colour.append(_ap(order, holding))
    if not by_colour:
        raise BadRequest(
            "No category has things of several colours in these photos.", operation=_OPERATION
        )
    means = {
        colour: {
            "categories": len(rows),
            "auroc": metrics.mean([area for area, _ in rows]),
            "map": metrics.mean([precision for _, precision in rows]),
        }
        for colour, rows in by_colour.items()
    }
    return {
        "photos": len(photos),
        "queries": len(with_colour),
        "auroc": metrics.mean([item["auroc"] for item in means.values()]),
        "map": metrics.mean([item["map"] for item in means.values()]),
        "category_map": metrics.mean(with_colour),
        "category_map_plain": metrics.mean(list(plain.values())),
        "by_colour": means,
    }


def _ap(order: Sequence[int], holding: Sequence[bool]) -> float:
    return metrics.average_precision_at(
        [holding[index] for index in order], sum(holding), len(holding)
    )


def _labelled_photos(
    labels: Mapping[int, ColourLabel], truth: CocoTruth, folder: Path
) -> list[ColourPhoto]:
    """The photos with at least one labelled thing."""
    colours = {key: label.colours for key, label in labels.items()}
    photos = []
    for photo in truth.photos:
        known: dict[str, frozenset[str]] = {}
        for thing in photo.instances:
            if thing.annotation_id in colours:
                name = truth.categories[thing.category_id]
                known[name] = known.get(name, frozenset()) | colours[thing.annotation_id]
        if known:
            categories = frozenset(truth.categories[thing.category_id] for thing in photo.instances)
            photos.append(ColourPhoto(folder / photo.file_name, known, categories))
    return photos


def _region_figures(
    labels: Mapping[int, ColourLabel], truth: CocoTruth, folder: Path, listener: ProgressListener
) -> dict[str, Any]:
    """AUROC of the colours measured under the annotated masks of labelled things; no search."""
    from PIL import Image

    colours = {key: label.colours for key, label in labels.items()}
    rows: list[tuple[str, int, frozenset[str], np.ndarray]] = []
    for done, photo in enumerate(truth.photos):
        listener.report(Progress("Naming colours", done, len(truth.photos)))
        things = [
            (thing, thing.annotation_id)
            for thing in photo.instances
            if thing.annotation_id is not None and thing.annotation_id in colours
        ]
        if not things:
            continue
        with Image.open(folder / photo.file_name) as image:
            rgb = np.asarray(image.convert("RGB"))
        found = colour_vectors(rgb, [thing.mask_hw(photo.size_wh) for thing, _ in things])
        for (thing, annotation_id), vector in zip(things, found, strict=True):
            name = truth.categories[thing.category_id]
            rows.append((name, annotation_id, colours[annotation_id], vector))
    if not rows:
        raise BadRequest(
            "None of the labelled things is in these photos.", operation=_OPERATION, path=folder
        )
    held_out = [row for row in rows if row[1] % HELD_OUT_OF == 0]
    return {
        "things": len(rows),
        "auroc": _within_category(rows),
        "held_out_things": len(held_out),
        "held_out_auroc": _within_category(held_out),
    }


def _within_category(
    rows: Sequence[tuple[str, int, frozenset[str], np.ndarray]],
) -> float | None:
    """Mean AUROC over categories and colours; pairs without both labels are left out."""
    areas = []
    for category in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == category]
        for index, colour in enumerate(COLOURS):
            area = metrics.auroc([colour in row[2] for row in own], [row[3][index] for row in own])
            if area is not None:
                areas.append(area)
    return metrics.mean(areas) if areas else None


def _lines(figures: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, title in (("painted", "repainted things"), ("labelled_photos", "labelled photos")):
        found = figures.get(key)
        if found is None:
            continue
        lines.append(
            f"{title}: {found['photos']} photos, {found['queries']} queries; right colour before "
            f"others AUROC {found['auroc']:.3f}, mAP {found['map']:.3f}; the category's mAP "
            f"{found['category_map']:.3f} with a colour, {found['category_map_plain']:.3f} without"
        )
        lines += [
            f"  {colour:<7} AUROC {item['auroc']:.3f}  mAP {item['map']:.3f}"
            for colour, item in found["by_colour"].items()
        ]
    things = figures.get("labelled_things")
    if things is not None:

        def figure(value: float | None) -> str:
            return "not rated" if value is None else f"{value:.3f}"

        lines.append(
            f"{things['things']} labelled things under their true masks: AUROC "
            f"{figure(things['auroc'])}; the {things['held_out_things']} held out "
            f"{figure(things['held_out_auroc'])}"
        )
    return lines

"""Whether "red car" finds red cars before other cars, on repainted things and on labelled ones."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks import recoloured_photos
from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.errors import BadRequest
from engine.evaluation import coco_truth, metrics
from engine.evaluation.annotated_search import ProgressListener, truth_index
from engine.evaluation.coco_truth import CocoTruth
from engine.jobs import Progress
from engine.library import Library
from engine.records import SearchRequest
from engine.starter.colours.colour_vectors import COLOURS, colour_vectors

CATEGORIES = 8
HELD_OUT_OF = 3
"""The colours were not fitted on labels whose annotation id this divides."""
_OPERATION = "measuring colours"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of one photo.

    Attributes:
        path: its file.
        colours: by category, the colours that its things are known to have.
        holds: names of the categories that it holds, of known colour or not.
    """

    path: Path
    colours: Mapping[str, frozenset[str]]
    holds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Label:
    """The colours that an eye gave to one annotated thing."""

    file_name: str
    annotation_id: int
    colours: frozenset[str]


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Make photos of repainted things and search them; with labels, the labelled photos too.

    Raises:
        BadRequest: the folder, the COCO file or the labels are not there or do not fit together.
    """
    if request.folder is None or request.coco is None:
        raise BadRequest(
            "Colours are measured on photos whose things are annotated.",
            operation=_OPERATION,
            hint="Give the photos and their COCO file: --folder DIR --coco FILE.",
        )
    labels = [] if request.labels is None else _labels(request.labels)
    truth = coco_truth.load(request.coco)
    there = [p for p in truth.photos if (request.folder / p.file_name).is_file()]
    truth = CocoTruth(tuple(there), truth.categories)
    figures: dict[str, Any] = {"bench": "colours"}
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        folder = Path(temporary, "painted")
        listener.report(Progress("Painting things"))
        made = recoloured_photos.make(folder, truth, request.folder, CATEGORIES)
        if not made:
            raise BadRequest(
                "No large thing that could be painted is in these photos.",
                operation=_OPERATION,
                path=request.folder,
                hint="Give the folder that the file names of the COCO file are relative to.",
            )
        shown = [
            Shown(
                folder / one.file_name,
                {one.category: frozenset([one.colour])},
                frozenset([one.category]),
            )
            for one in made
        ]
        figures["painted"] = _searched(shown, request.profile, listener)
    if request.labels is not None:
        figures["labelled_things"] = _region_figures(labels, truth, request.folder, listener)
        shown = _labelled(labels, truth, request.folder)
        figures["labelled_photos"] = _searched(shown, request.profile, listener)
    return BenchResult(tuple(_lines(figures)), figures)


def _searched(shown: Sequence[Shown], profile: Any, listener: ProgressListener) -> dict[str, Any]:
    """Index the photos in a temporary library, and ask for every colour of every category."""
    with tempfile.TemporaryDirectory(prefix="pickout-bench-") as temporary:
        photos_dir = Path(temporary, "photos")
        photos_dir.mkdir()
        for place, photo in enumerate(shown):
            name = f"{place:05d}-{photo.path.name}"
            (photos_dir / name).write_bytes(photo.path.read_bytes())
        library = Library.open(Path(temporary, "library"), profile=profile)
        with contextlib.closing(library):
            library.folders.add(photos_dir)
            listener.follow(library.indexing.start())

            def ask(text: str) -> list[int]:
                listener.report(Progress("Asking", current=text))
                request = SearchRequest(text=text, limit=len(shown))
                hits = listener.follow(library.search.start(request)).hits
                return [truth_index(hit.photo) for hit in hits]

            return ranking_figures(shown, ask)


def ranking_figures(shown: Sequence[Shown], ask: Callable[[str], Sequence[int]]) -> dict[str, Any]:
    """The figures of one set of photos.

    ``ask`` gives the photos' places for a text, best first; those left out rank last together.

    Returns:
        ``auroc`` and ``map`` of right-coloured against other-coloured photos of the category, mean
        over colours, and by colour; ``category_map``, the AP of all the category's photos for the
        coloured queries, beside ``category_map_plain`` for the category's name alone.
    """
    categories = sorted({name for photo in shown for name in photo.colours})
    by_colour: dict[str, list[tuple[float, float]]] = {}
    with_colour: list[float] = []
    plain: dict[str, float] = {}
    for category in categories:
        known = [at for at, photo in enumerate(shown) if category in photo.colours]
        # A thing whose colour nobody knows is neither right nor wrong, but is of the category.
        holding = [category in photo.holds for photo in shown]
        for colour in COLOURS:
            right = [at for at in known if colour in shown[at].colours[category]]
            if not right or len(right) == len(known):
                continue
            if category not in plain:
                plain[category] = _ap(ask(category), holding)
            order = ask(f"{colour} {category}")
            rank = {place: at for at, place in enumerate(order)}
            rated = [-float(rank.get(at, len(shown))) for at in known]
            labels = [at in right for at in known]
            area = metrics.auroc(labels, rated)
            of_known = [at in right for at in order if at in set(known)]
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
        "photos": len(shown),
        "queries": len(with_colour),
        "auroc": metrics.mean([one["auroc"] for one in means.values()]),
        "map": metrics.mean([one["map"] for one in means.values()]),
        "category_map": metrics.mean(with_colour),
        "category_map_plain": metrics.mean(list(plain.values())),
        "by_colour": means,
    }


def _ap(order: Sequence[int], holding: Sequence[bool]) -> float:
    return metrics.average_precision_at([holding[at] for at in order], sum(holding), len(holding))


def _labels(path: Path) -> list[Label]:
    try:
        rows = json.loads(path.read_bytes())
        found = [
            Label(str(row["file_name"]), int(row["annotation_id"]), frozenset(row["colours"]))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRequest(
            "The labels of colours cannot be read.",
            operation=_OPERATION,
            path=path,
            hint="Give a list of objects with file_name, annotation_id and colours.",
        ) from error
    return found


def _labelled(labels: Sequence[Label], truth: CocoTruth, folder: Path) -> list[Shown]:
    colours = {label.annotation_id: label.colours for label in labels}
    shown = []
    for photo in truth.photos:
        known: dict[str, frozenset[str]] = {}
        for thing in photo.instances:
            if thing.annotation_id in colours:
                name = truth.categories[thing.category_id]
                known[name] = known.get(name, frozenset()) | colours[thing.annotation_id]
        if known:
            holds = frozenset(truth.categories[thing.category_id] for thing in photo.instances)
            shown.append(Shown(folder / photo.file_name, known, holds))
    return shown


def _region_figures(
    labels: Sequence[Label], truth: CocoTruth, folder: Path, listener: ProgressListener
) -> dict[str, Any]:
    """The colours of the labelled things under their true masks, without any search."""
    from PIL import Image

    colours = {label.annotation_id: label.colours for label in labels}
    rows: list[tuple[str, int, frozenset[str], np.ndarray]] = []
    for done, photo in enumerate(truth.photos):
        listener.report(Progress("Naming colours", done, len(truth.photos)))
        things = [one for one in photo.instances if one.annotation_id in colours]
        if not things:
            continue
        with Image.open(folder / photo.file_name) as image:
            rgb = np.asarray(image.convert("RGB"))
        found = colour_vectors(rgb, [thing.mask_hw(photo.size_wh) for thing in things])
        for thing, vector in zip(things, found, strict=True):
            name = truth.categories[thing.category_id]
            rows.append((name, thing.annotation_id, colours[thing.annotation_id], vector))
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
    """Mean AUROC over category and colour, wherever both kinds are there."""
    areas = []
    for category in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == category]
        for at, colour in enumerate(COLOURS):
            area = metrics.auroc([colour in row[2] for row in own], [row[3][at] for row in own])
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
            f"  {colour:<7} AUROC {one['auroc']:.3f}  mAP {one['map']:.3f}"
            for colour, one in found["by_colour"].items()
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

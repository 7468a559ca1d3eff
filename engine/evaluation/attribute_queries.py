"""Queries of a colour and a thing, judged by things whose colours were labelled by eye.

The file of labels is a list of objects: ``file_name``, ``annotation_id`` (of the COCO file),
``category``, ``colours`` (what a person would call it, one or two) and, where there are any,
``maybe``: colours that could be said of it too and count neither way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.evaluation import mask_overlap, metrics
from engine.evaluation.annotated_search import AnnotatedSearch, Ranking
from engine.evaluation.coco_truth import CocoTruth, Instance
from engine.records import Region, Verdict

_OPERATION = "evaluating colours"
_LEAST_INSIDE = 0.7
"""A region without IoU 0.5 with any thing still outlines the thing that holds this share of it: a
part of a red car is red too."""


@dataclass(frozen=True, slots=True)
class ColourLabel:
    """The colours that a person sees on one annotated thing."""

    annotation_id: int
    colours: frozenset[str]
    maybe: frozenset[str] = frozenset()

    def says(self, colour: str) -> bool | None:
        """Whether the thing has the colour; None if it could be said."""
        if colour in self.colours:
            return True
        return None if colour in self.maybe else False


@dataclass(frozen=True, slots=True)
class ColourQuery:
    """A colour and a category, which at least one labelled thing has."""

    colour: str
    category_id: int
    text: str


@dataclass(frozen=True, slots=True)
class AttributeFigures:
    """The figures of all queries. Field names are the keys of the JSON form.

    Attributes:
        queries_with_distractors: those for which another colour is labelled in the same category.
        outlined: hits judged ``match`` whose outline is a labelled thing of the category, unless
            the colour could be said of it.
        outlined_right: share of them that have the colour; None if there are none.
        other_things: hits judged ``match`` whose outline is no labelled thing of the category.
        found: share of the photos with a labelled thing of the colour that are judged ``match``.
        other_colour_matched: photos judged ``match`` though all their things of the category have
            other colours, as query and file name; ``other_colour`` is the number of such photos.
        wrongly_outlined: hits judged ``match`` whose outlined thing has another colour.
    """

    queries: int
    queries_with_distractors: int
    outlined: int
    outlined_right: float | None
    other_things: int
    found: float
    other_colour: int
    other_colour_matched: tuple[tuple[str, str], ...]
    wrongly_outlined: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def load(path: Path, operation: str = _OPERATION) -> dict[int, ColourLabel]:
    """Labels by annotation id.

    Raises:
        BadRequest: the file cannot be read, or is no list of labels.
    """
    try:
        rows = json.loads(path.read_bytes())
        if not all("file_name" in row for row in rows):
            raise ValueError("a label without file_name")
        labels = [
            ColourLabel(
                int(row["annotation_id"]),
                frozenset(map(str, row["colours"])),
                frozenset(map(str, row.get("maybe", ()))),
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest(
            "The labels of colours cannot be read.",
            operation=operation,
            path=path,
            hint="Give a list of objects with file_name, annotation_id and colours.",
        ) from error
    return {label.annotation_id: label for label in labels}


def generate(truth: CocoTruth, labels: dict[int, ColourLabel]) -> tuple[ColourQuery, ...]:
    """One query for each colour of each category that a labelled thing has.

    Raises:
        BadRequest: none of the labelled things is in the photos.
    """
    pairs = {
        (thing.category_id, colour)
        for photo in truth.photos
        for thing in photo.instances
        if (label := _label(thing, labels)) is not None
        for colour in label.colours
    }
    if not pairs:
        raise BadRequest(
            "None of the labelled things is in these photos.",
            operation=_OPERATION,
            hint="Give the labels of things that the COCO file lists.",
        )
    return tuple(
        ColourQuery(colour, category_id, f"{colour} {truth.categories[category_id]}")
        for category_id, colour in sorted(pairs)
    )


def measure(search: AnnotatedSearch, labels: dict[int, ColourLabel]) -> AttributeFigures:
    """Search for all colours of all categories; blocks.

    Raises:
        BadRequest: as for ``generate``.
        Exception: whatever a search raised.
    """
    queries = generate(search.truth, labels)
    rankings = search.search_all([query.text for query in queries], "Asking colours")
    return figures(queries, rankings, search.truth, labels)


def figures(
    queries: Sequence[ColourQuery],
    rankings: Sequence[Ranking],
    truth: CocoTruth,
    labels: dict[int, ColourLabel],
) -> AttributeFigures:
    """Compare the rankings of the queries, in their order, with the labels."""
    tallies = [
        _tally(query, ranking, truth, labels)
        for query, ranking in zip(queries, rankings, strict=True)
    ]
    outlined = [answer for one in tallies for answer in one.outlined]
    found = [answer for one in tallies for answer in one.found]
    return AttributeFigures(
        queries=len(queries),
        queries_with_distractors=sum(one.distractors > 0 for one in tallies),
        outlined=len(outlined),
        outlined_right=metrics.mean(outlined) if outlined else None,
        other_things=sum(one.other_things for one in tallies),
        found=metrics.mean(found),
        other_colour=sum(one.other_colour for one in tallies),
        other_colour_matched=tuple(pair for one in tallies for pair in one.other_colour_matched),
        wrongly_outlined=tuple(pair for one in tallies for pair in one.wrongly_outlined),
    )


@dataclass(frozen=True, slots=True)
class _Tally:
    """What one query found."""

    outlined: list[bool]
    found: list[bool]
    other_things: int
    distractors: int
    other_colour: int
    other_colour_matched: list[tuple[str, str]]
    wrongly_outlined: list[tuple[str, str]]


def _tally(
    query: ColourQuery, ranking: Ranking, truth: CocoTruth, labels: dict[int, ColourLabel]
) -> _Tally:
    hits = dict(ranking.found())
    matched = {index for index, hit in hits.items() if hit.verdict is Verdict.MATCH}
    outlined: list[bool] = []
    found: list[bool] = []
    wrongly_outlined: list[tuple[str, str]] = []
    other_colour_matched: list[tuple[str, str]] = []
    other_things = other_colour = distractors = 0
    for index, photo in enumerate(truth.photos):
        things = [t for t in photo.instances if t.category_id == query.category_id]
        said = [
            None if label is None else label.says(query.colour)
            for label in (_label(thing, labels) for thing in things)
        ]
        distractors += said.count(False)
        if True in said:
            found.append(index in matched)
        elif things and None not in said:
            other_colour += 1
            if index in matched:
                other_colour_matched.append((query.text, photo.file_name))
        if index not in matched:
            continue
        at = outlined_thing(hits[index].region, things, photo.size_wh)
        if at is None or _label(things[at], labels) is None:
            other_things += 1
        elif (has_colour := said[at]) is not None:
            outlined.append(has_colour)
            if not has_colour:
                wrongly_outlined.append((query.text, photo.file_name))
    return _Tally(
        outlined,
        found,
        other_things,
        distractors,
        other_colour,
        other_colour_matched,
        wrongly_outlined,
    )


def outlined_thing(
    region: Region | None, things: Sequence[Instance], size_wh: tuple[int, int]
) -> int | None:
    """Index of the thing that the region outlines, or is a part of; None if there is none.

    Args:
        size_wh: of the upright photo, pixels.
    """
    if region is None or not things:
        return None
    ious = mask_overlap.ious([region], things, size_wh)[0]
    if ious.max() >= metrics.IOU_AT_LEAST:
        return int(np.argmax(ious))
    inside = mask_overlap.shares_inside(region, things, size_wh)
    return int(np.argmax(inside)) if inside.max() >= _LEAST_INSIDE else None


def _label(thing: Instance, labels: dict[int, ColourLabel]) -> ColourLabel | None:
    return None if thing.annotation_id is None else labels.get(thing.annotation_id)


def table(result: AttributeFigures) -> str:
    """The figures as text."""
    right = "not rated" if result.outlined_right is None else f"{result.outlined_right:.3f}"
    asked = f"{result.queries} queries, {result.queries_with_distractors}"
    wrong = f"{len(result.other_colour_matched)} of {result.other_colour}"
    return "\n".join(
        [
            f"colours: {asked} with things of other colours",
            f"  outlined things of matches that have the colour  {right} of {result.outlined}",
            f"  matches that outline something else              {result.other_things}",
            f"  photos with the colour that match                {result.found:.3f}",
            f"  photos with other colours only that match        {wrong}",
        ]
    )

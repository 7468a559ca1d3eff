"""Retrieval of photos by sentences that describe them: recall at 1, 5 and 10, and median rank."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.evaluation.annotated_search import AnnotatedSearch

RECALL_AT = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class RetrievalFigures:
    """Where the described photo is ranked; the first rank is 1.

    Attributes:
        photos: number of photos that are ranked.
        recall_at_1, recall_at_5, recall_at_10: share of sentences with that rank or a better one.
    """

    photos: int
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    median_rank: float


@dataclass(frozen=True, slots=True)
class CaptionFigures:
    """The figures of all sentences. Field names are the keys of the JSON form.

    Attributes:
        among_all: ranked among all photos that are evaluated.
        among_described: the same rankings without the photos that no sentence describes.
    """

    sentences: int
    among_all: RetrievalFigures
    among_described: RetrievalFigures

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def load(path: Path) -> dict[str, tuple[str, ...]]:
    """Sentences by file name.

    The file is either an object of file names and lists of sentences, or a COCO captions file with
    ``images`` and ``annotations``.

    Raises:
        BadRequest: it cannot be read, or is neither.
    """
    try:
        document = json.loads(path.read_bytes())
        if "annotations" in document:
            names = {row["id"]: str(row["file_name"]) for row in document["images"]}
            found: dict[str, list[str]] = {}
            for row in document["annotations"]:
                found.setdefault(names[row["image_id"]], []).append(str(row["caption"]))
        else:
            found = {str(name): list(sentences) for name, sentences in document.items()}
        if not all(isinstance(text, str) for texts in found.values() for text in texts):
            raise ValueError("a sentence is no text")
        return {
            name: tuple(text.strip() for text in texts if text.strip())
            for name, texts in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest(
            "The sentences cannot be read.",
            operation="evaluating sentences",
            path=path,
            hint="Give a COCO captions file, or an object of file names and lists of sentences "
            f"({type(error).__name__}: {error}).",
        ) from error


def measure(search: AnnotatedSearch, captions: Mapping[str, Sequence[str]]) -> CaptionFigures:
    """Search for every sentence that describes one of the photos; blocks.

    Raises:
        BadRequest: no sentence describes any of the photos.
        Exception: whatever a search raised.
    """
    photos = search.truth.photos
    pairs = [
        (sentence, index)
        for index, photo in enumerate(photos)
        for sentence in captions.get(Path(photo.file_name).name, captions.get(photo.file_name, ()))
    ]
    if not pairs:
        raise BadRequest(
            "None of the sentences describes one of the photos.",
            operation="evaluating sentences",
            hint="Give the sentences of the photos that the COCO file lists.",
        )
    described = {index for _, index in pairs}
    rankings = search.search_all([sentence for sentence, _ in pairs], "Asking sentences")
    among_all, among_described = [], []
    for (_, target), ranking in zip(pairs, rankings, strict=True):
        order = [index for index, _ in ranking.found()]
        among_all.append(rank_of(target, order, len(photos)))
        among_described.append(
            rank_of(target, [index for index in order if index in described], len(described))
        )
    return CaptionFigures(
        len(pairs),
        retrieval_figures(among_all, len(photos)),
        retrieval_figures(among_described, len(described)),
    )


def rank_of(target: int, order: Sequence[int], photos: int) -> int:
    """Rank of ``target`` in ``order``, from 1; the last of all ``photos`` if it is not there.

    >>> rank_of(7, [3, 7], 9), rank_of(7, [3], 9)
    (2, 9)
    """
    return order.index(target) + 1 if target in order else photos


def retrieval_figures(ranks: Sequence[int], photos: int) -> RetrievalFigures:
    """Recall and median of ranks from 1; there must be at least one."""
    array = np.asarray(ranks)
    at_1, at_5, at_10 = (float((array <= k).mean()) for k in RECALL_AT)
    return RetrievalFigures(photos, at_1, at_5, at_10, float(np.median(array)))


def table(figures: CaptionFigures) -> str:
    """The figures as text."""
    lines = [f"{figures.sentences} sentences    photos    R@1    R@5   R@10  median rank"]
    wide = lines[0].index("photos")
    for title, one in (
        ("among all", figures.among_all),
        ("among the described", figures.among_described),
    ):
        lines.append(
            f"{title:<{wide}}{one.photos:>6}  {one.recall_at_1:.3f}  {one.recall_at_5:.3f}"
            f"  {one.recall_at_10:.3f}  {one.median_rank:>11.1f}"
        )
    return "\n".join(lines)

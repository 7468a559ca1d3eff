"""Queries of relations, counts and absence that true masks answer, and the precision of searches.

The queries are made from the annotations alone and are the same in every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, permutations
from typing import Any

from engine.errors import BadRequest
from engine.evaluation import metrics, relation_truth
from engine.evaluation.annotated_search import AnnotatedSearch, Ranking
from engine.evaluation.coco_truth import CocoTruth
from engine.evaluation.relation_truth import Answer, PhotoThings, RelationKind
from engine.records import Verdict

AT_RANK = 10
PER_KIND = 25
"""Most queries of one kind."""
_PER_SUBJECT = 5
"""Most queries of one kind with one category first, so that persons are not all there is."""
_FEWEST_RIGHT, _FEWEST_DISTRACTORS = 2, 1
_FEWEST_TOGETHER = 3
"""Photos that hold both things of a query."""
_PLURALS = {
    "person": "people",
    "sheep": "sheep",
    "mouse": "mice",
    "skis": "skis",
    "broccoli": "broccoli",
}


@dataclass(frozen=True, slots=True)
class RelationQuery:
    """A query with the photos that answer it.

    Attributes:
        first, second: category ids; ``second`` is None where the kind has one thing only.
        right: indexes into ``CocoTruth.photos``; ``either``: of photos that count neither way.
    """

    kind: RelationKind
    text: str
    first: int
    second: int | None
    right: frozenset[int]
    either: frozenset[int]


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The figures of one kind of queries."""

    kind: str
    queries: int
    precision_at_10: float


@dataclass(frozen=True, slots=True)
class RelationFigures:
    """The figures of all queries. Field names are the keys of the JSON form.

    Attributes:
        precision_at_10: mean over queries of the share of right photos among the first min(10,
            right photos) that count.
        worst: the queries with the lowest precision, worst first, each with its precision.
        unwanted_shown: hits of "A without B" that are not judged ``no`` though B alone matches the
            same photo, as query and file name.
    """

    queries: int
    precision_at_10: float
    by_kind: tuple[KindFigures, ...]
    worst: tuple[tuple[str, float], ...]
    unwanted_shown: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def generate(truth: CocoTruth, per_kind: int = PER_KIND) -> tuple[RelationQuery, ...]:
    """The queries of one set of photos: those with most right photos and distractors.

    Distractors are the photos that hold the things, but not as asked.

    Raises:
        BadRequest: the annotations answer no query.
    """
    photos = [PhotoThings(photo) for photo in truth.photos]
    chosen: list[RelationQuery] = []
    for kind in RelationKind:
        rated = sorted(_candidates(kind, truth, photos), key=lambda pair: (-pair[0], pair[1].text))
        subjects: Counter[int] = Counter()
        own: list[RelationQuery] = []
        for _, query in rated:
            if len(own) < per_kind and subjects[query.first] < _PER_SUBJECT:
                subjects[query.first] += 1
                own.append(query)
        chosen += own
    if not chosen:
        raise BadRequest(
            "These annotations answer no query of relations.",
            operation="evaluating relations",
            hint="Take more photos, with several things in each.",
        )
    return tuple(chosen)


def _candidates(
    kind: RelationKind, truth: CocoTruth, photos: Sequence[PhotoThings]
) -> Iterator[tuple[int, RelationQuery]]:
    """Queries of one kind with a number that says how much they test."""
    names = truth.queries()
    pairs: Iterator[tuple[int, int | None]]
    if kind in (RelationKind.LARGEST, RelationKind.TWO):
        pairs = ((first, None) for first in names)
    else:
        # Next to is the same in both directions.
        choose = combinations if kind is RelationKind.NEXT_TO else permutations
        together = Counter(
            pair for things in photos for pair in choose(sorted(things.categories & set(names)), 2)
        )
        pairs = (pair for pair in sorted(together) if together[pair] >= _FEWEST_TOGETHER)
    for first, second in pairs:
        answers = [relation_truth.answer(kind, things, first, second) for things in photos]
        right, either = relation_truth.tally(answers)
        distractors = sum(
            _distracts(kind, things, found, first, second)
            for things, found in zip(photos, answers, strict=True)
        )
        if len(right) >= _FEWEST_RIGHT and distractors >= _FEWEST_DISTRACTORS:
            text = query_text(kind, names[first], None if second is None else names[second])
            value = min(len(right), AT_RANK) + min(distractors, AT_RANK)
            yield value, RelationQuery(kind, text, first, second, right, either)


def _distracts(
    kind: RelationKind, things: PhotoThings, found: Answer, first: int, second: int | None
) -> bool:
    if kind is RelationKind.LARGEST:
        own = things.things(first)
        return bool(own) and not relation_truth.shows_largest(things, first, None)
    if found is not Answer.WRONG or first not in things.categories:
        return False
    return second is None or second in things.categories


def query_text(kind: RelationKind, first: str, second: str | None) -> str:
    """The query in words.

    >>> query_text(RelationKind.TWO, "wine glass", None)
    'two wine glasses'
    """
    match kind:
        case RelationKind.LARGEST:
            return f"largest {first}"
        case RelationKind.TWO:
            return f"two {plural(first)}"
        case _:
            return f"{first} {kind.value} {second}"


def plural(name: str) -> str:
    """The plural of a category's name.

    >>> plural("bench"), plural("person"), plural("knife")
    ('benches', 'people', 'knives')
    """
    if name in _PLURALS:
        return _PLURALS[name]
    if name.endswith(("s", "sh", "ch", "x")):
        return f"{name}es"
    return f"{name[:-2]}ves" if name.endswith("fe") else f"{name}s"


def measure(search: AnnotatedSearch, queries: Sequence[RelationQuery]) -> RelationFigures:
    """Search for all queries; blocks.

    Raises:
        Exception: whatever a search raised.
    """
    rankings = search.search_all([query.text for query in queries], "Asking relations")
    precisions = [
        precision(query, ranking, search.truth)
        for query, ranking in zip(queries, rankings, strict=True)
    ]
    by_kind = []
    for kind in RelationKind:
        own = [
            value for query, value in zip(queries, precisions, strict=True) if query.kind is kind
        ]
        if own:
            by_kind.append(KindFigures(kind.value, len(own), metrics.mean(own)))
    worst = sorted(zip((query.text for query in queries), precisions, strict=True), key=_by_value)
    return RelationFigures(
        len(queries),
        metrics.mean(precisions),
        tuple(by_kind),
        tuple(worst[:AT_RANK]),
        tuple(_unwanted_shown(search, queries, rankings)),
    )


def _by_value(pair: tuple[str, float]) -> float:
    return pair[1]


def precision(query: RelationQuery, ranking: Ranking, truth: CocoTruth) -> float:
    """Share of right photos among the first min(10, right photos) photos that count.

    For the largest thing, a photo is right only if a smaller one is not outlined instead.
    """
    counted = min(AT_RANK, len(query.right))
    first = [pair for pair in ranking.found() if pair[0] not in query.either][:counted]
    right = 0
    for index, hit in first:
        if index not in query.right:
            continue
        if query.kind is RelationKind.LARGEST and not relation_truth.shows_largest(
            PhotoThings(truth.photos[index]), query.first, hit.region
        ):
            continue
        right += 1
    return right / counted


def _unwanted_shown(
    search: AnnotatedSearch, queries: Sequence[RelationQuery], rankings: Sequence[Ranking]
) -> list[tuple[str, str]]:
    pairs = [
        (query, ranking, search.truth.categories[query.second])
        for query, ranking in zip(queries, rankings, strict=True)
        if query.kind is RelationKind.WITHOUT and query.second is not None
    ]
    names = sorted({unwanted for _, _, unwanted in pairs})
    matched: Mapping[str, set[int]] = {
        name: {index for index, hit in alone.found() if hit.verdict is Verdict.MATCH}
        for name, alone in zip(
            names, search.search_all(names, "Asking what must not be there"), strict=True
        )
    }
    return [
        (query.text, search.truth.photos[index].file_name)
        for query, ranking, unwanted in pairs
        for index, hit in ranking.found()
        if hit.verdict is not Verdict.NO and index in matched[unwanted]
    ]


def table(figures: RelationFigures) -> str:
    """The figures as text."""
    lines = ["relations   queries  precision@10"]
    lines += [
        f"{one.kind:<12}{one.queries:>7}  {one.precision_at_10:>12.3f}" for one in figures.by_kind
    ]
    lines.append(f"{'all':<12}{figures.queries:>7}  {figures.precision_at_10:>12.3f}")
    lines.append("worst: " + ", ".join(f"{text} ({value:.2f})" for text, value in figures.worst))
    lines.append(
        f"photos shown though what must not be there matches: {len(figures.unwanted_shown)}"
    )
    return "\n".join(lines)

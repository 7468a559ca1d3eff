"""A table of queries over a folder of photos, with the photos that a person would call right.

The file holds ``queries``, a list of objects with ``text``, ``kind``, ``right`` and ``either``
(file names; ``either`` counts neither way); ``absent``, things that are in no photo; and
``absent_combinations``, queries that no photo fits though some of what they name is there.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import BadRequest
from engine.evaluation import metrics
from engine.evaluation.annotated_library import temporary_location
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.postgres.address import ServerAddress
from engine.records import SearchHit, SearchRequest, Verdict

_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class TableQuery:
    """A query with the file names of the photos that answer it; all others are wrong.

    Attributes:
        kind: what the query tests, to report by.
        either: photos that count neither way.
    """

    text: str
    kind: str
    right: frozenset[str]
    either: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class QueryTable:
    """All queries of a file."""

    queries: tuple[TableQuery, ...]
    absent: tuple[str, ...]
    absent_combinations: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of all queries."""
        return (*(query.text for query in self.queries), *self.absent, *self.absent_combinations)


@dataclass(frozen=True, slots=True)
class Answer:
    """One photo that a search found."""

    file_name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Fault:
    """A query that was not answered as a person would.

    Attributes:
        wrong_matches: photos called a match that are not right.
        missed: right photos that are no match.
        first: the first photo that counts, if it is not right; else empty.
    """

    text: str
    kind: str
    wrong_matches: tuple[str, ...]
    missed: tuple[str, ...]
    first: str


@dataclass(frozen=True, slots=True)
class TableFigures:
    """The figures of a table. Field names are the keys of the JSON form.

    Attributes:
        match_precision: share of right photos among all photos that are called a match; None if
            nothing is.
        match_recall: share of all right photos that are called a match.
        first_right: share of the queries whose first photo that counts is right.
        by_kind: precision, recall and first_right of each kind.
        absent_matched: queries for absent things that have a match, with the photos that match.
    """

    queries: int
    match_precision: float | None
    match_recall: float
    first_right: float
    by_kind: Mapping[str, tuple[float | None, float, float]]
    absent: int
    absent_matched: Mapping[str, tuple[str, ...]]
    absent_combinations: int
    absent_combinations_matched: Mapping[str, tuple[str, ...]]
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def load(path: Path) -> QueryTable:
    """Read a table.

    Raises:
        BadRequest: the file cannot be read, is no table, or contradicts itself.
    """
    try:
        document = json.loads(path.read_bytes())
        queries = tuple(
            TableQuery(
                str(row["text"]),
                str(row.get("kind", "")),
                frozenset(map(str, row["right"])),
                frozenset(map(str, row.get("either", ()))),
            )
            for row in document["queries"]
        )
        for query in queries:
            if not query.right or query.right & query.either:
                raise ValueError(f"{query.text!r} has no right photo, or one that is either, too")
        return QueryTable(
            queries,
            tuple(map(str, document.get("absent", ()))),
            tuple(map(str, document.get("absent_combinations", ()))),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequest(
            "The table of queries cannot be read.",
            operation="evaluating queries",
            path=path,
            hint="Give an object with queries (text, right, either) and absent "
            f"({type(error).__name__}: {error}).",
        ) from error


def evaluate(
    table: QueryTable,
    photos_dir: Path,
    listener: ProgressListener,
    *,
    profile: Any = None,
    server: ServerAddress | None = None,
) -> TableFigures:
    """Index the photos in a temporary library, ask every query, compare; blocks.

    Args:
        profile: as for ``Library.open``.
        server: keeps the library meanwhile; None for a temporary folder.

    Raises:
        BadRequest: a right photo is not in the folder.
        Exception: whatever a job raised.
    """
    named = {name for query in table.queries for name in query.right | query.either}
    missing = sorted(name for name in named if not (photos_dir / name).is_file())
    if missing:
        raise BadRequest(
            f"The table names {missing[0]}, which is not in the folder.",
            operation="evaluating queries",
            path=photos_dir,
            hint="Give the folder of the photos that the table speaks of.",
        )
    with temporary_location(server) as (_, location):
        library = Library.open(location, profile=profile)
        with contextlib.closing(library):
            library.folders.add(photos_dir)
            listener.follow(library.indexing.start())
            answers = {}
            for done, text in enumerate(table.texts):
                listener.report(Progress("Asking", done, len(table.texts), current=text))
                job = library.search.start(SearchRequest(text=text, limit=_LIMIT))
                answers[text] = answers_of(listener.follow(job).hits)
    return figures(table, answers)


def answers_of(hits: Sequence[SearchHit]) -> list[Answer]:
    """The photos of hits, best first; photos folded into a hit follow it with its verdict."""
    return [
        Answer(photo.path.name, hit.verdict) for hit in hits for photo in (hit.photo, *hit.similar)
    ]


def figures(table: QueryTable, answers: Mapping[str, Sequence[Answer]]) -> TableFigures:
    """Compare the answers with the table.

    Args:
        answers: of every text of the table, best first.
    """
    judged = [_Judged.of(query, answers[query.text]) for query in table.queries]
    kinds = dict.fromkeys(query.kind for query in table.queries)
    by_kind = {
        kind: _rates([one for one in judged if one.fault.kind == kind]) for kind in sorted(kinds)
    }
    precision, recall, first_right = _rates(judged)
    return TableFigures(
        queries=len(table.queries),
        match_precision=precision,
        match_recall=recall,
        first_right=first_right,
        by_kind=by_kind,
        absent=len(table.absent),
        absent_matched=_matched(table.absent, answers),
        absent_combinations=len(table.absent_combinations),
        absent_combinations_matched=_matched(table.absent_combinations, answers),
        faults=tuple(one.fault for one in judged if one.faulty),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """One query's answers, compared."""

    right: int
    right_matches: int
    fault: Fault

    @classmethod
    def of(cls, query: TableQuery, answers: Sequence[Answer]) -> _Judged:
        counted = [answer for answer in answers if answer.file_name not in query.either]
        matches = {answer.file_name for answer in counted if answer.verdict is Verdict.MATCH}
        first = counted[0].file_name if counted else "(nothing)"
        fault = Fault(
            query.text,
            query.kind,
            tuple(sorted(matches - query.right)),
            tuple(sorted(query.right - matches)),
            "" if first in query.right else first,
        )
        return cls(len(query.right), len(matches & query.right), fault)

    @property
    def faulty(self) -> bool:
        return bool(self.fault.wrong_matches or self.fault.missed or self.fault.first)


def _rates(judged: Sequence[_Judged]) -> tuple[float | None, float, float]:
    """Precision and recall of matches over all pairs of query and photo, share of right firsts."""
    right_matches = sum(one.right_matches for one in judged)
    matches = right_matches + sum(len(one.fault.wrong_matches) for one in judged)
    return (
        right_matches / matches if matches else None,
        right_matches / sum(one.right for one in judged),
        metrics.mean([not one.fault.first for one in judged]),
    )


def _matched(
    texts: Sequence[str], answers: Mapping[str, Sequence[Answer]]
) -> dict[str, tuple[str, ...]]:
    found = {
        text: tuple(a.file_name for a in answers[text] if a.verdict is Verdict.MATCH)
        for text in texts
    }
    return {text: names for text, names in found.items() if names}


def table_text(result: TableFigures) -> str:
    """The figures as text, then each query that was not answered as a person would."""
    lines = [f"{'queries':<12}  precision   recall  first right"]
    rows = [(kind, *rates) for kind, rates in result.by_kind.items()]
    rows.append(("all", result.match_precision, result.match_recall, result.first_right))
    for kind, precision, recall, first_right in rows:
        shown = "  -  " if precision is None else f"{precision:.3f}"
        lines.append(f"{kind:<12}  {shown:>9}  {recall:>7.3f}  {first_right:>11.3f}")
    lines.append(f"absent things called a match: {len(result.absent_matched)} of {result.absent}")
    lines.append(
        "absent combinations called a match: "
        f"{len(result.absent_combinations_matched)} of {result.absent_combinations}"
    )
    for fault in result.faults:
        parts = [
            f"first {fault.first}" if fault.first else "",
            f"wrong {', '.join(fault.wrong_matches)}" if fault.wrong_matches else "",
            f"missed {', '.join(fault.missed)}" if fault.missed else "",
        ]
        lines.append(f'"{fault.text}": {"; ".join(filter(None, parts))}')
    for text, names in {**result.absent_matched, **result.absent_combinations_matched}.items():
        lines.append(f'"{text}": nothing is right, wrong {", ".join(names)}')
    return "\n".join(lines)

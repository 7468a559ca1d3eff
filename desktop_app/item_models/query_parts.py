"""The parts of a query's plan as chips, and the text of the query without one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from engine.query.plan_text import part_text
from engine.records import (
    Filter,
    PlainReason,
    PlainText,
    PlanPart,
    QueryPlan,
    RelationTerm,
    Scene,
    Span,
    Thing,
)

_BETWEEN, _CUT = -1, -2
"""Owners of characters: in no part's span (linking words, spaces); in the part that is cut."""


class PartKind(StrEnum):
    """What a chip stands for."""

    THING = "thing"
    RELATION = "relation"
    SCENE = "scene"
    FILTER = "filter"
    QUOTED = "quoted"
    PLAIN = "plain"


_KINDS: dict[type, PartKind] = {
    Thing: PartKind.THING,
    RelationTerm: PartKind.RELATION,
    Scene: PartKind.SCENE,
    Filter: PartKind.FILTER,
}


@dataclass(frozen=True)
class QueryPart:
    """One part of a plan.

    Attributes:
        text: the part in words.
        span: its characters in the text of the plan.
        excluded: it must not be there.
        cut: characters that go with it: its own, and those of relations with this thing only.
    """

    text: str
    span: Span
    kind: PartKind
    excluded: bool = False
    cut: tuple[Span, ...] = ()


def query_parts(plan: QueryPlan) -> tuple[QueryPart, ...]:
    """All parts in the order of the text; empty if they only repeat the text that was typed."""
    parts = tuple(_query_part(part, plan) for part in _parts_of(plan))
    if len(parts) == 1 and _repeats_text(parts[0], plan.text):
        return ()
    return parts


def excluded_spans(plan: QueryPlan | None) -> frozenset[Span]:
    """Where the parts stand that must not be there."""
    if plan is None:
        return frozenset()
    return frozenset(part.span for part in _parts_of(plan) if getattr(part, "excluded", False))


def text_without(plan: QueryPlan, part: QueryPart) -> str:
    """The text of the plan without one part and without the words that linked it.

    Words in no part's span only link parts ("and", "with a", commas), so those at the cut go too.
    """
    parts = _parts_of(plan)
    owners = [_BETWEEN] * len(plan.text)
    for number, one in enumerate(parts):
        _own(owners, one.span, number)
    for span in part.cut or (part.span,):
        _own(owners, span, _CUT)
    relation_cut = any(
        isinstance(one, RelationTerm) and owners[one.span.start] == _CUT for one in parts
    )
    left, links, was_cut, before = "", [""], False, None
    for owner, characters in groupby(zip(owners, plan.text, strict=True), key=lambda c: c[0]):
        piece = "".join(character for _, character in characters)
        if owner == _BETWEEN:
            links[-1] = piece
        elif owner == _CUT:
            was_cut = True
            links.append("")
        else:
            if not was_cut:
                left += links[0]
            elif before is not None:
                things = isinstance(before, Thing) and isinstance(parts[owner], Thing)
                left += _link(links, things=things, relation_cut=relation_cut)
            left += piece
            links, was_cut, before = [""], False, parts[owner]
    if not was_cut:
        left += links[0]
    return " ".join(left.split()).replace(" ,", ",")


def _link(links: Sequence[str], *, things: bool, relation_cut: bool) -> str:
    """What links two parts after what stood between them was cut.

    Args:
        links: the linking words before, between and after the cuts.
    """
    if links[-1].strip():  # belongs to what follows: "with a ball"
        return links[-1]
    if not things:
        return " "
    if links[0].strip() and not relation_cut:
        return links[0]
    return ", "  # two names side by side would be read as one


def _own(owners: list[int], span: Span, owner: int) -> None:
    for at in range(max(0, span.start), min(span.end, len(owners))):
        owners[at] = owner


def _parts_of(plan: QueryPlan) -> list[PlanPart]:
    parts: list[PlanPart] = [*plan.things]
    parts += plan.relations
    parts += plan.scenes
    parts += plan.filters
    parts += plan.plain
    return sorted(parts, key=lambda part: part.span)


def _query_part(part: PlanPart, plan: QueryPlan) -> QueryPart:
    if isinstance(part, PlainText):
        quoted = part.reason is PlainReason.QUOTED
        kind = PartKind.QUOTED if quoted else PartKind.PLAIN
        return QueryPart(part_text(part, plan), part.span, kind, cut=(part.span,))
    cut = [part.span]
    if isinstance(part, Thing):
        cut += _spans_of_relations(plan, plan.things.index(part))
    excluded = not isinstance(part, RelationTerm) and part.excluded
    return QueryPart(part_text(part, plan), part.span, _KINDS[type(part)], excluded, tuple(cut))


def _spans_of_relations(plan: QueryPlan, thing: int) -> list[Span]:
    """Where the relations with this thing stand, unless other things share the words.

    In "cat and dog on a table" the word "on" says something of both.
    """
    spans = {one.span: True for one in plan.relations}
    for one in plan.relations:
        spans[one.span] &= thing in (one.subject, *one.objects)
    return [span for span, only_this_thing in spans.items() if only_this_thing]


def _repeats_text(part: QueryPart, text: str) -> bool:
    """Whether the only part says what was typed, a leading article aside."""
    if part.kind not in (PartKind.THING, PartKind.PLAIN) or part.excluded:
        return False
    words = text.casefold().split()
    if words and words[0] in {"a", "an", "the"}:
        words = words[1:]
    return part.text.casefold().split() == words

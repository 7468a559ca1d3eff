"""Plans as JSON, for ``search --json``."""

from __future__ import annotations

from typing import Any

from engine.records import (
    Count,
    DateRange,
    Filter,
    FilterValue,
    NumberRange,
    PlainText,
    QueryPlan,
    RelationTerm,
    Scene,
    Span,
    Thing,
)


def to_json(plan: QueryPlan) -> dict[str, Any]:
    """The plan as what ``json.dumps`` takes; dates in ISO 8601, spans as [start, end]."""
    return {
        "text": plan.text,
        "sentence": plan.sentence,
        "language": plan.language,
        "things": [_thing(one) for one in plan.things],
        "relations": [_relation(one) for one in plan.relations],
        "scenes": [_scene(one) for one in plan.scenes],
        "filters": [_filter(one) for one in plan.filters],
        "plain": [_plain(one) for one in plan.plain],
    }


def _span(span: Span) -> list[int]:
    return [span.start, span.end]


def _thing(one: Thing) -> dict[str, Any]:
    return {
        "names": list(one.names),
        "count": _count(one.count),
        "places": [str(place) for place in one.places],
        "excluded": one.excluded,
        "span": _span(one.span),
    }


def _count(count: Count | None) -> dict[str, int | None] | None:
    return None if count is None else {"least": count.least, "most": count.most}


def _relation(one: RelationTerm) -> dict[str, Any]:
    return {
        "relation": str(one.relation),
        "subject": one.subject,
        "objects": list(one.objects),
        "span": _span(one.span),
    }


def _scene(one: Scene) -> dict[str, Any]:
    return {"names": list(one.names), "excluded": one.excluded, "span": _span(one.span)}


def _filter(one: Filter) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "value": _value(one.value),
        "excluded": one.excluded,
        "span": _span(one.span),
    }


def _value(value: FilterValue) -> Any:
    if isinstance(value, DateRange):
        return {
            "first": value.first.isoformat() if value.first else None,
            "last": value.last.isoformat() if value.last else None,
        }
    if isinstance(value, NumberRange):
        return {"least": value.least, "most": value.most}
    return value


def _plain(one: PlainText) -> dict[str, Any]:
    return {"text": one.text, "reason": str(one.reason), "span": _span(one.span)}

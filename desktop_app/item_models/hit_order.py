"""The orders of the hits of one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from engine.records import SearchHit


class HitOrder(StrEnum):
    """How hits are ordered below each heading; the verdicts keep their order."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"


def ordered(hits: Sequence[SearchHit], order: HitOrder) -> list[SearchHit]:
    """The hits in another order; those without a date come after the others."""
    if order is HitOrder.NAME:
        return sorted(hits, key=lambda hit: hit.photo.path.name.casefold())
    if order is HitOrder.RELEVANCE:
        return list(hits)
    dated = [hit for hit in hits if hit.photo.taken_at]
    undated = [hit for hit in hits if not hit.photo.taken_at]
    newest = order is HitOrder.NEWEST
    return sorted(dated, key=lambda hit: hit.photo.taken_at or "", reverse=newest) + undated

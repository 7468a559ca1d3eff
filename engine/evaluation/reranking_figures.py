"""What the second look is worth: the same queries with it and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evaluation.recording_reranker import RecordedVerification


@dataclass(frozen=True, slots=True)
class RerankingFigures:
    """The figures, named as in the JSON form, which ``FIGURES.md`` explains.

    Attributes:
        looked_at_per_query: hits that were to be looked at.
        verdict_auroc_before: of the verdicts that the profile gives alone, on the same hits.
        seconds_per_look: wall time of the looks by their number; None if there was none.
        looks: photos that were looked at; ``unanswered`` of them without a verdict.
    """

    model: str
    looked_at_per_query: int
    image_map_at_50_before: float
    object_map_at_50_iou50_before: float
    image_map_at_50: float
    object_map_at_50_iou50: float
    verdict_auroc_before: float | None
    verdict_auroc: float | None
    verdict_ece: float | None
    seconds_per_look: float | None
    looks: int
    unanswered: int


def seconds_per_look(seen: Sequence[RecordedVerification]) -> float | None:
    """Mean wall time; None of nothing."""
    return sum(one.seconds for one in seen) / len(seen) if seen else None

"""Figures that compare the same queries with and without reranking by the language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evaluation.recording_reranker import RecordedVerification


@dataclass(frozen=True, slots=True)
class RerankingFigures:
    """The figures. Field names are the keys of the JSON form, explained in ``FIGURES.md``.

    Attributes:
        looked_at_per_query: hits of each query that were to be verified.
        verdict_auroc_before: of the profile's own verdicts on the same hits.
        seconds_per_look: mean wall time of a verification; None if there was none.
        looks: verifications; ``unanswered`` of them gave no verdict.
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


def mean_seconds(verifications: Sequence[RecordedVerification]) -> float | None:
    """Mean wall time of a verification; None if there is none."""
    if not verifications:
        return None
    return sum(item.seconds for item in verifications) / len(verifications)

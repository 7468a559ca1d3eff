"""From ranked photos to hits with verdicts, findings and reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.fusion.plan_match import PartMatch
from engine.fusion.plan_scorer import PlanScorer
from engine.query.plan_text import part_text
from engine.records import (
    Finding,
    Photo,
    QueryPlan,
    Region,
    RegionId,
    Scene,
    SearchHit,
    Thing,
    Verdict,
)
from engine.search.ranking import RankedPhoto, verdict

_AS_A_WHOLE = "Fits as a whole; its things are not outlined yet."


@dataclass(frozen=True)
class MatchedPhoto:
    """A ranked photo with its record.

    Attributes:
        shown: the regions of ``ranked.match`` to outline, best first.
        similar: the photos folded into it.
    """

    photo: Photo
    ranked: RankedPhoto
    shown: tuple[Region, ...] = ()
    similar: tuple[Photo, ...] = ()

    def hit(self) -> SearchHit:
        """The hit without a verdict."""
        return SearchHit(
            self.photo,
            self.ranked.match.score,
            self.shown[0] if self.shown else None,
            outlined=self.ranked.rows.outlined,
            others=self.shown[1:],
            similar=self.similar,
        )


def verified_hits(
    matched: Sequence[MatchedPhoto], plan: QueryPlan, scorer: PlanScorer
) -> list[SearchHit]:
    """The hits with verdicts, probabilities, findings and reasons.

    A photo without regions yet is no match: the probabilities were fitted to photos with regions.
    """
    words = _Words(plan, scorer)
    return [_verified(photo, words, scorer) for photo in matched]


def _verified(matched: MatchedPhoto, words: _Words, scorer: PlanScorer) -> SearchHit:
    match, outlined = matched.ranked.match, matched.ranked.rows.outlined
    in_order = sorted(match.parts, key=lambda found: found.part.span)
    ids = matched.ranked.rows.ids
    findings = tuple(words.finding(part, ids) for part in in_order)
    if not scorer.calibrated:
        return replace(matched.hit(), findings=findings)
    probability, reason = match.probability, words.reason(findings, match.probability)
    if not outlined and probability >= scorer.match_at:
        probability, reason = math.nextafter(scorer.match_at, 0.0), _AS_A_WHOLE
    return replace(
        matched.hit(),
        verdict=verdict(scorer, probability),
        probability=probability,
        reason=reason,
        findings=findings,
    )


def filtered_hit(photo: Photo, plan: QueryPlan, score: float) -> SearchHit:
    """A hit of a query that has filters only, all of which the photo satisfies."""
    reason = "; ".join(part_text(part, plan) for part in plan.filters).capitalize()
    return SearchHit(photo, score, None, Verdict.MATCH, 1.0, f"{reason}.")


class _Words:
    """What is said of hits: words of the parts of a plan are made once for all hits."""

    def __init__(self, plan: QueryPlan, scorer: PlanScorer) -> None:
        self._plan = plan
        self._scorer = scorer
        self._text_of: dict[int, str] = {}
        self._unwanted = {part.span for part in plan.named if part.excluded}
        self._of_one = not plan.unwanted

    def finding(self, match: PartMatch, ids: np.ndarray) -> Finding:
        """What a part of the plan found; ``ids`` of the photo's regions, int64 (N,)."""
        part = match.part
        if id(part) not in self._text_of:
            self._text_of[id(part)] = part_text(part, self._plan)
        excluded = isinstance(part, Thing | Scene) and part.excluded
        satisfied = 1 - match.probability if excluded else match.probability
        calibrated = self._scorer.calibrated
        return Finding(
            self._text_of[id(part)],
            part.span,
            match.probability,
            verdict(self._scorer, satisfied) if calibrated else Verdict.UNVERIFIED,
            tuple(RegionId(int(ids[i])) for i in match.regions),
        )

    def reason(self, findings: Sequence[Finding], probability: float) -> str:
        """The reason of a hit with this probability."""
        if len(findings) < 2 and self._of_one:
            name = findings[0].part if findings else self._plan.text
            match verdict(self._scorer, probability):
                case Verdict.MATCH:
                    return f"Looks like “{name}”."
                case Verdict.NO:
                    return f"Does not look like “{name}”."
            return f"Could be “{name}”."
        said = (_state(finding, finding.span in self._unwanted) for finding in findings)
        return "; ".join(said) + "."


def _state(finding: Finding, excluded: bool) -> str:
    """What was found of one part: "dog: outlined, 91 %", "frisbee: not found"."""
    likely = f"{round(100 * finding.probability)} %"
    match finding.verdict:
        case Verdict.MATCH if excluded:
            return f"{finding.part}: not seen"
        case Verdict.MATCH:
            return f"{finding.part}: {'outlined, ' if finding.regions else ''}{likely}"
        case Verdict.NO if excluded:
            return f"{finding.part}: seen, {likely}"
        case Verdict.NO:
            return f"{finding.part}: not found"
    return f"{finding.part}: perhaps{' seen' if excluded else ''}, {likely}"

"""From ranked photos to hits with verdicts, findings and reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.fusion.plan_match import PartMatch
from engine.fusion.plan_scorer import PlanScorer
from engine.query.plan_text import part_text
from engine.records import Finding, Photo, QueryPlan, Region, Scene, SearchHit, Thing, Verdict
from engine.search.ranking import RankedPhoto, verdict

_AS_A_WHOLE = "Fits as a whole; its things are not outlined yet."


@dataclass(frozen=True)
class MatchedPhoto:
    """A ranked photo with its record; ``regions`` in the order of its arrays, ``similar`` the
    photos folded into it."""

    photo: Photo
    ranked: RankedPhoto
    regions: tuple[Region, ...]
    similar: tuple[Photo, ...] = ()

    def hit(self) -> SearchHit:
        """The hit without a verdict."""
        match = self.ranked.match
        region = None if match.region is None else self.regions[match.region]
        others = tuple(self.regions[i] for i in match.others)
        outlined = self.ranked.rows.outlined
        return SearchHit(
            self.photo,
            match.score,
            region,
            outlined=outlined,
            others=others,
            similar=self.similar,
        )


def verified_hit(matched: MatchedPhoto, plan: QueryPlan, scorer: PlanScorer) -> SearchHit:
    """The hit with verdict, probability, findings and reason.

    A photo without regions yet is no match: the probabilities were fitted to photos with regions.
    """
    hit, match = matched.hit(), matched.ranked.match
    in_order = sorted(match.parts, key=lambda found: found.part.span)
    findings = tuple(_finding(part, plan, scorer, matched) for part in in_order)
    if not scorer.calibrated:
        return replace(hit, findings=findings)
    probability, reason = match.probability, _reason(findings, match.probability, plan, scorer)
    if not hit.outlined and probability >= scorer.match_at:
        probability, reason = math.nextafter(scorer.match_at, 0.0), _AS_A_WHOLE
    return replace(
        hit,
        verdict=verdict(scorer, probability),
        probability=probability,
        reason=reason,
        findings=findings,
    )


def filtered_hit(photo: Photo, plan: QueryPlan, score: float) -> SearchHit:
    """A hit of a query that has filters only, all of which the photo satisfies."""
    reason = "; ".join(part_text(part, plan) for part in plan.filters).capitalize()
    return SearchHit(photo, score, None, Verdict.MATCH, 1.0, f"{reason}.")


def _finding(
    match: PartMatch, plan: QueryPlan, scorer: PlanScorer, matched: MatchedPhoto
) -> Finding:
    excluded = isinstance(match.part, Thing | Scene) and match.part.excluded
    satisfied = 1 - match.probability if excluded else match.probability
    shown = verdict(scorer, satisfied) if scorer.calibrated else Verdict.UNVERIFIED
    return Finding(
        part_text(match.part, plan),
        match.part.span,
        match.probability,
        shown,
        tuple(matched.regions[i].id for i in match.regions),
    )


def _reason(
    findings: Sequence[Finding], probability: float, plan: QueryPlan, scorer: PlanScorer
) -> str:
    if len(findings) < 2 and not plan.unwanted:
        name = findings[0].part if findings else plan.text
        match verdict(scorer, probability):
            case Verdict.MATCH:
                return f"Looks like “{name}”."
            case Verdict.NO:
                return f"Does not look like “{name}”."
        return f"Could be “{name}”."
    unwanted = {thing.span for thing in plan.unwanted}
    unwanted |= {scene.span for scene in plan.scenes if scene.excluded}
    return "; ".join(_state(finding, finding.span in unwanted) for finding in findings) + "."


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

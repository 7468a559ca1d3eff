"""Scores photos for a query plan, with the models of any profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from engine.errors import ModelBroken
from engine.fusion.counts import count_probability
from engine.fusion.distinct_regions import distinct_regions
from engine.fusion.places import place_probabilities
from engine.fusion.plan_match import PartMatch, PlanMatch
from engine.fusion.relations import (
    between_probabilities,
    different_things,
    relation_probabilities,
)
from engine.records import QueryPlan, Relation, RelationTerm, Scene, Thing
from engine.scoring.term_scorer import PhotoArrays, TermMatch, TermScorer

REGION_SHARE = 0.5
"""Regions with at least this share of the best one's probability are outlined beside it."""
LEAST_COUNTED = 0.05
"""Regions with a smaller share of it are left out of counts."""
SENTENCE_SHARE = 2.0
"""Weight of the sentence in the rough score of a plan of several terms; each term has 1."""
LEAST = 1e-4
"""Probabilities are kept above this, so that one constraint alone never hides a photo."""
SURE_REGION = 0.3
"""A constraint counts in full if the best region of each of its things is as likely, and less
the less likely it is: where a thing has no good outline, nothing is known of its place."""


@dataclass(frozen=True)
class _Term:
    """A name that is asked of photos: part ``part`` of the plan, one of its alternatives."""

    part: Thing | Scene
    name: str
    vector: np.ndarray


class PlanScorer:
    """Scores photos for one plan. Search lane only.

    A plan of one thing or scene is scored by that alone. Otherwise the probabilities of its things
    and scenes and the score of the whole sentence are fused, and the probabilities of counts,
    places and relations multiply the result. What must not be there decides: a photo in which it is
    called a match is ``excluded``.

    Args:
        plan: any; without a thing, scene or sentence nothing is ``known``.

    Attributes:
        vectors: float32 (V, D): photos near any of them may be hits; none if all photos may be.

    Raises:
        ModelBroken: the text model gives no usable vectors.
    """

    def __init__(self, plan: QueryPlan, scorer: TermScorer) -> None:
        self._scorer = scorer
        self._plan = plan if plan.things or plan.scenes else _as_one_thing(plan)
        names = [(part, name) for part in self._plan.named for name in part.names]
        vectors = _checked(scorer.vectors([name for _, name in names]), (len(names), scorer.ndim))
        self._terms = [
            _Term(part, name, vector)
            for (part, name), vector in zip(names, vectors, strict=True)
            if np.linalg.norm(vector) > 1e-6
        ]
        self._sentence = np.zeros(scorer.ndim, np.float32)
        if plan.sentence and not self._is_single:
            self._sentence = _checked(scorer.sentence_vector(plan.sentence), (scorer.ndim,))
        rows = [term.vector for term in self._terms if not term.part.excluded]
        rows += [self._sentence] * bool(self._sentence.any())
        self.vectors = np.array(rows, np.float32).reshape(len(rows), scorer.ndim)

    @property
    def calibrated(self) -> bool:
        """See ``TermScorer``; so ``match_at`` and ``no_below``."""
        return self._scorer.calibrated

    @property
    def match_at(self) -> float:
        """Least probability of a match."""
        return self._scorer.match_at

    @property
    def no_below(self) -> float:
        """Probabilities below this mean no."""
        return self._scorer.no_below

    @property
    def known(self) -> bool:
        """Whether the models know any word of what must be there, or must not."""
        return bool(self._terms) or bool(self._sentence.any())

    @property
    def term_count(self) -> int:
        """Number of names that are asked of photos, at least 1."""
        return max(1, len(self._terms))

    @property
    def unknown_names(self) -> tuple[str, ...]:
        """Names of things and scenes of which the models know no word."""
        known = {term.name for term in self._terms}
        return tuple(name for part in self._plan.named for name in part.names if name not in known)

    def rough_scores(self, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """Cheap scores float64 (P,), which choose the photos that are scored exactly."""
        if not len(self.vectors):  # only what must not be there: what looks least like it
            unwanted = np.array([term.vector for term in self._terms])
            return -self._scorer.rough_scores(unwanted, photos).max(axis=1)
        weights = np.ones(len(self.vectors))
        if self._sentence.any():
            weights[-1] = SENTENCE_SHARE
        return self._scorer.rough_scores(self.vectors, photos) @ weights

    def matches(self, photos: Sequence[PhotoArrays]) -> list[PlanMatch]:
        """The plan in each photo."""
        of_parts, sentences = self._part_matches(photos), self._sentence_scores(photos)
        return [
            self._match(photo, of_part, float(sentence))
            for photo, of_part, sentence in zip(photos, of_parts, sentences, strict=True)
        ]

    def terms(self, photos: Sequence[PhotoArrays]) -> tuple[list[list[TermMatch]], np.ndarray]:
        """What is fused of each photo: the things and scenes that must be there, and the score of
        the sentence, float64 (P,)."""
        wanted = [
            [of_part[id(part)] for part in self._wanted_parts(of_part)]
            for of_part in self._part_matches(photos)
        ]
        return wanted, self._sentence_scores(photos)

    def _part_matches(self, photos: Sequence[PhotoArrays]) -> list[dict[int, TermMatch]]:
        """For each photo the match of each thing and scene, by the ``id`` of the part."""
        found: list[dict[int, TermMatch]] = [{} for _ in photos]
        for term in self._terms:
            for of_part, match in zip(found, self._term_matches(term, photos), strict=True):
                before = of_part.get(id(term.part))
                of_part[id(term.part)] = match if before is None else _either(before, match)
        return found

    def _sentence_scores(self, photos: Sequence[PhotoArrays]) -> np.ndarray:
        if not self._sentence.any():
            return np.zeros(len(photos))
        return self._scorer.sentence_scores(self._sentence, photos)

    @property
    def _is_single(self) -> bool:
        """Whether one thing or scene is all that must be there."""
        wanted = [part for part in self._plan.named if not part.excluded]
        return len(wanted) == 1 and not self._plan.plain

    def _term_matches(self, term: _Term, photos: Sequence[PhotoArrays]) -> list[TermMatch]:
        if isinstance(term.part, Scene) and not self._is_single:
            return self._scorer.scene_matches(term.name, term.vector, photos)
        return self._scorer.thing_matches(term.name, term.vector, photos)

    def _match(
        self, photo: PhotoArrays, of_part: dict[int, TermMatch], sentence: float
    ) -> PlanMatch:
        plan, scorer = self._plan, self._scorer
        parts: list[PartMatch] = []
        wanted: list[TermMatch] = []
        factor, excluded = 1.0, False
        placed: dict[int, np.ndarray] = {}
        for number, part in enumerate(plan.named):
            match = of_part.get(id(part))
            if match is None:  # the models know none of its words
                continue
            if part.excluded:
                excluded |= match.probability >= scorer.match_at
                factor *= 1 - match.probability
                outline = partial(_shown, match.regions, photo)
                parts.append(PartMatch(part, match.probability, outline))
                continue
            wanted.append(match)
            conditional, regions = 1.0, match.regions
            if isinstance(part, Thing):
                conditional, regions = _constrained(part, match.regions, photo)
                placed[number] = regions
            factor *= max(_softened(conditional, match.regions), LEAST)
            outline = partial(_shown, regions, photo, _least_shown(part))
            parts.append(PartMatch(part, match.probability * conditional, outline))
        for relation in plan.relations:
            part_match = self._related(relation, placed, photo)
            if part_match is not None:
                parts.append(part_match)
                things = [placed[i] for i in (relation.subject, *relation.objects)]
                factor *= max(_softened(part_match.probability, *things), LEAST)
        probability = self._fused(wanted, sentence) * factor
        wanted_regions = [of_part[id(part)].regions for part in self._wanted_parts(of_part)]
        return PlanMatch(
            score=float(np.log(max(probability, 1e-9))),
            probability=probability,
            outline=partial(_outlined, parts, scorer.no_below),
            parts=tuple(parts),
            excluded=excluded,
            region_scores=np.max(wanted_regions, axis=0) if wanted_regions else np.zeros(0),
        )

    def _wanted_parts(self, of_part: dict[int, TermMatch]) -> list[Thing | Scene]:
        return [part for part in self._plan.named if id(part) in of_part and not part.excluded]

    def _fused(self, wanted: Sequence[TermMatch], sentence: float) -> float:
        if self._is_single and wanted:
            return wanted[0].probability
        if not wanted and not self._sentence.any():
            return 1.0
        return self._scorer.fused_probability(wanted, sentence)

    def _related(
        self, term: RelationTerm, placed: dict[int, np.ndarray], photo: PhotoArrays
    ) -> PartMatch | None:
        """The relation's own probability, given that its things are there; None if one of them has
        no vector."""
        if not all(i in placed for i in (term.subject, *term.objects)):
            return None
        subject, objects = placed[term.subject], [placed[i] for i in term.objects]
        if not len(photo.ids):
            return PartMatch(term, 0.5)
        boxes = photo.boxes_xyxy
        different = different_things(boxes)
        if term.relation is Relation.BETWEEN:
            second = objects[-1]
            geometry = between_probabilities(boxes, boxes, boxes)
            geometry *= different[:, :, None] & different[:, None, :] & different[None]
            joint = subject[:, None, None] * objects[0][:, None] * second
        else:
            geometry = relation_probabilities(term.relation, boxes, boxes) * different
            joint = subject[:, None] * objects[0]
        best = np.unravel_index(int((joint * geometry).argmax()), joint.shape)
        top = float(joint.max())
        probability = float((joint * geometry).max()) / top if top > 0 else 0.0
        pair = tuple(dict.fromkeys(int(i) for i in best))
        return PartMatch(term, min(1.0, probability), lambda: pair)


def _checked(vectors: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Raises:
    ModelBroken: the numbers cannot be used.
    """
    if vectors.shape != shape or not np.isfinite(vectors).all():
        raise ModelBroken(
            "The text model gave numbers that cannot be used.",
            operation="searching",
            hint="Install Pickout again, or choose other models.",
        )
    return vectors


def _as_one_thing(plan: QueryPlan) -> QueryPlan:
    """A text of which no part is understood is asked as the name of one thing."""
    span = plan.plain[0].span if plan.plain else None
    if span is None or not plan.sentence:
        return plan
    return replace(plan, things=(Thing((plan.sentence,), span),), plain=())


def _least_shown(part: Thing | Scene) -> int:
    """How many regions of a part are outlined even if they are unlikely."""
    return part.count.least if isinstance(part, Thing) and part.count is not None else 1


def _either(a: TermMatch, b: TermMatch) -> TermMatch:
    """One of two alternatives."""
    return TermMatch(
        max(a.probability, b.probability), max(a.score, b.score), np.maximum(a.regions, b.regions)
    )


def _constrained(thing: Thing, regions: np.ndarray, photo: PhotoArrays) -> tuple[float, np.ndarray]:
    """The probability of a thing's count and places, given that it is there; and the probabilities
    of the regions, each at the places."""
    conditional = 1.0
    if not len(regions):
        return (0.5 if thing.count or thing.places else 1.0), regions
    at_place = regions
    for place in thing.places:
        at_place = at_place * place_probabilities(
            place, photo.boxes_xyxy, photo.area_fractions, regions
        )
    if thing.places:
        conditional *= min(1.0, float(at_place.max()) / max(float(regions.max()), 1e-9))
    if thing.count is not None:
        # Given that one is there, the likeliest region is one; others are as they compare to it.
        given = np.minimum(at_place / max(float(at_place.max()), 1e-9), 1.0)
        kept = distinct_regions(given, photo.boxes_xyxy, LEAST_COUNTED)
        conditional *= count_probability(thing.count, [float(given[i]) for i in kept])
    return conditional, at_place


def _softened(conditional: float, *things: np.ndarray) -> float:
    """The probability of a constraint on things, by how sure their best regions are (N,) each."""
    sure = min(float(regions.max(initial=0.0)) for regions in things) / SURE_REGION
    return 1 - min(1.0, sure) * (1 - conditional)


def _shown(regions: np.ndarray, photo: PhotoArrays, least_shown: int = 1) -> tuple[int, ...]:
    """The regions to outline: all different ones that are likely, and the best in any case."""
    if not len(regions):
        return ()
    best = float(regions.max())
    shown = distinct_regions(regions, photo.boxes_xyxy, REGION_SHARE * best)
    if len(shown) < least_shown:
        shown = distinct_regions(regions, photo.boxes_xyxy, LEAST_COUNTED * best)[:least_shown]
    return tuple(shown) or (int(regions.argmax()),)


def _outlined(parts: Sequence[PartMatch], no_below: float) -> tuple[int, ...]:
    """The regions to show: those of related pairs first, then those of the things that may be
    there, in the order of the text."""
    found = [m for m in parts if isinstance(m.part, RelationTerm) and m.probability >= 0.5]
    found += [m for m in parts if isinstance(m.part, Thing) and not m.part.excluded]
    found += [m for m in parts if isinstance(m.part, Scene) and not m.part.excluded]
    likely = [m for m in found if m.probability >= no_below] or found[:1]
    return tuple(dict.fromkeys(region for match in likely for region in match.regions))

"""What a plan finds in photos: constraints, relations and outlines, when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

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
from engine.scoring.term_scorer import PhotoArrays, TermMatch

REGION_SHARE = 0.5
"""Regions with at least this share of the best one's probability are outlined beside it."""
LEAST_COUNTED = 0.05
"""Regions with a smaller share of it are left out of counts."""
LEAST = 1e-4
"""Probabilities are kept above this, so that one constraint alone never hides a photo."""
SURE_REGION = 0.3
"""A constraint counts in full if the best region of each of its things is as likely, and less
the less likely it is: where a thing has no good outline, nothing is known of its place."""


@dataclass(frozen=True)
class MatchedTerms:
    """What the models say of a plan and P photos.

    Attributes:
        of_parts: for each thing and scene of which they know a word, by its ``id``, the match in
            each photo.
        fused: float64 (P,), probability of the things, the scenes and the sentence that must be
            there, without constraints.
        match_at, no_below: as of the scorer.
    """

    plan: QueryPlan
    photos: Sequence[PhotoArrays]
    of_parts: dict[int, list[TermMatch]]
    fused: np.ndarray
    match_at: float
    no_below: float


class PlanMatches:
    """A plan in each of P photos. Matches are computed when they are asked for, and not kept;
    relations for all photos at the first one, because most of their time is spent for each photo
    and not for each region.

    Attributes:
        bounds: float64 (P,), no probability is higher: the product of what must be there and what
            must not, before counts, places and relations.
        excluded: bool (P,), something that must not be there is called a match.
    """

    def __init__(self, terms: MatchedTerms) -> None:
        self._terms = terms
        self._constraints: dict[tuple[int, int], tuple[float, np.ndarray]] = {}
        self.bounds = terms.fused.copy()
        self.excluded = np.zeros(len(terms.photos), bool)
        for part in terms.plan.named:
            if part.excluded and id(part) in terms.of_parts:
                found = [match.probability for match in terms.of_parts[id(part)]]
                self.bounds *= 1 - np.array(found, np.float64)
                self.excluded |= np.array(found, np.float64) >= terms.match_at

    def __len__(self) -> int:
        return len(self._terms.photos)

    def __iter__(self) -> Iterator[PlanMatch]:
        return map(self.match, range(len(self)))

    def match(self, k: int) -> PlanMatch:
        """The plan in photo ``k``."""
        terms, photo = self._terms, self._terms.photos[k]
        parts: list[PartMatch] = []
        wanted: list[np.ndarray] = []
        factor = 1.0
        placed: dict[int, np.ndarray] = {}
        for number, part in self._known.items():
            match = terms.of_parts[id(part)][k]
            if part.excluded:
                outline = partial(_shown, match.regions, photo)
                parts.append(PartMatch(part, match.probability, outline))
                continue
            wanted.append(match.regions)
            conditional, regions = 1.0, match.regions
            if isinstance(part, Thing):
                conditional, regions = self._constrained(number, k)
                placed[number] = regions
            factor *= max(_softened(conditional, match.regions), LEAST)
            outline = partial(_shown, regions, photo, _least_shown(part))
            parts.append(PartMatch(part, match.probability * conditional, outline))
        for relation, probabilities, pairs in self._related:
            pair = tuple(dict.fromkeys(pairs[k].tolist())) if len(photo.ids) else ()
            parts.append(PartMatch(relation, float(probabilities[k]), partial(tuple, pair)))
            things = [placed[i] for i in (relation.subject, *relation.objects)]
            factor *= max(_softened(float(probabilities[k]), *things), LEAST)
        probability = float(self.bounds[k]) * factor
        return PlanMatch(
            score=float(scores(np.array(probability))),
            probability=probability,
            outline=partial(_outlined, parts, terms.no_below),
            parts=tuple(parts),
            excluded=bool(self.excluded[k]),
            region_scores=np.max(wanted, axis=0) if wanted else np.zeros(0),
        )

    @cached_property
    def _known(self) -> dict[int, Thing | Scene]:
        """The parts that the models know a word of, by their number among the named ones."""
        named = enumerate(self._terms.plan.named)
        return {number: part for number, part in named if id(part) in self._terms.of_parts}

    def _constrained(self, number: int, k: int) -> tuple[float, np.ndarray]:
        """See the function; of thing ``number`` in photo ``k``."""
        found = self._constraints.get((number, k))
        if found is None:
            thing = self._known[number]
            assert isinstance(thing, Thing)
            regions = self._terms.of_parts[id(thing)][k].regions
            found = _constrained(thing, regions, self._terms.photos[k])
            self._constraints[number, k] = found
        return found

    @cached_property
    def _related(self) -> list[tuple[RelationTerm, np.ndarray, np.ndarray]]:
        """The relations whose things are known, with what ``_best_pairs`` says of all photos."""
        found = []
        for term in self._terms.plan.relations:
            numbers = (term.subject, *term.objects)
            known = [self._known.get(n) for n in numbers]
            if all(isinstance(part, Thing) and not part.excluded for part in known):
                found.append((term, *self._pairs(term.relation, numbers)))
        return found

    def _pairs(self, relation: Relation, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        photos = self._terms.photos
        counts = np.array([len(photo.ids) for photo in photos], np.int64)
        # Three things in relation make arrays of M regions to the third power.
        at_once = len(photos) if relation is not Relation.BETWEEN else 1
        probabilities, regions = [], []
        for first in range(0, len(photos), at_once):
            some = range(first, min(first + at_once, len(photos)))
            most = max(1, int(counts[some].max()))
            boxes = _padded([photos[k].boxes_xyxy for k in some], most)
            subject, *objects = (
                _padded([self._constrained(n, k)[1] for k in some], most) for n in numbers
            )
            found = _best_pairs(relation, boxes, subject, objects)
            probabilities.append(found[0])
            regions.append(found[1])
        return np.where(counts, np.concatenate(probabilities), 0.5), np.concatenate(regions)


def scores(probabilities: np.ndarray) -> np.ndarray:
    """The scores of photos with these probabilities, float64."""
    return np.asarray(np.log(np.maximum(probabilities, 1e-9)))


def _padded(of_photos: Sequence[np.ndarray], width: int) -> np.ndarray:
    """Arrays (N, ...) of P photos as one (P, ``width``, ...), filled up with zeros."""
    padded = np.zeros((len(of_photos), width, *of_photos[0].shape[1:]), of_photos[0].dtype)
    for row, values in zip(padded, of_photos, strict=True):
        row[: len(values)] = values
    return padded


def _best_pairs(
    relation: Relation, boxes: np.ndarray, subject: np.ndarray, objects: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The relation's own probability, given that its things are there, float64 (P,), and the
    regions that show it best, int64 (P, 2 or 3).

    Args:
        boxes: (P, M, 4). subject, objects: (P, M), that each region is the thing; 0 for none.
    """
    different = different_things(boxes)
    if relation is Relation.BETWEEN:
        geometry = np.stack([between_probabilities(b, b, b) for b in boxes])
        geometry *= different[..., None] & different[..., None, :] & different[:, None]
        joint = subject[:, :, None, None] * objects[0][:, None, :, None] * objects[1][:, None, None]
    else:
        geometry = relation_probabilities(relation, boxes, boxes) * different
        joint = subject[:, :, None] * objects[0][:, None]
    photos, shape = len(boxes), joint.shape[1:]
    fitting = (joint * geometry).reshape(photos, -1)
    best = fitting.argmax(axis=1)
    top = np.maximum(joint.reshape(photos, -1).max(axis=1), 1e-300)
    probabilities = np.minimum(fitting[np.arange(photos), best] / top, 1.0)
    return probabilities, np.stack(np.unravel_index(best, shape), axis=1)


def _least_shown(part: Thing | Scene) -> int:
    """How many regions of a part are outlined even if they are unlikely."""
    return part.count.least if isinstance(part, Thing) and part.count is not None else 1


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

"""Scores photos for a query plan, with the models of any profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.errors import ModelBroken
from engine.fusion.plan_matches import MatchedTerms, PlanMatches
from engine.records import QueryPlan, Scene, Thing
from engine.scoring.term_scorer import PhotoArrays, TermMatch, TermScorer

SENTENCE_SHARE = 2.0
"""Weight of the sentence in the rough score of a plan of several terms; each term has 1."""


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
        sentence = "" if self._is_single else plan.sentence
        vectors, self._sentence = scorer.query_vectors([name for _, name in names], sentence)
        _check(vectors, (len(names), scorer.ndim))
        _check(self._sentence, (scorer.ndim,))
        self._terms = [
            _Term(part, name, vector)
            for (part, name), vector in zip(names, vectors, strict=True)
            if np.linalg.norm(vector) > 1e-6
        ]
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

    def rough_scores(self, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """Cheap scores float64 (P,), which choose the photos that are scored exactly."""
        if not len(self.vectors):  # only what must not be there: what looks least like it
            unwanted = np.array([term.vector for term in self._terms])
            return -self._scorer.rough_scores(unwanted, photos).max(axis=1)
        weights = np.ones(len(self.vectors))
        if self._sentence.any():
            weights[-1] = SENTENCE_SHARE
        return self._scorer.rough_scores(self.vectors, photos) @ weights

    def matches(self, photos: Sequence[PhotoArrays]) -> PlanMatches:
        """The plan in each photo."""
        of_parts = self._part_matches(photos)
        wanted = self._wanted(of_parts, len(photos))
        fused = [
            self._fused(terms, float(sentence))
            for terms, sentence in zip(wanted, self._sentence_scores(photos), strict=True)
        ]
        return PlanMatches(
            MatchedTerms(
                self._plan,
                photos,
                of_parts,
                np.array(fused, np.float64),
                self.match_at,
                self.no_below,
            )
        )

    def terms(self, photos: Sequence[PhotoArrays]) -> tuple[list[list[TermMatch]], np.ndarray]:
        """What is fused of each photo: the things and scenes that must be there, and the score of
        the sentence, float64 (P,)."""
        wanted = self._wanted(self._part_matches(photos), len(photos))
        return wanted, self._sentence_scores(photos)

    def _part_matches(self, photos: Sequence[PhotoArrays]) -> dict[int, list[TermMatch]]:
        """For each thing and scene of which a word is known, by its ``id``, the match in each
        photo."""
        found: dict[int, list[TermMatch]] = {}
        for term in self._terms:
            matches = self._term_matches(term, photos)
            before = found.get(id(term.part))
            if before is not None:
                matches = [_either(*pair) for pair in zip(before, matches, strict=True)]
            found[id(term.part)] = matches
        return found

    def _wanted(self, of_parts: dict[int, list[TermMatch]], photos: int) -> list[list[TermMatch]]:
        """For each photo the matches of what must be there."""
        parts = [p for p in self._plan.named if id(p) in of_parts and not p.excluded]
        return [[of_parts[id(part)][k] for part in parts] for k in range(photos)]

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

    def _fused(self, wanted: Sequence[TermMatch], sentence: float) -> float:
        if self._is_single and wanted:
            return wanted[0].probability
        if not wanted and not self._sentence.any():
            return 1.0
        return self._scorer.fused_probability(wanted, sentence)


def _check(vectors: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raises:
    ModelBroken: the numbers cannot be used.
    """
    if vectors.shape != shape or not np.isfinite(vectors).all():
        raise ModelBroken(
            "The text model gave numbers that cannot be used.",
            operation="searching",
            hint="Install Pickout again, or choose other models.",
        )


def _as_one_thing(plan: QueryPlan) -> QueryPlan:
    """A text of which no part is understood is asked as the name of one thing."""
    span = plan.plain[0].span if plan.plain else None
    if span is None or not plan.sentence:
        return plan
    return replace(plan, things=(Thing((plan.sentence,), span),), plain=())


def _either(a: TermMatch, b: TermMatch) -> TermMatch:
    """One of two alternatives."""
    return TermMatch(
        max(a.probability, b.probability), max(a.score, b.score), np.maximum(a.regions, b.regions)
    )

"""What becomes of words that people type: other names of things, and things that are not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.evaluation import metrics
from engine.evaluation.annotated_search import AnnotatedSearch, Ranking
from engine.evaluation.vocabulary import ABSENT, PROMISED, PROMISED_WITHIN, SYNONYMS
from engine.records import Verdict

FEW = 5
"""Hits that people see at once."""


@dataclass(frozen=True, slots=True)
class SynonymFigures:
    """One other name beside its category; both judged by the photos that hold the category."""

    word: str
    category: str
    category_image_ap_at_50: float
    image_ap_at_50: float

    @property
    def difference(self) -> float:
        """Below zero: the word finds less than the category's own name."""
        return self.image_ap_at_50 - self.category_image_ap_at_50


@dataclass(frozen=True, slots=True)
class VocabularyFigures:
    """The figures, named as in the JSON form. None: nothing to count.

    Attributes:
        synonyms: of the categories that were asked for.
        absent_queries: things asked for that are in no photo.
        absent_first_declined: share of their first hits judged ``no`` or ``unsure``; a query
            without any hit counts as declined.
        absent_first_5_declined: the same share of all their first five hits.
        absent_matched: those whose first hit was judged ``match``.
        present_first_matched: share of the asked categories whose first hit is judged ``match``,
            so that declining everything is no way to a good figure.
        present_first_matched_right: share of those matches whose photo holds the category.
    """

    synonyms: tuple[SynonymFigures, ...]
    absent_queries: int
    absent_first_declined: float | None
    absent_first_5_declined: float | None
    absent_matched: tuple[str, ...]
    present_first_matched: float | None
    present_first_matched_right: float | None

    @property
    def promised(self) -> list[SynonymFigures]:
        """Those that must do as well as their category."""
        return [pair for pair in self.synonyms if pair.word in PROMISED]

    def as_json(self) -> dict[str, Any]:
        """Plain values by name."""
        figures = asdict(self)
        figures["synonyms"] = [
            asdict(pair) | {"difference": pair.difference} for pair in self.synonyms
        ]
        figures["absent_matched"] = list(self.absent_matched)
        return figures | {
            "synonyms_mean_difference": mean_difference(self.synonyms),
            "promised_mean_difference": mean_difference(self.promised),
            "promised_within_bar": sum(map(within_tolerance, self.promised)),
            "promised_asked": len(self.promised),
        }


def mean_difference(pairs: Sequence[SynonymFigures]) -> float | None:
    """None of no pairs."""
    return metrics.mean([pair.difference for pair in pairs]) if pairs else None


def within_tolerance(pair: SynonymFigures) -> bool:
    """Whether the word does as well as its category, give or take what is allowed."""
    return pair.difference >= -PROMISED_WITHIN


def measure(
    search: AnnotatedSearch,
    rankings: Mapping[int, Ranking],
    *,
    synonyms: Mapping[str, str] = SYNONYMS,
    absent: Sequence[str] = ABSENT,
) -> VocabularyFigures:
    """Ask for the words; blocks.

    Args:
        rankings: answers to the categories' own names, by category id.
        synonyms: word -> category; those of other categories are left out.
        absent: what no photo holds.

    Raises:
        Exception: whatever a search raised.
    """
    ids = {ranking.text: category_id for category_id, ranking in rankings.items()}
    pairs = [(word, name) for word, name in synonyms.items() if name in ids]
    answers = search.search_all([word for word, _ in pairs], "Asking other names")
    figures = []
    for (word, name), answer in zip(pairs, answers, strict=True):
        own = search.image_ap(rankings[ids[name]], ids[name])
        figures.append(SynonymFigures(word, name, own, search.image_ap(answer, ids[name])))
    declined = search.search_all(absent, "Asking for what is not there")
    first_right = [
        ranking.shown(category_id)[0]
        for category_id, ranking in rankings.items()
        if _first_is_match(ranking)
    ]
    rated = [ranking for ranking in rankings.values() if not ranking.hits or ranking.verdicts(1)]
    return VocabularyFigures(
        synonyms=tuple(figures),
        absent_queries=len(declined),
        absent_first_declined=_declined_share(declined, 1),
        absent_first_5_declined=_declined_share(declined, FEW),
        absent_matched=tuple(ranking.text for ranking in declined if _first_is_match(ranking)),
        present_first_matched=len(first_right) / len(rated) if rated else None,
        present_first_matched_right=metrics.mean(first_right) if first_right else None,
    )


def _first_is_match(ranking: Ranking) -> bool:
    return ranking.verdicts(1) == [Verdict.MATCH]


def _declined_share(rankings: Sequence[Ranking], first: int) -> float | None:
    declined: list[bool] = []
    for ranking in rankings:
        said = ranking.verdicts(first)
        declined += [verdict is not Verdict.MATCH for verdict in said]
        if not ranking.hits:
            declined.append(True)  # an honest empty answer
    return metrics.mean(declined) if declined else None

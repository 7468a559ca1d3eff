"""Figures for queries beyond the categories: synonyms, and things that are in no photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.evaluation import metrics
from engine.evaluation.annotated_search import AnnotatedSearch, Ranking
from engine.evaluation.vocabulary import ABSENT, PROMISED, PROMISED_WITHIN, SYNONYMS
from engine.records import Verdict

FIRST_HITS = 5
"""Hits that are visible at once in the window."""


@dataclass(frozen=True, slots=True)
class SynonymFigures:
    """AP of a synonym and of its category's own name; relevant photos are those of the category."""

    word: str
    category: str
    category_image_ap_at_50: float
    image_ap_at_50: float

    @property
    def difference(self) -> float:
        """AP of the word less AP of the category's name; negative if the word finds less."""
        return self.image_ap_at_50 - self.category_image_ap_at_50


@dataclass(frozen=True, slots=True)
class VocabularyFigures:
    """The figures. Field names are the keys of the JSON form. None if there is nothing to count.

    Attributes:
        synonyms: of the categories that were searched for.
        absent_queries: number of queries for things that are in no photo.
        absent_first_declined: share of their first hits with the verdict ``no`` or ``unsure``; a
            query without any hit counts as declined.
        absent_first_5_declined: the same share of all their first five hits.
        absent_matched: those whose first hit has the verdict ``match``.
        present_first_matched: share of the categories whose first hit has the verdict ``match``; it
            drops if a model declines everything.
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
        """The synonyms of ``PROMISED`` that were searched for."""
        return [pair for pair in self.synonyms if pair.word in PROMISED]

    def as_json(self) -> dict[str, Any]:
        """The JSON form."""
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
    """Mean difference of AP; None if there are no pairs."""
    return metrics.mean([pair.difference for pair in pairs]) if pairs else None


def within_tolerance(pair: SynonymFigures) -> bool:
    """Whether the word loses at most ``PROMISED_WITHIN`` against its category."""
    return pair.difference >= -PROMISED_WITHIN


def measure(
    search: AnnotatedSearch,
    rankings: Mapping[int, Ranking],
    *,
    synonyms: Mapping[str, str] = SYNONYMS,
    absent: Sequence[str] = ABSENT,
) -> VocabularyFigures:
    """Search for synonyms and absent things; blocks.

    Args:
        rankings: of the categories' own names, by category id.
        synonyms: word -> category; words of categories without a ranking are left out.
        absent: things that no photo holds.

    Raises:
        Exception: whatever a search raised.
    """
    ids = {ranking.text: category_id for category_id, ranking in rankings.items()}
    pairs = [(word, name) for word, name in synonyms.items() if name in ids]
    found = search.search_all([word for word, _ in pairs], "Asking other names")
    figures = []
    for (word, name), ranking in zip(pairs, found, strict=True):
        own = search.image_ap(rankings[ids[name]], ids[name])
        figures.append(SynonymFigures(word, name, own, search.image_ap(ranking, ids[name])))
    absent_rankings = search.search_all(absent, "Asking for what is not there")
    first_matches_right = [
        ranking.relevance(category_id)[0]
        for category_id, ranking in rankings.items()
        if _first_is_match(ranking)
    ]
    verified = [ranking for ranking in rankings.values() if not ranking.hits or ranking.verdicts(1)]
    return VocabularyFigures(
        synonyms=tuple(figures),
        absent_queries=len(absent_rankings),
        absent_first_declined=_declined_share(absent_rankings, 1),
        absent_first_5_declined=_declined_share(absent_rankings, FIRST_HITS),
        absent_matched=tuple(
            ranking.text for ranking in absent_rankings if _first_is_match(ranking)
        ),
        present_first_matched=len(first_matches_right) / len(verified) if verified else None,
        present_first_matched_right=metrics.mean(first_matches_right)
        if first_matches_right
        else None,
    )


def _first_is_match(ranking: Ranking) -> bool:
    return ranking.verdicts(1) == [Verdict.MATCH]


def _declined_share(rankings: Sequence[Ranking], first: int) -> float | None:
    """Share of verdicts other than ``match`` among the first hits of each query."""
    declined: list[bool] = []
    for ranking in rankings:
        declined += [verdict is not Verdict.MATCH for verdict in ranking.verdicts(first)]
        if not ranking.hits:
            declined.append(True)  # an empty result is a right answer
    return metrics.mean(declined) if declined else None

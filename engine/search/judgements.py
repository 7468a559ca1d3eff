"""What people said of hits takes the place of what models say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.records import EditKind, Photo, PhotoId, SearchHit, Verdict
from engine.scoring.model_answer import normalised_query
from engine.store.protocols.edit_table import EditTable

_CONFIRMED = "You said that it matches."
_DENIED = "You said that it does not match."


def judged_subject(query: str) -> str:
    """The query as judgements of its hits are stored under it.

    >>> judged_subject("  Red\\n umbrella")
    'red umbrella'
    """
    return normalised_query(query).casefold()


def judgements(edits: EditTable, query: str) -> dict[PhotoId, bool]:
    """Photo -> whether people said that it matches the query."""
    return {
        edit.photo_id: bool(edit.details["match"])
        for edit in edits.about(EditKind.HIT_JUDGED, judged_subject(query))
        if edit.photo_id is not None
    }


@dataclass(frozen=True)
class Judged:
    """What people said of the hits of one query.

    Attributes:
        said: photo -> whether it matches.
        confirmed: those of the confirmed photos that may be hits.
    """

    said: Mapping[PhotoId, bool] = field(default_factory=dict)
    confirmed: Sequence[Photo] = ()

    @property
    def denied(self) -> frozenset[PhotoId]:
        """Photos that are no match."""
        return frozenset(photo_id for photo_id, match in self.said.items() if not match)

    def apply(self, hits: Sequence[SearchHit]) -> tuple[SearchHit, ...]:
        """The hits with the verdicts of people: what they confirmed first, also if the models did
        not find it, what they denied last, the others between them in their order. Scores are
        shifted so that the order still follows them."""
        if not self.said:
            return tuple(hits)
        scores = [hit.score for hit in hits]
        top, bottom = max(scores, default=0.0), min(scores, default=0.0)
        known = {hit.photo.id for hit in hits}
        first = [hit for hit in hits if self.said.get(hit.photo.id) is True]
        first += [SearchHit(photo, 0.0, None) for photo in self.confirmed if photo.id not in known]
        last = [hit for hit in hits if self.said.get(hit.photo.id) is False]
        return (
            *(_judged(hit, True, top + len(first) - i) for i, hit in enumerate(first)),
            *(hit for hit in hits if hit.photo.id not in self.said),
            *(_judged(hit, False, bottom - 1 - i) for i, hit in enumerate(last)),
        )


def _judged(hit: SearchHit, match: bool, score: float) -> SearchHit:
    return replace(
        hit,
        score=score,
        verdict=Verdict.MATCH if match else Verdict.NO,
        probability=float(match),
        reason=_CONFIRMED if match else _DENIED,
        judged=True,
    )

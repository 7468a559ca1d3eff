"""Search requests, hits and results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from engine.records.geometry import BoxXyxy
from engine.records.photos import FolderId, Photo
from engine.records.plan import QueryPlan, Span
from engine.records.regions import Region, RegionId

QueryId = NewType("QueryId", int)


class Verdict(StrEnum):
    """Verdict of the verifier on a hit. ``UNVERIFIED``: no verifier has judged it."""

    MATCH = "match"
    UNSURE = "unsure"
    NO = "no"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A query: text, or an example region (exactly one of the two).

    Attributes:
        like_region: find photos with regions similar to this one.
        limit: most hits returned.
        verify: how many of the first hits the language model reranks; the profile's own judges all.
        folder_ids: only photos below these folders; empty means all.
    """

    text: str = ""
    like_region: RegionId | None = None
    limit: int = 50
    verify: int = 0
    folder_ids: frozenset[FolderId] = frozenset()

    def __post_init__(self) -> None:
        if bool(self.text.strip()) == (self.like_region is not None):
            raise ValueError("expected either a text or a region to search for, got both or none")
        if self.limit < 1:
            raise ValueError(f"expected a limit of at least 1, got {self.limit}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part of the query's plan found in one photo.

    Attributes:
        part: the part in words, for people: "two dogs", "ball left of dog".
        span: where it stands in the text; as the part's own.
        probability: calibrated 0..1 that the photo has it; for an excluded part, that it has the
            thing that must not be there.
        verdict: ``MATCH`` if the part is satisfied; so an excluded thing that is there is a ``NO``.
        regions: stored regions that show it, best first; empty for parts about the whole photo.
    """

    part: str
    span: Span
    probability: float
    verdict: Verdict
    regions: tuple[RegionId, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One photo in a ranking.

    Attributes:
        score: ranking score, higher is better; comparable within one query only.
        probability: calibrated 0..1 that the photo matches the query; None if unverified.
        region: the matching region; None if only the whole photo matched. Its id is ``UNSTORED``
            if no stored mask fits the language model's box and one was segmented for this hit.
        reason: one short sentence for people.
        outlined: False while the photo has had only the coarse pass, and so has no regions yet.
        looked_at: the verdict is that of a language model.
        parts: stored regions that ``region`` is the union of; empty if it is a single one.
        others: further regions of the photo that match the query, best first.
        box_xyxy: the language model's box, if no stored mask fits it and none could be segmented
            (yet).
        findings: what each part of the plan found, in the order of the text; empty for a search by
            example.
        similar: further photos of the same moment that look alike, folded into this hit.
        judged: the verdict is that of people.
    """

    photo: Photo
    score: float
    region: Region | None
    verdict: Verdict = Verdict.UNVERIFIED
    probability: float | None = None
    reason: str = ""
    outlined: bool = True
    looked_at: bool = False
    parts: tuple[RegionId, ...] = ()
    others: tuple[Region, ...] = ()
    box_xyxy: BoxXyxy | None = None
    findings: tuple[Finding, ...] = ()
    similar: tuple[Photo, ...] = ()
    judged: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A ranking.

    Attributes:
        plan: what the text was understood as; None for a search by example.
        complete: False on partial results whose verdicts are not all computed.
        reranker: title of the language model that reranks the first hits; empty if none does.
        to_look_at: number of hits that it reranks; ``looked_at`` of them are done, including
            those it could not judge.
    """

    request: SearchRequest
    profile: str
    hits: tuple[SearchHit, ...]
    took_ms: float
    complete: bool = True
    note: str = ""
    reranker: str = ""
    to_look_at: int = 0
    looked_at: int = 0
    plan: QueryPlan | None = None


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """The language model that reranks in a library.

    Attributes:
        name: its name as in ``pickout-cli models list``; empty if there is none.
        title: its title for people.
        where: the device it runs on, for people ("processor, 4 threads"); empty if there is none.
        problem, hint: why there is none and what to do; empty if there is one.
        calibrated: its probabilities were calibrated on photos with known answers.
    """

    name: str = ""
    title: str = ""
    where: str = ""
    problem: str = ""
    hint: str = ""
    calibrated: bool = False

    @property
    def available(self) -> bool:
        """Whether a language model can rerank."""
        return bool(self.name)

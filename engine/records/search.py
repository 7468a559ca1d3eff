"""What is asked, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from engine.records.geometry import BoxXyxy
from engine.records.photos import FolderId, Photo
from engine.records.regions import Region, RegionId

QueryId = NewType("QueryId", int)


class Verdict(StrEnum):
    """What stage two says of a hit. ``UNVERIFIED``: it has not been asked."""

    MATCH = "match"
    UNSURE = "unsure"
    NO = "no"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for: words, or a region whose likes are wanted (exactly one of the two).

    Attributes:
        limit: most hits returned.
        verify: how many of the first hits the second look looks at; a free verifier looks at all.
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
class SearchHit:
    """One photo in a ranking.

    Attributes:
        score: what the order follows, higher is better; comparable within one query only.
        probability: calibrated 0..1 that the photo shows what was asked; None if unverified.
        region: the thing that matched; None where only the whole photo did. Its id is
            ``UNSTORED`` if no stored mask fits where the second look saw it, so that one was
            made for this hit.
        reason: one short sentence for people.
        outlined: False while only the photo as a whole is known; its things are looked for later.
        looked_at: a language model has looked at the photo; the verdict is its own.
        parts: stored regions that ``region`` was put together from; empty if it is one of them.
        others: further things in the photo that are what was asked, clearest first.
        box_xyxy: where the second look saw it, if no mask that is stored fits there and none
            could be made (yet).
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


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A ranking; ``complete`` is False on partial results whose verdicts are still coming.

    Attributes:
        reranker: title of the language model that reranks the first hits; empty if none does.
        to_look_at: how many of the hits it looks at; ``looked_at`` of them it has been through,
            those that it could not say anything of included.
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


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """What takes the second look in a library.

    Attributes:
        name: of the model, as ``pickout-cli models list`` has it; empty if there is none.
        title: the same for people.
        where: what it runs on, for people ("processor, 4 threads"); empty if there is none.
        problem, hint: why there is none and what to do; empty if all is well.
        calibrated: its verdicts were fitted to photos with known answers.
    """

    name: str = ""
    title: str = ""
    where: str = ""
    problem: str = ""
    hint: str = ""
    calibrated: bool = False

    @property
    def available(self) -> bool:
        return bool(self.name)

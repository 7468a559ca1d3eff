"""The protocol of a profile: models that belong together, and what makes their vectors comparable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.embeddings.embedder import RegionEmbedder, TextEmbedder
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.masks.proposer import MaskProposer
from engine.scoring.photo_scorer import PhotoScorer
from engine.scoring.verifier import Verifier


@dataclass(frozen=True)
class Models:
    """What the analyst child loads once."""

    proposer: MaskProposer
    region_embedder: RegionEmbedder


@dataclass(frozen=True)
class Profile:
    """Models that belong together.

    Attributes:
        name: for people and settings.
        key: names everything that would change a vector; vectors of two keys never meet.
        ndim: length of the vectors.
        metric: ``ip`` or ``cos``.
        analysis: loads the models; runs in the analyst child, so it must be picklable.
        text_embedder, scorer, verifier: run in the search lane, once each. ``verifier`` is a free
            one; None if these models give no verdicts of their own.
        analysis_longest_px: the photo is reduced to this before any model sees it.
        coarse_longest_px: the same for the coarse pass, which makes many new photos searchable
            as a whole before their things are looked for; 0: this profile has none.
        least_time_limit_s: a photo is given so much time even if the settings say less; large
            models take minutes on a slow processor, loading them included.
        most_workers: so many processes look at photos at most, whatever the settings say, because
            each holds all models; 0: any number.
    """

    name: str
    key: str
    ndim: int
    metric: str
    analysis: Callable[[], Models]
    text_embedder: Callable[[], TextEmbedder]
    scorer: Callable[[], PhotoScorer]
    verifier: Callable[[], Verifier] | None = None
    analysis_longest_px: int = ANALYSIS_SIDE_PX
    coarse_longest_px: int = 0
    least_time_limit_s: float = 0.0
    most_workers: int = 0

    def __post_init__(self) -> None:
        if self.metric not in ("ip", "cos"):
            raise ValueError(f"expected the metric ip or cos, got {self.metric!r}")
        if self.ndim < 1 or not self.key:
            raise ValueError(
                f"expected a key and ndim of at least 1, got {self.key!r}, {self.ndim}"
            )
        if not 1 <= self.analysis_longest_px <= ANALYSIS_SIDE_PX:
            raise ValueError(
                f"expected analysis_longest_px within 1..{ANALYSIS_SIDE_PX}, "
                f"got {self.analysis_longest_px}"
            )
        if not 0 <= self.coarse_longest_px <= self.analysis_longest_px:
            raise ValueError(
                f"expected coarse_longest_px within 0..{self.analysis_longest_px}, "
                f"got {self.coarse_longest_px}"
            )

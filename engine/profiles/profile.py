"""The description of a profile: models that belong together, and the key of their vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.embeddings.embedder import RegionEmbedder
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.masks.proposer import MaskProposer
from engine.scoring.term_scorer import TermScorer
from engine.weights.device import DeviceNoteProvider


@dataclass(frozen=True)
class Models:
    """The models that an analysis worker process loads once."""

    proposer: MaskProposer
    region_embedder: RegionEmbedder

    @property
    def device_note(self) -> str:
        """A note for the user on where the models ran last; empty if there is nothing to say."""
        models = (self.proposer, self.region_embedder)
        notes = (model.note for model in models if isinstance(model, DeviceNoteProvider))
        return next(filter(None, notes), "")


@dataclass(frozen=True)
class Profile:
    """Models that belong together.

    Attributes:
        name: for people and settings.
        key: changes with everything that changes a vector; vectors of two keys are never
            compared.
        ndim: length of the vectors.
        metric: ``ip`` or ``cos``.
        analysis: loads the models; runs in an analysis worker process, so it must be picklable.
        scorer: loads what compares words with vectors; called once, in the search lane.
        analysis_longest_px: longest side of the picture that the models get.
        coarse_longest_px: the same for the coarse pass, which makes many new photos searchable
            as a whole before they get regions; 0: this profile has no coarse pass.
        least_time_limit_s: lower bound of the time limit for a photo, whatever the settings say;
            large models take minutes on a slow processor, loading them included.
        most_workers: upper bound of analysis worker processes, whatever the settings say, because
            each holds all models; 0: no bound.
    """

    name: str
    key: str
    ndim: int
    metric: str
    analysis: Callable[[], Models]
    scorer: Callable[[], TermScorer]
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

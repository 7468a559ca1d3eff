"""Profiles: which models look at photos, and what would make their vectors incomparable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.embeddings.embedder import RegionEmbedder, TextEmbedder
from engine.errors import BadRequest
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.masks.proposer import MaskProposer
from engine.search.scorer import PhotoScorer
from engine.search.verifier import Verifier

if TYPE_CHECKING:
    from engine.weights.shelf import ModelShelf


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


def starter(folder: Path | None = None) -> Profile:
    """The built-in models: small, nothing to download.

    Args:
        folder: weights as ``engine.starter.train`` writes them; None for the shipped ones.
    """
    from engine.starter import profile as built_in
    from engine.starter.embedder import NDIM

    folder = folder or built_in.shipped_folder()
    return Profile(
        name="starter",
        key=built_in.key(folder),
        ndim=NDIM,
        metric=built_in.METRIC,
        analysis=partial(built_in.load_models, folder),
        text_embedder=partial(built_in.load_text_embedder, folder),
        scorer=partial(built_in.load_scorer, folder),
        verifier=partial(built_in.load_verifier, folder),
        coarse_longest_px=384,
    )


def full(
    shelf: ModelShelf | None = None,
    masks_name: str | None = None,
    regions_name: str | None = None,
    **options: Any,
) -> Profile:
    """SAM 2.1 and Alpha-CLIP, which have to be installed.

    Args:
        shelf: None for this computer's.
        masks_name, regions_name: of the catalogue; None for the best installed.
        options: as for ``engine.full.profile.choose``.

    Raises:
        ModelMissing: one is not installed; the hint says how to get it.
        ModelBroken, BadRequest: as the names say.
    """
    from engine.full import profile as large
    from engine.weights.shelf import ModelShelf

    models = large.choose(shelf or ModelShelf(), masks_name, regions_name, **options)
    return Profile(
        name="full",
        key=models.key,
        ndim=large.ndim(models),
        metric=large.METRIC,
        analysis=partial(large.load_models, models),
        text_embedder=partial(large.load_text_embedder, models),
        scorer=large.load_scorer,
        coarse_longest_px=384,
        least_time_limit_s=1800.0,
        most_workers=1,
    )


BUILT_IN = "starter"
"""Always there."""
PROFILES: dict[str, Callable[[], Profile]] = {"starter": starter, "full": full}
"""By the name used in settings."""


def by_name(name: str) -> Profile:
    """Raises:
    BadRequest: if there is no profile of this name.
    """
    if name not in PROFILES:
        raise BadRequest(
            f"There are no models called {name}.",
            operation="choosing the models",
            hint=f"Choose one of: {', '.join(sorted(PROFILES))}.",
        )
    return PROFILES[name]()

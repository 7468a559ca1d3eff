"""Protocol of term scorers: how likely each photo and each of its regions is one named thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from engine.records import RegionLabel


class PhotoArrays(Protocol):
    """Arrays of the N regions of one photo, and of the photo as a whole.

    Attributes:
        ids: int64 (N,), region ids.
        boxes_xyxy: float32 (N, 4), fractions of the photo's width and height.
        mask_scores: float32 (N,), the proposer's confidence, 0..1.
        area_fractions: float32 (N,), mask area as a share of the photo, 0..1.
        vectors: float32 (N, D).
        whole: float32 (D,), of the photo as a whole.
        outlined: False after a coarse indexing, which does not look for regions.
    """

    @property
    def ids(self) -> np.ndarray: ...
    @property
    def boxes_xyxy(self) -> np.ndarray: ...
    @property
    def mask_scores(self) -> np.ndarray: ...
    @property
    def area_fractions(self) -> np.ndarray: ...
    @property
    def vectors(self) -> np.ndarray: ...
    @property
    def whole(self) -> np.ndarray: ...
    @property
    def outlined(self) -> bool: ...


@dataclass(frozen=True)
class TermMatch:
    """What the models say of one term and one photo.

    Attributes:
        probability: that the photo has what the term names, 0..1. Calibrated if the scorer is.
        score: the same before calibration, in standard deviations above the mean of ordinary
            photos.
        regions: float64 (N,), that each region shows it as a whole, 0..1.
    """

    probability: float
    score: float
    regions: np.ndarray


@runtime_checkable
class TermScorer(Protocol):
    """Scores the terms of a query: names of things, names of scenes, sentences. Fitted with the
    models of its profile; search lane only, but for ``labels``, which any thread may call.

    Attributes:
        ndim: length D of the vectors.
        calibrated: False if its probabilities order photos but are none; hits then have no verdict.
        open_vocabulary: False if a text of which no word is in a dictionary gets an arbitrary
            vector.
        match_at, no_below: a calibrated probability of at least ``match_at`` is a match, one below
            ``no_below`` a no, anything between is unsure.
    """

    ndim: int
    calibrated: bool
    open_vocabulary: bool
    match_at: float
    no_below: float

    def query_vectors(
        self, names: Sequence[str], sentence: str = ""
    ) -> tuple[np.ndarray, np.ndarray]:
        """Vectors float32 (T, D) of names of things or scenes, and float32 (D,) of a whole
        sentence; zero where no word is known."""
        ...

    def rough_scores(self, vectors: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """Scores float64 (P, T) of photos for term ``vectors`` (T, D), standardised so that terms
        can be added. Cheap; they choose the photos that are scored exactly."""
        ...

    def thing_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """How likely each photo has the named thing, and each region is one."""
        ...

    def scene_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """How likely each photo as a whole shows the named scene; no region does."""
        ...

    def sentence_scores(self, vector: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """How well each photo fits a sentence, float64 (P,), in standard deviations above the mean
        of ordinary photos."""
        ...

    def fused_probability(self, terms: Sequence[TermMatch], sentence_score: float) -> float:
        """The probability that a photo answers a query of several terms, or a sentence.

        Args:
            terms: its things and scenes in the photo.
            sentence_score: of ``sentence_scores``.
        """
        ...

    def query_note(self, text: str) -> str:
        """One sentence on a limitation in understanding ``text``; empty if there is none."""
        ...

    def labels(self, photo: PhotoArrays) -> list[tuple[RegionLabel, ...]]:
        """The likeliest names of each region, likeliest first; empty for one that nothing names."""
        ...

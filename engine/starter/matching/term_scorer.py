"""The starter profile's ``TermScorer``: calibrated probabilities from the stored vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from engine.records import RegionLabel
from engine.scoring.term_scorer import PhotoArrays, TermMatch
from engine.starter.colours.colour_probability import colour_probabilities
from engine.starter.matching.calibration import Calibration, fused_features
from engine.starter.matching.embedder import COLOUR_PART, StarterTextEmbedder, without_colours
from engine.starter.matching.match_features import MatchFeatures, QueryStatistics
from engine.starter.matching.reference_statistics import ReferenceStatistics
from engine.starter.matching.region_geometry import RegionGeometry
from engine.starter.matching.region_namer import RegionNamer


class StarterTermScorer:
    """Scores photos by their most similar regions, what else these could be, and the whole photo.

    Args:
        calibration: fitted numbers.
        reference: statistics of ordinary regions and photos.
        text_embedder: of the same models.
    """

    calibrated = True
    open_vocabulary = False

    def __init__(
        self,
        calibration: Calibration,
        reference: ReferenceStatistics,
        text_embedder: StarterTextEmbedder,
    ) -> None:
        self.ndim = text_embedder.ndim
        self._calibration = calibration
        self._reference = reference
        self._text_embedder = text_embedder
        self._geometry_of: Sequence[PhotoArrays] = ()
        self._kept_geometry = RegionGeometry(())
        self.match_at = calibration.match_at
        self.no_below = calibration.no_below

    def query_vectors(
        self, names: Sequence[str], sentence: str = ""
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``TermScorer``."""
        return self._text_embedder.embed_query(names, sentence)

    def rough_scores(self, vectors: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """See ``TermScorer``."""
        scores = np.array([self._raw_scores(vectors, photo) for photo in photos])
        moments = np.array([self._reference.query_moments(vector) for vector in vectors])
        weight = self._calibration.whole_weight
        means = moments[:, 0, 0] + weight * moments[:, 1, 0]
        spreads = np.hypot(moments[:, 0, 1], weight * moments[:, 1, 1])
        return (scores.reshape(len(photos), len(vectors)) - means) / spreads

    def thing_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """See ``TermScorer``.

        A colour in the name is asked of each region apart from what it is, so that a red thing and
        a green umbrella are no red umbrella.
        """
        colours = self._text_embedder.colour_weights(name)
        meaning = without_colours(vector)
        if not meaning.any():  # only a colour: anything that has it will do
            meaning, colours = vector, np.zeros_like(colours)
        statistics = QueryStatistics(
            meaning,
            self._reference,
            self._text_embedder.known_names,
            self._text_embedder.relatives(name),
            self._text_embedder.everyday_names,
        )
        scores = self.rough_scores(vector[None], photos)[:, 0]
        features = MatchFeatures(photos, self._geometry(photos), meaning, statistics)
        regions = self._calibration.region_probabilities(features)
        probabilities = self._calibration.photo_probabilities(features, regions).tolist()
        found = [
            TermMatch(probabilities[k], float(scores[k]), regions[k, : features.counts[k]])
            for k in range(len(photos))
        ]
        if colours.any():
            pairs = zip(found, photos, strict=True)
            return [_coloured(match, photo, colours) for match, photo in pairs]
        return found

    def _geometry(self, photos: Sequence[PhotoArrays]) -> RegionGeometry:
        """Kept for the next term of the plan, which is asked of the same photos."""
        if self._geometry_of is not photos:
            self._geometry_of, self._kept_geometry = photos, RegionGeometry(photos)
        return self._kept_geometry

    def scene_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """See ``TermScorer``. The whole photo is among the features of a thing's probability."""
        return [
            replace(match, regions=np.zeros_like(match.regions))
            for match in self.thing_matches(name, vector, photos)
        ]

    def sentence_scores(self, vector: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """See ``TermScorer``."""
        return self.rough_scores(vector[None], photos)[:, 0]

    def fused_probability(self, terms: Sequence[TermMatch], sentence_score: float) -> float:
        """See ``TermScorer``."""
        return self._calibration.fused_probability(fused_features(terms, sentence_score))

    def query_note(self, text: str) -> str:
        """See ``TermScorer``."""
        return ""

    def labels(self, photo: PhotoArrays) -> list[tuple[RegionLabel, ...]]:
        """See ``TermScorer``."""
        return self._namer.labels(photo.vectors)

    @cached_property
    def _namer(self) -> RegionNamer:
        embedder = self._text_embedder
        return RegionNamer(
            embedder.known_names, embedder.names, embedder.everyday_names, self._calibration
        )

    def _raw_scores(self, vectors: np.ndarray, photo: PhotoArrays) -> np.ndarray:
        """float64 (T,): similarity of the best region and a share of that of the whole photo."""
        whole = vectors @ photo.whole
        if not len(photo.ids):
            slope, constant = self._calibration.scene_alone
            return slope * whole + constant
        return (photo.vectors @ vectors.T).max(axis=0) + self._calibration.whole_weight * whole


def _coloured(match: TermMatch, photo: PhotoArrays, weights: np.ndarray) -> TermMatch:
    """The match if the same region must also have the colours; a photo without regions keeps half
    of its probability."""
    if not len(photo.ids):
        return replace(match, probability=0.5 * match.probability)
    has = colour_probabilities(photo.vectors[:, COLOUR_PART], weights)
    regions = match.regions * has
    share = float(regions.max()) / max(float(match.regions.max()), 1e-9)
    return replace(match, probability=match.probability * share, regions=regions)

"""A ``TermScorer`` without fitted weights, for models whose regions, photos and texts have vectors
of one network: cosines as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embeddings.embedder import QueryNoteProvider, TextEmbedder
from engine.records import RegionLabel
from engine.scoring.term_scorer import PhotoArrays, TermMatch

WHOLE_SHARE = 0.2
"""Weight of the whole photo's similarity; the paper uses the best region alone (0). A guess until
it can be measured with the published weights: it decides between photos whose best regions are
equally similar."""
MIDDLE_COSINE = 0.25
STEEPNESS = 25.0
"""Cosines of CLIP between a picture and a text that fits lie around 0.25 and spread by about 0.04.
The numbers only bring them to 0..1: nothing is called a match by them."""


class CosineTermScorer:
    """Scores photos by their most similar region and a share of the whole photo. Its probabilities
    are not calibrated, so hits get no verdict by them."""

    calibrated = False
    open_vocabulary = True
    match_at = 1.0
    no_below = 0.0

    def __init__(self, text_embedder: TextEmbedder, whole_share: float = WHOLE_SHARE) -> None:
        """``whole_share``: 0..1."""
        self.ndim = text_embedder.ndim
        self._text_embedder = text_embedder
        self._whole_share = whole_share

    def query_vectors(
        self, names: Sequence[str], sentence: str = ""
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``TermScorer``."""
        vectors = np.zeros((len(names) + 1, self.ndim), np.float32)  # the last is the sentence's
        texts = [*names, sentence] if sentence else list(names)
        if texts:
            vectors[: len(texts)] = self._text_embedder.embed(texts)
        return vectors[:-1], vectors[-1]

    def rough_scores(self, vectors: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """See ``TermScorer``."""
        scores = [self._cosines(vectors, photo)[0] for photo in photos]
        return np.array(scores, np.float64).reshape(len(photos), len(vectors))

    def thing_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """See ``TermScorer``."""
        found = []
        for photo in photos:
            score, regions = self._cosines(vector[None], photo)
            probability = float(self.probabilities(score)[0])
            standardised = float((score[0] - MIDDLE_COSINE) * STEEPNESS)
            found.append(TermMatch(probability, standardised, self.probabilities(regions[:, 0])))
        return found

    def scene_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """See ``TermScorer``."""
        cosines = np.array([float(photo.whole @ vector) for photo in photos])
        return [
            TermMatch(
                float(p), float((cosine - MIDDLE_COSINE) * STEEPNESS), np.zeros(len(photo.ids))
            )
            for p, cosine, photo in zip(self.probabilities(cosines), cosines, photos, strict=True)
        ]

    def sentence_scores(self, vector: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """See ``TermScorer``."""
        scores = self.rough_scores(vector[None], photos)[:, 0]
        return (scores - MIDDLE_COSINE) * STEEPNESS

    def fused_probability(self, terms: Sequence[TermMatch], sentence_score: float) -> float:
        """See ``TermScorer``: the geometric mean of the terms and of the sentence's probability."""
        sentence = 1 / (1 + np.exp(-np.clip(sentence_score, -50, 50)))
        every = np.clip([*(term.probability for term in terms), sentence], 1e-9, 1.0)
        return float(np.exp(np.log(every).mean()))

    def query_note(self, text: str) -> str:
        """See ``TermScorer``."""
        embedder = self._text_embedder
        return embedder.query_note(text) if isinstance(embedder, QueryNoteProvider) else ""

    def labels(self, photo: PhotoArrays) -> list[tuple[RegionLabel, ...]]:
        """See ``TermScorer``: no names, because there is no list of them."""
        return [() for _ in photo.ids]

    def probabilities(self, cosines: np.ndarray) -> np.ndarray:
        """Cosines brought to 0..1, in their order."""
        return 1 / (1 + np.exp(-(cosines.astype(np.float64) - MIDDLE_COSINE) * STEEPNESS))

    def _cosines(self, vectors: np.ndarray, photo: PhotoArrays) -> tuple[np.ndarray, np.ndarray]:
        """Score of each vector (T,), and its cosine with each region (N, T)."""
        whole = vectors @ photo.whole
        regions = photo.vectors @ vectors.T
        if not len(photo.ids):
            return whole, regions
        share = self._whole_share
        return (1 - share) * regions.max(axis=0) + share * whole, regions

"""The starter profile's second look: a calibrated probability from the stored similarities."""

from __future__ import annotations

from engine.jobs.cancel import CancelToken
from engine.scoring.verifier import Candidate, Verification
from engine.starter.matching.calibration import Calibration, QueryLevels, feature_row
from engine.starter.matching.embedder import StarterTextEmbedder
from engine.starter.matching.reference_levels import Reference


class StarterVerifier:
    """A ``Verifier`` that looks at no pixels, so every hit gets a verdict."""

    free = True

    def __init__(
        self, calibration: Calibration, reference: Reference, texts: StarterTextEmbedder
    ) -> None:
        self._calibration = calibration
        self._reference = reference
        self._texts = texts
        self._query = ""
        self._levels: QueryLevels | None = None
        self.match_at = calibration.match_at
        self.no_below = calibration.no_below

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        """See ``Verifier``."""
        cancel.raise_if_set()
        if self._levels is None or query != self._query:
            vector = self._texts.embed([query])[0]
            self._levels = QueryLevels(vector, self._reference, self._texts.known_names)
            self._query = query
        row = feature_row(
            candidate.region_scores,
            [region.mask_score for region in candidate.regions],
            candidate.region_vectors,
            candidate.best,
            candidate.whole_score,
            candidate.whole_vector,
            self._levels,
        )
        probability = self._calibration.probability(row)
        return Verification(probability, reason=self._reason(query, probability))

    def _reason(self, query: str, probability: float) -> str:
        if probability >= self.match_at:
            return f"Looks like “{query}”."
        if probability < self.no_below:
            return f"Does not look like “{query}”."
        return f"Could be “{query}”."

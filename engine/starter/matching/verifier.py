"""The starter profile's ``Verifier``: a calibrated probability from the stored vectors."""

from __future__ import annotations

from engine.jobs.cancel import CancelToken
from engine.scoring.verifier import Candidate, Verification
from engine.starter.matching.calibration import Calibration, QueryStatistics, feature_row
from engine.starter.matching.embedder import StarterTextEmbedder
from engine.starter.matching.reference_statistics import ReferenceStatistics


class StarterVerifier:
    """A ``Verifier`` that reads no pixels, so that every hit gets a verdict."""

    judges_every_hit = True

    def __init__(
        self,
        calibration: Calibration,
        reference: ReferenceStatistics,
        text_embedder: StarterTextEmbedder,
    ) -> None:
        self._calibration = calibration
        self._reference = reference
        self._text_embedder = text_embedder
        self._query = ""
        self._statistics: QueryStatistics | None = None
        self.match_at = calibration.match_at
        self.no_below = calibration.no_below

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        """See ``Verifier``."""
        cancel.raise_if_set()
        if self._statistics is None or query != self._query:
            vector = self._text_embedder.embed([query])[0]
            self._statistics = QueryStatistics(
                vector, self._reference, self._text_embedder.known_names
            )
            self._query = query
        row = feature_row(
            candidate.region_scores,
            [region.mask_score for region in candidate.regions],
            candidate.region_vectors,
            candidate.best,
            candidate.whole_score,
            candidate.whole_vector,
            self._statistics,
        )
        probability = self._calibration.probability(row)
        return Verification(probability, reason=self._reason(query, probability))

    def _reason(self, query: str, probability: float) -> str:
        if probability >= self.match_at:
            return f"Looks like “{query}”."
        if probability < self.no_below:
            return f"Does not look like “{query}”."
        return f"Could be “{query}”."

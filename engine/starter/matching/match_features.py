"""Features from which the probabilities of a photo and of its regions are computed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from engine.scoring.term_scorer import PhotoArrays
from engine.starter.matching.prepared_photos import NAME_SHARPNESS, PreparedPhoto
from engine.starter.matching.reference_statistics import ReferenceStatistics

OTHER_NAME_BELOW = 0.5
"""A name whose similarity to the query is lower counts as the name of another thing."""
SAME_NAME_FROM = 0.95
"""A name whose similarity to the query is higher is the same thing, whatever the thesaurus says."""
SHARPNESS = 12.0
"""How fast a region's weight falls with its distance from the best similarity."""
REGION_FEATURES = 15
PHOTO_FEATURES = 19


class QueryStatistics:
    """What one query's similarities are compared with: ordinary photos, and names of other things.

    Args:
        vector: float32 (D,), the query.
        reference: statistics of ordinary regions and photos.
        names: float32 (V, D), unit vectors of the names that the models know.
        relatives: which names are the thing or kinds of it, and which it is itself a kind of, bool
            (V,) each; None if that is not known: then names with unlike vectors are other things.

    Attributes:
        region_mean: mean similarity of the query to ordinary regions.
        region_spread: its standard deviation.
        whole_mean: mean similarity of the query to whole photos.
        whole_spread: its standard deviation.
        kind_vectors: float32 (K, D), of the names of the thing and of kinds of it.
        general_vectors: float32 (G, D), of other names that it may be called by.
        other_names: bool (V,), the names of other things.
    """

    def __init__(
        self,
        vector: np.ndarray,
        reference: ReferenceStatistics,
        names: np.ndarray,
        relatives: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        (self.region_mean, self.region_spread), (self.whole_mean, self.whole_spread) = (
            reference.query_moments(vector)
        )
        alike = names @ vector
        if relatives is None:
            kinds = np.zeros(len(names), bool)
            self.other_names = alike < OTHER_NAME_BELOW
        else:
            kinds = relatives[0]
            self.other_names = ~(relatives[0] | relatives[1]) & (alike < SAME_NAME_FROM)
        self.kind_vectors = names[kinds]
        self.general_vectors = names[~kinds & ~self.other_names]


class MatchFeatures:
    """Features of one photo for one query. Used for fitting and searching.

    Args:
        photo: prepared with the names that ``query`` was made with.
        vector: float32 (D,), the query.
    """

    def __init__(self, photo: PreparedPhoto, vector: np.ndarray, query: QueryStatistics) -> None:
        arrays, names = photo.arrays, photo.names
        self._photo = photo
        self._query = query
        own = np.append(arrays.vectors @ vector, arrays.whole @ vector).astype(np.float64)
        kinds, of_kinds = _best_and_sum(arrays, query.kind_vectors)
        _, of_general = _best_and_sum(arrays, query.general_vectors)
        is_other = query.other_names[names.indexes]
        others = np.where(is_other, names.similarities, -1.0).max(axis=1)
        # All that are kept may be kinds of the thing; then the last of them is a bound.
        others = np.where(is_other.any(axis=1), others, names.similarities.min(axis=1))
        margins = own - others
        of_own = np.exp(np.maximum(own, kinds) * NAME_SHARPNESS)
        of_others = np.maximum(names.totals - of_kinds - of_general, 0.0)
        # Of all that it may be called: a dog that is surely one of the breeds is surely a dog.
        shares = np.log(np.maximum(of_own, of_kinds) / (of_kinds + of_others + of_own))
        self._scores, self._whole_score = own[:-1], float(own[-1])
        self._margins, self._whole_margin = margins[:-1], float(margins[-1])
        self._shares, self._whole_share = shares[:-1], float(shares[-1])

    @property
    def count(self) -> int:
        """Number of regions, N."""
        return len(self._scores)

    @cached_property
    def regions(self) -> np.ndarray:
        """float64 (N, ``REGION_FEATURES``).

        Columns: similarity; its z-score among this query's similarities to ordinary regions; the
        same less the highest similarity to the name of another thing (margin); log mask score; log
        area; its square; by how much the most similar part of the region exceeds its similarity;
        the same for the most similar region that it is a part of; number of borders of the photo
        that it touches; share of its box that it fills; IoU with other regions, weighted by their
        similarity and summed; weights of its parts, summed; distance from the photo's best
        similarity, and from its best margin; by how much the log area is below that of
        ``SMALL_AREA``.
        """
        if not self.count:
            return np.zeros((0, REGION_FEATURES))
        scores, margins, geometry = self._scores, self._margins, self._photo.geometry
        part_of = geometry.part_of
        masks, size, size_squared, borders, fill, small = geometry.columns.T
        best_part = np.where(part_of.T, scores, -np.inf).max(axis=1)
        best_whole = np.where(part_of, scores, -np.inf).max(axis=1)
        weight = np.exp((scores - scores.max()) * SHARPNESS)
        columns = [
            *(scores, self._z_scores(scores), margins, masks, size, size_squared),
            np.maximum(best_part - scores, 0),
            np.maximum(best_whole - scores, 0),
            *(borders, fill),
            geometry.overlap @ weight - weight,
            part_of.T @ weight,
            *(scores - scores.max(), margins - margins.max(), small),
        ]
        return np.stack(columns, axis=1)

    def photo(self, probabilities: np.ndarray) -> np.ndarray:
        """float64 (``PHOTO_FEATURES``,), given the regions' probabilities (N,).

        A photo without regions counts as one with a single region that is the whole photo.
        Columns: logit of the highest probability and of the second; similarity, z-score, log mask
        score and margin of the most similar region, then of the likeliest one; mean similarity of
        the three most similar regions and its z-score; similarity, z-score and margin of the whole
        photo; best margin; log share of the thing's names among all names, of the whole photo, of
        the best region by this, and of the likeliest one.
        """
        scores, margins, shares = self._scores, self._margins, self._shares
        masks = self._photo.geometry.columns[:, 0]
        if not self.count:
            scores, margins = np.array([self._whole_score]), np.array([self._whole_margin])
            shares = np.array([self._whole_share])
            masks, probabilities = np.zeros(1), np.array([0.1])
        best, likeliest = int(scores.argmax()), int(probabilities.argmax())
        ordered = np.append(np.sort(probabilities)[::-1], 0.01)
        row = [_logit(ordered[0]), _logit(ordered[1])]
        z_scores = self._z_scores(scores)
        for index in (best, likeliest):
            row += [scores[index], z_scores[index], masks[index], margins[index]]
        top_mean = np.sort(scores)[-3:].mean(keepdims=True)
        row += [float(top_mean[0]), float(self._z_scores(top_mean)[0])]
        row += [self._whole_score, self._whole_z_score, self._whole_margin, margins.max()]
        row += [self._whole_share, shares.max(), shares[likeliest]]
        return np.array(row, np.float64)

    @property
    def _whole_z_score(self) -> float:
        return (self._whole_score - self._query.whole_mean) / self._query.whole_spread

    def _z_scores(self, scores: np.ndarray) -> np.ndarray:
        return (scores - self._query.region_mean) / self._query.region_spread


def _best_and_sum(arrays: PhotoArrays, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each region and the whole photo, the highest similarity to any of the vectors (K, D), -1
    without any, and the sum of their shares before normalisation; both float64 (N + 1,)."""
    if not len(vectors):
        count = len(arrays.vectors) + 1
        return np.full(count, -1.0), np.zeros(count)
    similarities = np.vstack([arrays.vectors @ vectors.T, vectors @ arrays.whole])
    shares = np.exp(similarities * np.float32(NAME_SHARPNESS))
    return similarities.max(axis=1).astype(np.float64), shares.sum(axis=1, dtype=np.float64)


def _logit(probability: float) -> float:
    clipped = min(max(float(probability), 1e-4), 1 - 1e-4)
    return float(np.log(clipped / (1 - clipped)))

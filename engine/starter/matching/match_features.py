"""Features from which the probabilities of a photo and of its regions are computed."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from engine.scoring.term_scorer import PhotoArrays
from engine.starter.matching.reference_statistics import ReferenceStatistics

OTHER_NAME_BELOW = 0.5
"""A name whose similarity to the query is lower counts as the name of another thing."""
SAME_NAME_FROM = 0.95
"""A name whose similarity to the query is higher is the same thing, whatever the thesaurus says."""
NAME_SHARPNESS = 12.0
"""How fast a name's share falls with its distance from the best similarity."""
PART_CONTAINMENT = 0.85
"""Share of a box that must lie within another for its region to count as a part of the other."""
PART_AREA_RATIO = 0.8
"""A part's area is less than this share of the other region's area."""
SMALL_AREA = 0.01
"""Share of the photo. A smaller detail is often similar by chance, and an outlined paw does not
help."""
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
        kinds: bool (V,), the names of the thing and of kinds of it.
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
            self.kinds = np.zeros(len(names), bool)
            self.other_names = alike < OTHER_NAME_BELOW
        else:
            self.kinds = relatives[0]
            self.other_names = ~(relatives[0] | relatives[1]) & (alike < SAME_NAME_FROM)


class MatchFeatures:
    """Features of one photo for one query. Used for fitting and searching.

    Args:
        photo: its arrays.
        names: similarities to every known name, (N + 1, V), the whole photo in the last row.
        vector: float32 (D,), the query.
    """

    def __init__(
        self, photo: PhotoArrays, names: np.ndarray, vector: np.ndarray, query: QueryStatistics
    ) -> None:
        self._photo = photo
        self._query = query
        self._scores = photo.vectors @ vector
        self._whole_score = float(photo.whole @ vector)
        similarities = names.astype(np.float64)
        own = np.append(self._scores, self._whole_score).astype(np.float64)
        kinds = similarities[:, query.kinds].max(axis=1, initial=-1.0)
        others = similarities[:, query.other_names]
        margins = own - others.max(axis=1, initial=-1.0)
        of_own = np.exp(np.maximum(own, kinds) * NAME_SHARPNESS)
        of_kinds = np.exp(similarities[:, query.kinds] * NAME_SHARPNESS).sum(axis=1)
        of_others = np.exp(others * NAME_SHARPNESS).sum(axis=1)
        # Of all that it may be called: a dog that is surely one of the breeds is surely a dog.
        shares = np.log(np.maximum(of_own, of_kinds) / (of_kinds + of_others + of_own))
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
        scores, margins, photo = self._scores.astype(np.float64), self._margins, self._photo
        x0, y0, x1, y1 = photo.boxes_xyxy.T.astype(np.float64)
        areas = photo.area_fractions.astype(np.float64)
        box_areas = np.maximum((x1 - x0) * (y1 - y0), 1e-9)
        width = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
        height = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        part_of = (shared / box_areas[:, None] > PART_CONTAINMENT) & (
            areas[:, None] < PART_AREA_RATIO * areas
        )
        overlap = shared / (box_areas[:, None] + box_areas - shared)
        best_part = np.where(part_of.T, scores, -np.inf).max(axis=1)
        best_whole = np.where(part_of, scores, -np.inf).max(axis=1)
        weight = np.exp((scores - scores.max()) * SHARPNESS)
        size = np.log(np.maximum(areas, 1e-4))
        columns = [
            scores,
            self._z_scores(scores),
            margins,
            np.log(np.maximum(photo.mask_scores, 1e-3)),
            size,
            size**2,
            np.maximum(best_part - scores, 0),
            np.maximum(best_whole - scores, 0),
            (x0 < 0.01) * 1.0 + (y0 < 0.01) + (x1 > 0.99) + (y1 > 0.99),
            areas / box_areas,
            overlap @ weight - weight,
            part_of.T @ weight,
            scores - scores.max(),
            margins - margins.max(),
            np.maximum(np.log(SMALL_AREA) - size, 0),
        ]
        return np.stack(columns, axis=1, dtype=np.float64)

    def photo(self, probabilities: np.ndarray) -> np.ndarray:
        """float64 (``PHOTO_FEATURES``,), given the regions' probabilities (N,).

        A photo without regions counts as one with a single region that is the whole photo.
        Columns: logit of the highest probability and of the second; similarity, z-score, log mask
        score and margin of the most similar region, then of the likeliest one; mean similarity of
        the three most similar regions and its z-score; similarity, z-score and margin of the whole
        photo; best margin; log share of the thing's names among all names, of the whole photo, of
        the best region by this, and of the likeliest one.
        """
        scores, margins = self._scores.astype(np.float64), self._margins
        masks, shares = self._photo.mask_scores, self._shares
        if not self.count:
            scores, margins = np.array([self._whole_score]), np.array([self._whole_margin])
            shares = np.array([self._whole_share])
            masks, probabilities = np.ones(1), np.array([0.1])
        best, likeliest = int(scores.argmax()), int(probabilities.argmax())
        ordered = np.append(np.sort(probabilities)[::-1], 0.01)
        row = [_logit(ordered[0]), _logit(ordered[1])]
        for index in (best, likeliest):
            row += [scores[index], self._z_scores(scores)[index]]
            row += [np.log(max(masks[index], 1e-3)), margins[index]]
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


def _logit(probability: float) -> float:
    clipped = min(max(float(probability), 1e-4), 1 - 1e-4)
    return float(np.log(clipped / (1 - clipped)))

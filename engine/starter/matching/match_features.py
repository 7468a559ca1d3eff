"""Features from which the probabilities of photos and of their regions are computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from engine.scoring.term_scorer import PhotoArrays
from engine.starter.matching.reference_statistics import ReferenceStatistics
from engine.starter.matching.region_geometry import RegionGeometry

OTHER_NAME_BELOW = 0.5
"""A name whose similarity to the query is lower counts as the name of another thing."""
SAME_NAME_FROM = 0.95
"""A name whose similarity to the query is higher is the same thing, whatever the thesaurus says."""
NAMED_REGIONS = 20
"""So many regions of a photo, those most similar to the query, are compared with all names. What
the others could be is no better known than for the worst of these."""
SHARPNESS = 12.0
"""How fast the weight of a region or a name falls with its distance from the best similarity."""
BARE_PROBABILITY, NO_SECOND_PROBABILITY = 0.1, 0.01
"""Stand for the probabilities of regions that a photo does not have."""
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
        everyday_names: int (V,), for each name the index of the one that it is a kind of, or its
            own. Of another thing only the everyday name counts: no cup is compared with 118 breeds
            of dogs.

    Attributes:
        region_mean: mean similarity of the query to ordinary regions.
        region_spread: its standard deviation.
        whole_mean: mean similarity of the query to whole photos.
        whole_spread: its standard deviation.
    """

    def __init__(
        self,
        vector: np.ndarray,
        reference: ReferenceStatistics,
        names: np.ndarray,
        relatives: tuple[np.ndarray, np.ndarray] | None,
        everyday_names: np.ndarray,
    ) -> None:
        (self.region_mean, self.region_spread), (self.whole_mean, self.whole_spread) = (
            reference.query_moments(vector)
        )
        alike = names @ vector
        if relatives is None:
            kinds = np.zeros(len(names), bool)
            others = alike < OTHER_NAME_BELOW
        else:
            kinds = relatives[0]
            others = ~(relatives[0] | relatives[1]) & (alike < SAME_NAME_FROM)
        others &= (everyday_names == np.arange(len(names))) | ~others[everyday_names]
        self._kinds = int(kinds.sum())
        self._names = np.concatenate([names[kinds], names[others]]).T.copy()

    def compared(self, vectors: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For vectors (R, D), the highest similarity to the name of another thing, and the log
        share of the thing's names among all; float64 (R,) each.

        Args:
            own: float64 (R,), their similarities to the query.
        """
        kinds, others = np.split(vectors @ self._names, [self._kinds], axis=1)
        best_kind = kinds.max(axis=1, initial=-1).astype(np.float64)
        of_kinds, of_others = (
            np.exp(part * np.float32(SHARPNESS)).sum(axis=1, dtype=np.float64)
            for part in (kinds, others)
        )
        of_own = np.exp(np.maximum(own, best_kind) * SHARPNESS)
        # Of all that it may be called: a dog that is surely one of the breeds is surely a dog.
        shares = np.log(np.maximum(of_own, of_kinds) / (of_kinds + of_others + of_own))
        return others.max(axis=1, initial=-1).astype(np.float64), shares


class MatchFeatures:
    """Features of P photos for one query. Used for fitting and searching.

    Arrays (P, M) are filled up as those of the geometry; what stands there is to be ignored.

    Args:
        geometry: of the photos.
        vector: float32 (D,), the query.
    """

    def __init__(
        self,
        photos: Sequence[PhotoArrays],
        geometry: RegionGeometry,
        vector: np.ndarray,
        query: QueryStatistics,
    ) -> None:
        self._query = query
        self.counts, self.present = geometry.counts, geometry.present
        self._geometry = geometry
        self._scores = np.full(self.present.shape, -1.0)
        for row, photo, count in zip(self._scores, photos, self.counts.tolist(), strict=True):
            row[:count] = photo.vectors @ vector
        self._compare(photos, vector)

    def _compare(self, photos: Sequence[PhotoArrays], vector: np.ndarray) -> None:
        """Margins to names of other things, and shares of the thing's names."""
        order = np.argsort(np.where(self.present, -self._scores, np.inf), axis=1, kind="stable")
        named = np.minimum(self.counts, NAMED_REGIONS)
        photo_of, place = np.nonzero(np.arange(order.shape[1]) < named[:, None])
        region_of = order[photo_of, place]
        wholes = np.array([photo.whole for photo in photos], np.float32)
        regions = [
            photo.vectors[of_photo[:count]]
            for photo, of_photo, count in zip(photos, order, named.tolist(), strict=True)
        ]
        vectors = np.concatenate([wholes.reshape(len(photos), len(vector)), *regions])
        own = (vectors @ vector).astype(np.float64)
        others, shares = self._query.compared(vectors, own)
        count = len(photos)
        self._whole_scores, self._whole_shares = own[:count], shares[:count]
        self._whole_margins = own[:count] - others[:count]
        shape = self.present.shape
        of_others = _spread(others[count:], photo_of, region_of, shape, np.maximum)
        self._margins = self._scores - of_others
        self._shares = _spread(shares[count:], photo_of, region_of, shape, np.minimum)

    @cached_property
    def regions(self) -> np.ndarray:
        """float64 (P, M, ``REGION_FEATURES``).

        Columns: similarity; its z-score among this query's similarities to ordinary regions; the
        same less the highest similarity to the name of another thing (margin); log mask score; log
        area; its square; by how much the most similar part of the region exceeds its similarity;
        the same for the most similar region that it is a part of; number of borders of the photo
        that it touches; share of its box that it fills; IoU with other regions, weighted by their
        similarity and summed; weights of its parts, summed; distance from the photo's best
        similarity, and from its best margin; by how much the log area is below that of
        ``SMALL_AREA``.
        """
        scores, margins = self._scores, self._margins
        part_of, overlap = self._geometry.part_of, self._geometry.overlap
        has_part = part_of.transpose(0, 2, 1)
        masks, size, size_squared, borders, fill, small = np.moveaxis(self._geometry.columns, 2, 0)
        distance = scores - self._best(scores)
        weight = np.where(self.present, np.exp(np.minimum(distance, 0) * SHARPNESS), 0.0)
        weight = weight.astype(np.float32)[:, :, None]
        columns = [
            *(scores, self._z_scores(scores), margins, masks, size, size_squared),
            np.maximum(np.where(has_part, scores[:, None], -np.inf).max(axis=2) - scores, 0),
            np.maximum(np.where(part_of, scores[:, None], -np.inf).max(axis=2) - scores, 0),
            *(borders, fill),
            (overlap @ weight - weight)[:, :, 0],
            (has_part.astype(np.float32) @ weight)[:, :, 0],
            *(distance, margins - self._best(margins), small),
        ]
        return np.stack(columns, axis=2)

    def photos(self, probabilities: np.ndarray) -> np.ndarray:
        """float64 (P, ``PHOTO_FEATURES``), given the regions' probabilities (P, M).

        A photo without regions counts as one with a single region that is the whole photo.
        Columns: logit of the highest probability and of the second; similarity, z-score, log mask
        score and margin of the most similar region, then of the likeliest one; mean similarity of
        the three most similar regions and its z-score; similarity, z-score and margin of the whole
        photo; best margin; log share of the thing's names among all names, of the whole photo, of
        the best region by this, and of the likeliest one.
        """
        bare = (self.counts == 0)[:, None] & (np.arange(self.present.shape[1]) == 0)
        scores, margins, shares = (
            np.where(bare, of_whole[:, None], np.where(self.present, of_regions, -np.inf))
            for of_regions, of_whole in (
                (self._scores, self._whole_scores),
                (self._margins, self._whole_margins),
                (self._shares, self._whole_shares),
            )
        )
        masks = np.where(bare, 0.0, self._geometry.columns[:, :, 0])
        likely = np.where(bare, BARE_PROBABILITY, np.where(self.present, probabilities, -1.0))
        each = np.arange(len(scores))
        best, likeliest = scores.argmax(axis=1), likely.argmax(axis=1)
        ordered = np.sort(np.pad(likely, ((0, 0), (0, 1)), constant_values=-1.0), axis=1)[:, ::-1]
        second = np.where(ordered[:, 1] < 0, NO_SECOND_PROBABILITY, ordered[:, 1])
        columns = [_logits(ordered[:, 0]), _logits(second)]
        z_scores = self._z_scores(scores)
        for chosen in (best, likeliest):
            columns += [of_all[each, chosen] for of_all in (scores, z_scores, masks, margins)]
        top = np.sort(scores, axis=1)[:, ::-1][:, :3]
        counted = np.isfinite(top)
        top_mean = np.where(counted, top, 0.0).sum(axis=1) / counted.sum(axis=1)
        whole_z_scores = (self._whole_scores - self._query.whole_mean) / self._query.whole_spread
        columns += [top_mean, self._z_scores(top_mean)]
        columns += [self._whole_scores, whole_z_scores, self._whole_margins, margins.max(axis=1)]
        columns += [self._whole_shares, shares.max(axis=1), shares[each, likeliest]]
        return np.stack(columns, axis=1)

    def _best(self, values: np.ndarray) -> np.ndarray:
        """The highest value of each photo's regions, (P, 1)."""
        return np.where(self.present, values, -1e9).max(axis=1, keepdims=True)

    def _z_scores(self, scores: np.ndarray) -> np.ndarray:
        return (scores - self._query.region_mean) / self._query.region_spread


def _spread(
    values: np.ndarray,
    photo_of: np.ndarray,
    region_of: np.ndarray,
    shape: tuple[int, ...],
    worse: np.ufunc,
) -> np.ndarray:
    """Values (R,) at their photos and regions, float64 (P, M); the other regions of a photo have
    its worst value."""
    worst = np.full(shape[0], np.nan)
    worst[photo_of] = values  # any of them, to start from
    worse.at(worst, photo_of, values)
    spread = np.repeat(np.nan_to_num(worst)[:, None], shape[1], axis=1)
    spread[photo_of, region_of] = values
    return spread


def _logits(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)))

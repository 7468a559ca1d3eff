"""Features from which the probabilities of photos and of their regions are computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from engine.starter.matching.prepared_photos import NAME_SHARPNESS, NearestNames, PreparedPhoto
from engine.starter.matching.reference_statistics import ReferenceStatistics
from engine.starter.matching.region_geometry import PaddedGeometry

OTHER_NAME_BELOW = 0.5
"""A name whose similarity to the query is lower counts as the name of another thing."""
SAME_NAME_FROM = 0.95
"""A name whose similarity to the query is higher is the same thing, whatever the thesaurus says."""
SHARPNESS = 12.0
"""How fast a region's weight falls with its distance from the best similarity."""
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
    """Features of P photos for one query. Used for fitting and searching.

    M is the number of regions of the photo that has the most, at least 1. Photos with fewer are
    filled up; what stands there is to be ignored.

    Args:
        photos: prepared with the names that ``query`` was made with.
        vector: float32 (D,), the query.

    Attributes:
        counts: int64 (P,), numbers of regions.
        present: bool (P, M), whether there is such a region.
    """

    def __init__(
        self, photos: Sequence[PreparedPhoto], vector: np.ndarray, query: QueryStatistics
    ) -> None:
        self._query = query
        self.counts = np.array([len(photo.arrays.ids) for photo in photos], np.int64)
        most = max(1, int(self.counts.max(initial=0)))
        self.present = np.arange(most) < self.counts[:, None]
        self._geometry = PaddedGeometry([photo.geometry for photo in photos], most)
        # Of each photo its regions, then the photo as a whole.
        ends = np.cumsum(self.counts + 1)
        starts = ends - self.counts - 1
        own, kinds, of_kinds, of_general = _compared(photos, ends, vector, query)
        names = _joined([photo.names for photo in photos])
        is_other = query.other_names[names.indexes]
        others = np.where(is_other, names.similarities, np.float32(-1)).max(axis=1, initial=-1)
        # All that are kept may be kinds of the thing; then the last of them is a bound.
        least = names.similarities.min(axis=1, initial=1)
        others = np.where(is_other.any(axis=1), others, least)
        of_own = np.exp(np.maximum(own, kinds) * NAME_SHARPNESS)
        of_others = np.maximum(names.totals - of_kinds - of_general, 0.0)
        # Of all that it may be called: a dog that is surely one of the breeds is surely a dog.
        shares = np.log(np.maximum(of_own, of_kinds) / (of_kinds + of_others + of_own))
        rows = np.stack([own, own - others, shares])
        index = np.minimum(starts[:, None] + np.arange(most), np.maximum(ends - 1, 0)[:, None])
        self._scores, self._margins, self._shares = rows[:, index]
        self._whole_scores, self._whole_margins, self._whole_shares = rows[:, ends - 1]

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
        masks, size, size_squared, borders, fill, small = np.moveaxis(self._geometry.columns, 2, 0)
        best_part = np.where(part_of.transpose(0, 2, 1), scores[:, None], -np.inf).max(axis=2)
        best_whole = np.where(part_of, scores[:, None], -np.inf).max(axis=2)
        distance = scores - self._best(scores)
        weight = np.where(self.present, np.exp(distance * SHARPNESS), 0.0)
        of_parts = part_of.transpose(0, 2, 1).astype(np.float32) @ weight[:, :, None]
        columns = [
            *(scores, self._z_scores(scores), margins, masks, size, size_squared),
            np.maximum(best_part - scores, 0),
            np.maximum(best_whole - scores, 0),
            *(borders, fill),
            (overlap @ weight[:, :, None])[:, :, 0] - weight,
            of_parts[:, :, 0],
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
        ordered = np.sort(likely, axis=1)[:, ::-1]
        second = ordered[:, 1] if ordered.shape[1] > 1 else np.full(len(scores), -1.0)
        second = np.where(second < 0, NO_SECOND_PROBABILITY, second)
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
        return np.where(self.present, values, -np.inf).max(axis=1, keepdims=True)

    def _z_scores(self, scores: np.ndarray) -> np.ndarray:
        return (scores - self._query.region_mean) / self._query.region_spread


def _compared(
    photos: Sequence[PreparedPhoto], ends: np.ndarray, vector: np.ndarray, query: QueryStatistics
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For all regions and, after those of each photo, the photo as a whole: similarity to the
    query, the highest to any name of a kind of it (-1 without any), and the sums of the shares of
    these and of the more general names before normalisation; each float64 (R,).

    Args:
        ends: int64 (P,), where each photo's rows end.
    """
    wanted = np.vstack([vector[None], query.kind_vectors, query.general_vectors]).T
    found = np.empty((int(ends[-1]) if len(ends) else 0, wanted.shape[1]), np.float32)
    start = 0
    for photo, end in zip(photos, ends.tolist(), strict=True):
        np.matmul(photo.arrays.vectors, wanted, out=found[start : end - 1])
        np.matmul(photo.arrays.whole, wanted, out=found[end - 1])
        start = end
    own = found[:, 0].astype(np.float64)
    kinds, general = np.split(found[:, 1:], [len(query.kind_vectors)], axis=1)
    sums = [
        np.exp(part * np.float32(NAME_SHARPNESS)).sum(axis=1, dtype=np.float64)
        for part in (kinds, general)
    ]
    return own, kinds.max(axis=1, initial=-1).astype(np.float64), sums[0], sums[1]


def _joined(names: Sequence[NearestNames]) -> NearestNames:
    """The rows of all photos, one photo after the other."""
    if not names:
        return NearestNames(np.zeros((0, 1), np.int16), np.zeros((0, 1), np.float32), np.zeros(0))
    return NearestNames(
        np.concatenate([of_photo.indexes for of_photo in names]),
        np.concatenate([of_photo.similarities for of_photo in names]),
        np.concatenate([of_photo.totals for of_photo in names]),
    )


def _logits(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(clipped / (1 - clipped)))

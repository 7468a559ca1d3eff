"""A profile whose masks are the annotated ones, with vectors that name the category.

It tests what a plan makes of things, their places and numbers, apart from the models: each region
is surely what its annotation says. Its photos hold no pixels that mean anything: every photo is of
one colour, which encodes its index in ``CocoTruth.photos``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from engine.embeddings.embedder import PhotoVectors
from engine.evaluation.coco_truth import CocoTruth, TruthPhoto
from engine.evaluation.relation_queries import plural
from engine.masks.geometry import mask_box, scale_mask
from engine.masks.proposer import MaskProposal
from engine.profiles.profile import Models, Profile
from engine.records import RegionLabel
from engine.scoring.term_scorer import PhotoArrays, TermMatch

SURE, SURELY_NOT = 0.98, 0.01
_DAY_S = 86_400


def write_photos(truth: CocoTruth, folder: Path) -> None:
    """Write the photos of one colour; the file names are those of ``annotated_library``.

    Their times are a day apart, so that no two count as taken at the same moment.
    """
    from PIL import Image

    folder.mkdir()
    for index, photo in enumerate(truth.photos):
        path = folder / f"{index:06d}-{Path(photo.file_name).stem}.png"
        Image.new("RGB", photo.size_wh, _colour(index)).save(path)
        time_s = 1_000_000_000 + index * _DAY_S
        os.utime(path, (time_s, time_s))


def _colour(index: int) -> tuple[int, int, int]:
    return index >> 16, index >> 8 & 255, index & 255


def _index(photo_rgb: np.ndarray) -> int:
    red, green, blue = (int(value) for value in photo_rgb[0, 0])
    return red << 16 | green << 8 | blue


def true_mask_profile(truth: CocoTruth) -> Profile:
    """The profile of these annotations; crowds and things without an outline are left out."""
    return Profile(
        name="true masks",
        key="true-masks-1",
        ndim=_ndim(truth),
        metric="ip",
        analysis=partial(_load_models, truth),
        scorer=partial(TrueTermScorer, truth),
        most_workers=1,
    )


def _ndim(truth: CocoTruth) -> int:
    """One dimension for each category, and the last one for photos without any thing."""
    return len(truth.categories) + 1


def _load_models(truth: CocoTruth) -> Models:
    return Models(TrueMaskProposer(truth), TrueMaskEmbedder(truth))


def _annotated(photo: TruthPhoto, size_wh: tuple[int, int]) -> list[tuple[int, np.ndarray]]:
    """Category id and mask, bool (H, W) at ``size_wh``, of each thing with an outline."""
    found = [
        (thing.category_id, thing.mask_hw(photo.size_wh))
        for thing in photo.instances
        if not thing.crowd
    ]
    return [(category_id, scale_mask(mask, size_wh)) for category_id, mask in found if mask.any()]


class TrueMaskProposer:
    """Proposes the annotated masks of the photo that the colour names."""

    def __init__(self, truth: CocoTruth) -> None:
        self._truth = truth

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        """See ``MaskProposer``."""
        height, width = photo_rgb.shape[:2]
        proposals = []
        for _, mask in _annotated(self._truth.photos[_index(photo_rgb)], (width, height)):
            box = mask_box(mask)
            assert box is not None  # the mask is not empty
            proposals.append(MaskProposal(mask, box, 1.0))
        return proposals


class TrueMaskEmbedder:
    """Vectors of one for the category and zero elsewhere; the photo's has all its categories."""

    def __init__(self, truth: CocoTruth) -> None:
        self._truth = truth
        self._rows = {category_id: row for row, category_id in enumerate(truth.categories)}
        self.ndim = _ndim(truth)

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """See ``RegionEmbedder``; the masks are those of ``TrueMaskProposer``, in its order."""
        height, width = photo_rgb.shape[:2]
        things = _annotated(self._truth.photos[_index(photo_rgb)], (width, height))
        regions = np.zeros((len(masks_hw), self.ndim), np.float32)
        for row, (category_id, _) in zip(regions, things, strict=True):
            row[self._rows[category_id]] = 1.0
        return PhotoVectors(self._whole(regions), regions)

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """Not called: the profile has no coarse pass."""
        raise NotImplementedError

    def _whole(self, regions: np.ndarray) -> np.ndarray:
        if not len(regions):
            return np.eye(1, self.ndim, self.ndim - 1, dtype=np.float32)[0]
        whole = regions.max(axis=0)
        return whole / np.linalg.norm(whole)


class CategoryNames:
    """Finds the categories that a text names, in the singular or plural."""

    def __init__(self, truth: CocoTruth) -> None:
        self._forms = sorted(
            (
                (form.split(), row)
                for row, name in enumerate(truth.categories.values())
                for form in {name, plural(name)}
            ),
            key=lambda pair: (-len(pair[0]), pair),
        )

    def rows(self, text: str) -> list[int]:
        """Rows of the categories named in the text; of "hot dog" and "dog" the longer one."""
        words = text.lower().split()
        rows = set()
        for form, row in self._forms:
            for start in range(len(words) - len(form) + 1):
                if words[start : start + len(form)] == form:
                    rows.add(row)
                    words[start : start + len(form)] = [""] * len(form)
        return sorted(rows)


class TrueTermScorer:
    """Terms are surely what the annotations say, and surely absent elsewhere.

    Sentences and scenes say nothing.
    """

    calibrated = True
    open_vocabulary = False
    match_at = 0.8
    no_below = 0.2

    def __init__(self, truth: CocoTruth) -> None:
        self.ndim = _ndim(truth)
        self._finder = CategoryNames(truth)
        self._names = tuple(truth.categories.values())

    def query_vectors(
        self, names: Sequence[str], sentence: str = ""
    ) -> tuple[np.ndarray, np.ndarray]:
        """See ``TermScorer``; zero unless a category is named."""
        vectors = np.zeros((len(names) + 1, self.ndim), np.float32)  # the last is the sentence's
        for vector, text in zip(vectors, [*names, sentence], strict=True):
            vector[self._finder.rows(text)] = 1.0
        return vectors[:-1], vectors[-1]

    def rough_scores(self, vectors: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """See ``TermScorer``."""
        scores = [(photo.whole @ vectors.T > 0).astype(np.float64) for photo in photos]
        return np.array(scores).reshape(len(photos), len(vectors))

    def thing_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """See ``TermScorer``."""
        matches = []
        for photo in photos:
            regions = np.where(photo.vectors @ vector > 0.5, SURE, SURELY_NOT).astype(np.float64)
            surest = float(regions.max(initial=SURELY_NOT))
            matches.append(TermMatch(surest, surest, regions))
        return matches

    def scene_matches(
        self, name: str, vector: np.ndarray, photos: Sequence[PhotoArrays]
    ) -> list[TermMatch]:
        """See ``TermScorer``."""
        return [TermMatch(0.5, 0.0, np.zeros(len(photo.ids))) for photo in photos]

    def sentence_scores(self, vector: np.ndarray, photos: Sequence[PhotoArrays]) -> np.ndarray:
        """See ``TermScorer``."""
        return np.zeros(len(photos))

    def fused_probability(self, terms: Sequence[TermMatch], sentence_score: float) -> float:
        """See ``TermScorer``."""
        return float(np.prod([term.probability for term in terms]))

    def query_note(self, text: str) -> str:
        """See ``TermScorer``."""
        return ""

    def labels(self, photo: PhotoArrays) -> list[tuple[RegionLabel, ...]]:
        """See ``TermScorer``."""
        return [(RegionLabel(self._names[int(v.argmax())], SURE),) for v in photo.vectors]

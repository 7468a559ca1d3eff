"""Small deterministic models that work on pixels: objects are blobs of strong colour.

They implement the protocols of the real models, so that a search through the library finds a red
shape by the word "red", with the mask of that shape.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.embeddings.embedder import PhotoVectors, TextEmbedder
from engine.errors import PhotoUnreadable
from engine.jobs import CancelToken, JobContext
from engine.masks.geometry import mask_box
from engine.masks.proposer import MaskProposal
from engine.profiles.profile import Models, Profile
from engine.records import BoxXyxy, RerankerInfo
from engine.scoring.cosine_scorer import CosineTermScorer
from engine.scoring.term_scorer import PhotoArrays
from engine.scoring.verifier import Candidate, Verification

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 180, 40),
    "blue": (30, 60, 220),
    "yellow": (235, 215, 30),
    "purple": (150, 40, 170),
    "orange": (240, 130, 20),
}
NDIM = 16
COARSE_PX = 64
_STRONG = 60
"""Least difference of the largest and the smallest channel of a pixel of an object."""
_FAINT = 20
"""The same when prompted with a box, so that pale objects are found only then."""
PALE = (150, 150, 110)


class ColourProposer:
    """Connected blobs of strongly coloured pixels, largest first."""

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        import cv2

        spread = photo_rgb.max(axis=2).astype(int) - photo_rgb.min(axis=2)
        count, labels, stats, _ = cv2.connectedComponentsWithStats((spread > _STRONG).astype("u1"))
        found = []
        for label in range(1, count):
            if stats[label, cv2.CC_STAT_AREA] < 30:
                continue
            mask = labels == label
            fill = float(mask.sum()) / mask_box(mask).area
            found.append(MaskProposal(mask, mask_box(mask), min(1.0, fill)))
        return sorted(found, key=lambda proposal: -proposal.mask_hw.sum())

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """Coloured pixels in the box, however pale."""
        x0, y0, x1, y1 = (round(side) for side in box.as_tuple())
        mask = np.zeros(photo_rgb.shape[:2], bool)
        part = photo_rgb[y0:y1, x0:x1].astype(int)
        mask[y0:y1, x0:x1] = part.max(axis=2) - part.min(axis=2) > _FAINT
        tight = mask_box(mask)
        return MaskProposal(mask, tight, 0.5) if tight is not None else None


class ColourEmbedder:
    """Similarity of the mean colour to each named colour, as a unit vector."""

    ndim = NDIM

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        whole = colour_vector(photo_rgb.reshape(-1, 3).mean(axis=0))
        regions = [colour_vector(photo_rgb[mask].mean(axis=0)) for mask in masks_hw]
        return PhotoVectors(whole, np.array(regions, np.float32).reshape(-1, NDIM))

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        assert max(photo_rgb.shape) <= COARSE_PX
        return colour_vector(photo_rgb.reshape(-1, 3).mean(axis=0))


class WordEmbedder:
    """Embeds colour words in the same space; other words add nothing."""

    ndim = NDIM

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), NDIM), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                if word in COLOURS:
                    row += colour_vector(np.array(COLOURS[word], float))
            row /= max(float(np.linalg.norm(row)), 1e-9)
        return rows


def colour_vector(rgb: np.ndarray) -> np.ndarray:
    """float32 (NDIM,), unit length; similar for similar colours."""
    named = np.array(list(COLOURS.values()), float)
    nearness = np.exp(-(((named - rgb) / 90.0) ** 2).sum(axis=1))
    vector = np.zeros(NDIM, np.float32)
    vector[: len(named)] = nearness
    vector[-1] = 0.05  # grey has a direction too
    return vector / np.linalg.norm(vector)


class ColourScorer(CosineTermScorer):
    """Its probability is the score of the most similar region; half the similarity of the whole
    photo if there is no region. Calibrated, unless made with ``uncalibrated``."""

    def __init__(self, text_embedder: TextEmbedder | None = None, calibrated: bool = True) -> None:
        super().__init__(text_embedder or WordEmbedder(), whole_share=0.0)
        self.calibrated = calibrated
        self.match_at, self.no_below = 0.8, 0.4

    def probabilities(self, cosines: np.ndarray) -> np.ndarray:
        return np.clip(np.asarray(cosines, np.float64), 0.0, 1.0)

    def _cosines(self, vectors: np.ndarray, photo: PhotoArrays) -> tuple[np.ndarray, np.ndarray]:
        scores, regions = super()._cosines(vectors, photo)
        return (scores if len(photo.ids) else 0.5 * scores), regions


class PixelVerifier:
    """A slow verifier that decodes the photo.

    Its probability is the share of pixels of the query's colour, and its box is around them. It
    fails for photos with "unverifiable" in their name.
    """

    match_at = 0.05
    no_below = 0.01

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        cancel.raise_if_set()
        if "unverifiable" in candidate.photo.path.name:
            raise PhotoUnreadable("The photo cannot be looked at.", operation="looking closer")
        rgb = candidate.read_rgb(256)
        near = np.abs(rgb.astype(int) - COLOURS[query]).sum(axis=2) < 60
        box = mask_box(near)
        if box is None:
            return Verification(0.0, reason="nothing of that colour")
        width, height = candidate.photo.size_wh
        sx, sy = width / rgb.shape[1], height / rgb.shape[0]
        return Verification(float(near.mean()), (box.scaled(sx, sy),), "seen")


class FixedBoxVerifier:
    """Returns a fixed box and probability for every photo."""

    match_at = 0.5
    no_below = 0.2

    def __init__(self, box: BoxXyxy, probability: float = 0.9) -> None:
        self._box, self._probability = box, probability

    def verify(self, query: str, candidate: Candidate, cancel: CancelToken) -> Verification:
        candidate.read_rgb(256)
        return Verification(self._probability, (self._box,), "there")


class FakeReranker:
    """A reranker that uses ``PixelVerifier``, or the verifier that ``make`` creates."""

    def __init__(self, make: Callable[[], object] = PixelVerifier) -> None:
        self._make = make
        self.closed = False

    def info(self) -> RerankerInfo:
        return RerankerInfo("eyes", "Eyes", "here")

    def verifier(self, context: JobContext, set_note: Callable[[str], None]):
        return self._make()

    def close(self) -> None:
        self.closed = True


def load_models(calls_log: Path | None = None) -> Models:
    """Runs in a worker process; with ``calls_log``, each full analysis adds a line to that file."""
    proposer = ColourProposer() if calls_log is None else _Logged(calls_log)
    return Models(proposer, ColourEmbedder())


def load_noting_models() -> Models:
    """Models with a note for the user on where they ran."""
    return Models(NotingProposer(), ColourEmbedder())


class NotingProposer(ColourProposer):
    note = "The card is full."


class _Logged(ColourProposer):
    """Adds a line to a file at each call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(f"{photo_rgb.shape}\n")
        return super().propose(photo_rgb)


class _Held(ColourProposer):
    """Adds its process to the file ``asked``, if given, then blocks until ``gate`` exists."""

    def __init__(self, gate: Path, asked: Path | None = None) -> None:
        self._gate, self._asked = gate, asked

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        if self._asked is not None:
            with open(self._asked, "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
        while not self._gate.exists():
            time.sleep(0.01)
        return super().propose(photo_rgb)


def load_held_models(gate: Path, asked: Path | None = None) -> Models:
    """The coarse pass runs freely, the full one waits for the file ``gate``; each full analysis
    first adds the number of its process to ``asked``."""
    return Models(_Held(gate, asked), ColourEmbedder())


class _HeldOutlines(ColourProposer):
    """Adds a line to the file ``asked`` at each prompt, then blocks until ``gate`` exists."""

    def __init__(self, asked: Path, gate: Path) -> None:
        self._asked, self._gate = asked, gate

    def segment(self, photo_rgb: np.ndarray, **prompt) -> MaskProposal | None:
        with open(self._asked, "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        while not self._gate.exists():
            time.sleep(0.01)
        return super().segment(photo_rgb, **prompt)


def load_held_outlines(asked: Path, gate: Path) -> Models:
    """Analyses do not block; each outline adds a line to ``asked``, then waits for ``gate``."""
    return Models(_HeldOutlines(asked, gate), ColourEmbedder())


class _Fatal(ColourProposer):
    """Ends its process when it is prompted."""

    def segment(self, photo_rgb: np.ndarray, **prompt) -> MaskProposal | None:
        os._exit(77)


def load_fatal_outlines() -> Models:
    """The process ends when it is asked for an outline."""
    return Models(_Fatal(), ColourEmbedder())


class _Unpromptable:
    """A proposer that takes no prompts."""

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        return ColourProposer().propose(photo_rgb)


def load_unpromptable() -> Models:
    """Models whose proposer takes no prompts."""
    return Models(_Unpromptable(), ColourEmbedder())


class _Failing(ColourProposer):
    """Crashes, hangs or raises, depending on the colour of the photo's corner."""

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        corner = tuple(int(v) // 64 for v in photo_rgb[0, 0])
        if corner == (0, 0, 0):
            os._exit(77)
        if corner == (3, 0, 3):
            time.sleep(600)
        if corner == (0, 3, 3):
            raise ZeroDivisionError("a bug in the models")
        return super().propose(photo_rgb)


def load_failing_models() -> Models:
    return Models(_Failing(), ColourEmbedder())


class _NanEmbedder(ColourEmbedder):
    """Vectors too large for float16 wherever a photo holds a thing."""

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        found = super().embed(photo_rgb, masks_hw)
        return PhotoVectors(found.whole, found.regions * 1e9)


def load_broken_embedder() -> Models:
    return Models(ColourProposer(), _NanEmbedder())


def load_nothing() -> Models:
    raise RuntimeError("weights.bin is not there")


def profile(
    *,
    key: str = "colours-1",
    analysis: Callable[[], Models] = load_models,
    calibrated: bool = True,
    calls_log: Path | None = None,
    metric: str = "ip",
    coarse_longest_px: int = COARSE_PX,
) -> Profile:
    """A profile of the models above."""
    if calls_log is not None:
        analysis = functools.partial(load_models, calls_log)
    return Profile(
        name="colours",
        key=key,
        ndim=NDIM,
        metric=metric,
        analysis=analysis,
        scorer=functools.partial(ColourScorer, calibrated=calibrated),
        coarse_longest_px=coarse_longest_px,
    )


WIDE_NDIM = 24


def wide(vectors: np.ndarray) -> np.ndarray:
    """The same vectors in another space, with other positions and another length."""
    padded = np.zeros((*vectors.shape[:-1], WIDE_NDIM), np.float32)
    padded[..., -NDIM:] = vectors[..., ::-1]
    return padded


class WideEmbedder(ColourEmbedder):
    """Vectors that fit no index of the other embedder."""

    ndim = WIDE_NDIM

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        found = super().embed(photo_rgb, masks_hw)
        return PhotoVectors(wide(found.whole), wide(found.regions))

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        return wide(super().embed_whole(photo_rgb))


class WideWordEmbedder(WordEmbedder):
    ndim = WIDE_NDIM

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return wide(super().embed(texts))


def load_wide_models(gate: Path | None = None, calls_log: Path | None = None) -> Models:
    """With ``gate``, the full pass waits until that file exists."""
    proposer = ColourProposer() if gate is None else _Held(gate)
    if calls_log is not None:
        proposer = _Logged(calls_log)
    return Models(proposer, WideEmbedder())


def wide_profile(
    *, gate: Path | None = None, calls_log: Path | None = None, coarse_longest_px: int = COARSE_PX
) -> Profile:
    """A second profile, whose vectors have another length."""
    return dataclasses.replace(
        profile(coarse_longest_px=coarse_longest_px),
        name="wide",
        key="wide-1",
        ndim=WIDE_NDIM,
        analysis=functools.partial(load_wide_models, gate, calls_log),
        scorer=lambda: ColourScorer(WideWordEmbedder()),
    )


def box_of(colour: str, photo_rgb: np.ndarray) -> BoxXyxy:
    """Box of a colour in a synthetic photo."""
    near = np.abs(photo_rgb.astype(int) - COLOURS[colour]).sum(axis=2) < 60
    return mask_box(near)

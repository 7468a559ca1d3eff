"""Finds faces: MTCNN (Zhang et al. 2016), run by ONNX Runtime.

Three networks, one after the other: the Proposal Network looks at every place of an image pyramid,
the Refine Network at crops of 24 pixels of what is left, the Output Network at crops of 48. Each
says how surely a crop is a face, and how far the sides of its box are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.starter.image.network import Network

PROPOSAL_FILE_NAME = "face_proposal.onnx"
REFINE_FILE_NAME = "face_refine.onnx"
OUTPUT_FILE_NAME = "face_output.onnx"
FILE_NAMES = (PROPOSAL_FILE_NAME, REFINE_FILE_NAME, OUTPUT_FILE_NAME)
INPUT = "crops"
OUTPUTS = ("probability", "shifts")

LONGEST_PX = 640
"""Larger photos are reduced to this longest side."""
SMALLEST_FACE_PX = 20
"""Side of the smallest faces that are looked for, in the reduced photo."""
_WINDOW, _STRIDE = 12, 2
"""Side and step of the Proposal Network's windows."""
_PYRAMID_STEP = 0.709
"""About the root of a half: every level has half the pixels of the one before."""
_SIDES = (24, 48)
"""Sides of the crops that the Refine and the Output Network take."""
_THRESHOLDS = (0.6, 0.7, 0.9)
"""Least value of a box in each network. Those of the paper, but for the last, which is 0.7 there:
of the faces between, a fifth were none."""
_SLOPE, _CONSTANT = 0.8, -0.4
"""From the log odds of the Output Network's value to those of a person being there. Fitted to the
faces in 305 photos and lowered a little, since few of these photos show statues and drawings."""
_LEVEL_IOU, _IOU, _CONTAINED = 0.5, 0.7, 0.7
"""Duplicates: IoU within a level of the pyramid, IoU over all, shared part of the smaller box."""
_MOST_A_LEVEL, _MOST = 400, (200, 40)
"""Most boxes, the likeliest ones, that are taken from a level of the pyramid, and that the Refine
and the Output Network look at."""


@dataclass(frozen=True)
class Faces:
    """The faces in a photo, the surest first.

    Attributes:
        boxes_xyxy: float32 (N, 4), from forehead to chin, in pixels of the photo and within it.
        probabilities: float32 (N,), 0..1, of a person's face being there.
    """

    boxes_xyxy: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.probabilities)


class FaceDetector:
    """Finds faces from about 1/30 of the photo's longest side; used by one thread at a time.

    Args:
        folder: holds ``FILE_NAMES``.

    Raises:
        ModelMissing: a file is missing.
        ModelBroken: a file cannot be run.
    """

    def __init__(self, folder: Path) -> None:
        self._proposal, self._refine, self._output = (Network(folder / n) for n in FILE_NAMES)
        self._last: tuple[np.ndarray | None, Faces] = (None, _no_faces())

    def detect(self, photo_rgb: np.ndarray) -> Faces:
        """The faces in a photo uint8 (H, W, 3); those of the last photo are remembered."""
        if self._last[0] is not photo_rgb:
            self._last = (photo_rgb, self._detect(photo_rgb))
        return self._last[1]

    def _detect(self, photo_rgb: np.ndarray) -> Faces:
        import cv2

        height, width = photo_rgb.shape[:2]
        scale = min(1.0, LONGEST_PX / max(height, width))
        reduced_wh = max(1, round(width * scale)), max(1, round(height * scale))
        reduced = cv2.resize(photo_rgb, reduced_wh, interpolation=cv2.INTER_AREA)
        boxes, probabilities = self._proposed(reduced)
        for network, side, threshold, most in zip(
            (self._refine, self._output), _SIDES, _THRESHOLDS[1:], _MOST, strict=True
        ):
            best = np.argsort(-probabilities, kind="stable")[:most]
            boxes, probabilities = _checked(network, reduced, boxes[best], side, threshold)
            if side == _SIDES[0]:
                kept = _suppressed(boxes, probabilities, _IOU)
                boxes, probabilities = boxes[kept], probabilities[kept]
        kept = _suppressed(boxes, probabilities, _CONTAINED, of_smaller=True)
        sides = np.array([width, height, width, height], np.float32)
        boxes = boxes[kept] * (sides / np.array([*reduced_wh, *reduced_wh], np.float32))
        boxes = np.clip(boxes, 0, sides).astype(np.float32)
        visible = (boxes[:, 2] - boxes[:, 0] >= 1) & (boxes[:, 3] - boxes[:, 1] >= 1)
        return Faces(boxes[visible], _calibrated(probabilities[kept][visible]))

    def _proposed(self, photo_rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (N, 4) and probabilities (N,) of the Proposal Network, over the pyramid."""
        import cv2

        height, width = photo_rgb.shape[:2]
        scale = _WINDOW / SMALLEST_FACE_PX
        level = photo_rgb
        found = [(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))]
        while min(height, width) * scale >= _WINDOW:
            size_wh = (int(width * scale + 1), int(height * scale + 1))
            # From the level before: from the photo it would take as long as the network.
            level = cv2.resize(level, size_wh, interpolation=cv2.INTER_AREA)
            probability, shifts = self._proposal.run(OUTPUTS, **{INPUT: _normalised(level[None])})
            rows, columns = np.nonzero(probability[0, 0] >= _THRESHOLDS[0])
            sure = probability[0, 0, rows, columns]
            best = np.argsort(-sure, kind="stable")[:_MOST_A_LEVEL]
            rows, columns, sure = rows[best], columns[best], sure[best]
            corners = np.stack([columns, rows], 1).astype(np.float32) * _STRIDE / scale
            windows = np.concatenate([corners, corners + _WINDOW / scale], 1)
            kept = _suppressed(windows, sure, _LEVEL_IOU)
            shifts = shifts[0][:, rows, columns].T[kept]
            found.append((_shifted(windows[kept], shifts), sure[kept]))
            scale *= _PYRAMID_STEP
        boxes, probabilities = (np.concatenate(part) for part in zip(*found, strict=True))
        kept = _suppressed(boxes, probabilities, _IOU)
        return boxes[kept], probabilities[kept]


def _checked(
    network: Network, photo_rgb: np.ndarray, boxes: np.ndarray, side: int, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """What a network says of boxes (N, 4): those it keeps, shifted, and their probabilities."""
    squares = _squares(boxes)[_usable(boxes, photo_rgb.shape[:2])]
    if not len(squares):
        return squares, np.zeros(0, np.float32)
    crops = np.stack([_crop(photo_rgb, square, side) for square in squares])
    probability, shifts = network.run(OUTPUTS, **{INPUT: _normalised(crops)})
    kept = probability[:, 0] >= threshold
    return _shifted(squares[kept], shifts[kept]), probability[kept, 0]


def _calibrated(values: np.ndarray) -> np.ndarray:
    """Probabilities, float32 (N,), of the Output Network's values (N,)."""
    odds = np.log(np.maximum(values, 1e-6) / np.maximum(1 - values, 1e-6))
    return (1 / (1 + np.exp(-_SLOPE * odds - _CONSTANT))).astype(np.float32)


def _no_faces() -> Faces:
    return Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


def _normalised(photos_rgb: np.ndarray) -> np.ndarray:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W), (rgb - 127.5) / 128."""
    planes = np.ascontiguousarray(photos_rgb.transpose(0, 3, 1, 2), np.float32)
    planes -= 127.5
    planes /= 128
    return planes


def _shifted(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) with their sides moved by shifts (N, 4), in shares of width and height."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    return (boxes + shifts * np.concatenate([sizes, sizes], 1)).astype(np.float32)


def _usable(boxes: np.ndarray, photo_hw: tuple[int, int]) -> np.ndarray:
    """Which boxes (N, 4) show a part of the photo and are no larger than it, bool (N,)."""
    height, width = photo_hw
    x0, y0, x1, y1 = boxes.T
    sides = np.maximum(x1 - x0, y1 - y0)
    inside = (x0 < width) & (y0 < height) & (x1 > 0) & (y1 > 0)
    return inside & (x1 > x0) & (y1 > y0) & (sides <= 2 * max(photo_hw))


def _squares(boxes: np.ndarray) -> np.ndarray:
    """Squares (N, 4) around the same centres, as large as the boxes' longer sides."""
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([centres - half, centres + half], 1)


def _crop(photo_rgb: np.ndarray, square: np.ndarray, side: int) -> np.ndarray:
    """A square of the photo, uint8 (side, side, 3); black outside the photo."""
    import cv2

    height, width = photo_rgb.shape[:2]
    x0, y0, x1, y1 = (int(v) for v in (*np.floor(square[:2]), *np.ceil(square[2:])))
    inside = photo_rgb[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    canvas = inside
    if min(x0, y0) < 0 or x1 > width or y1 > height:
        canvas = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
        at_y, at_x = max(0, -y0), max(0, -x0)
        canvas[at_y : at_y + inside.shape[0], at_x : at_x + inside.shape[1]] = inside
    return cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)


def _suppressed(
    boxes: np.ndarray, scores: np.ndarray, limit: float, of_smaller: bool = False
) -> np.ndarray:
    """Greedy non-maximum suppression: indices to keep, best first.

    Args:
        of_smaller: compare the shared part of the smaller box with ``limit`` instead of the IoU.
    """
    order = np.argsort(-scores, kind="stable")
    x0, y0, x1, y1 = boxes[order].T
    areas = (x1 - x0) * (y1 - y0)
    wide = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    high = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    together = areas[:, None] + areas
    whole = np.minimum(areas[:, None], areas) if of_smaller else together - shared
    duplicates = shared > limit * whole
    dropped = np.zeros(len(order), bool)
    kept: list[int] = []
    for row in range(len(order)):
        if not dropped[row]:
            kept.append(row)
            dropped |= duplicates[row]
    return order[kept]

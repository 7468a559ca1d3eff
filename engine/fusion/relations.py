"""How well pairs of regions stand in a relation, from their boxes in the picture."""

from __future__ import annotations

import numpy as np

from engine.fusion.soft_threshold import soft_above
from engine.masks.geometry import box_overlaps
from engine.records import Relation


def relation_probabilities(
    relation: Relation, subject_xyxy: np.ndarray, object_xyxy: np.ndarray
) -> np.ndarray:
    """How well each subject stands in the relation to each object, float64 (..., N, M), 0..1.

    All are relations of the picture, not of the world behind it.

    Args:
        subject_xyxy: (..., N, 4) boxes in fractions of the photo's sides. object_xyxy: (..., M, 4).

    Raises:
        ValueError: ``BETWEEN``, which is for pairs of objects: see ``between_probabilities``.
    """
    a, b = _Boxes(subject_xyxy[..., :, None, :]), _Boxes(object_xyxy[..., None, :, :])
    match relation:
        case Relation.LEFT_OF:
            return _beside(b.cx - a.cx, a.width, b.width) * _level(a, b)
        case Relation.RIGHT_OF:
            return _beside(a.cx - b.cx, a.width, b.width) * _level(a, b)
        case Relation.ABOVE:
            return _beside(b.cy - a.cy, a.height, b.height) * _upright(a, b)
        case Relation.BELOW:
            return _beside(a.cy - b.cy, a.height, b.height) * _upright(a, b)
        case Relation.ON | Relation.RIDING:
            return _on(a, b)
        case Relation.UNDER:
            return np.maximum(_on(b, a), _beside(a.cy - b.cy, a.height, b.height) * _upright(a, b))
        case Relation.IN_FRONT_OF:
            return _near(a, b, 0.3) * soft_above(a.y1 - b.y1, 0.0, 0.04)
        case Relation.BEHIND:
            return _near(a, b, 0.3) * soft_above(b.y1 - a.y1, 0.0, 0.04)
        case Relation.NEXT_TO:
            return _near(a, b, 0.5) * (1 - _contained(a, b)) * (1 - _contained(b, a))
        case Relation.INSIDE:
            return _contained(a, b)
        case Relation.HOLDING:
            return _near(a, b, 0.1) * soft_above(a.area / b.area, 1.0, 0.3)
        case Relation.WEARING:
            return np.maximum(_contained(b, a), 0.5 * _near(a, b, 0.05)) * soft_above(
                a.area / b.area, 1.0, 0.3
            )
        case Relation.BETWEEN:
            raise ValueError("expected a relation of two things; see between_probabilities")


def between_probabilities(
    subject_xyxy: np.ndarray, first_xyxy: np.ndarray, second_xyxy: np.ndarray
) -> np.ndarray:
    """How well each subject lies between each pair of objects, float64 (N, M, K), 0..1."""
    a, b, c = (
        (boxes[:, :2] + boxes[:, 2:]).astype(np.float64) / 2
        for boxes in (subject_xyxy, first_xyxy, second_xyxy)
    )
    line = c[None] - b[:, None]  # (M, K, 2)
    length = np.maximum((line**2).sum(-1), 1e-9)
    along = np.einsum("nmd,mkd->nmk", a[:, None] - b[None], line) / length
    foot = b[None, :, None] + along[..., None] * line[None]
    off = np.sqrt(((a[:, None, None] - foot) ** 2).sum(-1) / length)
    return (
        soft_above(along, 0.1, 0.05) * soft_above(-along, -0.9, 0.05) * soft_above(-off, -0.5, 0.1)
    )


class _Boxes:
    """Sides, centres and sizes of boxes, in fractions of the photo's sides."""

    def __init__(self, xyxy: np.ndarray) -> None:
        x0, y0, x1, y1 = np.moveaxis(xyxy.astype(np.float64), -1, 0)
        self.x0, self.y0, self.x1, self.y1 = x0, y0, x1, y1
        self.cx, self.cy = (x0 + x1) / 2, (y0 + y1) / 2
        self.width, self.height = np.maximum(x1 - x0, 1e-6), np.maximum(y1 - y0, 1e-6)
        self.area = self.width * self.height


def _beside(offset: np.ndarray, size_a: np.ndarray, size_b: np.ndarray) -> np.ndarray:
    """Whether centres are apart in one direction by more than a share of the sizes."""
    return soft_above(offset / (0.5 * (size_a + size_b)), 0.45, 0.08)


def _level(a: _Boxes, b: _Boxes) -> np.ndarray:
    """Whether the way from one to the other is rather across than up or down."""
    across, upward = np.abs(a.cx - b.cx), np.abs(a.cy - b.cy)
    return soft_above(across - 0.8 * upward, 0.0, 0.08)


def _upright(a: _Boxes, b: _Boxes) -> np.ndarray:
    """Whether the way from one to the other is rather up or down than across."""
    across, upward = np.abs(a.cx - b.cx), np.abs(a.cy - b.cy)
    return soft_above(upward - 0.8 * across, 0.0, 0.08)


def _on(a: _Boxes, b: _Boxes) -> np.ndarray:
    """Whether a rests on b: above it or in it, its lower side within b, most of it over b."""
    shared = np.minimum(a.x1, b.x1) - np.maximum(a.x0, b.x0)
    over = soft_above(shared / np.minimum(a.width, b.width), 0.5, 0.1)
    lower_side = soft_above(a.y1 - b.y0, -0.03, 0.02) * soft_above(b.y1 - a.y1, -0.05, 0.03)
    return over * lower_side * soft_above(b.cy - a.cy, -0.05, 0.04)


def _near(a: _Boxes, b: _Boxes, reach: float) -> np.ndarray:
    """Whether the gap between the boxes is less than ``reach`` times the smaller one's size."""
    gap_x = np.maximum(np.maximum(a.x0, b.x0) - np.minimum(a.x1, b.x1), 0)
    gap_y = np.maximum(np.maximum(a.y0, b.y0) - np.minimum(a.y1, b.y1), 0)
    size = np.sqrt(np.minimum(a.area, b.area))
    return soft_above(-np.hypot(gap_x, gap_y) / size, -reach, 0.1)


def _contained(a: _Boxes, b: _Boxes) -> np.ndarray:
    """Whether a lies in b."""
    width = np.minimum(a.x1, b.x1) - np.maximum(a.x0, b.x0)
    height = np.minimum(a.y1, b.y1) - np.maximum(a.y0, b.y0)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    return soft_above(shared / a.area, 0.8, 0.06)


def different_things(boxes_xyxy: np.ndarray) -> np.ndarray:
    """bool (..., N, N): whether two regions of a photo, boxes (..., N, 4), are different things."""
    return box_overlaps(boxes_xyxy)[0] < 0.6

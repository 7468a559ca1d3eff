"""Masks of the people whose faces were found, from all masks that hold the face.

The mask head often outlines a head, a torso, or two people at once. Weighted by how well they fit
the face, its masks together outline the person better than any single one that would be kept.
"""

from __future__ import annotations

import numpy as np

from engine.starter.image.face_detector import Faces
from engine.starter.image.face_evidence import person_fits

SURE = 0.9
"""Least probability of a face."""
LEAST_HEIGHT = 0.03
"""Least height of a face, as a share of the photo's."""
MOST = 6
"""Most faces of a photo, the largest ones."""
_LEAST_FIT, _FIT_POWER = 0.5, 4
"""Masks that fit less are not used, and the better they fit the more they weigh, so that a head,
which often has the highest score, does not outweigh the person."""
_ANOTHER_FACE = 0.3
"""Factor of a mask's weight for each further face in it."""


def person_masks(
    faces: Faces, photo_hw: tuple[int, int], soft: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The mask of each person with a sure face, if any mask fits the face.

    On photos that the mask head was not trained on, 51 instead of 49 of 64 people with a face got a
    mask with an IoU of 0.5, and 20 instead of 14 one of 0.75.

    Args:
        faces: in pixels of a photo of the size ``photo_hw``.
        soft: float32 (N, h, w), 0..1, all masks of the whole photo before duplicates are dropped.
        scores: float32 (N,).

    Returns:
        Soft masks (M, h, w) and scores (M,), the highest ones of the masks that each consists of.
    """
    height, width = soft.shape[1:]
    scale = np.array([width / photo_hw[1], height / photo_hw[0]] * 2, np.float32)
    sure = faces.boxes_xyxy[faces.probabilities >= SURE] * scale
    fits = person_fits(sure, list(soft > 0.5))
    face_counts = (fits > 0).sum(axis=1)
    heights = sure[:, 3] - sure[:, 1]
    made, made_scores = np.zeros((0, height, width), np.float32), np.zeros(0, np.float32)
    for column in np.argsort(-heights, kind="stable")[:MOST]:
        fit = fits[:, column]
        used = fit >= _LEAST_FIT
        if heights[column] < LEAST_HEIGHT * height or not used.any():
            continue
        weights = scores[used] ** 2 * fit[used] ** _FIT_POWER
        weights *= _ANOTHER_FACE ** (face_counts[used] - 1)
        mask = np.tensordot(weights / weights.sum(), soft[used], 1).astype(np.float32)
        made = np.concatenate([made, mask[None]])
        made_scores = np.append(made_scores, scores[used].max())
    return made, made_scores

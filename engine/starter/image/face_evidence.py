"""Values for "there is a person": of regions and of the whole photo, from the faces in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.masks.geometry import mask_box
from engine.starter.image.face_detector import Faces

LEAST_INSIDE = 0.6
"""Share of a face's box that must lie in a mask for the face to belong to it."""
WHOLE_SIDE = 0.12
"""A face of this share of the photo's longest side gives the whole photo the full value."""

# How regions with a face that are a person (IoU of 0.5 or more with one; 305 photos) differ from
# those that are a part of one, several of them, or something else.
_FACE_ALONE, _PERSON_FROM, _PERSON_TO = 1.2, 4.0, 25.0
"""Area of a region in areas of the face: a face alone, the least and the most of one person."""
_LEAST_FOR_FACE = 0.3
"""Factor of a region that is not much more than the face."""
_HAIR, _CHIN = 0.15, 0.5
"""The middle of a face lies no further below the top of a person's box, in shares of its height,
than ``_HAIR`` plus ``_CHIN`` over the root of the area in faces."""
_TOO_LOW, _LEAST_FOR_LOW = 0.3, 0.2
"""Share of the height over which the factor falls to its least, for a face that lies lower."""


def person_fits(boxes_xyxy: np.ndarray, masks_hw: Sequence[np.ndarray]) -> np.ndarray:
    """How well masks fit faces as the person that a face belongs to, float32 (masks, faces), 0..1.

    Zero if the face does not lie in the mask; 1 if it has the size and the place that it has in a
    person; less for a head alone, a group, and a thing with a face at its bottom.

    Args:
        boxes_xyxy: float32 (faces, 4), in pixels of the masks.
        masks_hw: bool (H, W) each, none of them empty.
    """
    fits = np.zeros((len(masks_hw), len(boxes_xyxy)), np.float32)
    corners = np.concatenate([np.floor(boxes_xyxy[:, :2]), np.ceil(boxes_xyxy[:, 2:])], 1)
    for row, mask in enumerate(masks_hw):
        for column, (x0, y0, x1, y1) in enumerate(corners.astype(int)):
            if mask[y0:y1, x0:x1].mean() >= LEAST_INSIDE:
                fits[row, column] = _fit(boxes_xyxy[column], mask)
    return fits


def region_face_values(faces: Faces, masks_hw: Sequence[np.ndarray]) -> np.ndarray:
    """How surely each region is one person with a visible face, float32 (N,), 0..1.

    The highest product of a face's probability and the region's ``person_fits``.

    Args:
        masks_hw: bool (H, W) each, none of them empty, of the size of the photo that the faces
            were found in.
    """
    fits = person_fits(faces.boxes_xyxy, masks_hw)
    return (fits * faces.probabilities).max(axis=1, initial=0)


def _fit(box_xyxy: np.ndarray, mask_hw: np.ndarray) -> float:
    """The factors of ``person_fits`` for size and place, multiplied."""
    box = mask_box(mask_hw)
    assert box is not None, "a face lies in it"
    x0, y0, x1, y1 = (float(side) for side in box_xyxy)
    ratio = float(mask_hw.sum()) / ((x1 - x0) * (y1 - y0))
    place = ((y0 + y1) / 2 - box.y0) / box.height
    grown = np.log(ratio / _FACE_ALONE) / np.log(_PERSON_FROM / _FACE_ALONE)
    size = float(np.clip(grown, _LEAST_FOR_FACE, 1)) * min(1.0, _PERSON_TO / ratio)
    low = place - _HAIR - _CHIN / ratio**0.5
    return size * float(np.clip(1 - low / _TOO_LOW, _LEAST_FOR_LOW, 1))


def whole_face_value(faces: Faces, photo_hw: tuple[int, int]) -> float:
    """How surely and how largely the photo shows a person, 0..1, by its surest large face."""
    sides = np.sqrt(_areas(faces)) / max(photo_hw)
    return float((faces.probabilities * np.minimum(1, sides / WHOLE_SIDE)).max(initial=0))


def _areas(faces: Faces) -> np.ndarray:
    """Areas of the boxes in pixels, float32 (N,)."""
    x0, y0, x1, y1 = faces.boxes_xyxy.T
    return (x1 - x0) * (y1 - y0)

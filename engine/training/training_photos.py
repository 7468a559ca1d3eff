"""COCO-format photos for fitting the starter models: reading, augmentation, copy-paste."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.decode.reader import read_upright
from engine.evaluation import coco_truth
from engine.masks.geometry import ANALYSIS_SIDE_PX, mask_box, scale_mask

CROP_PX = 448
"""Side of a training crop."""
TARGET_STRIDE = 4
"""Pixels of the crop along a side of a pixel of a target mask."""


@dataclass(frozen=True)
class Instance:
    """One annotated thing: its mask inside its box, and its category.

    Attributes:
        mask_hw: bool, cropped to ``box`` = (x0, y0, x1, y1), whole pixels of the photo.
        crowd: a group with one mask; ignored by the losses.
    """

    mask_hw: np.ndarray
    box: tuple[int, int, int, int]
    category: str
    crowd: bool

    def full_mask(self, hw: tuple[int, int]) -> np.ndarray:
        """The mask as bool (H, W) of the photo."""
        mask = np.zeros(hw, bool)
        x0, y0, x1, y1 = self.box
        mask[y0:y1, x0:x1] = self.mask_hw
        return mask


@dataclass(frozen=True)
class TrainingPhoto:
    """A decoded photo (uint8 HWC) with its instances."""

    name: str
    rgb: np.ndarray
    instances: tuple[Instance, ...]


@dataclass(frozen=True)
class Crop:
    """One augmented training image.

    Attributes:
        rgb: uint8 (CROP_PX, CROP_PX, 3).
        masks: float32 (N, CROP_PX / 4, CROP_PX / 4), soft, 0..1; visible parts only.
        crowd: bool (CROP_PX / 4, CROP_PX / 4), area that the losses ignore.
    """

    rgb: np.ndarray
    masks: np.ndarray
    crowd: np.ndarray


def read_photos(photos_dir: Path, coco_json: Path) -> list[TrainingPhoto]:
    """The photos of a COCO instances file that exist in ``photos_dir``, sorted by name.

    Raises:
        EngineError: the JSON or one of the photos cannot be read.
    """
    truth = coco_truth.load(coco_json)
    photos = []
    for listed in sorted(truth.photos, key=lambda photo: photo.file_name):
        path = photos_dir / listed.file_name
        if path.is_file():
            rgb = read_upright(path, ANALYSIS_SIDE_PX).rgb
            found = [_instance(i, listed.size_wh, rgb, truth.categories) for i in listed.instances]
            kept = tuple(instance for instance in found if instance is not None)
            photos.append(TrainingPhoto(listed.file_name, rgb, kept))
    return photos


def without(photo: TrainingPhoto, categories: frozenset[str]) -> TrainingPhoto:
    """The photo with the things of some categories marked as crowds, so that they are ignored."""
    kept = tuple(replace(i, crowd=i.crowd or i.category in categories) for i in photo.instances)
    return replace(photo, instances=kept)


def _instance(
    annotated: coco_truth.Instance,
    size_wh: tuple[int, int],
    rgb: np.ndarray,
    names: Mapping[int, str],
) -> Instance | None:
    """An annotated thing at the size of the decoded photo; None if its mask is empty there."""
    mask = scale_mask(annotated.mask_hw(size_wh), rgb.shape[1::-1])
    tight = mask_box(mask)
    if tight is None:
        return None
    x0, y0, x1, y1 = (int(side) for side in tight.as_tuple())
    name = names[annotated.category_id]
    return Instance(mask[y0:y1, x0:x1].copy(), (x0, y0, x1, y1), name, annotated.crowd)


def augmented_crop(photos: list[TrainingPhoto], index: int, rng: np.random.Generator) -> Crop:
    """A random crop of photo ``index``, sometimes with things of other photos pasted in."""
    photo = photos[index]
    height, width = photo.rgb.shape[:2]
    longest = float(np.exp(rng.uniform(np.log(300), np.log(900))))
    scale = longest / max(height, width)
    aspect = float(np.exp(rng.uniform(-0.2, 0.2)))
    sx, sy = scale * aspect**0.5, scale / aspect**0.5
    flip = rng.random() < 0.5
    matrix = _placement(width * sx, height * sy, sx, sy, width, flip, rng)
    canvas = _warp_photo(_jitter(photo.rgb, rng), matrix, scale)
    layers = [(_warp_mask(i, matrix), i.crowd) for i in photo.instances]
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(1, 4))):
            canvas, layers = _paste(canvas, layers, photos, rng)
    crowd = np.zeros(_target_hw(), bool)
    masks = []
    for mask, is_crowd in layers:
        if is_crowd:
            crowd |= mask > 0.5
        elif mask.sum() >= 6:
            masks.append(mask)
    stacked = np.stack(masks) if masks else np.zeros((0, *_target_hw()), np.float32)
    return Crop(canvas, stacked, crowd)


def _target_hw() -> tuple[int, int]:
    return CROP_PX // TARGET_STRIDE, CROP_PX // TARGET_STRIDE


def _placement(
    view_w: float,
    view_h: float,
    sx: float,
    sy: float,
    width: int,
    flip: bool,
    rng: np.random.Generator,
) -> np.ndarray:
    """Affine matrix photo -> crop: scale, flip, and a random offset that keeps the crop filled."""
    offset_x = -rng.uniform(min(0, view_w - CROP_PX), max(0, view_w - CROP_PX))
    offset_y = -rng.uniform(min(0, view_h - CROP_PX), max(0, view_h - CROP_PX))
    if flip:
        return np.array([[-sx, 0, width * sx + offset_x], [0, sy, offset_y]], np.float64)
    return np.array([[sx, 0, offset_x], [0, sy, offset_y]], np.float64)


def _warp_photo(rgb: np.ndarray, matrix: np.ndarray, scale: float) -> np.ndarray:
    """The photo in the crop, uint8 (CROP_PX, CROP_PX, 3); grey outside the photo."""
    import cv2

    if scale < 0.6:
        # warpAffine samples without averaging: without a blur, fine structure would alias.
        rgb = cv2.GaussianBlur(rgb, (0, 0), 0.4 / scale)
    return cv2.warpAffine(
        rgb, matrix, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR, borderValue=(127, 127, 127)
    )


def _warp_mask(instance: Instance, matrix: np.ndarray) -> np.ndarray:
    """The soft mask in the crop's target frame: warped at stride 2, averaged to stride 4."""
    import cv2

    x0, y0 = instance.box[:2]
    local = matrix.copy()
    local[:, 2] += matrix[:, :2] @ np.array([x0, y0], np.float64)
    local /= TARGET_STRIDE / 2
    side = CROP_PX * 2 // TARGET_STRIDE
    warped = cv2.warpAffine(
        instance.mask_hw.astype(np.uint8) * 255, local, (side, side), flags=cv2.INTER_LINEAR
    )
    soft = cv2.resize(warped, _target_hw()[::-1], interpolation=cv2.INTER_AREA)
    return soft.astype(np.float32) / 255


def _jitter(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random changes of colour, brightness, contrast and sharpness."""
    """Random grey, gain, contrast and blur."""
    import cv2

    if rng.random() < 0.1:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        rgb = np.repeat(grey[..., None], 3, axis=2)
    elif rng.random() < 0.8:
        gain = rng.uniform(0.7, 1.3) * rng.uniform(0.9, 1.1, 3)
        shifted = (rgb.astype(np.float32) - 127) * rng.uniform(0.8, 1.2) + 127
        rgb = np.clip(shifted * gain, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        rgb = cv2.GaussianBlur(rgb, (0, 0), float(rng.uniform(0.5, 1.5)))
    return rgb


def _paste(
    canvas: np.ndarray,
    layers: list[tuple[np.ndarray, bool]],
    photos: list[TrainingPhoto],
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[tuple[np.ndarray, bool]]]:
    """Copy-paste (Ghiasi et al. 2021): add one thing of another photo to the canvas and layers."""
    import cv2

    donor = photos[int(rng.integers(len(photos)))]
    things = [i for i in donor.instances if not i.crowd and i.mask_hw.sum() > 900]
    if not things:
        return canvas, layers
    thing = things[int(rng.integers(len(things)))]
    x0, y0, x1, y1 = thing.box
    side = float(np.exp(rng.uniform(np.log(32), np.log(260))))
    scale = min(side / max(x1 - x0, y1 - y0), 2.0)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    centre = rng.uniform(0, CROP_PX, 2)
    matrix = np.array([[scale * flip, 0, 0], [0, scale, 0]], np.float64)
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    matrix[:, 2] = centre - matrix[:, :2] @ middle
    picture = _jitter(_warp_photo(donor.rgb, matrix, scale), rng)
    mask = _warp_mask(thing, matrix)
    alpha = cv2.resize(mask, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR)[..., None]
    canvas = (canvas * (1 - alpha) + picture * alpha).astype(np.uint8)
    layers = [(earlier * (1 - mask), crowd) for earlier, crowd in layers]
    return canvas, [*layers, (mask, False)]

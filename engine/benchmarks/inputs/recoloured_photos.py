"""Generates photos for colour queries: things cut out, repainted and pasted into other photos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.evaluation.coco_truth import CocoTruth, Instance, TruthPhoto
from engine.masks.geometry import mask_box

PAINTABLE = (
    *("car", "bus", "umbrella", "chair", "suitcase", "teddy bear", "cup", "truck", "vase", "dog"),
    *("backpack", "motorcycle", "boat", "cat", "horse", "bird", "airplane"),
)
"""Categories whose things exist in many colours, or stay recognisable in any."""
PAINTS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((22, 22, 24), (38, 37, 36)),
    "white": ((240, 240, 238), (226, 227, 230)),
    "grey": ((128, 128, 130), (105, 107, 110)),
    "red": ((200, 25, 30), (130, 18, 26)),
    "orange": ((240, 125, 20), (225, 100, 30)),
    "yellow": ((245, 210, 35), (225, 190, 60)),
    "green": ((35, 135, 55), (110, 175, 60)),
    "blue": ((30, 75, 185), (110, 170, 220)),
    "purple": ((115, 45, 140), (150, 105, 190)),
    "pink": ((240, 120, 165), (245, 180, 195)),
    "brown": ((105, 65, 38), (140, 95, 60)),
}
"""sRGB values by colour name, as common on cars, clothes and furniture."""
_SMALLEST_PX = 80 * 80
"""Least area of a thing, in square pixels."""
_LARGEST_SHARE = 0.6
"""Largest area of a thing, as a share of its photo."""
_SHADING = 0.7
"""Share of the differences in lightness that repainting keeps."""
_SIDE_SHARE = (0.5, 0.65)
"""Longer side of a pasted thing, as a share of the shorter side of the background; range."""


@dataclass(frozen=True, slots=True)
class RecolouredPhoto:
    """One generated photo, with the category and the colour of its repainted thing."""

    file_name: str
    category: str
    colour: str


def make(
    folder: Path, truth: CocoTruth, photos_dir: Path, categories: int, seed: int = 0
) -> list[RecolouredPhoto]:
    """Write one photo for each colour of ``PAINTS`` and one large thing of each category.

    Backgrounds are photos without things of the repainted categories; they are used in random
    order, and again once all have been used.

    Args:
        categories: at most so many categories of ``PAINTABLE`` are used.

    Returns:
        In the order of writing; empty if no category of ``PAINTABLE`` has a thing large enough,
        or every photo holds one.
    """
    from PIL import Image

    rng = np.random.default_rng(seed)
    things = dict(list(_things(truth))[:categories])
    ids = {key for key, name in truth.categories.items() if name in things}
    backgrounds = [photo for photo in truth.photos if not any(photo.holds(key) for key in ids)]
    if not backgrounds:
        return []
    order = rng.permutation(len(backgrounds))
    generated: list[RecolouredPhoto] = []
    folder.mkdir(parents=True, exist_ok=True)
    for row, (category, (photo, thing)) in enumerate(things.items()):
        rgb = _pixels(photos_dir / photo.file_name)
        mask = thing.mask_hw(photo.size_wh)
        for colour, paints in PAINTS.items():
            background = backgrounds[order[len(generated) % len(backgrounds)]]
            painted = repaint(rgb, mask, paints[row % len(paints)])
            pasted = paste(_pixels(photos_dir / background.file_name), painted, mask, rng)
            name = f"{len(generated):05d}-{category.replace(' ', '-')}-{colour}.jpg"
            Image.fromarray(pasted).save(folder / name, quality=92)
            generated.append(RecolouredPhoto(name, category, colour))
    return generated


def repaint(rgb: np.ndarray, mask_hw: np.ndarray, paint_rgb: tuple[int, int, int]) -> np.ndarray:
    """The photo with the thing in another colour; its shading stays.

    Works in CIELAB: the lightness of the paint replaces the median lightness of the thing.

    Args:
        rgb: uint8 (H, W, 3).
        mask_hw: bool (H, W), not empty.
    """
    import cv2

    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    paint = cv2.cvtColor(np.array([[paint_rgb]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    shade = (lab[mask_hw][:, 0] - np.median(lab[mask_hw][:, 0])) * _SHADING
    lightness = np.clip(paint[0] + shade, 2, 98)
    # Chroma falls in shadows, and in highlights, which have the colour of the light source.
    strength = np.minimum(lightness / paint[0], (100 - lightness) / (100 - paint[0]))
    lab[mask_hw] = np.stack([lightness, *(paint[1:, None] * np.clip(strength, 0.2, 1.1))], axis=1)
    painted = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return (np.clip(painted, 0, 1) * 255).round().astype(np.uint8)


def paste(
    background_rgb: np.ndarray, rgb: np.ndarray, mask_hw: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The background with the thing at a random place, about half as long as its shorter side."""
    import cv2

    box = mask_box(mask_hw)
    assert box is not None  # the mask of a large thing is not empty
    around = np.s_[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
    height, width = background_rgb.shape[:2]
    side = min(height, width) * rng.uniform(*_SIDE_SHARE)
    scale = side / max(box.width, box.height)
    size_wh = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    thing = cv2.resize(rgb[around], size_wh, interpolation=how).astype(np.float32)
    cover = cv2.resize(mask_hw[around].astype(np.float32), size_wh, interpolation=how)[..., None]
    x, y = (int(rng.integers(limit + 1)) for limit in (width - size_wh[0], height - size_wh[1]))
    pasted = background_rgb.copy()
    place = pasted[y : y + size_wh[1], x : x + size_wh[0]]
    place[:] = (thing * cover + place * (1 - cover)).round().astype(np.uint8)
    return pasted


def _things(truth: CocoTruth) -> Iterator[tuple[str, tuple[TruthPhoto, Instance]]]:
    """The largest fully visible thing of each category, in the order of ``PAINTABLE``."""
    names = {name: key for key, name in truth.categories.items()}
    for category in PAINTABLE:
        found = [
            (_is_fully_visible(photo, thing), thing.area_px, photo.file_name, photo, thing)
            for photo in truth.photos
            for thing in photo.instances
            if thing.category_id == names.get(category)
            and not thing.crowd
            and _SMALLEST_PX <= thing.area_px <= _LARGEST_SHARE * np.prod(photo.size_wh)
        ]
        if found:
            yield category, max(found, key=lambda item: item[:3])[3:]


def _is_fully_visible(photo: TruthPhoto, thing: Instance) -> bool:
    """Whether the thing is probably not cut off or covered: in one piece, off the photo's edge."""
    box = mask_box(thing.mask_hw(photo.size_wh))
    if box is None:
        return False
    width, height = photo.size_wh
    inside = box.x0 > 2 and box.y0 > 2 and box.x1 < width - 2
    pieces = len(thing.shape) if isinstance(thing.shape, tuple) else 1
    return inside and box.y1 < height - 2 and pieces == 1


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).copy()

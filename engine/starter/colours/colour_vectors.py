"""Values of the basic colours for a thing, from the pixels under its mask.

A pixel is assigned to the eleven basic colour terms (Berlin & Kay 1969) by its distance to
hand-placed anchors in OKLab (Ottosson 2020). A thing's value for a colour grows with the colour's
share of its pixels. Vivid pixels weigh more than dull ones, so that shadows, highlights and tyres
do not outweigh the paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.masks.geometry import mask_box

COLOURS = (
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown"
)  # fmt: skip
COLOUR_WEIGHT = 0.4
"""Weight of the colour part of a query's vector; the meaning part has weight 1."""

_SIDE_PX = 40
_FEWEST_PX, _MOST_PX = 12, 500
_WIDTH = 0.03
_LIGHTNESS_SHARE = 0.35
"""Lightness counts less than hue and chroma: pixels of one hue and different lightness share a
name more often than pixels of one lightness and different hue."""
_VIVID_FROM, _VIVID_TO = 0.03, 0.12
_DULL_WEIGHT = 0.4
_LEAST_SHARE = 0.03
"""A smaller share of the pixels counts as none."""
_SATURATION = 4.0
"""Makes the value grow steeply for small shares: a half red thing is nearly as red as a red one."""
_ILLUMINANT_SIDE_PX = 96
_ILLUMINANT_NORM = 6
_ILLUMINANT_SHARE = 0.4
_MOST_GAIN = 1.25
_BRIGHT_PERCENTILE, _BRIGHT, _MOST_BRIGHTENING = 95, 0.8, 1.4
"""An underexposed photo is brightened until this percentile of its luminance reaches ``_BRIGHT``,
at most by ``_MOST_BRIGHTENING``: white in it is still white."""

# Names (several share the anchor), lightness 0..1, chroma 0..0.3, hue in degrees.
_ANCHORS: tuple[tuple[str, float, float, float], ...] = (
    ("black", 0.10, 0.00, 0), ("black", 0.22, 0.00, 0), ("black", 0.32, 0.00, 0),
    ("black", 0.27, 0.02, 260), ("black", 0.25, 0.02, 60), ("black", 0.22, 0.02, 150),
    ("grey", 0.43, 0.00, 0), ("grey", 0.50, 0.00, 0), ("grey", 0.58, 0.00, 0),
    ("grey", 0.50, 0.02, 250), ("grey", 0.58, 0.02, 250), ("grey", 0.50, 0.02, 70),
    ("grey", 0.58, 0.02, 70),
    ("white", 0.76, 0.00, 0), ("white", 0.86, 0.00, 0), ("white", 0.96, 0.00, 0),
    ("white", 0.76, 0.02, 80), ("white", 0.90, 0.03, 90), ("white", 0.90, 0.02, 250),
    ("white", 0.76, 0.02, 250), ("white", 0.92, 0.02, 0),
    ("red", 0.63, 0.25, 29), ("red", 0.55, 0.20, 27), ("red", 0.45, 0.17, 27),
    ("red", 0.36, 0.13, 26), ("red", 0.28, 0.09, 25), ("red", 0.50, 0.14, 24),
    ("red", 0.58, 0.22, 16), ("red", 0.42, 0.11, 20), ("red", 0.60, 0.17, 29),
    ("red", 0.33, 0.07, 29), ("red", 0.40, 0.09, 29),
    ("orange", 0.70, 0.19, 48), ("orange", 0.77, 0.17, 65), ("orange", 0.66, 0.17, 52),
    ("orange", 0.76, 0.13, 60), ("orange", 0.81, 0.15, 72),
    ("orange", 0.62, 0.13, 67), ("orange", 0.60, 0.12, 56), ("orange", 0.70, 0.13, 70),
    ("yellow", 0.97, 0.21, 110), ("yellow", 0.90, 0.18, 98), ("yellow", 0.86, 0.17, 90),
    ("yellow", 0.82, 0.13, 95), ("yellow", 0.92, 0.10, 100), ("yellow", 0.75, 0.14, 95),
    ("yellow", 0.95, 0.06, 105), ("yellow", 0.76, 0.10, 88), ("yellow", 0.68, 0.12, 90),
    ("green", 0.87, 0.29, 142), ("green", 0.52, 0.17, 142), ("green", 0.70, 0.19, 135),
    ("green", 0.60, 0.12, 130), ("green", 0.45, 0.10, 140), ("green", 0.35, 0.07, 140),
    ("green", 0.80, 0.10, 145), ("green", 0.80, 0.19, 122), ("green", 0.65, 0.08, 150),
    ("green", 0.50, 0.06, 135), ("green", 0.55, 0.10, 165), ("green", 0.70, 0.14, 160),
    ("green", 0.45, 0.07, 120), ("green", 0.30, 0.05, 130),
    ("green blue", 0.55, 0.09, 195), ("green blue", 0.75, 0.12, 195),
    ("green blue", 0.90, 0.15, 195), ("green blue", 0.40, 0.06, 195),
    ("blue", 0.45, 0.31, 264), ("blue", 0.35, 0.15, 262), ("blue", 0.27, 0.10, 265),
    ("blue", 0.55, 0.18, 255), ("blue", 0.65, 0.14, 245), ("blue", 0.75, 0.10, 235),
    ("blue", 0.85, 0.06, 230), ("blue", 0.50, 0.08, 255), ("blue", 0.60, 0.06, 250),
    ("blue", 0.40, 0.06, 258), ("blue", 0.70, 0.14, 225), ("blue", 0.30, 0.06, 260),
    ("blue", 0.75, 0.06, 245), ("blue", 0.55, 0.15, 279), ("blue", 0.88, 0.05, 212),
    ("purple", 0.42, 0.19, 328), ("purple", 0.45, 0.20, 305), ("purple", 0.35, 0.14, 300),
    ("purple", 0.60, 0.18, 305), ("purple", 0.75, 0.11, 305), ("purple", 0.55, 0.10, 310),
    ("purple", 0.40, 0.09, 315), ("purple", 0.30, 0.07, 315), ("purple", 0.70, 0.06, 305),
    ("purple", 0.55, 0.20, 320), ("purple pink", 0.70, 0.28, 330), ("pink", 0.69, 0.13, 335),
    ("purple", 0.55, 0.05, 297), ("purple red", 0.40, 0.08, 350),
    ("pink", 0.87, 0.07, 8), ("pink", 0.80, 0.10, 0), ("pink", 0.72, 0.20, 350),
    ("pink", 0.65, 0.24, 357), ("pink", 0.75, 0.13, 10), ("pink", 0.85, 0.06, 350),
    ("pink", 0.70, 0.10, 5), ("pink", 0.89, 0.035, 8), ("pink orange", 0.78, 0.12, 25),
    ("brown", 0.30, 0.05, 50), ("brown", 0.40, 0.07, 50), ("brown", 0.48, 0.09, 55),
    ("brown", 0.55, 0.09, 65), ("brown", 0.60, 0.08, 70), ("brown", 0.38, 0.10, 42),
    ("brown", 0.50, 0.05, 65), ("brown", 0.65, 0.08, 75), ("brown", 0.42, 0.04, 60),
    ("brown", 0.33, 0.04, 70), ("brown", 0.50, 0.11, 50), ("brown", 0.70, 0.06, 75),
    ("brown white", 0.80, 0.06, 80), ("white brown white", 0.88, 0.04, 85),
    ("brown pink orange", 0.76, 0.08, 50),
    ("green yellow", 0.70, 0.14, 110), ("green green brown", 0.55, 0.10, 108),
    ("green brown", 0.42, 0.07, 105),
)  # fmt: skip

MEAN_VALUES = np.array(
    [0.35, 0.23, 0.29, 0.13, 0.08, 0.08, 0.10, 0.13, 0.04, 0.04, 0.41], np.float32
)  # fmt: skip
"""``colour_values`` of an ordinary thing: the mean over 1,500 annotated things of COCO photos."""


def colour_vectors(photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> np.ndarray:
    """``colour_values`` of each thing less the mean over all things.

    A vector of zeros stands for a thing whose colour is not known.

    Args:
        photo_rgb: uint8 (H, W, 3).
        masks_hw: bool (H, W) each. An empty mask gives zeros.

    Returns:
        float32 (N, 11) in the order of ``COLOURS``, each from -1 to 1.
    """
    values = colour_values(photo_rgb, masks_hw)
    return np.where(values.any(axis=1, keepdims=True), values - MEAN_VALUES, np.float32(0))


def colour_values(photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> np.ndarray:
    """How well each colour name fits each thing, float32 (N, 11), 0..1; see ``colour_vectors``."""
    values = np.zeros((len(masks_hw), len(COLOURS)), np.float32)
    gains = _white_balance_gains(photo_rgb) if len(masks_hw) else np.ones(3, np.float32)
    for row, mask_hw in enumerate(masks_hw):
        if mask_hw.any():
            lab = _oklab(_linear(_pixels(photo_rgb, mask_hw)) * gains)
            shares = np.maximum(0, _shares(lab) - _LEAST_SHARE) / (1 - _LEAST_SHARE)
            values[row] = np.expm1(-_SATURATION * shares) / np.expm1(-_SATURATION)
    return values


def _shares(lab: np.ndarray) -> np.ndarray:
    """The colours' shares of pixels (N, 3); float32 (11,), sum 1."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    vivid = np.clip((chroma - _VIVID_FROM) / (_VIVID_TO - _VIVID_FROM), 0, 1)
    weights = _DULL_WEIGHT + (1 - _DULL_WEIGHT) * vivid
    return weights @ _memberships(lab) / weights.sum()


def _memberships(lab: np.ndarray) -> np.ndarray:
    """Each pixel's membership in the colours, float32 (N, 11), rows sum to 1."""
    positions, names = _anchors()
    scaled = lab * np.array([_LIGHTNESS_SHARE, 1, 1], np.float32)
    squares = (scaled**2).sum(1)[:, None] + (positions**2).sum(1) - 2 * scaled @ positions.T
    # Distances are relative to the nearest anchor, so that a colour far from all has a name too.
    squares -= squares.min(axis=1, keepdims=True)
    near = np.exp(-squares / np.float32(2 * _WIDTH**2))
    return (near / near.sum(axis=1, keepdims=True)) @ names


@lru_cache(maxsize=1)
def _anchors() -> tuple[np.ndarray, np.ndarray]:
    """Positions of the anchors (A, 3) in the scaled space, and their names' shares (A, 11)."""
    positions: list[tuple[float, float, float]] = []
    names = np.zeros((len(_ANCHORS), len(COLOURS)), np.float32)
    for row, (words, lightness, chroma, hue) in enumerate(_ANCHORS):
        angle = np.deg2rad(hue)
        a, b = chroma * np.cos(angle), chroma * np.sin(angle)
        positions.append((lightness * _LIGHTNESS_SHARE, a, b))
        for word in words.split():
            names[row, COLOURS.index(word)] += 1 / len(words.split())
    return np.array(positions, np.float32), names


def _pixels(photo_rgb: np.ndarray, mask_hw: np.ndarray) -> np.ndarray:
    """Pixels of the thing on a small grid, uint8 (N, 3), without its rim, where colours mix."""
    import cv2

    box = mask_box(mask_hw)
    assert box is not None, "colour_values skips empty masks"
    in_box = np.s_[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
    cropped = mask_hw[in_box].astype(np.float32)
    height, width = cropped.shape
    scale = min(1.0, _SIDE_PX / max(height, width))
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    inside = cv2.resize(cropped, size_wh, interpolation=cv2.INTER_AREA)
    rgb = cv2.resize(photo_rgb[in_box], size_wh, interpolation=cv2.INTER_AREA)
    full = (inside > 0.9).astype(np.uint8)
    eroded, half = cv2.erode(full, np.ones((3, 3), np.uint8)), (inside > 0.5).astype(np.uint8)
    for kept in (eroded, full, half):
        if kept.sum() >= max(_FEWEST_PX, 0.2 * inside.sum()):
            inner = rgb[kept > 0]
            return inner[:: 1 + len(inner) // _MOST_PX]
    return rgb[inside >= inside.max() * 0.5]


def _white_balance_gains(photo_rgb: np.ndarray) -> np.ndarray:
    """White balance and brightening: factors of linear R, G, B, float32 (3,).

    The colour of the light is estimated from the bright parts (shades of grey, Finlayson & Trezzi
    2004). Only part of it is removed, because a photo of a red wall looks like one under red light.
    """
    import cv2

    height, width = photo_rgb.shape[:2]
    scale = min(1.0, _ILLUMINANT_SIDE_PX / max(height, width))
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = _linear(cv2.resize(photo_rgb, size_wh, interpolation=cv2.INTER_AREA).reshape(-1, 3))
    light = (small**_ILLUMINANT_NORM).mean(axis=0) ** (1 / _ILLUMINANT_NORM) + 1e-4
    gains = np.clip((light.mean() / light) ** _ILLUMINANT_SHARE, 1 / _MOST_GAIN, _MOST_GAIN)
    bright = np.percentile(small @ _LUMINANCE, _BRIGHT_PERCENTILE)
    brightening = np.clip(_BRIGHT / max(float(bright), 1e-4), 1, _MOST_BRIGHTENING)
    return (gains * brightening).astype(np.float32)


@lru_cache(maxsize=1)
def _linear_values() -> np.ndarray:
    """Linear light of each of the 256 sRGB bytes."""
    encoded = np.arange(256, dtype=np.float32) / 255
    curve = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


def _linear(rgb: np.ndarray) -> np.ndarray:
    """Linear light 0..1 of sRGB bytes."""
    return _linear_values()[rgb]


def _oklab(linear_rgb: np.ndarray) -> np.ndarray:
    """OKLab of linear sRGB (N, 3); lightness 0..1, the other two about -0.3..0.3."""
    cones = linear_rgb @ _TO_CONES.T
    return np.cbrt(cones) @ _TO_LAB.T


_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)

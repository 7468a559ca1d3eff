"""Generated photos: coloured rectangles on grey."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.fakes.colour_models import COLOURS

GREY = (128, 128, 128)


def pixels(
    shapes: Sequence[tuple[str, tuple[int, int, int, int]]],
    size_wh: tuple[int, int] = (160, 120),
    background: tuple[int, int, int] = GREY,
) -> np.ndarray:
    """uint8 (H, W, 3): each shape is a colour and its box x0, y0, x1, y1."""
    rgb = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    rgb[:] = background
    for colour, (x0, y0, x1, y1) in shapes:
        rgb[y0:y1, x0:x1] = COLOURS[colour]
    return rgb


def write(path: Path, rgb: np.ndarray, *, age_s: float = 3600.0, **options) -> Path:
    """Save in the format of the suffix, with a modification time ``age_s`` seconds ago."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, **options)
    return aged(path, age_s)


def photo(
    path: Path,
    *colours: str,
    size_wh: tuple[int, int] = (160, 120),
    background: tuple[int, int, int] = GREY,
    age_s: float = 3600.0,
    seed: int = 0,
) -> Path:
    """Write a photo with one square for each colour; ``seed`` varies positions and bytes."""
    rng = np.random.default_rng(seed)
    shapes = []
    for i, colour in enumerate(colours):
        x0 = 8 + 36 * i + int(rng.integers(0, 8))
        y0 = 20 + int(rng.integers(0, 40))
        shapes.append((colour, (x0, y0, x0 + 26, y0 + 26)))
    rgb = pixels(shapes, size_wh, background)
    rgb[-1, -1] = rng.integers(120, 136, 3)
    return write(path, rgb, age_s=age_s, **({"quality": 95} if path.suffix == ".jpg" else {}))


def aged(path: Path, age_s: float) -> Path:
    """Give a file a modification time in the past."""
    then_ns = time.time_ns() - int(age_s * 1e9)
    os.utime(path, ns=(then_ns, then_ns))
    return path

"""Generates photos for benchmarks: enlarged sample photos."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from engine import paths

LARGE = "large"
"""Prefix of the file names of 12-megapixel photos."""
_LARGE_PX, _SMALL_PX = 4000, 1600
_GRAIN = 4.0
"""Standard deviation of the sensor noise, in grey values; without it files are half as large."""
_AGE_S = 60
"""Files are dated back by this, because a scan takes a new file for one that is being written."""


def write_camera_like_photos(folder: Path, count: int, seed: int = 0) -> None:
    """Write ``count`` different JPEG files of the size and with the noise of camera photos.

    They are enlarged sample photos, every other one of 12 megapixels, the rest of 2, so the number
    of things in them is realistic."""
    import cv2
    from PIL import Image

    rng = np.random.default_rng(seed)
    samples = sorted((paths.resources_dir() / "samples").glob("*.jpg"))
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        with Image.open(samples[number % len(samples)]) as image:
            rgb = np.asarray(image.convert("RGB"))
        if number // len(samples) % 2:
            rgb = rgb[:, ::-1]
        large = (number + number // len(samples)) % 2 == 0
        longest_px = _LARGE_PX if large else _SMALL_PX
        scale = longest_px / max(rgb.shape)
        rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        grain = rng.normal(0, _GRAIN, (*rgb.shape[:2], 1)).astype(np.float32)
        rgb = (rgb + grain).clip(0, 255).astype(np.uint8)
        _write(folder / f"{LARGE if large else 'small'}-{number:05d}.jpg", rgb)


def _write(path: Path, rgb: np.ndarray) -> None:
    from PIL import Image

    Image.fromarray(rgb).save(path, quality=90)
    modified_s = time.time() - _AGE_S
    os.utime(path, (modified_s, modified_s))

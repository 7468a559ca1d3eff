"""Generates photos for benchmarks: coloured shapes, or enlarged sample photos."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from engine import paths

SIZE_WH = (640, 480)
LARGE = "large"
"""Prefix of the file names of 12-megapixel photos."""
_LARGE_PX, _SMALL_PX = 4000, 1600
_GRAIN = 4.0
"""Standard deviation of the sensor noise, in grey values; without it files are half as large."""
_AGE_S = 60
"""Files are dated back by this, because a scan takes a new file for one that is being written."""


def write_shapes(folder: Path, count: int, seed: int = 0) -> None:
    """Write ``count`` different JPEG files, each with 12 coloured shapes on a noisy gradient."""
    import cv2

    rng = np.random.default_rng(seed)
    width, height = SIZE_WH
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        gradient = np.linspace(rng.integers(0, 120), rng.integers(120, 255), width)
        rgb = np.repeat(np.tile(gradient, (height, 1))[..., None], 3, axis=2)
        rgb = (rgb + rng.normal(0, 6, rgb.shape)).clip(0, 255).astype(np.uint8)
        for _ in range(12):
            colour = [int(part) for part in rng.integers(0, 255, 3)]
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            side = int(rng.integers(20, 120))
            if rng.random() < 0.5:
                cv2.circle(rgb, (x, y), side // 2, colour, -1, cv2.LINE_AA)
            else:
                cv2.rectangle(rgb, (x, y), (x + side, y + side // 2), colour, -1)
        _write(folder / f"made-{number:05d}.jpg", rgb)


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

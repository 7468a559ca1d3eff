"""Photos made of shapes, for benchmarks that need any photos at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SIZE_WH = (640, 480)


def make(folder: Path, count: int, seed: int = 0) -> None:
    """Write ``count`` different JPEG files: a dozen coloured shapes on a noisy slope each."""
    import cv2
    from PIL import Image

    rng = np.random.default_rng(seed)
    width, height = SIZE_WH
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        slope = np.linspace(rng.integers(0, 120), rng.integers(120, 255), width)
        rgb = np.repeat(np.tile(slope, (height, 1))[..., None], 3, axis=2)
        rgb = (rgb + rng.normal(0, 6, rgb.shape)).clip(0, 255).astype(np.uint8)
        for _ in range(12):
            colour = [int(part) for part in rng.integers(0, 255, 3)]
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            side = int(rng.integers(20, 120))
            if rng.random() < 0.5:
                cv2.circle(rgb, (x, y), side // 2, colour, -1, cv2.LINE_AA)
            else:
                cv2.rectangle(rgb, (x, y), (x + side, y + side // 2), colour, -1)
        Image.fromarray(rgb).save(folder / f"made-{number:05d}.jpg", quality=90)

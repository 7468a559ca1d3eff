"""From a decoded picture of any mode to upright RGB pixels in sRGB, a strip at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.decode import srgb

Image = Any
"""A ``PIL.Image.Image``; Pillow is imported where it is used."""

_TILE_PX = 256
_REDUCING_GAP, _REDUCING_GAP_OF_HUGE = 3.0, 1.5
_HUGE_PX = 64_000_000
"""From so many pixels on the averages are coarser, so that they take less memory."""
_INVERSE_ORIENTATION = {6: 8, 8: 6}  # the others are their own inverse


@dataclass(frozen=True)
class Strips:
    """A decoded picture of which parts can be taken.

    A large photo exists once, as its decoder has left it: Pillow needs four bytes a pixel, and each
    conversion of the whole would need as many again.

    Attributes:
        size_wh: width and height.
        take: the rows from the first to the second number, as a picture that may be changed; all of
            them may be the picture itself.
        value_range: for grey of more than eight bits the values that become black and white.
    """

    size_wh: tuple[int, int]
    take: Callable[[int, int], Image]
    value_range: tuple[float, float] | None = None


def strips_of(image: Image) -> Strips:
    """The strips of a Pillow image, which this loads."""
    image.load()

    def take(top: int, bottom: int) -> Image:
        whole = bottom - top == image.height
        return image if whole else image.crop((0, top, image.width, bottom))

    strips = Strips(image.size, take)
    if image.mode.startswith("I") or image.mode == "F":
        return Strips(image.size, take, _value_range(image.mode, strips))
    return strips


def upright_srgb(
    strips: Strips, target_wh: tuple[int, int], profile: bytes | None, orientation: int
) -> np.ndarray:
    """The picture reduced, in sRGB, transparent parts white, and turned upright.

    Args:
        target_wh: size before it is turned, at most that of the picture.
        profile: ICC profile of its colours; None for sRGB.
        orientation: EXIF's, 1..8.

    Returns:
        uint8 (H, W, 3).
    """
    if target_wh != strips.size_wh:
        # Colours are converted after the reduction, which leaves less to convert.
        reduced = _resized(strips, target_wh, profile)
        strips = Strips(target_wh, lambda top, bottom: reduced.crop((0, top, target_wh[0], bottom)))
    width, height = target_wh
    upright = np.empty((*((width, height) if orientation >= 5 else (height, width)), 3), np.uint8)
    stored = _oriented_view(upright, _INVERSE_ORIENTATION.get(orientation, orientation))
    for top in range(0, height, _TILE_PX):
        bottom = min(top + _TILE_PX, height)
        strip = np.asarray(_to_srgb(_plain(strips.take(top, bottom), strips, profile), profile))
        # In tiles: turning a large photo at once misses the processor's cache at every pixel.
        for left in range(0, width, _TILE_PX):
            stored[top:bottom, left : left + _TILE_PX] = strip[:, left : left + _TILE_PX]
    return upright


def _resized(strips: Strips, target_wh: tuple[int, int], profile: bytes | None) -> Image:
    """The picture in a plain mode at the target size.

    Very large photos are first averaged in integer steps, as Pillow's ``reducing_gap`` does: much
    faster than filtering all their pixels, without a visible difference.
    """
    from PIL import Image as pillow

    size_wh = strips.size_wh
    gap = _REDUCING_GAP if size_wh[0] * size_wh[1] < _HUGE_PX else _REDUCING_GAP_OF_HUGE
    steps = (
        max(1, int(size_wh[0] / target_wh[0] / gap)),
        max(1, int(size_wh[1] / target_wh[1] / gap)),
    )
    if steps == (1, 1):
        reduced = _plain(strips.take(0, size_wh[1]), strips, profile)
    else:
        reduced = _averaged(strips, steps, profile)
    box = (0, 0, size_wh[0] / steps[0], size_wh[1] / steps[1])
    return reduced.resize(target_wh, pillow.Resampling.LANCZOS, box=box)


def _averaged(strips: Strips, steps: tuple[int, int], profile: bytes | None) -> Image:
    """The mean of each block of so many pixels, in a plain mode."""
    from PIL import Image as pillow

    height = strips.size_wh[1]
    rows = steps[1] * max(1, _TILE_PX // steps[1])
    averaged: Image = None
    for top in range(0, height, rows):
        strip = _plain(strips.take(top, min(top + rows, height)), strips, profile).reduce(steps)
        if averaged is None:
            averaged = pillow.new(strip.mode, (strip.width, -(-height // steps[1])))
        averaged.paste(strip, (0, top // steps[1]))
    return averaged


def _to_srgb(image: Image, profile: bytes | None) -> Image:
    """A picture of a plain mode in sRGB, transparent parts white: mode RGB."""
    if image.mode == "LAB":
        profile = srgb.lab_profile()
    if profile is not None:
        image = srgb.convert(image, profile)
    if image.mode in ("RGBA", "LA"):
        return _on_white(image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy RGB


def _plain(image: Image, strips: Strips, profile: bytes | None) -> Image:
    """The picture in a mode that can be reduced and converted: RGB, RGBA, L, LA, CMYK or LAB.

    Grey stays grey, and inks stay inks, if there is a profile of such a space.
    """
    if image.mode in ("RGB", "RGBA", "LAB"):
        return image
    if strips.value_range is not None:
        image = _to_eight_bits(image, *strips.value_range)
    elif image.mode == "La":
        image = image.convert("LA")
    space = srgb.space_of(profile) if profile else None
    if (space, image.mode) in (("GRAY", "L"), ("GRAY", "LA"), ("CMYK", "CMYK")):
        return image
    has_alpha = image.mode in ("LA", "PA", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _value_range(mode: str, strips: Strips) -> tuple[float, float]:
    """The values that become black and white in grey of more than eight bits.

    16-bit values are scaled from their full range. Wider values have no declared range, so their
    minimum and maximum are used, unless they look like 8 or 16 bits.
    """
    if mode.startswith("I;16"):
        return 0.0, 65535.0
    height = strips.size_wh[1]
    extremes = [
        (float(values.min()), float(values.max()))
        for top in range(0, height, _TILE_PX)
        for values in [np.nan_to_num(np.asarray(strips.take(top, min(top + _TILE_PX, height))))]
    ]
    low, high = min(pair[0] for pair in extremes), max(pair[1] for pair in extremes)
    if mode == "I" and low >= 0 and high <= 65535:
        return 0.0, 255.0 if high <= 255 else 65535.0
    return low, high


def _to_eight_bits(image: Image, low: float, high: float) -> Image:
    """Grey values of more than eight bits as mode L."""
    from PIL import Image as pillow

    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    values -= low
    values *= 255.0 / max(high - low, 1e-12)
    return pillow.fromarray(np.clip(values.round(), 0, 255).astype(np.uint8))


def _on_white(image: Image) -> Image:
    """A picture of mode RGBA as RGB, transparent parts white."""
    from PIL import Image as pillow

    background = pillow.new("RGBA", image.size, "white")
    background.alpha_composite(image)
    return background.convert("RGB")


def _oriented_view(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """An upright view of pixels that were stored with an EXIF orientation.

    >>> import numpy as np
    >>> stored = np.array([[[1] * 3, [2] * 3]], np.uint8)  # left: 1, right: 2
    >>> _oriented_view(stored, 6)[:, 0, 0].tolist()  # rotated clockwise, the left is on top
    [1, 2]
    >>> _oriented_view(stored, 8)[:, 0, 0].tolist()
    [2, 1]
    """
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels

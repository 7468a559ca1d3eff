"""From a decoded picture of any mode to upright RGB pixels in sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.decode import srgb

Image = Any
"""A ``PIL.Image.Image``; Pillow is imported where it is used."""

_TILE_PX = 256
_INVERSE_ORIENTATION = {6: 8, 8: 6}  # the others are their own inverse


def to_srgb(image: Image, size_wh: tuple[int, int], profile: bytes | None) -> Image:
    """The picture reduced to a size, in sRGB, transparent parts white: mode RGB.

    Colours are converted after the reduction, which leaves less to convert.

    Args:
        image: loaded; it may be changed.
        profile: ICC profile of its colours; None for sRGB.
    """
    if image.mode == "LAB":
        profile = srgb.lab_profile()
    image = _plain_mode(image, srgb.space_of(profile) if profile else None)
    image = _resized(image, size_wh)
    if profile is not None:
        image = srgb.convert(image, profile)
    if image.mode in ("RGBA", "LA"):
        return _on_white(image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy RGB


def _plain_mode(image: Image, space: str | None) -> Image:
    """The picture in a mode that can be reduced and converted: RGB, RGBA, L, LA, CMYK or LAB.

    Grey stays grey, and inks stay inks, if there is a profile of such a space.
    """
    if image.mode in ("RGB", "RGBA", "LAB"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    elif image.mode == "La":
        image = image.convert("LA")
    if (space, image.mode) in (("GRAY", "L"), ("GRAY", "LA"), ("CMYK", "CMYK")):
        return image
    has_alpha = image.mode in ("LA", "PA", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _to_eight_bits(image: Image) -> Image:
    """Reduce grey values of more than eight bits to eight, mode L.

    16-bit values are scaled from their full range. Wider values have no declared range, so their
    minimum and maximum are used.
    """
    from PIL import Image as pillow

    values = np.asarray(image).astype(np.float32)
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    else:
        values = np.nan_to_num(values)
        low, high = float(values.min()), float(values.max())
        if low >= 0 and high <= 255 and image.mode == "I":
            low, high = 0.0, 255.0
        elif low >= 0 and high <= 65535 and image.mode == "I":
            low, high = 0.0, 65535.0
    values -= low
    values *= 255.0 / max(high - low, 1e-12)
    return pillow.fromarray(np.clip(values.round(), 0, 255).astype(np.uint8))


def _resized(image: Image, target_wh: tuple[int, int]) -> Image:
    from PIL import Image as pillow

    if image.size == target_wh:
        return image
    # With a gap, very large photos are first averaged in integer steps: much faster, without a
    # visible difference.
    return image.resize(target_wh, pillow.Resampling.LANCZOS, reducing_gap=3.0)


def _on_white(image: Image) -> Image:
    """A picture of mode RGBA as RGB, transparent parts white."""
    from PIL import Image as pillow

    background = pillow.new("RGBA", image.size, "white")
    background.alpha_composite(image)
    return background.convert("RGB")


def copy_upright(image: Image, orientation: int) -> np.ndarray:
    """Copy the pixels of an RGB picture upright, in tiles: uint8 (H, W, 3).

    Pillow makes two more copies of everything it converts to an array, and rotating a large photo
    at once misses the processor's cache at every pixel.

    Args:
        orientation: EXIF's, 1..8.
    """
    width, height = image.size
    upright_hw = (width, height) if orientation >= 5 else (height, width)
    upright = np.empty((*upright_hw, 3), np.uint8)
    stored = _oriented_view(upright, _INVERSE_ORIENTATION.get(orientation, orientation))
    for top in range(0, height, _TILE_PX):
        strip = np.asarray(image.crop((0, top, width, min(top + _TILE_PX, height))))
        for left in range(0, width, _TILE_PX):
            here = (slice(top, top + _TILE_PX), slice(left, left + _TILE_PX))
            stored[here] = strip[:, here[1]]
    return upright


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

"""Converts pictures from the colour space of an ICC profile to sRGB, with LittleCMS."""

from __future__ import annotations

import functools
import io
import logging
from typing import Any

import numpy as np

log = logging.getLogger(__name__)

Image = Any
"""A ``PIL.Image.Image``."""

_MODES = {"RGB ": ("RGB", "RGBA"), "GRAY": ("L", "LA"), "CMYK": ("CMYK",), "Lab ": ("LAB",)}
"""Colour space of a profile -> the modes of pictures that it describes."""
_LINK = "link"
_MAX_PROFILE_BYTES = 16 << 20
_SAME_WITHIN = 1
"""Profiles that move no colour by more than this (0..255) are sRGB, whatever their name."""
_PROBE_STEPS = 9


def space_of(profile: bytes) -> str | None:
    """The space of the colours that a profile describes: "RGB ", "GRAY", "CMYK" or another of the
    ICC's names; None if the profile is broken."""
    opened = _open(profile)
    if opened is None:
        return None
    try:
        return opened.profile.xcolor_space
    except UnicodeDecodeError:
        return None


def convert(image: Image, profile: bytes) -> Image:
    """The picture in sRGB, as RGB or RGBA; unchanged if its profile is broken or of another space.

    RGB is converted in place. Thread-safe.

    Args:
        image: "RGB", "RGBA", "L", "LA", "CMYK" or "LAB".
    """
    from PIL import ImageCms

    if image.mode not in _MODES.get(space_of(profile) or "", ()):
        log.info("a colour profile of another space than the photo (%s) is ignored", image.mode)
        return image
    if image.mode == "LA":
        grey, alpha = image.split()
        converted = convert(grey, profile).convert("RGB")
        converted.putalpha(alpha)
        return converted
    transform = _transform(profile, image.mode)
    if transform is None:
        return image
    if image.mode in ("RGB", "RGBA"):
        ImageCms.applyTransform(image, transform, inPlace=True)
        return image
    if image.mode == "L":
        return _through_table(image, transform)
    return ImageCms.applyTransform(image, transform)


@functools.cache
def srgb_profile() -> bytes:
    """An ICC profile of sRGB, for files that are written."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@functools.cache
def lab_profile() -> bytes:
    """An ICC profile of CIE L*a*b*, which TIFF files may hold without a profile."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@functools.lru_cache(maxsize=8)
def _open(profile: bytes) -> Any:
    """The ``ImageCmsProfile``; None if it is broken or too large."""
    from PIL import ImageCms

    try:
        if len(profile) > _MAX_PROFILE_BYTES:
            raise ValueError(f"{len(profile)} bytes")
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except Exception as error:  # what a broken profile raises is not documented
        log.info("a broken colour profile is ignored: %s", error)
        return None


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Any:
    """The transform to sRGB of pictures of a mode; None if there is nothing to convert, or if
    LittleCMS refuses the profile."""
    from PIL import ImageCms

    opened = _open(profile)
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":  # 256 values are converted, so there is time to be exact
        flags |= ImageCms.Flags.NOOPTIMIZE
    try:
        if opened.profile.device_class == _LINK:
            raise ValueError("it links two devices")
        transform = ImageCms.buildTransform(
            opened,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags,
        )
        changes = mode not in ("RGB", "RGBA") or _changes_colours(transform, mode)
    except Exception as error:
        log.info("a colour profile is ignored: %s", error)
        return None
    return transform if changes else None


def _changes_colours(transform: Any, mode: str) -> bool:
    """Whether a transform of RGB differs from none, tried on a grid of colours."""
    from PIL import Image as pillow
    from PIL import ImageCms

    steps = np.linspace(0, 255, _PROBE_STEPS).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    picture = pillow.fromarray(grid).convert(mode)
    converted = np.asarray(ImageCms.applyTransform(picture, transform))[..., :3]
    return bool(np.abs(converted.astype(int) - grid).max() > _SAME_WITHIN)


def _through_table(grey: Image, transform: Any) -> Image:
    """A grey picture converted value by value."""
    from PIL import Image as pillow
    from PIL import ImageCms

    ramp = pillow.fromarray(np.arange(256, dtype=np.uint8)[None])
    table = np.asarray(ImageCms.applyTransform(ramp, transform))[0]
    return pillow.merge("RGB", [grey.point(table[:, channel].tolist()) for channel in range(3)])

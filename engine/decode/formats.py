"""The photo formats Pickout reads: what to look for on disk, and what a file may turn out to be."""

from __future__ import annotations

import functools
import warnings

PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .webp .tif .tiff .bmp .gif .heic .heif .hif .avif".split()
)
"""Lower case. A file with another suffix is not looked at."""

DRAFTABLE = frozenset({"JPEG", "MPO"})
"""Formats that can be decoded at a half, a quarter or an eighth, for much less work."""

# Several pictures in one JPEG (MPO) open as "JPEG".
_ALWAYS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")

# Far above any photo, yet a number: Pillow's own check would warn about honest photos of 102
# megapixels and hide the size of those it refuses. The reader checks the size itself, before it
# asks for a single pixel.
_PILLOW_PIXELS = 1 << 40


@functools.cache
def pillow_formats() -> tuple[str, ...]:
    """Names for ``PIL.Image.open(formats=...)``; nothing else is ever tried on a file.

    What a file holds is decided by its content, so a list is needed to keep a ``.jpg`` that holds
    PostScript from reaching an interpreter.
    """
    # Pillow looks only among the decoders that are imported when it is given names.
    from PIL import (  # noqa: F401  # noqa: F401
        BmpImagePlugin,
        GifImagePlugin,
        Image,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
        features,
    )

    Image.MAX_IMAGE_PIXELS = _PILLOW_PIXELS
    names = list(_ALWAYS)
    if features.check("avif"):
        from PIL import AvifImagePlugin  # noqa: F401

        names.append("AVIF")
    try:
        import pillow_heif
    except ImportError:
        return tuple(names)
    # One thread a photo: several photos may be decoded at once. Embedded thumbnails may show
    # something else than the photo.
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)
    names.append("HEIF")
    return tuple(names)


def silence_pillow() -> None:
    """Ignore what Pillow says about odd metadata: it is of no use to people, and photos abound."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

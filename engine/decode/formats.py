"""The photo formats that Pickout reads: file suffixes and Pillow's names of the formats."""

from __future__ import annotations

import functools
import warnings

PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .webp .tif .tiff .bmp .gif .heic .heif .hif .avif".split()
)
"""Suffixes of photo files, lower case. Files with other suffixes are ignored."""

DRAFT_FORMATS = frozenset({"JPEG", "MPO"})
"""Formats that can be decoded at 1/2, 1/4 or 1/8 of the size with much less work (draft mode)."""

# Names to open with: "JPEG" also opens a JPEG of several pictures, which Pillow then calls "MPO".
_BASE_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")

# Far above any photo: Pillow's own check warns about valid photos of 102 megapixels and hides the
# size of those it refuses. The reader checks the size itself, before any pixel is decoded.
_PILLOW_MAX_PIXELS = 1 << 40


@functools.cache
def pillow_formats() -> tuple[str, ...]:
    """Names for ``PIL.Image.open(formats=...)``, the only decoders that are ever tried on a file.

    Pillow detects the format by content. Without this list, a ``.jpg`` that holds PostScript would
    be passed to an interpreter.
    """
    # With names, Pillow only uses decoders that have been imported.
    from PIL import (  # noqa: F401 - importing registers the decoders
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

    Image.MAX_IMAGE_PIXELS = _PILLOW_MAX_PIXELS
    names = list(_BASE_FORMATS)
    if features.check("avif"):
        from PIL import AvifImagePlugin  # noqa: F401

        names.append("AVIF")
    try:
        import pillow_heif
    except ImportError:
        return tuple(names)
    # One thread per photo: several photos may be decoded at once. Embedded thumbnails may show
    # something other than the photo.
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)
    names.append("HEIF")
    return tuple(names)


def ignore_pillow_warnings() -> None:
    """Ignore Pillow's warnings about invalid metadata, which many photos have."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

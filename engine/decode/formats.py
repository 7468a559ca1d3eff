"""The photo formats that Pickout reads: file suffixes and Pillow's names of the formats."""

from __future__ import annotations

import contextlib
import functools
import warnings

from engine.decode import heif

RAW_SUFFIXES = frozenset(
    (
        ".dng .cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .raf .orf .rw2 .rwl .pef .srw .3fr .fff .iiq"
        " .mrw .x3f .erf .mef .mos .dcr .kdc"
    ).split()
)
"""Suffixes of camera raw files. Many of them look like TIFF inside, so their names decide."""

PHOTO_SUFFIXES = RAW_SUFFIXES | frozenset(
    (
        ".jpg .jpeg .jpe .jfif .mpo .png .webp .tif .tiff .bmp .gif .heic .heif .hif .avif"
        " .jp2 .j2k .j2c .jpc .jpf .jpx .jxl"
    ).split()
)
"""Suffixes of photo files, lower case. Files with other suffixes are ignored."""

SIDECAR_SUFFIX = ".xmp"
"""Of the files beside photos in which photo managers keep metadata; lower case."""

DRAFT_FORMATS = frozenset({"JPEG", "MPO"})
"""Formats that can be decoded at 1/2, 1/4 or 1/8 of the size with much less work (draft mode)."""

MOST_PIXELS = {
    "WEBP": 100_000_000,
    "AVIF": 150_000_000,
    "JXL": 150_000_000,
    "JPEG2000": 80_000_000,
}
"""Formats whose decoders take so much memory that fewer pixels are read than of others: 16, 10, 11
and 19 bytes a pixel, so that a photo stays below 1.6 GB."""

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
    if features.check("jpg_2000"):
        from PIL import Jpeg2KImagePlugin  # noqa: F401

        names.append("JPEG2000")
    if heif.register():
        names.append("HEIF")
    with contextlib.suppress(ImportError):
        from pillow_jxl import JpegXLImagePlugin

        JpegXLImagePlugin.DECODE_THREADS = 1
        names.append("JXL")
    return tuple(names)


def ignore_pillow_warnings() -> None:
    """Ignore Pillow's warnings about invalid metadata, which many photos have."""
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

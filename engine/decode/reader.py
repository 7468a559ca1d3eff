"""Decodes photos into upright RGB pixels; a failure is an error with a message for the user."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import io
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.decode import colour_space, formats, heif, jpeg_2000, jpeg_xl, pixels, raw_photo
from engine.decode import exif as exif_tags
from engine.errors import EngineError, PhotoMissing, PhotoTooLarge, PhotoUnreadable

if TYPE_CHECKING:
    import numpy as np

Image = Any
"""A ``PIL.Image.Image``; Pillow is imported where it is used."""

log = logging.getLogger(__name__)

MAX_PIXELS = 200_000_000
"""Cameras have up to 151 megapixels; a larger file is a mistake or an attack."""

_READING = "reading the photo"
_CHUNK_BYTES = 1 << 20
_RESTORE = "Restore it from a backup or delete it."


@dataclass(frozen=True, eq=False)
class DecodedPhoto:
    """A decoded photo.

    Attributes:
        rgb: uint8 (H, W, 3), sRGB, upright, contiguous, writable; may be reduced.
        full_size_wh: width and height of the upright photo at full size, in pixels.
    """

    rgb: np.ndarray
    full_size_wh: tuple[int, int]

    def __post_init__(self) -> None:
        if self.rgb.dtype.name != "uint8" or self.rgb.ndim != 3 or self.rgb.shape[2] != 3:
            raise ValueError(
                f"expected uint8 pixels (H, W, 3), got {self.rgb.dtype} {self.rgb.shape}"
            )


def read_upright(
    path: Path, longest_px: int | None = None, max_pixels: int = MAX_PIXELS
) -> DecodedPhoto:
    """Decode a photo upright, and reduce it to ``longest_px`` if it is larger.

    Transparent parts become white, as in other viewers; on black, dark drawings would be
    invisible. Colours of another space (see ``declared_profile``) become sRGB. Of an animation the
    first frame is read.

    Thread-safe. The file may be hostile; untrusted files belong into a child process.

    Args:
        path: the file.
        longest_px: limit of the longest side; None for the full size. Never enlarges.
        max_pixels: a photo with more pixels is refused before it is decoded.

    Raises:
        PhotoMissing: the file or its drive is missing.
        PhotoTooLarge: more pixels than ``max_pixels``, or too many for the memory.
        PhotoUnreadable: empty, truncated, damaged, not a photo, not a file, or not permitted.
    """
    if longest_px is not None and longest_px < 1:
        raise ValueError(f"expected longest_px of at least 1, got {longest_px}")
    with open_photo(path) as (file, facts):
        if facts.st_size == 0:
            raise PhotoUnreadable(
                "The file is empty (0 bytes).", operation=_READING, path=path, hint=_RESTORE
            )
        with _decoder_errors(path):
            return _decode(file, path, longest_px, max_pixels)


def read_encoded(
    data: bytes, longest_px: int | None = None, path: Path | None = None
) -> DecodedPhoto:
    """Decode the bytes of a photo file as ``read_upright`` does.

    Args:
        path: where the bytes come from, whose suffix tells camera raw; None for a picture that
            Pickout has written.

    Raises:
        PhotoTooLarge, PhotoUnreadable: as ``read_upright``.
    """
    with _decoder_errors(path):
        return _decode(io.BytesIO(data), path, longest_px, MAX_PIXELS)


def fingerprint(path: Path) -> tuple[bytes, int, int]:
    """Hash a file's content, and read the metadata by which a change of it is detected.

    Returns:
        ``(content_hash, size_bytes, mtime_ns)``: BLAKE2b of the bytes (20 bytes long), and size
        and time before the first read, so that a file that is still being written counts as
        changed at the next scan.

    Raises:
        PhotoMissing, PhotoUnreadable: as ``read_upright``, but an empty file is valid.
    """
    digest = hashlib.blake2b(digest_size=20)
    with open_photo(path) as (file, facts):
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest(), facts.st_size, facts.st_mtime_ns


def _decode(
    file: BinaryIO, path: Path | None, longest_px: int | None, max_pixels: int
) -> DecodedPhoto:
    from PIL import Image

    check_size = functools.partial(_check_size, path=path, max_pixels=max_pixels)
    openable = formats.pillow_formats()
    formats.ignore_pillow_warnings()
    suffix = path.suffix.lower() if path is not None else ""
    raw = raw_photo.open_raw(file, check_size) if suffix in formats.RAW_SUFFIXES else None
    if raw is None and suffix in formats.RAW_SUFFIXES:
        # A raw file that LibRaw does not know may look like a TIFF file of a tiny picture.
        openable = tuple(name for name in openable if name != "TIFF")
    if jpeg_xl.is_jpeg_xl(file):
        if "JXL" not in openable:
            raise PhotoUnreadable(
                "JPEG XL photos are read only with the package pillow-jxl-plugin.",
                operation=_READING,
                path=path,
                hint="Install Pickout with the extra jxl, then try again.",
            )
        check_size(*jpeg_xl.read_size(file), most=formats.MOST_PIXELS["JXL"])
    with raw.image if raw else Image.open(file, formats=openable) as image:
        width, height = image.size
        check_size(width, height, most=formats.MOST_PIXELS.get(image.format or "", max_pixels))
        target_wh = _reduced_size((width, height), longest_px)
        profile = colour_space.declared_profile(image, file)
        strips = _strips(image, file, target_wh)
        orientation = raw.orientation if raw else _orientation(image)
        upright = pixels.upright_srgb(strips, target_wh, profile, orientation)
    full_size_wh = (height, width) if orientation >= 5 else (width, height)
    return DecodedPhoto(upright, full_size_wh)


def _strips(image: Image, file: BinaryIO, target_wh: tuple[int, int]) -> pixels.Strips:
    """The decoded pixels, smaller than in the file if the format can and enough is left."""
    if image.format == "HEIF":
        return heif.decode(file)
    if image.format == "JPEG2000":
        return jpeg_2000.decode(image, file, target_wh)
    if image.format in formats.DRAFT_FORMATS:
        image.draft(None, target_wh)
    return pixels.strips_of(image)


def _check_size(
    width: int, height: int, most: int = MAX_PIXELS, *, path: Path | None, max_pixels: int
) -> None:
    """Refuse a photo before it is decoded.

    Args:
        most: limit of a format whose decoder needs more memory than others.

    Raises:
        PhotoTooLarge: the photo has more pixels than ``most`` or ``max_pixels``.
    """
    most = min(most, max_pixels)
    if width * height > most:
        raise PhotoTooLarge(
            f"The photo has {width:,} x {height:,} pixels ({width * height / 1e6:,.0f} "
            f"megapixels); at most {most / 1e6:,.0f} megapixels of its format are read.",
            operation=_READING,
            path=path,
            hint="Save a smaller copy of it, or one as JPEG.",
        )


def _reduced_size(size_wh: tuple[int, int], longest_px: int | None) -> tuple[int, int]:
    longest = max(size_wh)
    if longest_px is None or longest <= longest_px:
        return size_wh
    width, height = (max(1, round(side * longest_px / longest)) for side in size_wh)
    return width, height


def _orientation(image: Image) -> int:
    """The EXIF orientation of the decoded pixels.

    The TIFF and HEIF decoders apply it and remove it from the metadata. So does that of JPEG XL,
    by the header alone, unless the file holds a JPEG as it was.
    """
    if image.format == "JXL" and not image.jpeg:
        return 1
    return exif_tags.read_orientation(_exif_of(image))


def _exif_of(image: Image) -> Mapping[int, Any]:
    try:
        return image.getexif()
    except Exception:  # broken metadata must not make the pixels unreadable
        return {}


@contextlib.contextmanager
def open_photo(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """Open a regular file; the second value is the ``fstat`` of the opened file.

    Raises:
        PhotoMissing, PhotoUnreadable: as ``read_upright``.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would block
            raise _not_a_file(path)
        with open(path, "rb") as file:
            yield file, os.fstat(file.fileno())
    except OSError as error:
        raise _error_for_os_error(error, path) from error
    except ValueError as error:
        if "null byte" not in str(error):
            raise
        raise PhotoMissing("There is no such file.", operation=_READING, path=path) from error


def _not_a_file(path: Path) -> PhotoUnreadable:
    if os.path.isdir(path):
        return PhotoUnreadable(
            "This is a folder, not a photo.",
            operation=_READING,
            path=path,
            hint="Rename the folder if its name is confusing; photos in it are found anyway.",
        )
    return PhotoUnreadable("This is not an ordinary file.", operation=_READING, path=path)


def _error_for_os_error(error: OSError, path: Path) -> EngineError:
    """The error for the user that corresponds to an error of the operating system."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.ESTALE):
        return PhotoMissing(
            "The file is no longer there.",
            operation=_READING,
            path=path,
            hint="If it is on an external drive, connect the drive.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return PhotoUnreadable(
            "You are not allowed to read this file.",
            operation=_READING,
            path=path,
            hint="Change its permissions, or ask the one who owns it.",
        )
    return PhotoUnreadable(
        f"The disk reported an error ({error.strerror or error}).",
        operation=_READING,
        path=path,
        hint="Check the drive and its cable, then try again.",
    )


@contextlib.contextmanager
def _decoder_errors(path: Path | None) -> Iterator[None]:
    """Turn the exceptions of a decoder into errors about the file; disk errors pass unchanged."""
    from PIL import UnidentifiedImageError

    try:
        yield
    except EngineError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoUnreadable(
            "This is not a photo in a format that can be read.",
            operation=_READING,
            path=path,
            hint="If other programs can open it, save it as JPEG or PNG.",
        ) from error
    except MemoryError as error:
        raise PhotoTooLarge(
            "There is not enough memory for this photo.",
            operation=_READING,
            path=path,
            hint="Close other programs, or save a smaller copy of it.",
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged_file(error, path) from error
    except Exception as error:
        raise _damaged_file(error, path) from error


def _damaged_file(error: Exception, path: Path | None) -> PhotoUnreadable:
    log.debug("cannot decode %s", path, exc_info=error)
    text = str(error).lower()
    cut_off = isinstance(error, EOFError) or "truncated" in text or "end of file" in text
    return PhotoUnreadable(
        "The file is cut off; its end is missing." if cut_off else "The file is damaged.",
        operation=_READING,
        path=path,
        hint="Copy it again from where it came from, or restore it from a backup.",
    )

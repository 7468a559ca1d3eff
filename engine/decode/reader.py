"""Decodes photos into upright RGB pixels; a failure is an error with a message for the user."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.decode import exif as exif_tags
from engine.decode import formats
from engine.errors import EngineError, PhotoMissing, PhotoTooLarge, PhotoUnreadable

if TYPE_CHECKING:
    import numpy as np

Image = Any
"""A ``PIL.Image.Image``; Pillow is imported where it is used."""

log = logging.getLogger(__name__)

MAX_PIXELS = 200_000_000
"""Cameras have up to 151 megapixels; a larger file is a mistake or an attack."""

_READING = "reading the photo"
_TILE_PX = 256
_INVERSE_ORIENTATION = {6: 8, 8: 6}  # the others are their own inverse
_CHUNK_BYTES = 1 << 20
_RESTORE = "Restore it from a backup or delete it."


@dataclass(frozen=True, eq=False)
class DecodedPhoto:
    """A decoded photo.

    Attributes:
        rgb: uint8 (H, W, 3), upright, contiguous, writable; may be reduced.
        full_size_wh: width and height of the upright photo at full size, in pixels.
        taken_at: capture time as ISO 8601 local time; None if unknown.
        camera: maker and model; None if unknown.
    """

    rgb: np.ndarray
    full_size_wh: tuple[int, int]
    taken_at: str | None = None
    camera: str | None = None

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
    invisible. Colour profiles are not applied: the models were trained on pixels without them. Of
    an animation the first frame is read.

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
    with _open_file(path) as (file, facts):
        if facts.st_size == 0:
            raise PhotoUnreadable(
                "The file is empty (0 bytes).", operation=_READING, path=path, hint=_RESTORE
            )
        with _decoder_errors(path):
            return _decode(file, path, longest_px, max_pixels)


def read_encoded(data: bytes, longest_px: int | None = None) -> DecodedPhoto:
    """Decode the bytes of a photo file as ``read_upright`` does.

    Raises:
        PhotoTooLarge, PhotoUnreadable: as ``read_upright``.
    """
    with _decoder_errors(None):
        return _decode(io.BytesIO(data), None, longest_px, MAX_PIXELS)


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
    with _open_file(path) as (file, facts):
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest(), facts.st_size, facts.st_mtime_ns


def _decode(
    file: BinaryIO, path: Path | None, longest_px: int | None, max_pixels: int
) -> DecodedPhoto:
    from PIL import Image

    pillow_formats = formats.pillow_formats()
    formats.ignore_pillow_warnings()
    with Image.open(file, formats=pillow_formats) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise PhotoTooLarge(
                f"The photo has {width:,} x {height:,} pixels ({width * height / 1e6:,.0f} "
                f"megapixels); at most {max_pixels / 1e6:,.0f} megapixels are read.",
                operation=_READING,
                path=path,
                hint="Save a smaller copy of it.",
            )
        target_wh = _reduced_size((width, height), longest_px)
        if image.format in formats.DRAFT_FORMATS:
            image.draft(None, target_wh)
        # The TIFF decoder closes the file after loading; PNG metadata may follow the pixels.
        metadata = _taken_at_and_camera(image) if image.format == "TIFF" else None
        image.load()
        taken_at, camera = metadata or _taken_at_and_camera(image)
        # The TIFF and HEIF decoders apply the orientation and remove it from the metadata.
        orientation = exif_tags.read_orientation(_exif_of(image))
        pixels = _upright_pixels(_resized(_to_rgb_or_rgba(image), target_wh), orientation)
    full_size_wh = (height, width) if orientation >= 5 else (width, height)
    return DecodedPhoto(pixels, full_size_wh, taken_at, camera)


def _reduced_size(size_wh: tuple[int, int], longest_px: int | None) -> tuple[int, int]:
    longest = max(size_wh)
    if longest_px is None or longest <= longest_px:
        return size_wh
    width, height = (max(1, round(side * longest_px / longest)) for side in size_wh)
    return width, height


def _exif_of(image: Image) -> Mapping[int, Any]:
    try:
        return image.getexif()
    except Exception:  # broken metadata must not make the pixels unreadable
        return {}


def _taken_at_and_camera(image: Image) -> tuple[str | None, str | None]:
    exif = _exif_of(image)
    return exif_tags.read_taken_at(exif), exif_tags.read_camera(exif)


def _to_rgb_or_rgba(image: Image) -> Image:
    """The picture as RGB, or as RGBA if it has transparency."""
    if image.mode in ("RGB", "RGBA"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _to_eight_bits(image)
    has_alpha = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    if image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGBA" if has_alpha else "RGB")


def _to_eight_bits(image: Image) -> Image:
    """Reduce grey values of more than eight bits to eight, as RGB.

    16-bit values are scaled from their full range. Wider values have no declared range, so their
    minimum and maximum are used.
    """
    import numpy as np
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
    return pillow.fromarray(np.clip(values.round(), 0, 255).astype(np.uint8)).convert("RGB")


def _resized(image: Image, target_wh: tuple[int, int]) -> Image:
    """The picture as RGB of this size, transparent parts white."""
    from PIL import Image as pillow

    if image.size != target_wh:
        # With a gap, very large photos are first averaged in integer steps: much faster, without
        # a visible difference.
        image = image.resize(target_wh, pillow.Resampling.LANCZOS, reducing_gap=3.0)
    if image.mode == "RGBA":
        background = pillow.new("RGBA", image.size, "white")
        background.alpha_composite(image)
        image = background.convert("RGB")
    return image


def _upright_pixels(image: Image, orientation: int) -> np.ndarray:
    """Copy the pixels upright, in tiles.

    Pillow makes two more copies of everything it converts to an array, and rotating a large photo
    at once misses the processor's cache at every pixel.
    """
    import numpy as np

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


@contextlib.contextmanager
def _open_file(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """Open a regular file; the second value is the ``fstat`` of the opened file."""
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

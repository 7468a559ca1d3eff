"""Bytes of a photo become upright RGB pixels, or an error that a person can act on."""

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
"""Cameras end at 151 megapixels; beyond this a file is a mistake or an attack."""

_READING = "reading the photo"
_PIECE_PX = 256
_UNDO = {6: 8, 8: 6}  # the other orientations undo themselves
_CHUNK_BYTES = 1 << 20
_RESTORE = "Restore it from a backup or delete it."


@dataclass(frozen=True, eq=False)
class DecodedPhoto:
    """A photo as it is meant to be seen.

    Attributes:
        rgb: uint8 (H, W, 3), upright, contiguous, writable.
        full_size_wh: upright width and height of the whole photo in pixels, of which ``rgb`` may
            be a smaller version.
        taken_at: capture time as ISO 8601 local time, None if the file does not say.
        camera: maker and model, None if the file does not say.
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
    """Decode a photo, turned as its metadata asks, reduced to ``longest_px`` if it is larger.

    Transparent parts become white, the paper that cut-outs and logos are drawn for and what other
    viewers show; on black, dark drawings would vanish. Colour profiles are not applied: the
    models were trained on pixels read the same way. Of animations the first frame is read.

    Any thread, any process; the bytes may be hostile, so do it in a process that may die.

    Args:
        longest_px: the longest side wanted; None for the full size. Never enlarges.
        max_pixels: photos with more are refused before a pixel is decoded.

    Raises:
        PhotoMissing: it is gone, or its drive is.
        PhotoTooLarge: more pixels than ``max_pixels``, or than there is memory for.
        PhotoUnreadable: empty, cut off, damaged, not a photo, not a file, not allowed.
    """
    if longest_px is not None and longest_px < 1:
        raise ValueError(f"expected longest_px of at least 1, got {longest_px}")
    with _open_file(path) as (file, facts):
        if facts.st_size == 0:
            raise PhotoUnreadable(
                "The file is empty (0 bytes).", operation=_READING, path=path, hint=_RESTORE
            )
        with _decoding(path):
            return _decode(file, path, longest_px, max_pixels)


def read_encoded(data: bytes, longest_px: int | None = None) -> DecodedPhoto:
    """The same for a picture in memory; raises PhotoTooLarge, PhotoUnreadable."""
    with _decoding(None):
        return _decode(io.BytesIO(data), None, longest_px, MAX_PIXELS)


def fingerprint(path: Path) -> tuple[bytes, int, int]:
    """What identifies a file's content, and what shows cheaply that it may have changed.

    Returns:
        ``(content_hash, size_bytes, mtime_ns)``: BLAKE2b of the bytes (20 bytes long), and size
        and time as they were before reading began, so that a file that is being written looks
        changed at the next scan.

    Raises:
        PhotoMissing, PhotoUnreadable: as ``read_upright``; an empty file is fine here.
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

    known = formats.pillow_formats()
    formats.silence_pillow()
    with Image.open(file, formats=known) as image:
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
        if image.format in formats.DRAFTABLE:
            image.draft(None, target_wh)
        # The TIFF decoder closes the file; the PNG decoder finds metadata behind the pixels.
        early = _moment_and_camera(image) if image.format == "TIFF" else None
        image.load()
        taken_at, camera = early or _moment_and_camera(image)
        # TIFF and HEIF files are turned by their decoders, which then no longer ask for it.
        orientation = exif_tags.read_orientation(_exif_of(image))
        pixels = _upright_pixels(_resized(_simple_mode(image), target_wh), orientation)
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
    except Exception:  # broken metadata is no reason to refuse the pixels
        return {}


def _moment_and_camera(image: Image) -> tuple[str | None, str | None]:
    exif = _exif_of(image)
    return exif_tags.read_taken_at(exif), exif_tags.read_camera(exif)


def _simple_mode(image: Image) -> Image:
    """The picture as RGB, or as RGBA where something is transparent."""
    if image.mode in ("RGB", "RGBA"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _stretched(image)
    has_alpha = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    if image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGBA" if has_alpha else "RGB")


def _stretched(image: Image) -> Image:
    """Grey values of more than eight bits, as eight.

    Sixteen bits are taken for the full range. Wider ones declare no range, so theirs is used.
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
    from PIL import Image as pillow

    if image.size != target_wh:
        # The gap lets very large photos be averaged in whole steps first: much faster, and no
        # difference that can be seen.
        image = image.resize(target_wh, pillow.Resampling.LANCZOS, reducing_gap=3.0)
    if image.mode == "RGBA":
        paper = pillow.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper.convert("RGB")
    return image


def _upright_pixels(image: Image, orientation: int) -> np.ndarray:
    """Piece by piece: Pillow makes two more copies of whatever it hands over, and turning a large
    photo in one go misses the processor's cache at every pixel."""
    import numpy as np

    width, height = image.size
    upright_hw = (width, height) if orientation >= 5 else (height, width)
    upright = np.empty((*upright_hw, 3), np.uint8)
    stored = _turned(upright, _UNDO.get(orientation, orientation))
    for top in range(0, height, _PIECE_PX):
        strip = np.asarray(image.crop((0, top, width, min(top + _PIECE_PX, height))))
        for left in range(0, width, _PIECE_PX):
            here = (slice(top, top + _PIECE_PX), slice(left, left + _PIECE_PX))
            stored[here] = strip[:, here[1]]
    return upright


def _turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """A view of pixels that were stored with an EXIF orientation, upright.

    >>> import numpy as np
    >>> stored = np.array([[[1] * 3, [2] * 3]], np.uint8)  # left: 1, right: 2
    >>> _turned(stored, 6)[:, 0, 0].tolist()  # turned clockwise, the left is on top
    [1, 2]
    >>> _turned(stored, 8)[:, 0, 0].tolist()
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
    """Open a regular file; its facts are those of what was opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for ever
            raise _not_a_file(path)
        with open(path, "rb") as file:
            yield file, os.fstat(file.fileno())
    except OSError as error:
        raise _file_problem(error, path) from error
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


def _file_problem(error: OSError, path: Path) -> EngineError:
    """What the operating system said, for people."""
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
def _decoding(path: Path | None) -> Iterator[None]:
    """Whatever a decoder raises means that the file is bad; disk errors pass."""
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
        raise _damaged(error, path) from error
    except Exception as error:
        raise _damaged(error, path) from error


def _damaged(error: Exception, path: Path | None) -> PhotoUnreadable:
    log.debug("cannot decode %s", path, exc_info=error)
    said = str(error).lower()
    cut_off = isinstance(error, EOFError) or "truncated" in said or "end of file" in said
    return PhotoUnreadable(
        "The file is cut off; its end is missing." if cut_off else "The file is damaged.",
        operation=_READING,
        path=path,
        hint="Copy it again from where it came from, or restore it from a backup.",
    )

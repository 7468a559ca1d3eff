"""Camera raw files: the preview that the camera put in, or a half-size picture of the sensor."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.decode import exif

if TYPE_CHECKING:
    import numpy as np

Image = Any
"""A ``PIL.Image.Image``."""

log = logging.getLogger(__name__)

CheckSize = Callable[..., None]

_MAX_FILE_BYTES = 1 << 30
_MOST_WHOLE_PIXELS = 64_000_000
"""Pixels that hold all colours already, or none, stay as many and take 23 bytes each."""
_SRGB_GAMMA = (2.4, 12.92)
_FLIP_TO_ORIENTATION = (1, 2, 4, 3, 5, 8, 6, 7)
"""EXIF orientation by LibRaw's flip: 1 mirrors columns, 2 mirrors rows, 4 exchanges them first."""
_QUARTER_TURN = 4


@dataclass(frozen=True)
class RawPicture:
    """The picture that stands for a raw photo, always the same one of a file.

    Attributes:
        image: not loaded if it is the preview, which then is a JPEG.
        orientation: EXIF's, of ``image``.
    """

    image: Image
    orientation: int


def open_raw(file: BinaryIO, check_size: CheckSize) -> RawPicture | None:
    """The picture of a raw file; None if LibRaw does not know its content.

    The embedded preview is taken if it has at least half the length of what the sensor saw, as it
    is what the camera's maker wants to be seen, and quick. Otherwise each two by two pixels of the
    sensor become one, in sRGB, with the camera's white balance.

    Args:
        check_size: called with width and height of the sensor, and with how many pixels are read at
            most if they cannot be halved; raises if they are too many.

    Raises:
        MemoryError: LibRaw found too little.
        rawpy.LibRawError: the file is damaged.
    """
    import rawpy

    with rawpy.RawPy() as raw:
        try:
            raw.open_buffer(_in_memory(file))
        except rawpy.LibRawFileUnsupportedError:
            return None
        try:
            sizes = raw.sizes
            check_size(sizes.raw_width, sizes.raw_height)
            preview = _preview(raw)
            if preview is not None:
                return preview
            if raw.raw_type is rawpy.RawType.Stack or raw.num_colors == 1:
                check_size(sizes.raw_width, sizes.raw_height, _MOST_WHOLE_PIXELS)
            return _half_size(raw)
        except (rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError) as error:
            raise MemoryError from error


def read_exif(file: BinaryIO) -> Any:
    """The EXIF of a raw file's preview, which LibRaw adds if the preview has none: camera, time and
    exposure of files that are not laid out as TIFF (CR3, RAF). A ``PIL.Image.Exif``.

    Raises:
        OSError, MemoryError, rawpy.LibRawError: there is no preview, or LibRaw does not know the
            file.
    """
    import rawpy
    from PIL import Image as pillow

    with rawpy.RawPy() as raw:
        raw.open_buffer(_in_memory(file))
        preview: Any = raw.extract_thumb()
        if preview.format is not rawpy.ThumbFormat.JPEG:
            return pillow.Exif()
        with pillow.open(io.BytesIO(preview.data), formats=("JPEG",)) as image:
            return image.getexif()


def _in_memory(file: BinaryIO) -> io.BytesIO:
    """The whole file, as LibRaw wants it.

    Raises:
        MemoryError: it is larger than any photo.
    """
    file.seek(0)
    content = file.read(_MAX_FILE_BYTES + 1)
    if len(content) > _MAX_FILE_BYTES:
        raise MemoryError
    return io.BytesIO(content)


def _preview(raw: Any) -> RawPicture | None:
    """The largest preview; None if there is none that is large enough and whole."""
    import rawpy
    from PIL import Image as pillow

    try:
        preview = raw.extract_thumb()
        if preview.format is rawpy.ThumbFormat.JPEG:
            image: Image = pillow.open(io.BytesIO(preview.data), formats=("JPEG",))
        else:
            image = pillow.fromarray(preview.data)
    except (rawpy.LibRawError, OSError, ValueError, TypeError) as error:
        log.debug("a raw photo without a preview: %s", error)
        return None
    sensor_wh = (raw.sizes.width, raw.sizes.height)
    if 2 * max(image.size) < max(sensor_wh):
        return None
    return RawPicture(image, _orientation_of_preview(image, raw.sizes.flip, sensor_wh))


def _orientation_of_preview(image: Image, flip: int, sensor_wh: tuple[int, int]) -> int:
    """What the preview says itself, else what the raw file says, unless it is upright already.

    LibRaw adds EXIF to previews without, which then repeats what the raw file says.
    """
    turned = (image.width > image.height) != (sensor_wh[0] > sensor_wh[1])
    if flip & _QUARTER_TURN and turned:
        return 1
    own = exif.read_orientation(image.getexif())
    return own if own != 1 else _FLIP_TO_ORIENTATION[flip & 7]


def _half_size(raw: Any) -> RawPicture:
    import rawpy
    from PIL import Image as pillow

    rgb: np.ndarray = raw.postprocess(
        half_size=True,
        use_camera_wb=True,
        output_color=rawpy.ColorSpace.sRGB,
        gamma=_SRGB_GAMMA,
        output_bps=8,
    )
    return RawPicture(pillow.fromarray(rgb), 1)

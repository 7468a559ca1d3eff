"""HEIC and HEIF photos through libheif."""

from __future__ import annotations

from typing import Any, BinaryIO

from engine.decode.pixels import Strips


def register() -> bool:
    """Have Pillow open HEIF files; False if pillow_heif is not installed."""
    try:
        import pillow_heif
    except ImportError:
        return False
    # One thread per photo: several photos may be decoded at once. Embedded thumbnails may show
    # something other than the photo.
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)
    return True


def decode(file: BinaryIO) -> Strips:
    """The pixels of a HEIF file, upright, as libheif holds them: three bytes a pixel.

    Loading it as a Pillow image would add four more.

    Raises:
        OSError, ValueError, EOFError, SyntaxError, RuntimeError: the file is damaged.
    """
    import pillow_heif
    from PIL import Image

    file.seek(0)
    heif = pillow_heif.open_heif(file)  # of more than eight bits a value eight are kept
    picture = heif[heif.primary_index]
    data, stride, mode = memoryview(picture.data), picture.stride, picture.mode
    width = picture.size[0]

    def take(top: int, bottom: int) -> Any:
        rows = data[top * stride : bottom * stride]
        return Image.frombytes(mode, (width, bottom - top), rows, "raw", mode, stride)

    return Strips(picture.size, take)

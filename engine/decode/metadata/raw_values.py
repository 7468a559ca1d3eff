"""What the raw files of cameras say: EXIF in a TIFF, or in what the maker put it into."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from engine.decode import raw_photo
from engine.decode.metadata.exif_values import from_exif
from engine.records import PhotoMetadata

_HEAD_BYTES = 1 << 20
"""Canon's boxes with EXIF stand before the pictures."""
_OF_OLYMPUS_AND_PANASONIC = (b"IIRO", b"IIRS", b"IIU\0")
"""TIFF files but for the mark of the TIFF, which Pillow asks for."""
_FUJIFILM = b"FUJIFILMCCD-RAW"
_FUJIFILM_JPEG_AT = 84
_CANON_BOXES = (b"CMT1", b"CMT2", b"CMT4")
"""The first directory, the EXIF directory, and that of the receiver, each as a TIFF."""
_XMP_TAG = 700


def read_raw(file: BinaryIO) -> tuple[PhotoMetadata, bytes]:
    """What EXIF says, and the XMP packet; empty without one.

    Raises:
        Exception: the file is of no kind that is known, or damaged in one of many ways.
    """
    from PIL import Image

    file.seek(0)
    head = file.read(_FUJIFILM_JPEG_AT + 8)
    exif = Image.Exif()
    if head.startswith(_FUJIFILM):
        exif = _of_embedded_jpeg(file, head[_FUJIFILM_JPEG_AT:])
    elif head[4:8] == b"ftyp":
        file.seek(0)
        return from_exif(_CanonDirectories(file.read(_HEAD_BYTES))), b""
    elif head.startswith(_OF_OLYMPUS_AND_PANASONIC):
        exif.endian = "<"
        exif.load_from_fp(file, int.from_bytes(head[4:8], "little"))
    else:
        file.seek(0)
        try:
            exif.load_from_fp(file)
        except SyntaxError:  # another layout: what LibRaw knows of it
            exif = raw_photo.read_exif(file)
    packet = exif.get(_XMP_TAG)
    return from_exif(exif), packet if isinstance(packet, bytes) else b""


def _of_embedded_jpeg(file: BinaryIO, where: bytes) -> Any:
    """EXIF of the JPEG whose offset and length, big-endian, are given."""
    from PIL import Image

    file.seek(int.from_bytes(where[:4], "big"))
    length = min(int.from_bytes(where[4:8], "big"), 64 * _HEAD_BYTES)
    with Image.open(io.BytesIO(file.read(length)), formats=["JPEG"]) as image:
        return image.getexif()


class _CanonDirectories(dict):
    """EXIF of a CR3, whose directories are boxes of their own; as Pillow's ``Exif``."""

    def __init__(self, head: bytes) -> None:
        first, details, gps = (_directory(head, name) for name in _CANON_BOXES)
        super().__init__(first)
        self._others = {0x8769: details, 0x8825: gps}

    def get_ifd(self, number: int) -> dict[int, Any]:
        """The EXIF directory or that of the receiver."""
        return self._others[number]


def _directory(head: bytes, name: bytes) -> dict[int, Any]:
    """The tags in a box; empty if it is not there."""
    from PIL import Image

    at = head.find(name)
    if at < 4:
        return {}
    size = int.from_bytes(head[at - 4 : at], "big")
    exif = Image.Exif()
    exif.load(head[at + 4 : at - 4 + size])
    return dict(exif)

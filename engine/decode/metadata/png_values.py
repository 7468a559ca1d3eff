"""What the text chunks of a PNG say of a photo."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any, BinaryIO

from engine.decode.metadata import texts
from engine.decode.metadata.moments import moment_of
from engine.records import DateSource, PhotoMetadata

_SIGNATURE_BYTES = 8
_READ = frozenset({b"IHDR", b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_END = b"IEND"
_CHECKSUM_BYTES = 4


def from_png(text: Mapping[str, str]) -> PhotoMetadata:
    """What the keywords of the PNG specification say."""
    values = {key.casefold(): value for key, value in text.items()}
    moment = moment_of(texts.line_of(values.get("creation time")))
    return PhotoMetadata(
        taken_at=moment.taken_at if moment else None,
        taken_until=moment.taken_until if moment else None,
        zone=moment.zone if moment else None,
        date_source=DateSource.PNG if moment else None,
        title=texts.text_of(values.get("title")) or None,
        caption=texts.text_of(values.get("description")) or None,
    )


def read_png(file: BinaryIO) -> tuple[dict[str, str], dict[Any, Any]]:
    """The texts of a PNG by their keywords, and its ``info`` as Pillow has it ("exif"). Pixels are
    passed over, so what stands behind them is found without decoding them.

    Raises:
        Exception: it is damaged, in more ways than can be listed.
    """
    from PIL.PngImagePlugin import PngStream

    file.seek(_SIGNATURE_BYTES)
    stream = PngStream(file)
    while True:
        name, at, length = stream.read()
        if name == _END:
            break
        if name in _READ:
            stream.call(name, at, length)
        file.seek(at + length + _CHECKSUM_BYTES)
    return {key: str(value) for key, value in stream.im_text.items()}, stream.im_info


def raw_profile(text: str) -> bytes:
    """The bytes of a profile that ImageMagick wrote as text: its name, length, and hexadecimal
    digits; empty if it is none."""
    parts = text.strip().split("\n", 2)
    try:
        return binascii.unhexlify("".join(parts[2].split())) if len(parts) == 3 else b""
    except (binascii.Error, ValueError):
        return b""

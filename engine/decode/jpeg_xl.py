"""The size of a JPEG XL picture, which its decoder only tells when it has decoded all pixels."""

from __future__ import annotations

import struct
from typing import BinaryIO

_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Width to height by the number in the header, from 1 on."""
_SIDE_BITS = (9, 13, 18, 30)
_HEAD_BYTES = 1 << 16


def is_jpeg_xl(file: BinaryIO) -> bool:
    """Whether a file begins like JPEG XL; its position becomes 0."""
    return _head(file).startswith((_CODESTREAM, _CONTAINER))


def read_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height of a JPEG XL file; its position becomes 0.

    Raises:
        EOFError: the file ends before its header.
    """
    head = _head(file)
    if head.startswith(_CONTAINER):
        head = _codestream_of(head)
    if len(head) <= len(_CODESTREAM):
        raise EOFError
    return _size(head[len(_CODESTREAM) :])


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    return head


def _codestream_of(head: bytes) -> bytes:
    """What the first box of pixels holds; empty if it is not near the start."""
    start = 0
    while start + 8 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, start)
        if kind == b"jxlc":
            return head[start + 8 :]
        if kind == b"jxlp":
            return head[start + 12 :]
        if length < 8:
            break
        start += length
    return b""


def _size(header: bytes) -> tuple[int, int]:
    """Width and height by the fields of ISO/IEC 18181-1, "SizeHeader"."""
    bits = int.from_bytes(header[:16], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    small = take(1)

    def side() -> int:
        return 8 * (take(5) + 1) if small else take(_SIDE_BITS[take(2)]) + 1

    height = side()
    ratio = take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return side(), height

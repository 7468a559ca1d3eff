"""The binary layout of what a query needs of a photo: numbers and vectors of all its regions.

Little-endian, of R rows, of which row 0 is the photo as a whole:

| bytes | what |
|---|---|
| 1 | version of the layout, 2; 1 had no checksum |
| 1 | 1 after a full indexing, 0 after a coarse one |
| 2 | D, length of a vector |
| 4 | R |
| 4, 4 | width and height of the upright photo, pixels |
| 16 R | float32 (R, 4), boxes x0, y0, x1, y1 in pixels |
| 4 R | float32 (R,), mask scores |
| 4 R | float32 (R,), area fractions |
| 2 D | float16 (D,), steps |
| R D | int8 (R, D), vectors in steps |
| 4 | CRC-32 of all bytes before |

Number d of a vector is its int8 times step d, which is the largest absolute value of this number
in the photo divided by 127. So numbers of different size, such as a meaning and a colour, are all
kept to half a step; similarities change by less than 0.001, and a vector takes half of float16.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np

VERSION = 2
_HEADER = struct.Struct("<BBHIII")
_CHECKSUM = struct.Struct("<I")
_CHECKSUM_BYTES = {1: 0, VERSION: _CHECKSUM.size}
_LEVELS = 127


class RegionBlock(NamedTuple):
    """A decoded block; arrays are views into its bytes.

    Attributes:
        outlined: True after a full indexing.
        size_wh: of the upright photo, pixels.
        boxes_xyxy: float32 (R, 4), pixels. mask_scores, area_fractions: float32 (R,).
        steps: float16 (D,). quantised: int8 (R, D).
    """

    outlined: bool
    size_wh: tuple[int, int]
    boxes_xyxy: np.ndarray
    mask_scores: np.ndarray
    area_fractions: np.ndarray
    steps: np.ndarray
    quantised: np.ndarray

    def vectors(self) -> np.ndarray:
        """float32 (R, D)."""
        vectors = self.quantised.astype(np.float32)
        vectors *= self.steps  # in place: half the time of a product of two types
        return vectors


def pack(
    outlined: bool,
    size_wh: tuple[int, int],
    boxes_xyxy: np.ndarray,
    mask_scores: np.ndarray,
    area_fractions: np.ndarray,
    vectors: np.ndarray,
) -> bytes:
    """A block of these values: boxes in pixels, vectors float (R, D), see the module."""
    rows, ndim = vectors.shape
    exact = vectors.astype(np.float32)
    # A step that float16 would round down to nothing is kept as its least number.
    steps = np.nextafter((np.abs(exact).max(axis=0) / _LEVELS).astype(np.float16), np.float16(1))
    quantised = np.clip(np.rint(exact / steps.astype(np.float32)), -_LEVELS, _LEVELS)
    content = b"".join(
        (
            _HEADER.pack(VERSION, outlined, ndim, rows, *size_wh),
            *(np.ascontiguousarray(a, "<f4").tobytes() for a in (boxes_xyxy, mask_scores)),
            np.ascontiguousarray(area_fractions, "<f4").tobytes(),
            steps.astype("<f2").tobytes(),
            quantised.astype(np.int8).tobytes(),
        )
    )
    return content + _CHECKSUM.pack(zlib.crc32(content))


def verify(block: bytes) -> RegionBlock:
    """As ``decode``, after a look at the checksum, which takes longer than a query has for that.

    Raises:
        ValueError: it is damaged, or of a layout that is not known.
    """
    decoded = decode(block)
    if block[0] == VERSION:
        content = memoryview(block)[: -_CHECKSUM.size]
        if _CHECKSUM.pack(zlib.crc32(content)) != block[-_CHECKSUM.size :]:
            raise ValueError("the block differs from its checksum")
    return decoded


def decode(block: bytes) -> RegionBlock:
    """The values of a block, without a copy.

    Raises:
        ValueError: it is damaged, or of a layout that is not known.
    """
    if len(block) < _HEADER.size:
        raise ValueError(f"expected a block, got {len(block)} bytes")
    version, outlined, ndim, rows, width, height = _HEADER.unpack_from(block)
    length = _HEADER.size + rows * (24 + ndim) + 2 * ndim
    if len(block) != length + _CHECKSUM_BYTES.get(version, -length):
        raise ValueError(f"expected a block of layout {VERSION}, got {block[:16].hex()}")
    numbers = np.frombuffer(block, "<f4", 6 * rows, _HEADER.size)
    at = _HEADER.size + 24 * rows
    return RegionBlock(
        bool(outlined),
        (width, height),
        numbers[: 4 * rows].reshape(rows, 4),
        numbers[4 * rows : 5 * rows],
        numbers[5 * rows :],
        np.frombuffer(block, "<f2", ndim, at),
        np.frombuffer(block, np.int8, rows * ndim, at + 2 * ndim).reshape(rows, ndim),
    )

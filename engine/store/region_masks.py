"""The binary layout of the masks of a photo: all in one, because together they compress better.

Deflated: for each mask its height, width (uint16) and the length of its run lengths in bytes
(uint32), little-endian, for all of them; then all run lengths. Of nothing, if there is no mask.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from engine.records import Rle

_SIZES = np.dtype([("height", "<u4"), ("width", "<u4"), ("length", "<u4")])
_LEVEL = 6


def encode(rles: Sequence[Rle]) -> bytes:
    """The masks of a photo."""
    if not rles:
        return b""
    sizes = np.array([(*rle.size_hw, len(rle.counts)) for rle in rles], _SIZES)
    return zlib.compress(sizes.tobytes() + b"".join(rle.counts for rle in rles), _LEVEL)


def decode(masks: bytes, count: int) -> tuple[Rle, ...]:
    """The ``count`` masks of a photo.

    Raises:
        ValueError: they are damaged.
    """
    if not count:
        return ()
    try:
        raw = zlib.decompress(masks)
    except zlib.error as error:
        raise ValueError(f"masks cannot be read ({error})") from error
    sizes = np.frombuffer(raw, _SIZES, count)
    ends = (count * _SIZES.itemsize + sizes["length"].cumsum()).tolist()
    starts = [count * _SIZES.itemsize, *ends[:-1]]
    return tuple(
        Rle((height, width), raw[start:end])
        for (height, width, _), start, end in zip(sizes.tolist(), starts, ends, strict=True)
    )

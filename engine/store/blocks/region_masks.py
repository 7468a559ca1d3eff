"""The binary layout of the masks of a photo: all in one, because together they compress better.

Deflated: height, width and the length of the run lengths in bytes of each mask, uint32,
little-endian; then all run lengths. No bytes, if there is no mask.
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


def verify(masks: bytes, count: int) -> None:
    """Read all masks of a photo, with the checksum that is at their end.

    Raises:
        ValueError: they are damaged.
    """
    try:
        raw = zlib.decompress(masks) if masks else b""
    except zlib.error as error:
        raise ValueError(f"masks cannot be read ({error})") from error
    sizes = np.frombuffer(raw[: count * _SIZES.itemsize], _SIZES)
    if len(sizes) != count or len(raw) != sizes.nbytes + int(sizes["length"].sum()):
        raise ValueError(f"expected {count} masks, got {len(raw)} bytes")


def decode(masks: bytes, count: int, wanted: Sequence[int]) -> list[Rle]:
    """Some of the ``count`` masks of a photo, by their indexes.

    Raises:
        ValueError: they are damaged.
    """
    if not wanted:
        return []
    inflater = zlib.decompressobj()
    try:
        sizes = np.frombuffer(inflater.decompress(masks, count * _SIZES.itemsize), _SIZES)
        ends = sizes["length"].cumsum().tolist()
        # The masks after the last one that is wanted need not be inflated.
        raw = inflater.decompress(inflater.unconsumed_tail, ends[max(wanted)])
    except (zlib.error, ValueError, IndexError) as error:
        raise ValueError(f"masks cannot be read ({error})") from error
    if len(raw) != ends[max(wanted)]:
        raise ValueError(f"expected masks of {ends[max(wanted)]} bytes, got {len(raw)}")
    found = []
    for k in wanted:
        height, width, length = sizes[k].tolist()
        found.append(Rle((height, width), raw[ends[k] - length : ends[k]]))
    return found

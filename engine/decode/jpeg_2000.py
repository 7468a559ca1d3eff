"""JPEG 2000: what Pillow's decoder needs to be told, and what it gets wrong."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

from engine.decode.pixels import Strips, strips_of

_SIZE, _STYLE = b"\xff\x4f\xff\x51", b"\xff\x52"
_DEPTHS_AT = 42
"""Bytes from the marker of the size to the depth of the first component."""
_HEAD_BYTES = 1 << 16


def decode(image: Any, file: BinaryIO, target_wh: tuple[int, int]) -> Strips:
    """The pixels, of a fraction of the size if enough is left.

    Args:
        image: a ``PIL.Image.Image`` that was opened from ``file`` and not loaded.
        target_wh: the size that it will be reduced to.

    Raises:
        OSError: the file is damaged.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if image.mode in ("RGB", "RGBA") and _bits(head) > 8:
        return strips_of(_decode_wide(file))
    # One halving less than would do: the halves lie up to half of their pixels aside.
    wanted = int(math.log2(max(image.size) / max(target_wh))) - 1
    image.reduce = max(0, min(_halvings(head), wanted))
    return strips_of(image)


def _decode_wide(file: BinaryIO) -> Any:
    """Colours of more than eight bits, decoded by OpenCV, without their transparency: Pillow 13
    rounds the brightest of them up to black."""
    import cv2
    import numpy as np
    from PIL import Image

    file.seek(0)
    bgr = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise OSError("broken data stream")
    return Image.fromarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def _bits(head: bytes) -> int:
    """Bits of the first component."""
    at = head.find(_SIZE)
    depth_at = at + _DEPTHS_AT
    return (head[depth_at] & 0x7F) + 1 if 0 <= at < len(head) - _DEPTHS_AT else 8


def _halvings(head: bytes) -> int:
    """How many times the picture can be halved while it is decoded."""
    size_at = head.find(_SIZE)
    style_at = head.find(_STYLE, size_at)
    if size_at < 0 or style_at < 0 or style_at + 9 >= len(head):
        return 0
    return min(head[style_at + 9], 32)

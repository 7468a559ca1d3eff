"""Masks to and from compressed COCO run lengths."""

from __future__ import annotations

import numpy as np

from engine.records import Rle


def encode(mask_hw: np.ndarray) -> Rle:
    """Encode a bool mask (H, W).

    >>> rle = encode(np.array([[0, 1], [0, 1]], dtype=bool))
    >>> rle.size_hw, decode(rle).astype(int).tolist()
    ((2, 2), [[0, 1], [0, 1]])
    """
    from pycocotools import mask as coco

    packed = coco.encode(np.asfortranarray(mask_hw, dtype=np.uint8))
    return Rle(size_hw=(int(packed["size"][0]), int(packed["size"][1])), counts=packed["counts"])


def decode(rle: Rle) -> np.ndarray:
    """The bool mask (H, W) of an RLE that ``encode`` or pycocotools made.

    Runs that stop short of the size leave the rest False; pycocotools does not tell.
    """
    from pycocotools import mask as coco

    return coco.decode({"size": list(rle.size_hw), "counts": rle.counts}).astype(bool)

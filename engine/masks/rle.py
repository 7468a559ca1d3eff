"""Encodes masks as compressed COCO run lengths (RLE), and decodes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.records import BoxXyxy, Rle


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
    """Decode an RLE of ``encode`` or pycocotools to a bool mask (H, W).

    If the runs end early, the rest is False; pycocotools does not report that.
    """
    from pycocotools import mask as coco

    mask: np.ndarray = coco.decode({"size": list(rle.size_hw), "counts": rle.counts}).astype(bool)
    return mask


def union(rles: Sequence[Rle]) -> Rle:
    """Union of masks of one size; raises ValueError for different sizes.

    >>> left, right = (encode(np.array([[a, b]], dtype=bool)) for a, b in ((1, 0), (0, 1)))
    >>> decode(union([left, right])).tolist()
    [[True, True]]
    """
    from pycocotools import mask as coco

    if len({rle.size_hw for rle in rles}) != 1:
        raise ValueError(f"expected masks of one size, got {[rle.size_hw for rle in rles]}")
    merged = coco.merge([{"size": list(rle.size_hw), "counts": rle.counts} for rle in rles])
    return Rle(rles[0].size_hw, merged["counts"])


def shares_within(rles: Sequence[Rle], box: BoxXyxy, frame_size_wh: tuple[int, int]) -> np.ndarray:
    """Share of each mask's area that lies in a box, float (N,), 0..1.

    Args:
        rles: masks of one photo, of any size.
        box: in pixels of a frame of the size ``frame_size_wh``.
        frame_size_wh: size of that frame, which shows the same photo as the masks.
    """
    from pycocotools import mask as coco

    shares = np.zeros(len(rles))
    for i, rle in enumerate(rles):
        height, width = rle.size_hw
        scaled = box.scaled(width / frame_size_wh[0], height / frame_size_wh[1])
        sides = np.array([[scaled.x0, scaled.y0, scaled.width, scaled.height]])
        packed = {"size": [height, width], "counts": rle.counts}
        # For a crowd object, pycocotools divides the overlap by the area of the mask.
        shares[i] = coco.iou([packed], [coco.frPyObjects(sides, height, width)[0]], [1])[0, 0]
    return shares

"""Which regions of a photo are different things, so that counts count things and not masks."""

from __future__ import annotations

import numpy as np

SAME_IOU = 0.45
"""Boxes that overlap more are the same thing."""
CONTAINED = 0.85
"""Share of a box inside another box from which its region is a part of the other thing."""
GROUP_SHARE = 0.6
"""A region is a group of others rather than one thing if each of at least two distinct ones, with
at least this share of its probability, lies within it."""


def box_overlaps(boxes_xyxy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """IoU of each pair of boxes (N, 4), and the share of box i that lies in box j; both (N, N)."""
    x0, y0, x1, y1 = boxes_xyxy.T.astype(np.float64)
    areas = np.maximum((x1 - x0) * (y1 - y0), 1e-9)
    width = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    height = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    return shared / (areas[:, None] + areas - shared), shared / areas[:, None]


def distinct_regions(probabilities: np.ndarray, boxes_xyxy: np.ndarray, least: float) -> list[int]:
    """Indexes of regions that are different things, likeliest first.

    Args:
        probabilities: (N,) that each region shows the thing.
        boxes_xyxy: (N, 4).
        least: regions below this probability are left out.
    """
    order = [int(i) for i in np.argsort(-probabilities, kind="stable") if probabilities[i] >= least]
    if len(order) < 2:
        return order
    iou, within = box_overlaps(boxes_xyxy)
    groups = {i for i in order if _is_group(i, order, probabilities, iou, within)}
    kept: list[int] = []
    for i in order:
        if i in groups:
            continue
        same = any(
            iou[i, k] > SAME_IOU or within[i, k] > CONTAINED or within[k, i] > CONTAINED
            for k in kept
        )
        if not same:
            kept.append(i)
    return kept


def _is_group(
    region: int, order: list[int], probabilities: np.ndarray, iou: np.ndarray, within: np.ndarray
) -> bool:
    inside = [
        k
        for k in order
        if k != region
        and within[k, region] > CONTAINED
        and iou[k, region] <= SAME_IOU
        and probabilities[k] >= GROUP_SHARE * probabilities[region]
    ]
    return any(
        iou[a, b] < 0.1 and within[a, b] < 0.3 and within[b, a] < 0.3
        for n, a in enumerate(inside)
        for b in inside[n + 1 :]
    )

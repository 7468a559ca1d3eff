"""Things in a photo by the starter mask head: a ``MaskProposer``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.masks.cleanup import distinct, tidy_mask, without_slivers
from engine.masks.geometry import mask_box
from engine.masks.proposer import MaskProposal
from engine.starter.backbone import STRIDES, Backbone
from engine.starter.mask_head import COORDINATE_SCALES, GRID_STRIDES
from engine.starter.network import Network

HEAD_FILE_NAME = "mask_head.onnx"
DRAWER_FILE_NAME = "mask_drawer.onnx"
HEAD_INPUTS = tuple(f"stride_{stride}" for stride in STRIDES)
HEAD_OUTPUTS = (*(f"grid_{stride}" for stride in GRID_STRIDES), "fine")
DRAWER_INPUTS = ("fine", "weights", "centres", "scales")
DRAWER_OUTPUTS = ("masks",)
_DRAWN_AT_ONCE = 32


@dataclass(frozen=True)
class ProposerOptions:
    """What changes masks, and so is part of the profile's key.

    Attributes:
        sides_px: longest sides that the photo is looked at with.
        points: cells drawn, the best ones of all grids.
        most: masks kept.
        iou_limit: masks that overlap a better one by more are copies.
        min_area_px: smaller masks, in pixels of the picture given, are dropped.
    """

    sides_px: tuple[int, ...] = (384, 640)
    points: int = 150
    most: int = 50
    iou_limit: float = 0.6
    min_area_px: int = 64


class StarterProposer:
    """Proposes masks in one or more passes over the photo; one thread at a time.

    Args:
        folder: holds ``HEAD_FILE_NAME`` and ``DRAWER_FILE_NAME``.

    Raises:
        ModelMissing, ModelBroken: if the weights are not there or not what they should be.
    """

    def __init__(
        self, folder: Path, backbone: Backbone, options: ProposerOptions | None = None
    ) -> None:
        self._backbone = backbone
        self._options = options or ProposerOptions()
        self._head = Network(folder / HEAD_FILE_NAME)
        self._drawer = Network(folder / DRAWER_FILE_NAME)

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        """See ``MaskProposer``."""
        import cv2

        passes = [self._look(photo_rgb, side) for side in self._options.sides_px]
        frame_hw = passes[-1][0].shape[1:]
        soft = np.concatenate(
            [
                masks
                if masks.shape[1:] == frame_hw
                else np.stack([cv2.resize(m, frame_hw[::-1]) for m in masks])
                for masks, _ in passes
                if len(masks)
            ]
            or [np.zeros((0, *frame_hw), np.float32)]
        )
        scores = np.concatenate([s for _, s in passes])
        if not len(soft):
            return []
        kept = distinct(soft > 0.5, scores, self._options.iou_limit, self._options.most)
        height, width = photo_rgb.shape[:2]
        proposals = []
        for index in kept:
            full = cv2.resize(soft[index], (width, height), interpolation=cv2.INTER_CUBIC)
            mask = tidy_mask(without_slivers(full > 0.5))
            box = mask_box(mask)
            if box is not None and mask.sum() >= self._options.min_area_px:
                proposals.append(MaskProposal(mask, box, float(np.clip(scores[index], 0, 1))))
        return proposals

    def _look(self, photo_rgb: np.ndarray, side_px: int) -> tuple[np.ndarray, np.ndarray]:
        """Soft masks float32 (N, h, w) at stride 4 of this pass, without padding; scores (N,)."""
        look = self._backbone.look(photo_rgb, side_px)
        *grids, fine = self._head.run(
            HEAD_OUTPUTS, **dict(zip(HEAD_INPUTS, look.maps, strict=True))
        )
        points, rows, centres, scales = _best_cells(grids, self._options.points)
        drawn = [
            self._drawer.run(
                DRAWER_OUTPUTS,
                fine=fine[0],
                weights=rows[i : i + _DRAWN_AT_ONCE],
                centres=centres[i : i + _DRAWN_AT_ONCE],
                scales=scales[i : i + _DRAWN_AT_ONCE],
            )[0]
            for i in range(0, len(points), _DRAWN_AT_ONCE)
        ]
        width, height = look.size_wh
        soft = np.concatenate(drawn)[:, : -(-height // 4), : -(-width // 4)]
        inside = soft > 0.5
        counts = inside.sum((1, 2))
        certainty = (soft * inside).sum((1, 2)) / np.maximum(counts, 1)
        alive = counts > 3
        return soft[alive], (points * certainty)[alive]


def _best_cells(grids: list[np.ndarray], most: int):
    """Score, controller weights, centre and coordinate scale of the best cells of all grids."""
    scores, rows, centres, scales = [], [], [], []
    for grid, stride, scale in zip(grids, GRID_STRIDES, COORDINATE_SCALES, strict=True):
        _, channels, height, width = grid.shape
        flat = grid[0].reshape(channels, height * width).T
        scores.append(np.sqrt(_sigmoid(flat[:, 0]) * _sigmoid(flat[:, 1])))
        rows.append(flat[:, 2:])
        lines, columns = np.divmod(np.arange(height * width), width)
        centres.append((np.stack([columns, lines], 1).astype(np.float32) + 0.5) * stride)
        scales.append(np.full(height * width, scale, np.float32))
    every = np.concatenate(scores)
    best = np.argsort(-every, kind="stable")[:most]
    return every[best], *(np.concatenate(part)[best] for part in (rows, centres, scales))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))

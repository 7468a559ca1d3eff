"""Things in a photo by the starter mask head: a ``MaskProposer``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.masks.cleanup import distinct, tidy_mask, without_slivers
from engine.masks.geometry import mask_box
from engine.masks.proposer import MaskProposal
from engine.starter.arrays import broken, load_arrays
from engine.starter.backbone import Backbone, normalise
from engine.starter.mask_head import COORDINATE_SCALES, GRID_STRIDES, build_mask_head, draw_masks

FILE_NAME = "mask_head.safetensors"
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

    Raises:
        ModelMissing, ModelBroken: if the shipped weights are not there or not what they should be.
    """

    def __init__(
        self, weights: Path, backbone: Backbone, options: ProposerOptions | None = None
    ) -> None:
        self._backbone = backbone
        self._options = options or ProposerOptions()
        self._head = load_mask_head(weights)

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
        import cv2
        import torch

        height, width = photo_rgb.shape[:2]
        scale = side_px / max(height, width)
        small_w, small_h = max(1, round(width * scale)), max(1, round(height * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas = np.full((-(-small_h // 32) * 32, -(-small_w // 32) * 32, 3), 127, np.uint8)
        canvas[:small_h, :small_w] = cv2.resize(photo_rgb, (small_w, small_h), interpolation=how)
        maps = self._backbone.features(normalise(canvas[None])).maps
        with torch.no_grad():
            grids, fine = self._head(maps)
            points, rows, centres, scales = _best_cells(grids, self._options.points)
            drawn = [
                draw_masks(
                    fine[0],
                    rows[i : i + _DRAWN_AT_ONCE],
                    centres[i : i + _DRAWN_AT_ONCE],
                    scales[i : i + _DRAWN_AT_ONCE],
                ).sigmoid()
                for i in range(0, len(points), _DRAWN_AT_ONCE)
            ]
        soft = torch.cat(drawn)[:, : -(-small_h // 4), : -(-small_w // 4)].numpy()
        inside = soft > 0.5
        counts = inside.sum((1, 2))
        certainty = (soft * inside).sum((1, 2)) / np.maximum(counts, 1)
        alive = counts > 3
        return soft[alive], (points.numpy() * certainty)[alive]


def load_mask_head(path: Path):
    """The mask head with the weights of a safetensors file, in eval mode."""
    import torch

    arrays = load_arrays(path)
    head = build_mask_head()
    try:
        head.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        raise broken(path) from error
    return head.eval().requires_grad_(False)


def _best_cells(grids, most: int):
    """Score, controller weights, centre and coordinate scale of the best cells of all grids."""
    import torch

    scores, rows, centres, scales = [], [], [], []
    for grid, stride, scale in zip(grids, GRID_STRIDES, COORDINATE_SCALES, strict=True):
        _, channels, height, width = grid.shape
        flat = grid[0].reshape(channels, height * width).T
        scores.append((flat[:, 0].sigmoid() * flat[:, 1].sigmoid()).sqrt())
        rows.append(flat[:, 2:])
        cells = torch.arange(height * width)
        columns, lines = cells % width, cells // width
        centres.append((torch.stack([columns, lines], 1) + 0.5) * stride)
        scales.append(torch.full((height * width,), scale))
    scores = torch.cat(scores)
    best = torch.topk(scores, min(most, len(scores))).indices
    return scores[best], torch.cat(rows)[best], torch.cat(centres)[best], torch.cat(scales)[best]

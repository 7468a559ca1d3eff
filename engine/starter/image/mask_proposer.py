"""Things in a photo by the starter mask head: a ``MaskProposer`` that understands boxes too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import BadRequest
from engine.masks.cleanup import distinct, tidy_mask, without_slivers
from engine.masks.geometry import box_iou, mask_box
from engine.masks.proposer import FITS_FROM, MaskProposal
from engine.records import BoxXyxy
from engine.starter.image.backbone import STRIDES, Backbone
from engine.starter.image.mask_head import COORDINATE_SCALES, GRID_STRIDES
from engine.starter.image.network import Network

HEAD_FILE_NAME = "mask_head.onnx"
DRAWER_FILE_NAME = "mask_drawer.onnx"
HEAD_INPUTS = tuple(f"stride_{stride}" for stride in STRIDES)
HEAD_OUTPUTS = (*(f"grid_{stride}" for stride in GRID_STRIDES), "fine")
DRAWER_INPUTS = ("fine", "weights", "centres", "scales")
DRAWER_OUTPUTS = ("masks",)
_DRAWN_AT_ONCE = 32

_AROUND_PX, _AROUND_SHARE = 8, 0.1
"""Cells that lie outside a box by so many pixels of the network's input, or by this share of its
side, may still draw the thing in it: boxes that a language model draws are not tight."""
_INSIDE_WEIGHT = _SCORE_WEIGHT = 0.4
"""Beside the overlap with the box, as where stored masks are matched with boxes."""
_LEAST_SCORE = 0.15
"""Of a mask that fits a box. Boxes thrown at random onto photos get masks too, of nothing in
particular; three quarters of those score less (95 % less than 0.21), while 95 % of the masks that
are proposed unasked score more than 0.23 (sample photos)."""
_FINALISTS = 8
"""Masks that are tidied at the photo's size, those that fit best at the network's."""


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

        passes = [self._infer(photo_rgb, side) for side in self._options.sides_px]
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
        found = (self._finished(soft[index], scores[index], (width, height)) for index in kept)
        return [proposal for proposal in found if proposal is not None]

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """See ``PromptableProposer``; understands boxes only.

        All cells at the box are drawn, not only the best ones of the photo, and none gives way to
        a more certain mask of another thing: that is what there is to be found beyond ``propose``.
        """
        if points_xy or box is None:
            raise BadRequest(
                "These models outline what a box is drawn around, and nothing else.",
                operation="outlining a thing",
            )
        height, width = photo_rgb.shape[:2]
        if box.area <= 0 or min(box.x1, box.y1, width - box.x0, height - box.y0) <= 0:
            return None
        drawn: list[tuple[float, float, np.ndarray]] = []
        for side_px in self._options.sides_px:
            for soft, score in zip(*self._infer(photo_rgb, side_px, box), strict=True):
                if score < _LEAST_SCORE:
                    continue
                small_wh = soft.shape[1], soft.shape[0]
                fit = _fit(tidy_mask(soft > 0.5), score, _carried(box, (width, height), small_wh))
                drawn.append((fit, float(score), soft))
        drawn.sort(key=lambda one: -one[0])
        best: tuple[float, MaskProposal | None] = (0.0, None)
        for _, score, soft in drawn[:_FINALISTS]:
            proposal = self._finished(soft, score, (width, height))
            if proposal is None or box_iou(proposal.box_xyxy, box) < FITS_FROM:
                continue
            fit = _fit(proposal.mask_hw, score, box)
            if fit > best[0]:
                best = (fit, proposal)
        return best[1]

    def _finished(
        self, soft: np.ndarray, score: float, size_wh: tuple[int, int]
    ) -> MaskProposal | None:
        """A soft mask at the photo's size, tidied; None if too little is left of it."""
        import cv2

        full = cv2.resize(soft, size_wh, interpolation=cv2.INTER_CUBIC)
        mask = tidy_mask(without_slivers(full > 0.5))
        box = mask_box(mask)
        if box is None or mask.sum() < self._options.min_area_px:
            return None
        return MaskProposal(mask, box, float(np.clip(score, 0, 1)))

    def _infer(
        self, photo_rgb: np.ndarray, side_px: int, box: BoxXyxy | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Soft masks float32 (N, h, w) at stride 4 of this pass, without padding; scores (N,).

        Args:
            box: in the photo's pixels; only cells at it are drawn.
        """
        look = self._backbone.feature_maps(photo_rgb, side_px)
        *grids, fine = self._head.run(
            HEAD_OUTPUTS, **dict(zip(HEAD_INPUTS, look.maps, strict=True))
        )
        height, width = photo_rgb.shape[:2]
        near = None if box is None else _around(_carried(box, (width, height), look.size_wh))
        points, rows, centres, scales = _best_cells(grids, self._options.points, near)
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


def _carried(box: BoxXyxy, from_wh: tuple[int, int], to_wh: tuple[int, int]) -> BoxXyxy:
    """A box of a picture in the same picture at another size."""
    return box.scaled(to_wh[0] / from_wh[0], to_wh[1] / from_wh[1])


def _around(box: BoxXyxy) -> BoxXyxy:
    """A little more than the box, pixels of the network's input; never smaller than a cell."""
    x, y = (_AROUND_PX + _AROUND_SHARE * side for side in (box.width, box.height))
    return BoxXyxy(box.x0 - x, box.y0 - y, box.x1 + x, box.y1 + y)


def _fit(mask_hw: np.ndarray, score: float, box: BoxXyxy) -> float:
    """How well a mask is what a box in the same picture means."""
    tight = mask_box(mask_hw)
    if tight is None:
        return 0.0
    x0, y0, x1, y1 = (max(0, round(side)) for side in box.as_tuple())
    within = float(mask_hw[y0:y1, x0:x1].sum() / mask_hw.sum())
    return box_iou(tight, box) + _INSIDE_WEIGHT * within + _SCORE_WEIGHT * float(score)


def _best_cells(grids: list[np.ndarray], most: int, near: BoxXyxy | None = None):
    """Score, controller weights, centre and coordinate scale of the best cells of all grids, or
    of those whose centre lies in ``near``, pixels of the network's input."""
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
    best = np.argsort(-every, kind="stable")
    if near is not None:
        x, y = np.concatenate(centres)[best].T
        best = best[(near.x0 <= x) & (x < near.x1) & (near.y0 <= y) & (y < near.y1)]
    best = best[:most]
    return every[best], *(np.concatenate(part)[best] for part in (rows, centres, scales))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))

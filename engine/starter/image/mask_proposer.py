"""Masks by the starter mask head: a ``MaskProposer`` that also takes boxes as prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import BadRequest
from engine.masks.cleanup import non_maximum_suppression, remove_slivers, tidy_mask
from engine.masks.geometry import box_iou, mask_box
from engine.masks.proposer import MIN_BOX_IOU, MaskProposal
from engine.records import BoxXyxy
from engine.starter.image.backbone import STRIDES, Backbone
from engine.starter.image.face_detector import FaceDetector
from engine.starter.image.mask_head import COORDINATE_SCALES, GRID_STRIDES
from engine.starter.image.network import Network
from engine.starter.image.person_masks import person_masks

HEAD_FILE_NAME = "mask_head.onnx"
DRAWER_FILE_NAME = "mask_drawer.onnx"
HEAD_INPUTS = tuple(f"stride_{stride}" for stride in STRIDES)
HEAD_OUTPUTS = (*(f"grid_{stride}" for stride in GRID_STRIDES), "fine")
DRAWER_INPUTS = ("fine", "weights", "centres", "scales")
DRAWER_OUTPUTS = ("masks",)
_DRAWN_AT_ONCE = 32

_AROUND_PX, _AROUND_SHARE = 8, 0.1
"""Cells that lie outside a box by so many pixels of the network's input plus this share of its side
are still decoded: boxes from a language model are not tight."""
_INSIDE_WEIGHT = _SCORE_WEIGHT = 0.4
"""Weights beside the IoU with the box, as where stored masks are matched with boxes."""
_LEAST_SCORE = 0.15
"""Least score of a mask for a box. Boxes at random places in photos get masks too; three quarters
of those score less (95 % less than 0.21), while 95 % of the masks proposed without a box score
more than 0.23 (sample photos)."""
_SAME_IOU = 0.8
"""IoU from which the mask of a person, made from several, says nothing new. More than where a weak
mask is dropped for a better one, because it is likely to be the better one."""
_FINALISTS = 8
"""Number of masks, best fit first at the network's size, that are finalised at the photo's size."""


@dataclass(frozen=True)
class ProposerOptions:
    """Options that change the masks, and so are part of the profile's key.

    Attributes:
        sides_px: longest sides of the photo in the network's input, one pass each.
        points: number of cells whose masks are decoded, the best ones of all grids.
        most: number of masks kept.
        iou_limit: masks whose IoU with a better one is higher are dropped as duplicates.
        min_area_px: smaller masks, in pixels of the given photo, are dropped.
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
        face_detector: people with a face get a mask of their own, see ``person_masks``.

    Raises:
        ModelMissing: a file of the weights is missing.
        ModelBroken: a file of the weights cannot be run.
    """

    def __init__(
        self,
        folder: Path,
        backbone: Backbone,
        face_detector: FaceDetector,
        options: ProposerOptions | None = None,
    ) -> None:
        self._backbone = backbone
        self._face_detector = face_detector
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
        options = self._options
        height, width = photo_rgb.shape[:2]
        kept = non_maximum_suppression(soft > 0.5, scores, options.iou_limit, options.most)
        people = person_masks(self._face_detector.detect(photo_rgb), (height, width), soft, scores)
        soft, scores = _with_new_ones(soft[kept], scores[kept], *people)
        best = np.argsort(-scores, kind="stable")[: options.most]
        found = (self._finalised(soft[index], scores[index], (width, height)) for index in best)
        return [proposal for proposal in found if proposal is not None]

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """See ``PromptableProposer``; takes boxes only.

        Unlike ``propose``, it decodes the best cells at the box, not the best ones of the photo,
        and does not drop a mask in favour of a more certain one.
        """
        if points_xy or box is None:
            raise BadRequest(
                "These models outline what a box is drawn around, and nothing else.",
                operation="outlining a thing",
            )
        height, width = photo_rgb.shape[:2]
        if box.area <= 0 or min(box.x1, box.y1, width - box.x0, height - box.y0) <= 0:
            return None
        candidates: list[tuple[float, float, np.ndarray]] = []
        for side_px in self._options.sides_px:
            for soft, score in zip(*self._infer(photo_rgb, side_px, box), strict=True):
                if score < _LEAST_SCORE:
                    continue
                small_wh = soft.shape[1], soft.shape[0]
                fit = _fit(tidy_mask(soft > 0.5), score, _rescaled(box, (width, height), small_wh))
                candidates.append((fit, float(score), soft))
        candidates.sort(key=lambda candidate: -candidate[0])
        best: tuple[float, MaskProposal | None] = (0.0, None)
        for _, score, soft in candidates[:_FINALISTS]:
            proposal = self._finalised(soft, score, (width, height))
            if proposal is None or box_iou(proposal.box_xyxy, box) < MIN_BOX_IOU:
                continue
            fit = _fit(proposal.mask_hw, score, box)
            if fit > best[0]:
                best = (fit, proposal)
        return best[1]

    def _finalised(
        self, soft: np.ndarray, score: float, size_wh: tuple[int, int]
    ) -> MaskProposal | None:
        """A soft mask at the photo's size, cleaned up; None if it gets too small."""
        import cv2

        full = cv2.resize(soft, size_wh, interpolation=cv2.INTER_CUBIC)
        mask = tidy_mask(remove_slivers(full > 0.5))
        box = mask_box(mask)
        if box is None or mask.sum() < self._options.min_area_px:
            return None
        return MaskProposal(mask, box, float(np.clip(score, 0, 1)))

    def _infer(
        self, photo_rgb: np.ndarray, side_px: int, box: BoxXyxy | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """One pass: soft masks float32 (N, h, w) at stride 4, without padding, and scores (N,).

        Args:
            side_px: longest side of the photo in the network's input.
            box: in the photo's pixels; only cells at it are decoded.
        """
        maps = self._backbone.feature_maps(photo_rgb, side_px)
        *grids, fine = self._head.run(
            HEAD_OUTPUTS, **dict(zip(HEAD_INPUTS, maps.maps, strict=True))
        )
        height, width = photo_rgb.shape[:2]
        near = None if box is None else _widened(_rescaled(box, (width, height), maps.size_wh))
        points, rows, centres, scales = _best_cells(grids, self._options.points, near)
        decoded = [
            self._drawer.run(
                DRAWER_OUTPUTS,
                fine=fine[0],
                weights=rows[i : i + _DRAWN_AT_ONCE],
                centres=centres[i : i + _DRAWN_AT_ONCE],
                scales=scales[i : i + _DRAWN_AT_ONCE],
            )[0]
            for i in range(0, len(points), _DRAWN_AT_ONCE)
        ]
        width, height = maps.size_wh
        soft = np.concatenate(decoded)[:, : -(-height // 4), : -(-width // 4)]
        inside = soft > 0.5
        counts = inside.sum((1, 2))
        certainty = (soft * inside).sum((1, 2)) / np.maximum(counts, 1)
        valid = counts > 3
        return soft[valid], (points * certainty)[valid]


def _with_new_ones(
    soft: np.ndarray, scores: np.ndarray, others: np.ndarray, other_scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Masks and their scores, and those of the others that are no near duplicates of them."""
    for mask, score in zip(others, other_scores, strict=True):
        inside = mask > 0.5
        shared = ((soft > 0.5) & inside).sum((1, 2))
        ious = shared / np.maximum(((soft > 0.5) | inside).sum((1, 2)), 1)
        if inside.any() and ious.max(initial=0) < _SAME_IOU:
            soft, scores = np.concatenate([soft, mask[None]]), np.append(scores, score)
    return soft, scores


def _rescaled(box: BoxXyxy, from_wh: tuple[int, int], to_wh: tuple[int, int]) -> BoxXyxy:
    """A box of a picture, in the same picture at another size."""
    return box.scaled(to_wh[0] / from_wh[0], to_wh[1] / from_wh[1])


def _widened(box: BoxXyxy) -> BoxXyxy:
    """The box with a margin, in pixels of the network's input; at least as large as a cell."""
    x, y = (_AROUND_PX + _AROUND_SHARE * side for side in (box.width, box.height))
    return BoxXyxy(box.x0 - x, box.y0 - y, box.x1 + x, box.y1 + y)


def _fit(mask_hw: np.ndarray, score: float, box: BoxXyxy) -> float:
    """How well a mask fits a box in the same picture."""
    tight = mask_box(mask_hw)
    if tight is None:
        return 0.0
    x0, y0, x1, y1 = (max(0, round(side)) for side in box.as_tuple())
    within = float(mask_hw[y0:y1, x0:x1].sum() / mask_hw.sum())
    return box_iou(tight, box) + _INSIDE_WEIGHT * within + _SCORE_WEIGHT * float(score)


def _best_cells(
    grids: list[np.ndarray], most: int, near: BoxXyxy | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores, controller weights, centres and coordinate scales of the best cells of all grids.

    Args:
        most: number of cells.
        near: only cells whose centre lies in it, in pixels of the network's input.
    """
    scores, rows, centres, scales = [], [], [], []
    for grid, stride, scale in zip(grids, GRID_STRIDES, COORDINATE_SCALES, strict=True):
        _, channels, height, width = grid.shape
        flat = grid[0].reshape(channels, height * width).T
        scores.append(np.sqrt(_sigmoid(flat[:, 0]) * _sigmoid(flat[:, 1])))
        rows.append(flat[:, 2:])
        lines, columns = np.divmod(np.arange(height * width), width)
        centres.append((np.stack([columns, lines], 1).astype(np.float32) + 0.5) * stride)
        scales.append(np.full(height * width, scale, np.float32))
    all_scores = np.concatenate(scores)
    best = np.argsort(-all_scores, kind="stable")
    if near is not None:
        x, y = np.concatenate(centres)[best].T
        best = best[(near.x0 <= x) & (x < near.x1) & (near.y0 <= y) & (y < near.y1)]
    best = best[:most]
    return (
        all_scores[best],
        np.concatenate(rows)[best],
        np.concatenate(centres)[best],
        np.concatenate(scales)[best],
    )


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))

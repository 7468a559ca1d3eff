"""Mask proposals of SAM 2.1: a photo is encoded once and prompted at a grid of points.

Masks are filtered at the decoder's size, and computed at the photo's size only if they may be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import BadRequest
from engine.masks import sam_grid
from engine.masks.cleanup import tidy_mask
from engine.masks.geometry import mask_box
from engine.masks.inclusive_boxes import inclusive_box, max_box_iou
from engine.masks.proposer import MaskProposal
from engine.masks.sam_grid import Coverage
from engine.masks.sam_model import SamModel
from engine.masks.sam_network import SamArchitecture, load
from engine.records import BoxXyxy
from engine.weights.device import PROCESSOR, Device, DevicePlacement, choose_device, in_batches

if TYPE_CHECKING:
    import torch
    from torch import nn

_COARSE_TOLERANCE = 0.05
"""Error of stability and box overlap at the decoder's size; masks that are nearer to a limit than
this are decided at the photo's size."""
_BATCHES_A_ROUND = 4
"""How many batches of prompts are chosen before masks that were found rule out others."""


@dataclass(frozen=True)
class SamSettings:
    """Parameters of ``SamProposer``.

    Attributes:
        points_per_side: points of the full grid per side; the stock generator has 32.
        adaptive: prompt a coarse grid first and skip points in good masks; False: every point.
        iou_from: smallest predicted IoU of a mask, 0..1.
        stability_from: smallest stability of a mask, 0..1: the IoU of its versions with the
            threshold of its logits raised and lowered by ``stability_offset``.
        stability_offset: that offset, in logits.
        nms_iou: a mask is a duplicate if the IoU of its box with a better one's exceeds this.
        crops: also process four overlapping quarters, for small objects.
        tidy: remove specks and fill small holes.
        batch: number of prompts decoded together on the processor, whose cache is small. The
            adaptive grid chooses four times as many at once, and a graphics card decodes them so.
        most: largest number of masks, the best ones.
    """

    points_per_side: int = 32
    adaptive: bool = True
    iou_from: float = 0.8
    stability_from: float = 0.95
    stability_offset: float = 1.0
    nms_iou: float = 0.7
    crops: bool = False
    tidy: bool = True
    batch: int = 4
    most: int = 100


@dataclass(frozen=True)
class _Candidate:
    """A mask at the decoder's size.

    Attributes:
        logits: float16 (h, w), a quarter of the encoded size.
        predicted_iou: 0..1.
        box: its inclusive box, int (4,).
    """

    logits: torch.Tensor
    predicted_iou: float
    box: np.ndarray


@dataclass(frozen=True)
class _Window:
    """A part of the photo that is processed: left, top, and pixels uint8 (H, W, 3)."""

    x: int
    y: int
    rgb: np.ndarray


class SamProposer:
    """A ``MaskProposer`` and ``PromptableProposer``. Used by one thread of one process at a time.

    Attributes:
        prompt_count: number of prompts decoded by the last ``propose``.
    """

    def __init__(
        self, network: nn.Module, device: Device, settings: SamSettings = SamSettings()
    ) -> None:
        self.settings = settings
        self.prompt_count = 0
        self._model = SamModel(network, PROCESSOR)
        self._placement = DevicePlacement(device, self._model.move)

    @property
    def note(self) -> str:
        """See ``DeviceNoteProvider``."""
        return self._placement.note

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        """See ``MaskProposer``. Memory grows with the number of masks, not with the photo."""
        return self._placement.run(lambda: self._propose(photo_rgb))

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """See ``PromptableProposer``. A photo is encoded once for consecutive calls."""
        if len(points_xy) != len(inside) or not (points_xy or box):
            raise BadRequest("Nothing was pointed at.", operation="outlining a thing")
        height, width = photo_rgb.shape[:2]
        corners = [(box.x0, box.y0), (box.x1, box.y1)] if box else []
        labels = ([2, 3] if box else []) + [int(is_inside) for is_inside in inside]
        points = np.array([*corners, *points_xy], np.float64) / (width, height)
        return self._placement.run(lambda: self._segment(photo_rgb, points, labels))

    # -- inside ----------------------------------------------------------------------------

    def _segment(
        self, photo_rgb: np.ndarray, points: np.ndarray, labels: list[int]
    ) -> MaskProposal | None:
        """One mask for points (P, 2) in fractions of the photo; labels as in `SamModel.decode`."""
        import torch

        with torch.inference_mode():
            self._model.encode(photo_rgb)
            decoded = self._model.decode(points[None], [labels])
            # A single click is ambiguous (part or whole), so the best of the three alternatives is
            # used; the single mask is for several prompts.
            kind = 1 + int(decoded.predicted_iou[0, 1:].argmax()) if len(labels) == 1 else 0
            chosen = torch.tensor([kind], device=decoded.image_tokens.device)
            logits = self._model.decoder.draw(decoded, torch.zeros_like(chosen), chosen)
            mask = _upsample(logits, photo_rgb.shape[:2])[0] > 0
        mask_hw = tidy_mask(mask.cpu().numpy())
        tight = mask_box(mask_hw)
        score = float(decoded.predicted_iou[0, kind].clamp(0, 1))
        return MaskProposal(mask_hw, tight, score) if tight else None

    def _propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        import torch

        self.prompt_count = 0
        hw = photo_rgb.shape[:2]
        kept: list[tuple[float, np.ndarray, np.ndarray]] = []
        with torch.inference_mode():
            for window in _windows(photo_rgb, self.settings.crops):
                kept += self._suppress_duplicates(self._find_candidates(window), window, hw)
        kept.sort(key=lambda item: -item[0])
        if self.settings.crops:
            kept = _suppress_box_duplicates(kept, self.settings.nms_iou)
        proposals = []
        for score, box, packed in kept[: self.settings.most]:
            mask = _unpack_mask(packed, box, hw)
            mask = tidy_mask(mask) if self.settings.tidy else mask
            tight = mask_box(mask)
            if tight is not None:
                proposals.append(MaskProposal(mask, tight, min(max(score, 0.0), 1.0)))
        return proposals

    def _find_candidates(self, window: _Window) -> list[_Candidate]:
        """Prompt one window, and return the masks that pass at the decoder's size."""
        self._model.encode(window.rgb)
        settings = self.settings
        candidates: list[_Candidate] = []
        side = settings.points_per_side
        at_once = _BATCHES_A_ROUND * settings.batch
        batch = settings.batch if self._model.device == PROCESSOR else at_once

        def prompt(points: np.ndarray) -> Coverage:
            grids, areas = [np.zeros((0, side, side), bool)], []
            for masks in in_batches(points, batch, self._decode_points):
                candidates.extend(masks)
                for candidate in masks:
                    mask = candidate.logits > 0
                    grids.append(_sample_at_grid(mask, side)[None])
                    areas.append(float(mask.float().mean()))
            self.prompt_count += len(points)
            return Coverage(np.concatenate(grids), np.array(areas, np.float64))

        if settings.adaptive:
            detail = sam_grid.detail_map(window.rgb, side)
            sam_grid.prompt_adaptive_grid(side, detail, prompt, at_once)
        else:
            sam_grid.prompt_full_grid(side, prompt, at_once)
        return candidates

    def _decode_points(self, points: np.ndarray) -> list[_Candidate]:
        """Prompt at points (K, 2) in fractions of the window; returns the masks that pass."""
        import torch

        settings = self.settings
        decoded = self._model.decode(points[:, None], [[1]] * len(points))
        good = decoded.predicted_iou[:, 1:] > settings.iou_from
        prompts, masks = torch.nonzero(good, as_tuple=True)
        if not len(prompts):
            return []
        logits = self._model.decoder.draw(decoded, prompts, masks + 1)
        stable = self._stability(logits) >= settings.stability_from - _COARSE_TOLERANCE
        kept = []
        for k in torch.nonzero(stable)[:, 0].tolist():
            box = inclusive_box((logits[k] > 0).cpu().numpy())
            if box is not None:
                iou = float(decoded.predicted_iou[prompts[k], masks[k] + 1])
                kept.append(_Candidate(logits[k].half().cpu(), iou, box))
        return kept

    def _suppress_duplicates(
        self, candidates: list[_Candidate], window: _Window, photo_hw: tuple[int, int]
    ) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Greedy non-maximum suppression of boxes, best first.

        Masks are computed at the window's size only if they may be kept.

        Returns:
            Predicted IoU, inclusive box in the photo's pixels, and the mask within the box as
            packed bits.
        """
        settings, hw, device = self.settings, window.rgb.shape[:2], self._model.device.name
        coarse: list[np.ndarray] = []
        kept: list[tuple[float, np.ndarray, np.ndarray]] = []
        for candidate in sorted(candidates, key=lambda item: -item.predicted_iou):
            if max_box_iou(candidate.box, coarse) > settings.nms_iou + _COARSE_TOLERANCE:
                continue
            logits = _upsample(candidate.logits.to(device).float()[None], hw)
            if self._stability(logits)[0] < settings.stability_from:
                continue
            mask = (logits[0] > 0).cpu().numpy()
            inner = inclusive_box(mask)
            if inner is None or _is_cut_by_window(inner, window, photo_hw):
                continue
            box = inner + np.array([window.x, window.y, window.x, window.y])
            if max_box_iou(box, [other for _, other, _ in kept]) > settings.nms_iou:
                continue
            coarse.append(candidate.box)
            x0, y0, x1, y1 = inner
            packed = np.packbits(mask[y0 : y1 + 1, x0 : x1 + 1])
            kept.append((candidate.predicted_iou, box, packed))
        return kept

    def _stability(self, logits: torch.Tensor) -> torch.Tensor:
        """Stability of masks, (K,), 0..1; see ``SamSettings.stability_from``."""
        offset = self.settings.stability_offset
        inner = (logits > offset).flatten(1).sum(1)
        outer = (logits > -offset).flatten(1).sum(1)
        return inner / outer.clamp(min=1)


def load_sam_proposer(
    checkpoint: Path,
    architecture: SamArchitecture,
    *,
    device: str = "auto",
    settings: SamSettings = SamSettings(),
) -> SamProposer:
    """Load a proposer from a published file.

    Raises:
        ModelMissing, ModelBroken: as ``sam_network.load``.
        BadRequest: there is no such device.
    """
    return SamProposer(load(checkpoint, architecture), choose_device(device), settings)


def _windows(rgb: np.ndarray, crops: bool) -> list[_Window]:
    """The photo, then with ``crops`` four parts of two thirds of its sides."""
    height, width = rgb.shape[:2]
    windows = [_Window(0, 0, rgb)]
    if crops:
        crop_h, crop_w = -(-2 * height // 3), -(-2 * width // 3)
        windows += [
            _Window(x, y, rgb[y : y + crop_h, x : x + crop_w])
            for y in (0, height - crop_h)
            for x in (0, width - crop_w)
        ]
    return windows


def _is_cut_by_window(box: np.ndarray, window: _Window, photo_hw: tuple[int, int]) -> bool:
    """Whether a mask touches a side of the window that is not a side of the photo."""
    height, width = window.rgb.shape[:2]
    near = 0.02 * max(photo_hw)
    left, top = window.x > 0, window.y > 0
    right, bottom = window.x + width < photo_hw[1], window.y + height < photo_hw[0]
    return bool(
        (left and box[0] < near)
        or (top and box[1] < near)
        or (right and box[2] >= width - near)
        or (bottom and box[3] >= height - near)
    )


def _upsample(logits: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Upsample logits (K, h, w) -> (K, H, W) as the stock generator does."""
    import torch.nn.functional as F

    return F.interpolate(logits[:, None], hw, mode="bilinear", align_corners=False)[:, 0]


def _suppress_box_duplicates(
    kept: list[tuple[float, np.ndarray, np.ndarray]], nms_iou: float
) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Non-maximum suppression of items of ``_suppress_duplicates`` from several windows."""
    boxes: list[np.ndarray] = []
    distinct = []
    for item in kept:
        if max_box_iou(item[1], boxes) <= nms_iou:
            boxes.append(item[1])
            distinct.append(item)
    return distinct


def _unpack_mask(packed: np.ndarray, box: np.ndarray, hw: tuple[int, int]) -> np.ndarray:
    """The bool mask (H, W) of packed bits within an inclusive box."""
    x0, y0, x1, y1 = box
    size = (y1 - y0 + 1, x1 - x0 + 1)
    mask = np.zeros(hw, bool)
    mask[y0 : y1 + 1, x0 : x1 + 1] = np.unpackbits(packed, count=size[0] * size[1]).reshape(size)
    return mask


def _sample_at_grid(mask: torch.Tensor, side: int) -> np.ndarray:
    """Sample a mask at the points of the grid, bool (side, side)."""
    height, width = mask.shape
    centres = (np.arange(side) + 0.5) / side
    rows, columns = (centres * height).astype(int), (centres * width).astype(int)
    sampled: np.ndarray = mask.numpy()[np.ix_(rows, columns)]
    return sampled

"""Masks from SAM 2.1: a grid of points on one encoded photo, filtered early, drawn late."""

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
from engine.masks.inclusive_boxes import inclusive_box, most_overlap
from engine.masks.proposer import MaskProposal
from engine.masks.sam_grid import Coverage
from engine.masks.sam_model import SamModel
from engine.masks.sam_network import SamArchitecture, load
from engine.records import BoxXyxy
from engine.weights.device import Device, choose_device, in_batches, is_out_of_memory

if TYPE_CHECKING:
    import torch
    from torch import nn

_SLACK = 0.05
"""Stability and boxes measured at the decoder's own size are off by about this much; what is
nearer to a limit is decided at the photo's size."""


@dataclass(frozen=True)
class SamSettings:
    """How photos are searched for things.

    Attributes:
        points_per_side: of the full grid; the stock generator asks 32.
        adaptive: ask coarsely first and skip what is masked well; False: ask every point.
        iou_from: predicted IoU from which a mask counts, 0..1.
        stability_from, stability_offset: intersection over union of the mask at ``offset`` above
            and below its threshold.
        nms_iou: a mask whose box overlaps a better one's by more is a copy.
        crops: also look at four overlapping quarters, for small things.
        tidy: drop specks and fill small holes.
        batch: prompts decoded together.
        most: masks kept, the best ones.
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
class _Raw:
    """A mask as the decoder draws it: float16 logits at a quarter of the encoded size."""

    logits: torch.Tensor
    predicted_iou: float
    box: np.ndarray


@dataclass(frozen=True)
class _Window:
    """The part of the photo that is looked at: left, top, and pixels."""

    x: int
    y: int
    rgb: np.ndarray


class SamProposer:
    """A ``MaskProposer``; also answers clicks. Used by one thread of one process at a time.

    Attributes:
        calls: prompts decoded for the last photo that was proposed for.
        note: what people should know, as that the graphics card's memory was too small; or "".
    """

    def __init__(
        self, network: nn.Module, device: Device, settings: SamSettings = SamSettings()
    ) -> None:
        self.settings = settings
        self.calls = 0
        self.note = ""
        self._model = SamModel(network, device)

    def propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        """See ``MaskProposer``. Memory does not grow with the photo but by the masks found."""
        try:
            return self._propose(photo_rgb)
        except Exception as error:
            if self._model.device.name == "cpu" or not is_out_of_memory(error):
                raise
            self._model.move(choose_device("cpu"))
            self.note = "The graphics card's memory is too small; the processor does its work."
            return self._propose(photo_rgb)

    def segment(
        self,
        photo_rgb: np.ndarray,
        points_xy: Sequence[tuple[float, float]] = (),
        inside: Sequence[bool] = (),
        box: BoxXyxy | None = None,
    ) -> MaskProposal | None:
        """The thing that is meant by clicks, a box, or both; None if nothing is.

        The same photo is encoded once for any number of calls in a row.

        Args:
            points_xy: pixels of the photo; ``inside`` says of each whether the thing is there.
        """
        import torch

        if len(points_xy) != len(inside) or not (points_xy or box):
            raise BadRequest("Nothing was pointed at.", operation="outlining a thing")
        height, width = photo_rgb.shape[:2]
        corners = [(box.x0, box.y0), (box.x1, box.y1)] if box else []
        labels = [2, 3] * bool(box) + [int(yes) for yes in inside]
        places = np.array([*corners, *points_xy], np.float64) / (width, height)
        with torch.inference_mode():
            self._model.encode(photo_rgb)
            decoded = self._model.decode(places[None], [labels])
            # One click may mean a part or the whole, more say which: the single mask is for those.
            one = 1 + int(decoded.predicted_iou[0, 1:].argmax()) if len(labels) == 1 else 0
            chosen = torch.tensor([one], device=decoded.places.device)
            logits = self._model.decoder.draw(decoded, torch.zeros_like(chosen), chosen)
            mask = _enlarged(logits, (height, width))[0] > 0
        mask_hw = tidy_mask(mask.cpu().numpy())
        tight = mask_box(mask_hw)
        score = float(decoded.predicted_iou[0, one].clamp(0, 1))
        return MaskProposal(mask_hw, tight, score) if tight else None

    # -- inside ----------------------------------------------------------------------------

    def _propose(self, photo_rgb: np.ndarray) -> list[MaskProposal]:
        import torch

        self.calls = 0
        hw = photo_rgb.shape[:2]
        kept: list[tuple[float, np.ndarray, np.ndarray]] = []
        with torch.inference_mode():
            for window in _windows(photo_rgb, self.settings.crops):
                kept += self._distinct(self._raw(window), window, hw)
        kept.sort(key=lambda one: -one[0])
        if self.settings.crops:
            kept = _without_copies(kept, self.settings.nms_iou)
        proposals = []
        for score, box, packed in kept[: self.settings.most]:
            mask = _unpacked(packed, box, hw)
            mask = tidy_mask(mask) if self.settings.tidy else mask
            tight = mask_box(mask)
            if tight is not None:
                proposals.append(MaskProposal(mask, tight, min(max(score, 0.0), 1.0)))
        return proposals

    def _raw(self, window: _Window) -> list[_Raw]:
        """All masks of one window that pass at the decoder's size."""
        self._model.encode(window.rgb)
        settings, found = self.settings, []
        side = settings.points_per_side

        def ask(points: np.ndarray) -> Coverage:
            grids, areas = [np.zeros((0, side, side), bool)], [np.zeros(0)]
            for masks in in_batches(points, settings.batch, self._decoded):
                found.extend(masks)
                for one in masks:
                    solid = one.logits > 0
                    grids.append(_at_grid(solid, side)[None])
                    areas.append([float(solid.float().mean())])
            self.calls += len(points)
            return Coverage(np.concatenate(grids), np.concatenate(areas))

        if settings.adaptive:
            detail = sam_grid.detail_map(window.rgb, side)
            sam_grid.ask_adaptively(side, detail, ask, 4 * settings.batch)
        else:
            sam_grid.ask_everywhere(side, ask, settings.batch)
        return found

    def _decoded(self, points: np.ndarray) -> list[_Raw]:
        """Ask at points (K, 2) in fractions; of three masks each, those that pass."""
        import torch

        settings = self.settings
        decoded = self._model.decode(points[:, None], [[1]] * len(points))
        good = decoded.predicted_iou[:, 1:] > settings.iou_from
        prompts, masks = torch.nonzero(good, as_tuple=True)
        if not len(prompts):
            return []
        logits = self._model.decoder.draw(decoded, prompts, masks + 1)
        steady = self._stability(logits) >= settings.stability_from - _SLACK
        kept = []
        for k in torch.nonzero(steady)[:, 0].tolist():
            box = inclusive_box((logits[k] > 0).cpu().numpy())
            if box is not None:
                iou = float(decoded.predicted_iou[prompts[k], masks[k] + 1])
                kept.append(_Raw(logits[k].half().cpu(), iou, box))
        return kept

    def _distinct(
        self, raw: list[_Raw], window: _Window, photo_hw: tuple[int, int]
    ) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Best first, copies left out, drawn at the window's size only where it must be known.

        Greedy as non-maximum suppression of boxes is. Boxes are inclusive, in the photo's pixels;
        masks are packed within their box.
        """
        settings, hw = self.settings, window.rgb.shape[:2]
        coarse: list[np.ndarray] = []
        kept: list[tuple[float, np.ndarray, np.ndarray]] = []
        for one in sorted(raw, key=lambda one: -one.predicted_iou):
            if most_overlap(one.box, coarse) > settings.nms_iou + _SLACK:
                continue
            logits = _enlarged(one.logits.float()[None], hw)
            if self._stability(logits)[0] < settings.stability_from:
                continue
            mask = (logits[0] > 0).numpy()
            inner = inclusive_box(mask)
            if inner is None or _is_cut(inner, window, photo_hw):
                continue
            box = inner + np.array([window.x, window.y, window.x, window.y])
            if most_overlap(box, [other for _, other, _ in kept]) > settings.nms_iou:
                continue
            coarse.append(one.box)
            x0, y0, x1, y1 = inner
            packed = np.packbits(mask[y0 : y1 + 1, x0 : x1 + 1])
            kept.append((one.predicted_iou, box, packed))
        return kept

    def _stability(self, logits: torch.Tensor) -> torch.Tensor:
        """(K,): how little a mask changes when its threshold does."""
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
    """From a file as published.

    Raises:
        ModelMissing, ModelBroken: as ``sam_network.load``.
        BadRequest: there is no such device.
    """
    return SamProposer(load(checkpoint, architecture), choose_device(device), settings)


def _windows(rgb: np.ndarray, crops: bool) -> list[_Window]:
    """The photo, then four quarters that overlap by a third of a side."""
    height, width = rgb.shape[:2]
    windows = [_Window(0, 0, rgb)]
    if crops:
        high, wide = -(-2 * height // 3), -(-2 * width // 3)
        for y in (0, height - high):
            for x in (0, width - wide):
                windows.append(_Window(x, y, rgb[y : y + high, x : x + wide]))
    return windows


def _is_cut(box: np.ndarray, window: _Window, photo_hw: tuple[int, int]) -> bool:
    """Whether a thing ends where the window does though the photo goes on."""
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


def _enlarged(logits: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """(K, h, w) -> (K, H, W), as the stock generator enlarges."""
    import torch.nn.functional as F

    return F.interpolate(logits[:, None], hw, mode="bilinear", align_corners=False)[:, 0]


def _without_copies(kept, nms_iou: float):
    boxes: list[np.ndarray] = []
    distinct = []
    for one in kept:
        if most_overlap(one[1], boxes) <= nms_iou:
            boxes.append(one[1])
            distinct.append(one)
    return distinct


def _unpacked(packed: np.ndarray, box: np.ndarray, hw: tuple[int, int]) -> np.ndarray:
    x0, y0, x1, y1 = box
    size = (y1 - y0 + 1, x1 - x0 + 1)
    mask = np.zeros(hw, bool)
    mask[y0 : y1 + 1, x0 : x1 + 1] = np.unpackbits(packed, count=size[0] * size[1]).reshape(size)
    return mask


def _at_grid(solid: torch.Tensor, side: int) -> np.ndarray:
    """bool (side, side): a mask at the points of the grid."""
    height, width = solid.shape
    places = (np.arange(side) + 0.5) / side
    rows, columns = (places * height).astype(int), (places * width).astype(int)
    return solid.numpy()[np.ix_(rows, columns)]

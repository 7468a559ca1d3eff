"""Trains the mask head: targets, losses, training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.starter.image.backbone import Backbone
from engine.starter.image.mask_head import (
    COORDINATE_SCALES,
    GRID_STRIDES,
    build_mask_head,
    draw_masks,
)
from engine.training.training_photos import (
    CROP_PX,
    TARGET_STRIDE,
    Crop,
    TrainingPhoto,
    augmented_crop,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZE_RANGES_PX = ((0.0, 72.0), (44.0, 180.0), (112.0, 1e9))
"""A thing whose sqrt(box area) lies in a range (pixels) is a positive of that grid.

The ranges overlap."""
MAX_POSITIVES = 40
"""Positive cells of a crop whose masks are drawn for the loss; a random choice of more."""


def train_mask_head(
    photos: list[TrainingPhoto],
    *,
    steps: int,
    batch: int = 4,
    seed: int = 0,
    backbone: Backbone,
    report: Callable[[str], None] = print,
) -> nn.Module:
    """Train on augmented crops; returns the averaged (EMA) module in eval mode.

    Args:
        batch: crops per step.
        report: called with a line of losses every 100 steps.
    """
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    head = build_mask_head()
    average = {k: v.detach().clone() for k, v in head.state_dict().items()}
    optimiser = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.05)
    warmup_steps = 50
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda s: (
            min(1.0, (s + 1) / warmup_steps) * (0.5 + 0.5 * np.cos(np.pi * min(1.0, s / steps)))
        ),
    )
    order: list[int] = []
    sums, started_at = np.zeros(5), time.monotonic()
    for step in range(steps):
        crops = []
        for _ in range(batch):
            if not order:
                order = list(rng.permutation(len(photos)))
            crops.append(augmented_crop(photos, order.pop(), rng))
        features = backbone.features(np.stack([c.rgb for c in crops]))
        maps = [torch.from_numpy(array) for array in features]
        head.train()
        grids, fine = head(maps, dropout=0.15)
        losses = _losses(grids, fine, crops, rng)
        total = losses[0] + losses[1] * 2 + losses[2] + losses[3] * 0.5
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        decay = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for key, value in head.state_dict().items():
                average[key].mul_(decay).add_(value, alpha=1 - decay)
        sums += [*(float(part.detach()) for part in losses), 1]
        if (step + 1) % 100 == 0 or step + 1 == steps:
            objectness, dice, bce, quality = sums[:4] / sums[4]
            report(
                f"step {step + 1}/{steps}  objectness {objectness:.3f}  dice {dice:.3f}  "
                f"bce {bce:.3f}  iou {quality:.3f}  {time.monotonic() - started_at:.0f} s"
            )
            sums[:] = 0
    head.load_state_dict(average)
    return head.eval().requires_grad_(False)


def _losses(
    grids: Sequence[Tensor], fine: Tensor, crops: list[Crop], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Objectness (focal), dice, area-weighted BCE, predicted IoU; each a mean over the batch."""
    import torch
    from torch.nn import functional as F

    focal_sum, positives_sum = fine.new_zeros(()), 0
    dice_parts, bce_parts, quality_parts = [], [], []
    for b, crop in enumerate(crops):
        cells = _targets(crop)
        chosen = []
        for level, (positive, ignored, owner) in enumerate(cells):
            logits = grids[level][b, 0]
            focal = _focal(logits, torch.from_numpy(positive))
            focal_sum = focal_sum + focal[torch.from_numpy(~ignored)].sum()
            ys, xs = np.nonzero(positive)
            positives_sum += len(ys)
            chosen += [(level, y, x, owner[y, x]) for y, x in zip(ys, xs, strict=True)]
        if not chosen:
            continue
        if len(chosen) > MAX_POSITIVES:
            picks = rng.choice(len(chosen), MAX_POSITIVES, replace=False)
            chosen = [chosen[i] for i in picks]
        rows = torch.stack([grids[level][b, 1:, y, x] for level, y, x, _ in chosen])
        strides = [GRID_STRIDES[level] for level, *_ in chosen]
        centres = torch.tensor(
            [
                [(x + 0.5) * s, (y + 0.5) * s]
                for (_, y, x, _), s in zip(chosen, strides, strict=True)
            ],
            dtype=torch.float32,
        )
        scales = torch.tensor([COORDINATE_SCALES[level] for level, *_ in chosen])
        predicted = draw_masks(fine[b], rows[:, 1:], centres, scales)
        truth = torch.from_numpy(crop.masks[[k for *_, k in chosen]])
        inside = predicted.sigmoid()
        flat_i, flat_t = inside.flatten(1), truth.flatten(1)
        dice = 1 - (2 * (flat_i * flat_t).sum(1) + 1) / (
            (flat_i**2).sum(1) + (flat_t**2).sum(1) + 1
        )
        dice_parts.append(dice)
        # Divided by the area, so that small and large things weigh the same.
        spread = F.binary_cross_entropy_with_logits(predicted, truth, reduction="none").flatten(1)
        bce_parts.append((spread.sum(1) / (flat_t.sum(1) * 3 + 20)).clamp(max=4))
        with torch.no_grad():
            hard, hard_t = flat_i > 0.5, flat_t > 0.5
            iou = (hard & hard_t).sum(1) / (hard | hard_t).sum(1).clamp(min=1)
        quality_parts.append(
            F.binary_cross_entropy_with_logits(rows[:, 0], iou.float(), reduction="none")
        )
    focal_mean = focal_sum / max(1, positives_sum)
    if not dice_parts:
        zero = fine.sum() * 0
        return focal_mean, zero, zero, zero
    return (
        focal_mean,
        torch.cat(dice_parts).mean(),
        torch.cat(bce_parts).mean(),
        torch.cat(quality_parts).mean(),
    )


def _focal(logits: Tensor, positive: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss (Lin et al. 2017), element by element."""
    import torch
    from torch.nn import functional as F

    target = positive.float()
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = logits.sigmoid()
    hit = torch.where(positive, p, 1 - p)
    return torch.where(positive, alpha, 1 - alpha) * (1 - hit) ** gamma * loss


def _targets(crop: Crop) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each grid: positive cells, ignored cells, and the index of each positive cell's mask."""
    things = []
    for k, mask in enumerate(crop.masks):
        hard = mask > 0.5
        rows, columns = np.flatnonzero(hard.any(1)), np.flatnonzero(hard.any(0))
        if rows.size == 0:
            continue
        box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) * float(TARGET_STRIDE)
        things.append((float((box[2] - box[0]) * (box[3] - box[1])), k, hard, box))
    # Large first: where two compete for a cell, the smaller one overwrites the larger.
    things.sort(key=lambda thing: -thing[0])
    grids = []
    for stride, (low, high) in zip(GRID_STRIDES, SIZE_RANGES_PX, strict=True):
        side = CROP_PX // stride
        positive = np.zeros((side, side), bool)
        owner = np.full((side, side), -1, np.int64)
        step = stride // TARGET_STRIDE
        ignored = crop.crowd[step // 2 :: step, step // 2 :: step].copy()
        for area, k, hard, box in things:
            ys, xs = _centre_cells(hard, box, stride, step, side)
            size = area**0.5
            if low <= size < high:
                positive[ys, xs] = True
                owner[ys, xs] = k
            elif low * 0.7 <= size < high * 1.4:
                ignored[ys, xs] = True
        ignored &= ~positive
        grids.append((positive, ignored, owner))
    return grids


def _centre_cells(
    hard: np.ndarray, box: np.ndarray, stride: int, step: int, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells near the middle of a thing whose centres lie on its mask.

    If there are none, the cell of the mask's pixel that is nearest to the middle.
    """
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    reach_x = max(0.2 * (box[2] - box[0]), stride * 0.75)
    reach_y = max(0.2 * (box[3] - box[1]), stride * 0.75)
    centres = (np.arange(side) + 0.5) * stride
    near = (np.abs(centres[:, None] - middle_y) <= reach_y) & (
        np.abs(centres[None] - middle_x) <= reach_x
    )
    on_thing = hard[step // 2 :: step, step // 2 :: step]
    ys, xs = np.nonzero(near & on_thing)
    if len(ys) == 0:
        rows, columns = np.nonzero(hard)
        nearest = np.argmin(
            (rows * TARGET_STRIDE - middle_y) ** 2 + (columns * TARGET_STRIDE - middle_x) ** 2
        )
        ys = np.array([rows[nearest] // step])
        xs = np.array([columns[nearest] // step])
    return ys, xs

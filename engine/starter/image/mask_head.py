"""The class-agnostic mask head: dynamic convolutions on frozen features.

The design is that of SOLO (Wang et al. 2020) and CondInst (Tian et al. 2020): every cell of three
coarse grids predicts whether a thing is centred there, the IoU of its mask, and the weights of a
small network that computes the mask from shared fine features and relative coordinates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.starter.image.backbone import CHANNELS

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTH = 64
MASK_CHANNELS = 8
GRID_STRIDES = (8, 16, 32)
COORDINATE_SCALES = (64.0, 128.0, 256.0)
"""Relative coordinates are divided by these, in pixels, one per grid."""
_LAYERS = ((MASK_CHANNELS + 2, 8), (8, 8), (8, 1))
CONTROLLER_WEIGHTS = sum(i * o + o for i, o in _LAYERS)


def build_mask_head() -> nn.Module:
    """The untrained network.

    ``forward(maps, dropout)`` takes the backbone's four maps and returns ``(grids, fine)``: for
    each of ``GRID_STRIDES`` a tensor (B, 2 + CONTROLLER_WEIGHTS, h, w) of objectness logit,
    predicted-IoU logit and weights; and the fine features (B, MASK_CHANNELS, H/4, W/4).
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    def conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
            nn.GroupNorm(8, outputs),
            nn.ReLU(inplace=True),
        )

    class MaskHead(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lateral = nn.ModuleList(
                nn.Sequential(nn.Conv2d(c, WIDTH, 1, bias=False), nn.GroupNorm(8, WIDTH))
                for c in CHANNELS[1:]
            )
            self.smooth = nn.ModuleList(conv(WIDTH, WIDTH, 3) for _ in GRID_STRIDES)
            self.fine_lateral = nn.Sequential(
                nn.Conv2d(CHANNELS[0], 32, 1, bias=False), nn.GroupNorm(8, 32)
            )
            self.fine_reduce = conv(WIDTH, 32, 3)
            self.fine = nn.Sequential(conv(32, 32, 3), nn.Conv2d(32, MASK_CHANNELS, 1))
            self.tower = nn.Sequential(conv(WIDTH + 2, WIDTH, 3), conv(WIDTH, WIDTH, 3))
            self.predict = nn.Conv2d(WIDTH, 2 + CONTROLLER_WEIGHTS, 3, padding=1)
            nn.init.normal_(self.predict.weight, std=0.01)
            nn.init.zeros_(self.predict.bias)
            self.predict.bias.data[0] = -4.0

        def forward(self, maps, dropout: float = 0.0):
            def drop(x, p):
                return F.dropout2d(x, p) if p else x

            p32 = self.lateral[2](drop(maps[3], dropout))
            p16 = self.lateral[1](drop(maps[2], dropout)) + F.interpolate(
                p32, scale_factor=2, mode="bilinear", align_corners=False
            )
            p8 = self.lateral[0](drop(maps[1], dropout / 2)) + F.interpolate(
                p16, scale_factor=2, mode="bilinear", align_corners=False
            )
            levels = [s(p) for s, p in zip(self.smooth, (p8, p16, p32), strict=True)]
            fine = self.fine_lateral(drop(maps[0], dropout / 2)) + F.interpolate(
                self.fine_reduce(levels[0]), scale_factor=2, mode="bilinear", align_corners=False
            )
            fine = self.fine(F.relu(fine))
            grids = []
            for level in levels:
                place = _grid_coordinates(level)
                grids.append(self.predict(self.tower(torch.cat([level, place], dim=1))))
            return grids, fine

    def _grid_coordinates(level):
        ones = torch.ones_like(level[:, :1], dtype=torch.float64)
        return torch.cat(
            [_from_minus_one(ones.cumsum(3), 3), _from_minus_one(ones.cumsum(2), 2)], 1
        )

    def _from_minus_one(counted, axis):
        # Bit for bit torch.linspace(-1, 1, n), for a length that an exported network only knows
        # when it runs.
        place = counted - 1
        last = place.amax(axis, keepdim=True)
        step = (2 / last.float().clamp(min=1)).double()
        return torch.where(
            place < (last + 1) / 2, step * place - 1, 1 - step * (last - place)
        ).float()

    return MaskHead()


def draw_masks(fine: Tensor, weights: Tensor, centres_xy: Tensor, scales: Tensor) -> Tensor:
    """Mask logits of N cells of one picture.

    Args:
        fine: float32 (MASK_CHANNELS, h, w) at stride 4.
        weights: float32 (N, CONTROLLER_WEIGHTS).
        centres_xy: float32 (N, 2), cell centres in pixels of the network's input.
        scales: float32 (N,), the ``COORDINATE_SCALES`` of each cell's grid.

    Returns:
        float32 (N, h, w).
    """
    import torch

    parts, offset = [], 0
    for inputs, outputs in _LAYERS:
        matrix = weights[:, offset : offset + inputs * outputs].reshape(-1, outputs, inputs)
        offset += inputs * outputs
        bias = weights[:, offset : offset + outputs]
        offset += outputs
        parts.append((matrix, bias))
    (w1, b1), (w2, b2), (w3, b3) = parts
    # The first layer takes ((x, y) - centre) / scale. That is linear, so scale and centre are
    # folded into its weights and bias: one matrix product with the same ten planes serves all.
    ys = (torch.ones_like(fine[:1]).cumsum(1) - 0.5) * 4
    xs = (torch.ones_like(fine[:1]).cumsum(2) - 0.5) * 4
    planes = torch.cat([fine, xs, ys]).flatten(1)
    towards = w1[:, :, MASK_CHANNELS:] / scales[:, None, None]
    b1 = b1 - (towards * centres_xy[:, None]).sum(2)
    w1 = torch.cat([w1[:, :, :MASK_CHANNELS], towards], dim=2)
    x = torch.addmm(b1.reshape(-1, 1), w1.reshape(-1, MASK_CHANNELS + 2), planes).relu()
    x = torch.baddbmm(b2[:, :, None], w2, x.reshape(-1, 8, planes.shape[1])).relu()
    x = torch.baddbmm(b3[:, :, None], w3, x)
    return x.reshape(-1, fine.shape[1], fine.shape[2])

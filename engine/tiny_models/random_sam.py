"""A SAM 2 network with random weights, and a comparison of the masks that two generators find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.masks import rle as rle_codec
from engine.masks.sam_grid import point_grid
from engine.masks.sam_model import SamModel
from engine.masks.sam_network import SamArchitecture, build
from engine.weights.device import choose_device

if TYPE_CHECKING:
    from torch import nn

_SHARE = 0.1
"""Share of the photo that a mask covers, on average."""


def random_network(
    architecture: SamArchitecture, photo_rgb: np.ndarray, seed: int = 0
) -> nn.Module:
    """A network with random weights that gives every point prompt masks of a different shape.

    Freshly initialised weights give noise, and the same for all points. So the weights are scaled
    such that places near a point attend to it, that blocks of four pixels get the same value, that
    masks cover about a tenth of the photo, and that half of them have a predicted IoU above 0.8.
    The masks mean nothing, but two generators find the same ones only if they compute the same.

    Args:
        photo_rgb: uint8 (H, W, 3), the photo whose masks the biases are set for.
        seed: the same seed gives the same weights.
    """
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = build(architecture)
        decoder = network.sam_mask_decoder
        network.no_mem_embed.normal_(std=0.02)
        for convolution in network.image_encoder.neck.convs:
            convolution.conv.weight.mul_(0.02)
            convolution.conv.bias.mul_(0.02)
        for layer in decoder.transformer.layers:
            attention = layer.cross_attn_image_to_token
            attention.q_proj.weight.mul_(8)
            attention.k_proj.weight.copy_(attention.q_proj.weight)
            attention.v_proj.weight.mul_(10)
        for place in (0, 3):
            weight = decoder.output_upscaling[place].weight
            weight.copy_(weight[:, :, :1, :1].expand_as(weight).clone())
        last = decoder.iou_prediction_head.layers[-1]
        last.weight.mul_(20)
        last.bias.mul_(20)
        for mlp in decoder.output_hypernetworks_mlps:
            mlp.layers[-1].weight.mul_(400)
            mlp.layers[-1].bias.mul_(400)
        _shift(network, photo_rgb)
    return network


def _shift(network: nn.Module, photo_rgb: np.ndarray) -> None:
    """Shift the biases of mask logits and predicted IoU, so that about ``_SHARE`` of the pixels are
    positive and half of the predicted IoUs are above 0.8."""
    import torch

    decoder = network.sam_mask_decoder
    last = decoder.iou_prediction_head.layers[-1]
    model = SamModel(network, choose_device("cpu"))
    model.encode(photo_rgb)
    points = point_grid(4)
    decoded = model.decode(points[:, None], [[1]] * len(points))
    logits = torch.logit(decoded.predicted_iou.clamp(1e-6, 1 - 1e-6))
    last.bias.add_(torch.logit(torch.tensor(0.8)) - logits.median(0).values)
    prompts = torch.arange(len(points))
    # A mask is the product of a token's weights with features; shifting the weights along the mean
    # feature shifts the mask's logits.
    features = model.decoder.features(decoded.image_tokens).mean((0, 1))
    for kind, mlp in enumerate(decoder.output_hypernetworks_mlps):
        drawn = model.decoder.draw(decoded, prompts, torch.full_like(prompts, kind)).flatten()
        cut = drawn[:: max(1, len(drawn) // 10_000)].quantile(1 - _SHARE)
        mlp.layers[-1].bias.sub_(cut * features / (features @ features))


def coco_rle(mask_hw: np.ndarray) -> dict[str, Any]:
    """A bool mask (H, W) as pycocotools takes it, for ``matched_share``."""
    encoded = rle_codec.encode(mask_hw)
    return {"size": list(encoded.size_hw), "counts": encoded.counts}


def matched_share(masks: Sequence[dict], others: Sequence[dict], iou: float = 0.9) -> float:
    """Share of the masks (COCO RLE) that overlap one of the others by at least ``iou``.

    If ``masks`` is empty, the share is 1. If only ``others`` is empty, it is 0.
    """
    from pycocotools import mask as coco

    if not masks or not others:
        return float(not masks)
    overlaps = coco.iou(list(masks), list(others), [0] * len(others))
    return float((overlaps.max(axis=1) >= iou).mean())

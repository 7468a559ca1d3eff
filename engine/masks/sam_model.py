"""SAM 2 on one device: encodes a photo once, then decodes any number of prompts."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import numpy as np

from engine.masks.sam_decoder import DecodedPrompts, SamDecoder
from engine.weights.device import Device

if TYPE_CHECKING:
    import torch
    from torch import nn

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet, as in SAM 2's own transforms."""


class SamModel:
    """Image encoder and mask decoder. Used by one thread, within ``torch.inference_mode``."""

    def __init__(self, network: nn.Module, device: Device) -> None:
        self._network = network
        self.move(device)

    def move(self, device: Device) -> None:
        """Move to another device; the photo has to be encoded again.

        The prompt encoder stays at full precision: it encodes positions as sines of large numbers,
        and expects it.
        """
        self._encoded: tuple[bytes, tuple[int, ...]] | None = None
        for part in (self._network.image_encoder, self._network.sam_mask_decoder):
            part.to(device.name, device.dtype)
        self.decoder = SamDecoder(self._network.to(device.name))
        self.device = device

    def encode(self, photo_rgb: np.ndarray) -> None:
        """Encode a photo, uint8 (H, W, 3), unless it was the last one encoded.

        If half precision is too small for its numbers, the model changes to full precision.
        """
        import torch

        content = np.ascontiguousarray(photo_rgb).data
        key = (hashlib.blake2b(content).digest(), photo_rgb.shape)
        if self._encoded == key:
            return
        self._encoded = None
        levels = self.image_features(photo_rgb)
        if self.device.half and not all(torch.isfinite(level).all() for level in levels):
            self.move(dataclasses.replace(self.device, half=False))
            levels = self.image_features(photo_rgb)
        self.decoder.set_photo(*levels)
        self._encoded = key

    def image_features(
        self, photo_rgb: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The image embedding and the two finer levels, as ``SamDecoder.set_photo`` takes them."""
        import torch
        import torch.nn.functional as F

        dtype, network = self.device.dtype, self._network
        # On the processor, because torch 2.6 has no antialiasing on Apple's graphics.
        picture = torch.from_numpy(np.array(photo_rgb)).permute(2, 0, 1)[None]
        size = network.sam_prompt_encoder.input_image_size
        picture = F.interpolate(picture.float() / 255, size, mode="bilinear", antialias=True)
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _STD))
        picture = ((picture - mean) / std).to(self.device.name, dtype)
        features = network.image_encoder(picture)["backbone_fpn"]
        finer = network.sam_mask_decoder
        # The neck adds its levels at full precision.
        quarter, eighth = finer.conv_s0(features[0].to(dtype)), finer.conv_s1(features[1].to(dtype))
        embedding = features[2] + network.no_mem_embed.view(1, -1, 1, 1)
        return embedding.to(dtype), quarter, eighth

    def decode(self, points_xy: np.ndarray, labels: list[list[int]]) -> DecodedPrompts:
        """Decode prompts on the encoded photo.

        Args:
            points_xy: float (B, P, 2), x and y in fractions of the photo.
            labels: B lists of P: 1 inside, 0 outside, 2 and 3 the two corners of a box.
        """
        import torch

        device = self.device.name
        side = self._network.sam_prompt_encoder.input_image_size[0]
        points = torch.from_numpy(np.asarray(points_xy, np.float32)).to(device) * side
        return self.decoder.decode(points, torch.tensor(labels, dtype=torch.int, device=device))

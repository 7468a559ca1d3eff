"""The comparison of a device with the processor, here with half precision on the processor."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from engine import cli
from engine.benchmarks import devices, graphics_memory
from engine.decode.reader import read_upright
from engine.masks.sam_network import SamArchitecture
from engine.masks.sam_proposer import SamSettings
from engine.paths import resources_dir
from engine.tiny_models.random_clip import ClipSizes
from engine.weights.device import OUT_OF_MEMORY_NOTE, PROCESSOR, choose_device
from tests.fakes.devices import CARD, needs_cuda
from tests.fakes.recording_listener import RecordingListener

SMALL = devices.ModelSizes(
    SamArchitecture(16, 1, (1, 1, 2, 1), (3,), image_size=128),
    ClipSizes(32, 16, 64, 2, 32, 64, 1),
    SamSettings(points_per_side=4, adaptive=False, stability_from=0.5, nms_iou=0.9, tidy=False),
    regions=5,
)

# A warning of torch about the nested tensors in its own attention.
pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    folder = resources_dir() / "samples"
    return [read_upright(folder / f"{name}.jpg", 256).rgb for name in ("horses", "coffee")]


@pytest.fixture(scope="module")
def figures(photos) -> dict[str, Any]:
    return devices.compare(CARD, SMALL, photos[:1], RecordingListener())


def test_half_precision_agrees_but_is_not_the_same(figures):
    sam = figures["sam"]
    for error in (sam["features_error"], sam["logits_error"], figures["regions"]["error"]):
        assert 1e-5 < error < devices.TOLERANCE
    assert figures["texts"]["error"] < devices.TOLERANCE
    assert sam["mask_iou_mean"] > 0.95 and not sam["full_precision_used"]
    assert figures["sam_full_precision"]["logits_error"] < 1e-5
    assert figures["proposals"]["processor"] > 0 and figures["proposals"]["matched"] > 0.8
    for found in (figures["regions"], figures["texts"]):
        assert 1 - found["cosine_least"] < (1 - found["cosine_of_different_median"]) / 100
    assert "short_of_memory" not in figures
    lines = list(devices.lines(figures))
    assert any(line.endswith("yes") for line in lines)
    assert "not tried" in lines[-1]


def test_errors_beyond_the_tolerance_are_said(figures):
    beyond = figures | {"texts": figures["texts"] | {"error": 2 * devices.TOLERANCE}}
    assert any(line.endswith("NO") for line in devices.lines(beyond))


def test_a_computer_without_a_card_says_so(capsys):
    if choose_device() != PROCESSOR:
        pytest.skip("this computer has a card")
    assert cli.run(["bench", "device"]) == 0
    assert devices.NO_DEVICE in capsys.readouterr().out


@needs_cuda
@pytest.mark.slow
def test_a_card_agrees_with_the_processor_even_without_memory(photos):
    real = devices.ModelSizes()  # small ones fit in what torch has reserved already
    settings = dataclasses.replace(real.settings, points_per_side=8)
    sizes = dataclasses.replace(real, settings=settings, regions=10)
    figures = devices.compare(choose_device("cuda"), sizes, photos[:1], RecordingListener())
    assert figures["sam"]["logits_error"] < devices.TOLERANCE
    assert figures["sam_full_precision"]["mask_iou_mean"] > 0.999
    assert figures["regions"]["error"] < devices.TOLERANCE
    assert figures["texts"]["error"] < devices.TOLERANCE
    assert figures["proposals"]["device_peak_bytes"] > 0
    cases = {case["case"]: case for case in figures["short_of_memory"]}
    for name, case in cases.items():
        assert case["difference"] < (0.2 if name.startswith("masks") else devices.TOLERANCE), name
        if "little room" not in name:  # where single prompts may fit
            assert case["note"] == (OUT_OF_MEMORY_NOTE if "no room" in name else ""), name
    for name in ("masks, room for a part of a batch", "masks, little room beside the weights"):
        assert max(cases[name]["batches"]) > min(cases[name]["batches"]), name


@needs_cuda
def test_a_memory_limit_holds_and_is_lifted():
    with graphics_memory.memory_limit(0), pytest.raises(torch.cuda.OutOfMemoryError):
        torch.empty(1 << 30, device="cuda")
    assert torch.empty(1 << 30, dtype=torch.uint8, device="cuda").numel() == 1 << 30

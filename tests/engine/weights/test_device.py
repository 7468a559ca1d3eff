"""Where models run, and what happens if the memory there is too small."""

from __future__ import annotations

import weakref

import pytest
import torch

from engine.errors import BadRequest
from engine.weights import device as devices
from engine.weights.device import OUT_OF_MEMORY_NOTE, PROCESSOR, DevicePlacement, choose_device
from tests.fakes.devices import CARD, is_on_card, needs_cuda, out_of_memory


@pytest.fixture
def layer() -> torch.nn.Linear:
    return torch.nn.Linear(4, 4)


@pytest.fixture
def placement(layer: torch.nn.Linear) -> DevicePlacement:
    return DevicePlacement(CARD, lambda at: layer.to(at.name, at.dtype))


def apply(layer: torch.nn.Linear) -> torch.Tensor:
    with torch.inference_mode():
        return layer(torch.ones(2, 4, dtype=layer.weight.dtype))


# --- choice


def test_the_processor_can_always_be_chosen():
    assert choose_device("cpu") == PROCESSOR and PROCESSOR.dtype == torch.float32


def test_unknown_and_absent_devices_are_refused():
    with pytest.raises(BadRequest, match="abacus"):
        choose_device("abacus")
    absent = {"mps": not torch.backends.mps.is_available(), "cuda": not torch.cuda.is_available()}
    for name in (name for name, is_absent in absent.items() if is_absent):
        with pytest.raises(BadRequest, match=name):
            choose_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="its card works")
def test_a_card_that_does_not_compute_is_not_chosen(monkeypatch):
    """Here torch is told of a card that it can do nothing with, as with one too old for it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    devices._cuda_works.cache_clear()
    try:
        assert choose_device().name != "cuda"
        with pytest.raises(BadRequest, match="cuda"):
            choose_device("cuda")
    finally:
        devices._cuda_works.cache_clear()


@needs_cuda
def test_a_card_that_computes_is_chosen():
    chosen = choose_device()
    assert chosen.name == "cuda" and chosen.half and chosen.dtype == torch.float16


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8.91 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), True),
        (MemoryError(), True),
        (RuntimeError("expected m1 and m2 to have the same dtype"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_errors_of_too_little_memory_are_known(error, expected):
    assert devices.is_out_of_memory(error) is expected


# --- batches


def test_batches_shrink_if_memory_is_too_small():
    layer, items = torch.nn.Linear(4, 4), torch.ones(7, 4)
    with out_of_memory(layer, lambda first: len(first) > 2) as tried, torch.inference_mode():
        parts = list(devices.in_batches(items, 8, layer))
        assert tried == [7, 4, 2, 2, 2, 1]
    torch.testing.assert_close(torch.cat(parts), layer(items))


def test_a_single_item_that_does_not_fit_is_an_error():
    layer = torch.nn.Linear(4, 4)
    with out_of_memory(layer, lambda first: True) as tried:
        with pytest.raises(torch.cuda.OutOfMemoryError):
            list(devices.in_batches(torch.ones(3, 4), 8, layer))
        assert tried == [3, 2, 1]


def test_an_error_that_is_not_about_memory_is_not_hidden():
    def run(items):
        raise RuntimeError("a matrix is singular")

    with pytest.raises(RuntimeError, match="singular"):
        list(devices.in_batches([1, 2], 2, run))


# --- placement


def test_a_model_runs_on_its_device(layer, placement):
    assert placement.run(lambda: apply(layer)).dtype == torch.float16
    assert placement.note == ""


def test_the_processor_does_what_does_not_fit_and_the_device_is_tried_again(layer, placement):
    expected = apply(layer)
    with out_of_memory(layer, is_on_card):
        computed = placement.run(lambda: apply(layer))
        assert computed.dtype == torch.float32 and placement.note == OUT_OF_MEMORY_NOTE
        torch.testing.assert_close(computed, expected, atol=1e-3, rtol=1e-2)
    assert placement.run(lambda: apply(layer)).dtype == torch.float16
    assert placement.note == ""


def test_a_model_that_does_not_fit_at_all_runs_on_the_processor(layer):
    def move(at):
        layer.to(at.name, at.dtype)
        if at == CARD:  # as if the last weight were too many
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    placement = DevicePlacement(CARD, move)
    for _ in range(2):
        assert placement.run(lambda: apply(layer)).dtype == torch.float32
        assert placement.note == OUT_OF_MEMORY_NOTE


def test_what_did_not_fit_is_released_before_the_processor_begins(placement):
    """An error holds the frames it came through, and they hold tensors."""
    tensors: list[weakref.ref] = []

    def compute() -> int:
        alive = sum(ref() is not None for ref in tensors)
        tensor = torch.zeros(4)
        tensors.append(weakref.ref(tensor))
        if len(tensors) == 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return alive

    assert placement.run(compute) == 0 and len(tensors) == 2


def test_other_errors_and_those_of_the_processor_are_not_hidden(layer, placement):
    def fail():
        raise RuntimeError("a matrix is singular")

    with pytest.raises(RuntimeError, match="singular"):
        placement.run(fail)
    with out_of_memory(layer, lambda first: True):
        with pytest.raises(torch.cuda.OutOfMemoryError):
            placement.run(lambda: apply(layer))
        at_home = DevicePlacement(PROCESSOR, lambda at: layer.to(at.name, at.dtype))
        with pytest.raises(torch.cuda.OutOfMemoryError):
            at_home.run(lambda: apply(layer))

"""Memory of a graphics card: its peak, a limit on it, and what the models do under the limit."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.embeddings.alpha_clip import AlphaClipRegionEmbedder
from engine.masks.sam_proposer import SamProposer, SamSettings
from engine.tiny_models.random_sam import coco_rle, matched_share
from engine.weights.device import OUT_OF_MEMORY_NOTE, PROCESSOR, Device

if TYPE_CHECKING:
    from torch import nn

_BATCH = 64
"""Prompts a batch where batches must not fit; with the product's few, the encoder needs more."""
_ROOM = 0.5
"""Share of the memory beyond the weights that is left where batches must not fit."""


class PeakGraphicsMemory:
    """A context manager that measures the memory of the tensors on a graphics card.

    Attributes:
        peak_bytes: their highest sum at one moment; None unless the device is a CUDA device.
    """

    def __init__(self, device: Device) -> None:
        self.peak_bytes: int | None = None
        self._measures = device.name == "cuda"

    def __enter__(self) -> PeakGraphicsMemory:
        if self._measures:
            import torch

            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        return self

    def __exit__(self, *_: object) -> None:
        if self._measures:
            import torch

            self.peak_bytes = torch.cuda.max_memory_allocated()


@contextlib.contextmanager
def memory_limit(limit_bytes: float) -> Iterator[None]:
    """Limit the memory that torch may take on the CUDA device, in this process."""
    import torch

    torch.cuda.empty_cache()
    total_bytes = torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, limit_bytes / total_bytes))
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def fallbacks(
    network: nn.Module,
    tower: nn.Module,
    device: Device,
    settings: SamSettings,
    photo_rgb: np.ndarray,
    masks_hw: Sequence[np.ndarray],
) -> list[dict[str, Any]]:
    """What SAM 2 and Alpha-CLIP do on a CUDA device whose memory is too small.

    Args:
        network: of SAM 2.
        tower: Alpha-CLIP's image network; it is moved.

    Returns:
        For each case: ``case``, the ``batches`` that were tried, the ``note`` for the user, and
        ``difference`` from what the card, or with a note the processor, gives without a limit: for
        vectors the largest relative error, for masks the share that is not found again.
    """
    return [
        *_region_cases(tower, device, photo_rgb, masks_hw),
        *_mask_cases(network, device, settings, photo_rgb),
    ]


def lines(cases: Sequence[dict[str, Any]] | None) -> Iterator[str]:
    """The cases of ``fallbacks`` for people; None if they were not tried."""
    if cases is None:
        yield "too little memory: not tried, because torch limits the memory of CUDA cards only"
        return
    for case in cases:
        batches = case["batches"]
        yield (
            f"{case['case']}: batches {max(batches)} to {min(batches)}, "
            f"difference {case['difference']:.1e}, note: {case['note'] or 'none'}"
        )


def _region_cases(
    tower: nn.Module, device: Device, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]
) -> Iterator[dict[str, Any]]:
    def case(name: str) -> dict[str, Any]:
        with _batch_sizes(tower, lambda arguments, _: len(arguments[0])) as batches:
            vectors = embedder.embed(photo_rgb, masks_hw).regions
        error = float(np.linalg.norm(vectors - expected[embedder.note], axis=1).max())
        return {"case": name, "batches": batches, "note": embedder.note, "difference": error}

    expected = {
        note: AlphaClipRegionEmbedder(tower, device=at).embed(photo_rgb, masks_hw).regions
        for note, at in ((OUT_OF_MEMORY_NOTE, PROCESSOR), ("", device))
    }
    embedder = AlphaClipRegionEmbedder(tower, device=device)
    yield case("regions, no limit")
    low, high = _extent(lambda: embedder.embed(photo_rgb, masks_hw))
    with memory_limit(low + _ROOM * (high - low)):
        yield case("regions, room for a part of a batch")
    tower.to(PROCESSOR.name)
    embedder = AlphaClipRegionEmbedder(tower, device=device)
    with memory_limit(0):
        yield case("regions, no room for the weights")
    yield case("regions, without the limit again")


def _mask_cases(
    network: nn.Module, device: Device, settings: SamSettings, photo_rgb: np.ndarray
) -> Iterator[dict[str, Any]]:
    network, settings = copy.deepcopy(network), dataclasses.replace(settings, batch=_BATCH)

    def propose(proposer: SamProposer) -> list[dict[str, Any]]:
        return [coco_rle(proposal.mask_hw) for proposal in proposer.propose(photo_rgb)]

    def case(name: str) -> dict[str, Any]:
        prompts = network.sam_prompt_encoder
        with _batch_sizes(prompts, lambda _, named: len(named["points"][0])) as batches:
            found = propose(proposer)
        masks = expected[proposer.note]
        lost = 1 - min(matched_share(found, masks), matched_share(masks, found))
        return {"case": name, "batches": batches, "note": proposer.note, "difference": lost}

    expected = {
        note: propose(SamProposer(network, at, settings))
        for note, at in ((OUT_OF_MEMORY_NOTE, PROCESSOR), ("", device))
    }
    proposer = SamProposer(network, device, settings)
    yield case("masks, no limit")
    low, high = _extent(lambda: propose(proposer))
    with memory_limit(low + _ROOM * (high - low)):
        yield case("masks, room for a part of a batch")
    with memory_limit(low):
        yield case("masks, little room beside the weights")
    proposer = SamProposer(network, device, settings)
    with memory_limit(0):
        yield case("masks, no room for the weights")
    yield case("masks, without the limit again")


def _extent(run: Callable[[], object]) -> tuple[int, int]:
    """Bytes that torch has reserved on the card before ``run``, and at the peak of it."""
    import torch

    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    low = torch.cuda.memory_reserved()
    run()
    return low, torch.cuda.max_memory_reserved()


@contextlib.contextmanager
def _batch_sizes(
    module: nn.Module, size_of: Callable[[tuple[Any, ...], dict[str, Any]], int]
) -> Iterator[list[int]]:
    """The sizes of all batches that a module is called with, by its arguments."""
    sizes: list[int] = []

    def note(_: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        sizes.append(size_of(arguments, named))

    hook = module.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield sizes
    finally:
        hook.remove()

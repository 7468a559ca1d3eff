"""The full profile's models on a graphics card against the processor: agreement, time, memory."""

from __future__ import annotations

import copy
import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from engine.benchmarks import graphics_memory
from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.decode.reader import read_upright
from engine.embeddings import clip_towers
from engine.embeddings.alpha_clip import AlphaClipRegionEmbedder, ClipTextEmbedder
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.masks.proposer import MaskProposal
from engine.masks.sam_grid import point_grid
from engine.masks.sam_model import SamModel
from engine.masks.sam_network import SAM_ARCHITECTURES, SamArchitecture
from engine.masks.sam_proposer import SamProposer, SamSettings
from engine.paths import resources_dir
from engine.tiny_models import random_clip
from engine.tiny_models.random_clip import VIT_B16, ClipSizes
from engine.tiny_models.random_sam import coco_rle, matched_share, random_network
from engine.weights.device import PROCESSOR, Device, choose_device

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
PHOTOS = 4
TOLERANCE = 0.01
"""Largest relative error that counts as agreement."""
NO_DEVICE = "This computer has no graphics card that torch can use, so there is nothing to compare."
QUERIES = ("dog", "a red umbrella", "two people on a bench", "eine Katze", "the sea at night")
_POINTS = 4
"""Points a side of the grid whose masks are compared one by one."""
_SMALLEST_PX = 64
"""Smaller masks at the decoder's size are not compared: one pixel more is much to them."""
_LENIENT = SamSettings(
    points_per_side=16, adaptive=False, stability_from=0.5, nms_iou=0.9, tidy=False
)
"""Random weights give ragged masks, of which the product's settings would keep few."""


@dataclasses.dataclass(frozen=True)
class ModelSizes:
    """The models that are compared.

    Attributes:
        sam: architecture of SAM 2.
        clip: of Alpha-CLIP.
        settings: of the mask proposer.
        regions: most masks of a photo that get vectors.
    """

    sam: SamArchitecture = SAM_ARCHITECTURES["sam2.1-tiny"]
    clip: ClipSizes = VIT_B16
    settings: SamSettings = _LENIENT
    regions: int = 40


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Compare on sample photos (``request.photos``, 4 if not given) with fixed random weights.

    Raises:
        ModelMissing: the package sam2 or open_clip is not installed.
    """
    device = choose_device()
    if device == PROCESSOR:
        return BenchResult((NO_DEVICE,), {"device": None})
    paths = sorted((resources_dir() / "samples").glob("*.jpg"))
    paths = paths[:: max(1, len(paths) // (request.photos or PHOTOS))][: request.photos or PHOTOS]
    photos = [read_upright(path, ANALYSIS_SIDE_PX).rgb for path in paths]
    figures = compare(device, ModelSizes(), photos, listener)
    return BenchResult(tuple(lines(figures)), figures)


def compare(
    device: Device, sizes: ModelSizes, photos: Sequence[np.ndarray], listener: ProgressListener
) -> dict[str, Any]:
    """Figures of a device against the processor.

    Args:
        photos: uint8 (H, W, 3) each.
    """
    import torch

    figures: dict[str, Any] = {
        "device": device.text,
        "half_precision": device.half,
        "torch": torch.__version__,
        "processor_threads": torch.get_num_threads(),
        "photos": len(photos),
        "points_per_side": sizes.settings.points_per_side,
    }
    listener.report(Progress("Making models with random weights"))
    network = random_network(sizes.sam, photos[0])
    listener.report(Progress("Comparing masks"))
    figures["sam"] = _mask_errors(network, device, photos)
    if device.half:
        full = dataclasses.replace(device, half=False)
        figures["sam_full_precision"] = _mask_errors(network, full, photos)
    proposals, figures["proposals"] = _compare_proposals(network, device, sizes.settings, photos)
    masks = [[proposal.mask_hw for proposal in found[: sizes.regions]] for found in proposals]
    with tempfile.TemporaryDirectory(prefix="pickout-device-") as folder:
        files = random_clip.write(Path(folder), sizes.clip)
        listener.report(Progress("Comparing vectors"))
        figures["regions"] = _compare_regions(files, device, photos, masks)
        figures["texts"] = _compare_texts(files, device)
        tower = clip_towers.load_image_tower(*files, device.dtype)
    if device.name == "cuda":
        listener.report(Progress("Limiting the memory of the card"))
        figures["short_of_memory"] = graphics_memory.fallbacks(
            network, tower, device, sizes.settings, photos[0], masks[0]
        )
    return figures


def relative_error(computed: torch.Tensor, expected: torch.Tensor) -> float:
    """Length of the difference to the length of what is expected (Euclidean)."""
    expected = expected.float().cpu()
    return float((computed.float().cpu() - expected).norm() / expected.norm())


def _mask_errors(
    network: torch.nn.Module, device: Device, photos: Sequence[np.ndarray]
) -> dict[str, Any]:
    """Largest errors over the photos of image features, predicted IoU and mask logits.

    The masks' IoU is that of the thresholded logits of all four masks of each point.
    """
    import torch

    models = [SamModel(copy.deepcopy(network), at) for at in (PROCESSOR, device)]
    points = point_grid(_POINTS)
    prompts = torch.arange(len(points)).repeat_interleave(4)
    kinds = torch.arange(4).repeat(len(points))
    errors: dict[str, list[float]] = {"features": [], "predicted_iou": [], "logits": []}
    overlaps: list[torch.Tensor] = []
    with torch.inference_mode():
        for photo in photos:
            features, ious, logits = [], [], []
            for model in models:
                features.append(model.image_features(photo))
                model.encode(photo)
                decoded = model.decode(points[:, None], [[1]] * len(points))
                ious.append(decoded.predicted_iou.float().cpu())
                at = model.device.name
                logits.append(model.decoder.draw(decoded, prompts.to(at), kinds.to(at)).cpu())
            levels = zip(*features, strict=True)
            errors["features"].append(max(relative_error(b, a) for a, b in levels))
            errors["predicted_iou"].append(float((ious[1] - ious[0]).abs().max()))
            errors["logits"].append(relative_error(logits[1], logits[0]))
            overlaps.append(_overlaps(*logits))
    every = torch.cat(overlaps)
    return {f"{name}_error": max(values) for name, values in errors.items()} | {
        "full_precision_used": device.half and not models[1].device.half,
        "masks": len(every),
        "mask_iou_mean": float(every.mean()),
        "mask_iou_least": float(every.min()),
    }


def _overlaps(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """IoU of the masks (K, h, w) that are large enough."""
    a, b = (logits > 0).flatten(1), (others > 0).flatten(1)
    iou = (a & b).sum(1) / (a | b).sum(1).clamp(min=1)
    return iou[a.sum(1) >= _SMALLEST_PX]


def _compare_proposals(
    network: torch.nn.Module, device: Device, settings: SamSettings, photos: Sequence[np.ndarray]
) -> tuple[list[list[MaskProposal]], dict[str, Any]]:
    """The processor's proposals, and how many of each side the other one has too (IoU 0.9)."""
    proposers = {
        at: SamProposer(copy.deepcopy(network), at, settings) for at in (PROCESSOR, device)
    }
    expected, computed, times = _run_on_both(
        device, photos, lambda at, n: proposers[at].propose(photos[n])
    )
    expected_rles, computed_rles = (
        [[coco_rle(proposal.mask_hw) for proposal in found] for found in side]
        for side in (expected, computed)
    )
    pairs = list(zip(expected_rles, computed_rles, strict=True))
    return expected, times | {
        "processor": sum(map(len, expected)),
        "device": sum(map(len, computed)),
        "matched": float(np.mean([(matched_share(a, b), matched_share(b, a)) for a, b in pairs])),
    }


def _compare_regions(
    files: tuple[Path, Path],
    device: Device,
    photos: Sequence[np.ndarray],
    masks: Sequence[Sequence[np.ndarray]],
) -> dict[str, Any]:
    embedders = {
        at: AlphaClipRegionEmbedder(clip_towers.load_image_tower(*files, at.dtype), device=at)
        for at in (PROCESSOR, device)
    }
    expected, computed, times = _run_on_both(
        device, photos, lambda at, n: embedders[at].embed(photos[n], masks[n])
    )
    vectors = (
        [np.concatenate([found.whole[None], found.regions]) for found in side]
        for side in (expected, computed)
    )
    return times | _vector_figures(*vectors)


def _compare_texts(files: tuple[Path, Path], device: Device) -> dict[str, Any]:
    embedders = {
        at: ClipTextEmbedder(clip_towers.load_text_tower(files[0], at.dtype).to(at.name))
        for at in (PROCESSOR, device)
    }
    *vectors, times = _run_on_both(
        device, QUERIES, lambda at, n: embedders[at].embed([QUERIES[n]])[0]
    )
    return times | _vector_figures(*([np.stack(side)] for side in vectors))


def _run_on_both(
    device: Device, items: Sequence[Any], run: Callable[[Device, int], T]
) -> tuple[list[T], list[T], dict[str, Any]]:
    """Results for every item on the processor and on the device, and seconds for one.

    One run of each goes before, unmeasured. The device's peak memory is that of all its runs.
    """
    results: dict[Device, list[T]] = {}
    seconds: dict[Device, float] = {}
    with graphics_memory.PeakGraphicsMemory(device) as memory:
        for at in (PROCESSOR, device):
            run(at, 0)
            started_s = time.perf_counter()
            results[at] = [run(at, n) for n in range(len(items))]
            seconds[at] = (time.perf_counter() - started_s) / len(items)
    figures = {
        "processor_s": seconds[PROCESSOR],
        "device_s": seconds[device],
        "times_faster": seconds[PROCESSOR] / seconds[device],
        "device_peak_bytes": memory.peak_bytes,
    }
    return results[PROCESSOR], results[device], figures


def _vector_figures(
    expected: Sequence[np.ndarray], computed: Sequence[np.ndarray]
) -> dict[str, Any]:
    """Errors of unit vectors (N, D) of each photo, and how alike different ones are."""
    pairs = list(zip(expected, computed, strict=True))
    between = [(a @ a.T)[np.triu_indices(len(a), 1)] for a in expected]
    return {
        "vectors": sum(map(len, expected)),
        "error": float(max(np.linalg.norm(b - a, axis=1).max() for a, b in pairs)),
        "cosine_least": float(min((a * b).sum(1).min() for a, b in pairs)),
        "cosine_of_different_median": float(np.median(np.concatenate(between))),
    }


def _mask_line(found: dict[str, Any]) -> str:
    return (
        f"relative error: image features {found['features_error']:.1e}, mask logits "
        f"{found['logits_error']:.1e}; predicted IoU off by {found['predicted_iou_error']:.1e}; "
        f"IoU of {found['masks']} masks {found['mask_iou_mean']:.4f} on average, "
        f"{found['mask_iou_least']:.4f} at least"
    )


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The figures of ``compare`` for people."""
    sam, precision = figures["sam"], "half" if figures["half_precision"] else "full"
    yield (
        f"{figures['device']}, {precision} precision, against the processor with "
        f"{figures['processor_threads']} threads; random weights, {figures['photos']} photos"
    )
    yield f"SAM 2.1 tiny, {_mask_line(sam)}"
    if "sam_full_precision" in figures:
        yield f"the same at full precision, {_mask_line(figures['sam_full_precision'])}"
    side, found = figures["points_per_side"], figures["proposals"]
    yield (
        f"proposals, {side} x {side} points: {found['processor']} and {found['device']}, "
        f"{found['matched']:.1%} in both (IoU 0.9)"
    )
    for name, title in (("regions", "Alpha-CLIP ViT-B/16, regions"), ("texts", "texts")):
        found = figures[name]
        yield (
            f"{title}: relative error of {found['vectors']} vectors {found['error']:.1e} at most, "
            f"cosine {found['cosine_least']:.6f} at least "
            f"(different ones: {found['cosine_of_different_median']:.3f})"
        )
    errors = (sam["features_error"], sam["logits_error"])
    agree = max(*errors, *(figures[name]["error"] for name in ("regions", "texts"))) <= TOLERANCE
    yield f"all relative errors at most {TOLERANCE}: {'yes' if agree else 'NO'}"
    for name, title in (
        ("proposals", "proposals of a photo"),
        ("regions", "its vectors"),
        ("texts", "a query"),
    ):
        found, peak = figures[name], figures[name]["device_peak_bytes"]
        memory = f", {peak / 2**20:.0f} MB of the card" if peak is not None else ""
        yield (
            f"{title}: processor {found['processor_s']:.3f} s, device {found['device_s']:.3f} s, "
            f"{found['times_faster']:.1f} times as fast{memory}"
        )
    yield from graphics_memory.lines(figures.get("short_of_memory"))

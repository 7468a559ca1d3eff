"""SAM 2 masks: the product's generator against the package's, adaptive against full grid."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.process_memory import PeakMemory
from engine.decode.reader import read_upright
from engine.evaluation import coco_truth
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.jobs.worker_process import WorkerProcess
from engine.masks.geometry import ANALYSIS_SIDE_PX, fit_within, scale_mask
from engine.masks.sam_grid import Coverage, detail_map, prompt_adaptive_grid, prompt_full_grid
from engine.masks.sam_network import SAM_ARCHITECTURES
from engine.masks.sam_proposer import SamProposer, SamSettings
from engine.paths import resources_dir
from engine.tiny_models.random_sam import coco_rle, matched_share, random_network
from engine.weights.device import choose_device

THREADS = 2
GRID, FULL_GRID = 16, 32
SMALL_WH, LARGE_WH, HUGE_WH = (640, 480), (4000, 3000), (6000, 4000)
SETTINGS = SamSettings(
    points_per_side=GRID,
    adaptive=False,
    stability_from=0.5,
    stability_offset=0.5,
    nms_iou=0.9,
    tidy=False,
    most=10_000,
)
"""Settings of both generators. The masks of random weights are scattered over the photo, so only
boxes that almost coincide count as duplicates, and only the most stable quarter of the masks is
kept."""
STOCK_BATCH = 16
"""Batch size of the package's generator on the large photo; its default of 64 needs over 20 GB."""
SMALLEST_PX = 32 * 32
_SAMPLE = resources_dir() / "samples" / "horses.jpg"


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Compare on a sample photo with fixed random weights; with a COCO file, the adaptive grid too.

    Raises:
        ModelMissing: the package sam2 is not installed.
    """
    import torch

    torch.set_num_threads(THREADS)
    photo = read_upright(_SAMPLE).rgb
    figures: dict[str, Any] = {"threads": THREADS, "grid": GRID}
    listener.report(Progress("Comparing with the stock generator, small photo"))
    small = _compare(_resized(photo, SMALL_WH), batch=64)
    figures["small"] = {"size_wh": SMALL_WH, **small}
    listener.report(Progress("Comparing with the stock generator, 12 megapixels"))
    figures["large"] = {"size_wh": LARGE_WH, **_compare(_resized(photo, LARGE_WH), STOCK_BATCH)}
    listener.report(Progress("Measuring memory, 24 megapixels"))
    figures["peak_memory_bytes_24mp"] = _peak_memory(HUGE_WH)
    if request.folder is not None and request.coco is not None:
        listener.report(Progress("Asking an oracle"))
        figures["adaptive"] = adaptive_figures(request.folder, request.coco)
    return BenchResult(tuple(_lines(figures)), figures)


def _compare(photo: np.ndarray, batch: int) -> dict[str, Any]:
    """Seconds and masks of both generators on one photo; ours gets it at the analysis size."""
    from engine.masks.sam_network import stock_generator

    analysed = _resized(photo, fit_within((photo.shape[1], photo.shape[0]), ANALYSIS_SIDE_PX))
    tiny = SAM_ARCHITECTURES["sam2.1-tiny"]
    network = random_network(tiny, analysed)
    proposer = SamProposer(network, choose_device("cpu"), SETTINGS)
    stock = stock_generator(
        network,
        tiny,
        points_per_side=SETTINGS.points_per_side,
        iou_from=SETTINGS.iou_from,
        stability_from=SETTINGS.stability_from,
        stability_offset=SETTINGS.stability_offset,
        nms_iou=SETTINGS.nms_iou,
        batch=batch,
    )
    start = time.perf_counter()
    analysed = _resized(photo, (analysed.shape[1], analysed.shape[0]))
    ours = proposer.propose(analysed)
    ours_s = time.perf_counter() - start
    start = time.perf_counter()
    theirs = stock.generate(photo)
    stock_s = time.perf_counter() - start
    masks = [coco_rle(proposal.mask_hw) for proposal in ours]
    others = [mask["segmentation"] for mask in theirs]
    if photo.shape != analysed.shape:
        others = [coco_rle(_scaled(rle, (analysed.shape[1], analysed.shape[0]))) for rle in others]
    return {
        "ours_s": ours_s,
        "stock_s": stock_s,
        "ratio": ours_s / stock_s,
        "ours_masks": len(masks),
        "stock_masks": len(others),
        "ours_matched": matched_share(masks, others),
        "stock_matched": matched_share(others, masks),
    }


def adaptive_figures(folder: Path, coco: Path) -> dict[str, float]:
    """Mask recall of both grids with a decoder that returns the annotated mask under each point."""
    truth = coco_truth.load(coco)
    calls = {"full": 0, "adaptive": 0}
    found = {"full": 0, "adaptive": 0}
    things = photos = 0
    for listed in truth.photos:
        path = folder / listed.file_name
        if not path.is_file():
            continue
        rgb = read_upright(path, ANALYSIS_SIDE_PX).rgb
        masks = [
            scale_mask(thing.mask_hw(listed.size_wh), (rgb.shape[1], rgb.shape[0]))
            for thing in listed.instances
            if not thing.crowd
        ]
        large = {k for k, mask in enumerate(masks) if mask.sum() >= SMALLEST_PX}
        photos, things = photos + 1, things + len(large)
        for name in calls:
            oracle = _Oracle(masks, rgb.shape[:2])
            if name == "full":
                calls[name] += prompt_full_grid(FULL_GRID, oracle, 32)
            else:
                detail = detail_map(rgb, FULL_GRID)
                calls[name] += prompt_adaptive_grid(FULL_GRID, detail, oracle, 32)
            found[name] += len(oracle.found & large)
    return {
        "photos": photos,
        "things": things,
        "calls_share": calls["adaptive"] / max(1, calls["full"]),
        "full_recall": found["full"] / max(1, things),
        "adaptive_recall": found["adaptive"] / max(1, things),
    }


class _Oracle:
    """Returns the smallest annotated mask under each point; none where there is none.

    Attributes:
        found: indices of all masks returned so far.
    """

    def __init__(self, masks: Sequence[np.ndarray], hw: tuple[int, int]) -> None:
        self.found: set[int] = set()
        self._masks, self._hw = masks, hw
        self._areas = np.array([mask.mean() for mask in masks])
        places = (np.arange(FULL_GRID) + 0.5) / FULL_GRID
        self._at = np.ix_((places * hw[0]).astype(int), (places * hw[1]).astype(int))

    def __call__(self, points: np.ndarray) -> Coverage:
        answers = set()
        for x, y in points:
            row, column = int(y * self._hw[0]), int(x * self._hw[1])
            under = [k for k, mask in enumerate(self._masks) if mask[row, column]]
            if under:
                answers.add(min(under, key=lambda k: self._areas[k]))
        self.found |= answers
        chosen = sorted(answers)
        grids = [self._masks[k][self._at] for k in chosen]
        empty = np.zeros((0, FULL_GRID, FULL_GRID), bool)
        return Coverage(np.array(grids) if grids else empty, self._areas[chosen])


def _peak_memory(size_wh: tuple[int, int]) -> int | None:
    """Peak memory of a process that proposes masks for a photo with the product's settings."""
    worker = WorkerProcess("mask bench", _serve_memory, time_limit_s=1800.0, threads=THREADS)
    try:
        return worker.call(size_wh)
    finally:
        worker.close()


def _serve_memory():
    return _propose_once


def _propose_once(size_wh: tuple[int, int]) -> int | None:
    with PeakMemory() as memory:
        photo = _resized(read_upright(_SAMPLE).rgb, size_wh)
        analysed = _resized(photo, fit_within(size_wh, ANALYSIS_SIDE_PX))
        network = random_network(SAM_ARCHITECTURES["sam2.1-tiny"], analysed)
        settings = SamSettings(stability_from=0.5, nms_iou=0.9)
        SamProposer(network, choose_device("cpu"), settings).propose(analysed)
    return memory.peak_bytes


def _resized(rgb: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    import cv2

    how = cv2.INTER_AREA if size_wh[0] < rgb.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(rgb, size_wh, interpolation=how)


def _scaled(rle: dict[str, Any], size_wh: tuple[int, int]) -> np.ndarray:
    from pycocotools import mask as coco

    return scale_mask(coco.decode(rle).astype(bool), size_wh)


def _lines(figures: dict[str, Any]) -> list[str]:
    lines = [f"SAM 2.1 tiny, fixed random weights, {GRID} x {GRID} points, {THREADS} threads"]
    for name in ("small", "large"):
        found = figures[name]
        width, height = found["size_wh"]
        lines.append(
            f"{width} x {height}: ours {found['ours_s']:.1f} s, stock {found['stock_s']:.1f} s, "
            f"ratio {found['ratio']:.2f}; masks {found['ours_masks']} and {found['stock_masks']}, "
            f"matched {found['ours_matched']:.0%} and {found['stock_matched']:.0%} at IoU 0.9"
        )
    if figures["peak_memory_bytes_24mp"]:
        peak = figures["peak_memory_bytes_24mp"] / 2**30
        lines.append(f"peak memory, 24 megapixels: {peak:.2f} GB")
    if "adaptive" in figures:
        found = figures["adaptive"]
        lines.append(
            f"adaptive grid of {FULL_GRID} x {FULL_GRID}: {found['calls_share']:.2f} of the calls, "
            f"recall {found['adaptive_recall']:.3f} of {found['full_recall']:.3f} "
            f"({found['photos']} photos, {found['things']} things from 32 x 32 px)"
        )
    return lines

"""Fits the starter models on COCO-format photos and writes the shipped files.

``python -m engine.training.train --photos DIR --coco instances.json --out DIR --holdout 3`` fits on
two thirds of the photos, calibrates on every third, and writes their annotations as
``held_out.json`` for ``pickout-cli evaluate --weights DIR``. With ``--leave-out even`` (then
``odd``) half of the categories are not learned and are listed in ``left_out.txt`` for
``evaluate --queries-from``, to measure queries for untrained words. Without ``--holdout``
everything is fitted on all photos, and ``--calibration`` is the folder of an earlier run with
``--holdout``.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine.evaluation import caption_retrieval
from engine.profiles.starter import load_text_embedder, shipped_folder
from engine.search.query_reader import QueryReader
from engine.starter.image import backbone as backbones
from engine.starter.image import mask_proposer
from engine.starter.image.backbone import Backbone
from engine.starter.image.face_detector import FaceDetector
from engine.starter.image.mask_proposer import StarterProposer
from engine.starter.matching import calibration as calibrations
from engine.starter.matching import reference_statistics
from engine.starter.matching.term_scorer import StarterTermScorer
from engine.starter.text import class_names, text_map
from engine.starter.text.query_meaning import FITTED_NAMES
from engine.starter.text.text_encoder import SentenceEncoder
from engine.training.calibration_fitting import (
    Case,
    embed,
    fit_calibration,
    reference_of,
    unlearned_cases,
)
from engine.training.close_ups import close_ups
from engine.training.map_training import Sample, collect, fit_text_map
from engine.training.mask_training import train_mask_head
from engine.training.network_export import export_backbone, export_mask_head
from engine.training.sentence_fitting import fit_fused
from engine.training.training_photos import TrainingPhoto, read_photos, without

HELD_OUT = "held_out.json"
LEFT_OUT = "left_out.txt"
HALVES = {"even": 0, "odd": 1}
CLOSE_UPS = 3
"""Most close-ups per photo."""


def main() -> None:
    """Run from the command line; prints the steps and the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--coco", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=shipped_folder())
    parser.add_argument("--holdout", type=int, default=0, help="hold every N-th photo apart")
    parser.add_argument(
        "--leave-out",
        choices=sorted(HALVES),
        help="learn nothing from every other category, by place in the alphabet",
    )
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mask-head", type=Path, help="folder whose mask head is kept")
    parser.add_argument("--captions", type=Path, help="sentences that describe the photos")
    parser.add_argument("--calibration", type=Path, help="folder of a run with --holdout")
    arguments = parser.parse_args()
    if not arguments.holdout and not arguments.calibration:
        parser.error("without --holdout, --calibration is needed")
    _limit_threads(arguments.threads)
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    photos = read_photos(arguments.photos, arguments.coco)
    held_photos = photos[:: arguments.holdout] if arguments.holdout else []
    leave_out = _left_out_names(photos, arguments.leave_out)
    held_names = {photo.name for photo in held_photos}
    fitted = [without(p, leave_out) for p in photos if p.name not in held_names]
    _print_line(
        f"{len(fitted)} photos to fit on, {len(held_photos)} held apart, "
        f"{len(leave_out)} names left out"
    )
    classifier = export_backbone(out / backbones.FILE_NAME)
    backbone, encoder = Backbone(out / backbones.FILE_NAME), SentenceEncoder()
    if arguments.mask_head is None:
        head = train_mask_head(
            fitted,
            steps=arguments.steps,
            seed=arguments.seed,
            backbone=backbone,
            report=_print_line,
        )
        export_mask_head(head, out)
    else:
        for name in (mask_proposer.HEAD_FILE_NAME, mask_proposer.DRAWER_FILE_NAME):
            _copy_file(arguments.mask_head / name, out / name)
    face_detector = FaceDetector(shipped_folder())
    proposer = StarterProposer(out, backbone, face_detector)
    rng = np.random.default_rng(arguments.seed)
    close_up_photos = [view for photo in fitted for view in close_ups(photo, CLOSE_UPS, rng)]
    _print_line(f"{len(close_up_photos)} close views of things in them")
    samples = [
        collect(photo, backbone, proposer, face_detector) for photo in fitted + close_up_photos
    ]
    classes = class_names.read_class_names(shipped_folder() / class_names.FILE_NAME)

    def fit_map(part: list[Sample], without_names: frozenset[str], folder: Path) -> None:
        fitted_map = fit_text_map(part, classifier, encoder, classes, without_names)
        fitted_map.save(folder / text_map.FILE_NAME)
        names = {name for sample in part for name in sample.thing_names} - without_names
        _write_names(names, folder / FITTED_NAMES)

    fit_map(samples, leave_out, out)
    if held_photos:
        _write_held_out(arguments.coco, held_names, out)
        _write_names(leave_out, out / LEFT_OUT)
        held_samples = [collect(photo, backbone, proposer, face_detector) for photo in held_photos]
        with TemporaryDirectory() as folder:
            unlearned: list[Case] = []
            for half in HALVES:
                names = _left_out_names(photos, half) | leave_out
                # Close views are left out: they take time and change little.
                fit_map(samples[: len(fitted)], names, Path(folder))
                unlearned += unlearned_cases(held_samples, Path(folder), sorted(names - leave_out))
        for line in calibrate(held_samples, out, leave_out, arguments.captions, unlearned):
            _print_line(line)
    else:
        for name in (calibrations.FILE_NAME, reference_statistics.FILE_NAME):
            _copy_file(arguments.calibration / name, out / name)
    _print_line(f"written to {out}")


def calibrate(
    held_samples: list[Sample],
    out: Path,
    leave_out: frozenset[str],
    captions: Path | None,
    unlearned: Sequence[Case],
) -> list[str]:
    """Fit reference statistics and calibration on the held-out photos and write them to ``out``.

    Args:
        captions: see ``engine.evaluation.caption_retrieval``; None to keep the fusing of sentences
            that the shipped calibration has.
        unlearned: see ``fit_calibration``.

    Returns:
        Lines to print: the calibration and its figures.
    """
    text_embedder = load_text_embedder(out)
    mapping = text_map.TextMap.load(out / text_map.FILE_NAME)
    embedded = embed(held_samples, mapping, text_embedder.known_names)
    reference = reference_of(embedded)
    reference.save(out / reference_statistics.FILE_NAME)
    queries = sorted({name for sample in held_samples for name in sample.thing_names} - leave_out)
    fitted, figures = fit_calibration(embedded, queries, reference, text_embedder, unlearned)
    if captions is None:
        shipped = calibrations.Calibration.load(shipped_folder() / calibrations.FILE_NAME)
        fitted = replace(fitted, fused=shipped.fused)
    else:
        scorer = StarterTermScorer(fitted, reference, text_embedder)
        sentences = caption_retrieval.load(captions)
        reader = QueryReader()
        fused = fit_fused(embedded, sentences, lambda text: reader.read(text).plan, scorer)
        fitted = replace(fitted, fused=fused)
    fitted.save(out / calibrations.FILE_NAME)
    return [str(fitted), *(f"{name} {value:.3f}" for name, value in figures.items())]


def _print_line(line: str) -> None:
    print(line, flush=True)


def _left_out_names(photos: list[TrainingPhoto], half: str | None) -> frozenset[str]:
    """Every other category in alphabetical order; none without ``half``."""
    if half is None:
        return frozenset()
    names = sorted({i.category for photo in photos for i in photo.instances})
    return frozenset(names[HALVES[half] :: 2])


def _write_names(names: Iterable[str], path: Path) -> None:
    path.write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")


def _copy_file(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)


def _write_held_out(coco: Path, names: set[str], out: Path) -> None:
    """Write the annotations of the held-out photos, in COCO's format."""
    annotations = json.loads(coco.read_text("utf-8"))
    images = [image for image in annotations["images"] if image["file_name"] in names]
    ids = {image["id"] for image in images}
    kept = [entry for entry in annotations["annotations"] if entry["image_id"] in ids]
    part = {"images": images, "annotations": kept, "categories": annotations["categories"]}
    (out / HELD_OUT).write_text(json.dumps(part), "utf-8")


def _limit_threads(count: int) -> None:
    import cv2
    import torch

    torch.set_num_threads(count)
    cv2.setNumThreads(1)


if __name__ == "__main__":
    main()

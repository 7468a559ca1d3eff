"""Fits the starter models on COCO-format photos and writes the files that are shipped.

``python -m engine.training.train --photos DIR --coco instances.json --out DIR --holdout 3`` fits on
two thirds of the photos, calibrates on every third, and writes their list as ``held_out.json`` for
``pickout-cli evaluate --weights DIR``. With ``--leave-out even`` (then ``odd``) it learns nothing of
half of the categories and lists them in ``left_out.txt`` for ``evaluate --queries-from``: the
measure of words never trained. Without ``--holdout`` everything is fitted on all photos, and
``--calibration`` names the file of an earlier run that held photos apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engine.profiles.starter import load_text_embedder, shipped_folder
from engine.starter.image import backbone as backbones
from engine.starter.image import mask_proposer
from engine.starter.image.backbone import Backbone
from engine.starter.image.mask_proposer import StarterProposer
from engine.starter.matching import calibration as calibrations
from engine.starter.matching import reference_levels
from engine.starter.text import class_names, text_map
from engine.starter.text.query_meaning import FITTED_NAMES
from engine.starter.text.text_encoder import SentenceEncoder
from engine.training.calibration_fitting import embed, fit_calibration
from engine.training.close_ups import close_ups
from engine.training.map_training import Sample, collect, fit_text_map
from engine.training.mask_training import train_mask_head
from engine.training.network_export import export_backbone, export_mask_head
from engine.training.training_photos import read_photos, without

HELD_OUT = "held_out.json"
LEFT_OUT = "left_out.txt"
HALVES = {"even": 0, "odd": 1}
CLOSE_UPS = 3
"""Of each fitted photo, at most."""


def main() -> None:
    """Run from the command line; prints what it does and the figures."""
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
    parser.add_argument("--calibration", type=Path, help="folder of a run with --holdout")
    arguments = parser.parse_args()
    if not arguments.holdout and not arguments.calibration:
        parser.error("without --holdout, --calibration is needed")
    _limit_threads(arguments.threads)
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    photos = read_photos(arguments.photos, arguments.coco)
    held = photos[:: arguments.holdout] if arguments.holdout else []
    leave_out = _left_out(photos, arguments.leave_out)
    apart_names = {photo.name for photo in held}
    fitted = [without(p, leave_out) for p in photos if p.name not in apart_names]
    _say(f"{len(fitted)} photos to fit on, {len(held)} held apart, {len(leave_out)} names left out")
    classifier = export_backbone(out / backbones.FILE_NAME)
    backbone, encoder = Backbone(out / backbones.FILE_NAME), SentenceEncoder()
    if arguments.mask_head is None:
        head = train_mask_head(
            fitted, steps=arguments.steps, seed=arguments.seed, backbone=backbone, report=_say
        )
        export_mask_head(head, out)
    else:
        for name in (mask_proposer.HEAD_FILE_NAME, mask_proposer.DRAWER_FILE_NAME):
            _keep(arguments.mask_head / name, out / name)
    proposer = StarterProposer(out, backbone)
    rng = np.random.default_rng(arguments.seed)
    near = [view for photo in fitted for view in close_ups(photo, CLOSE_UPS, rng)]
    _say(f"{len(near)} close views of things in them")
    samples = [collect(photo, backbone, proposer) for photo in fitted + near]
    classes = class_names.read_class_names(shipped_folder() / class_names.FILE_NAME)
    fit_text_map(samples, classifier, encoder, classes, leave_out).save(out / text_map.FILE_NAME)
    _write_names({name for sample in samples for name in sample.thing_names}, out / FITTED_NAMES)
    if held:
        _write_held_out(arguments.coco, apart_names, out)
        _write_names(leave_out, out / LEFT_OUT)
        apart = [collect(photo, backbone, proposer) for photo in held]
        for line in calibrate(apart, out, leave_out):
            _say(line)
    else:
        for name in (calibrations.FILE_NAME, reference_levels.FILE_NAME):
            _keep(arguments.calibration / name, out / name)
    _say(f"written to {out}")


def calibrate(apart: list[Sample], out: Path, leave_out: frozenset[str]) -> list[str]:
    """Fit on photos held apart what scores mean; lines that say what came out."""
    mapping = text_map.TextMap.load(out / text_map.FILE_NAME)
    embedded = embed(apart, mapping)
    usual = reference_levels.Reference.measure(
        np.concatenate([e.regions for e in embedded]), np.stack([e.whole for e in embedded])
    )
    usual.save(out / reference_levels.FILE_NAME)
    queries = sorted({name for sample in apart for name in sample.thing_names} - leave_out)
    fit, figures = fit_calibration(embedded, queries, usual, load_text_embedder(out))
    fit.save(out / calibrations.FILE_NAME)
    return [str(fit), *(f"{name} {value:.3f}" for name, value in figures.items())]


def _say(line: str) -> None:
    print(line, flush=True)


def _left_out(photos, half: str | None) -> frozenset[str]:
    if half is None:
        return frozenset()
    names = sorted({i.category for photo in photos for i in photo.instances})
    return frozenset(names[HALVES[half] :: 2])


def _write_names(names: Iterable[str], path: Path) -> None:
    path.write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")


def _keep(source: Path, target: Path) -> None:
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)


def _write_held_out(coco: Path, names: set[str], out: Path) -> None:
    """The part of the annotations that nothing was fitted on, in COCO's form."""
    whole = json.loads(coco.read_text("utf-8"))
    images = [image for image in whole["images"] if image["file_name"] in names]
    ids = {image["id"] for image in images}
    drawn = [one for one in whole["annotations"] if one["image_id"] in ids]
    part = {"images": images, "annotations": drawn, "categories": whole["categories"]}
    (out / HELD_OUT).write_text(json.dumps(part), "utf-8")


def _limit_threads(count: int) -> None:
    import cv2
    import torch

    torch.set_num_threads(count)
    cv2.setNumThreads(1)


if __name__ == "__main__":
    main()

"""Fits the starter models on COCO-format photos and writes the files that are shipped.

``python -m engine.starter.train --photos DIR --coco instances.json --out DIR --holdout 3`` fits on
two thirds of the photos, calibrates on every third, and writes their list as ``held_out.json`` for
``pickout-cli evaluate --weights DIR``. Without ``--holdout`` everything is fitted on all photos,
and ``--calibration`` names the file of an earlier run that held photos apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

from engine.starter import calibration as calibrations
from engine.starter import class_names, mask_proposer, reference, text_map
from engine.starter.backbone import Backbone
from engine.starter.calibration_fitting import embed, fit_calibration
from engine.starter.map_training import collect, fit_text_map
from engine.starter.mask_proposer import StarterProposer
from engine.starter.mask_training import train_mask_head
from engine.starter.profile import shipped_folder
from engine.starter.text_encoder import SentenceEncoder
from engine.starter.training_photos import read_photos

HELD_OUT = "held_out.json"


def main() -> None:
    """Run from the command line; prints what it does and the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--coco", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=shipped_folder())
    parser.add_argument("--holdout", type=int, default=0, help="hold every N-th photo apart")
    parser.add_argument("--steps", type=int, default=1700)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mask-head", type=Path, help="weights to keep instead of training")
    parser.add_argument("--calibration", type=Path, help="calibration of a run with --holdout")
    arguments = parser.parse_args()
    if not arguments.holdout and not arguments.calibration:
        parser.error("without --holdout, --calibration is needed")
    _limit_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    photos = read_photos(arguments.photos, arguments.coco)
    held = [k for k in range(len(photos)) if arguments.holdout and k % arguments.holdout == 0]
    fitted = [photo for k, photo in enumerate(photos) if k not in set(held)]
    print(f"{len(fitted)} photos to fit on, {len(held)} held apart", flush=True)
    backbone, encoder = Backbone(), SentenceEncoder()
    head_path = arguments.out / mask_proposer.FILE_NAME
    if arguments.mask_head:
        if arguments.mask_head != head_path:
            shutil.copyfile(arguments.mask_head, head_path)
    else:
        _save_head(
            train_mask_head(
                fitted,
                steps=arguments.steps,
                seed=arguments.seed,
                backbone=backbone,
                report=lambda line: print(line, flush=True),
            ),
            head_path,
        )
    proposer = StarterProposer(head_path, backbone)
    samples = [collect(photo, backbone, proposer) for photo in fitted]
    classes = class_names.read_class_names(shipped_folder() / class_names.FILE_NAME)
    mapping = fit_text_map(samples, backbone, encoder, classes)
    mapping.save(arguments.out / text_map.FILE_NAME)
    mapping = text_map.TextMap.load(arguments.out / text_map.FILE_NAME)
    embedded = embed(samples, mapping, backbone)
    usual = reference.Reference.measure(
        np.concatenate([e.regions for e in embedded]), np.stack([e.whole for e in embedded])
    )
    usual.save(arguments.out / reference.FILE_NAME)
    target = arguments.out / calibrations.FILE_NAME
    if held:
        _write_held_out(arguments.coco, {photos[k].name for k in held}, arguments.out)
        apart = [collect(photos[k], backbone, proposer) for k in held]
        queries = sorted({name for sample in apart for name in sample.thing_names})
        fit, figures = fit_calibration(
            embed(apart, mapping, backbone), queries, usual, mapping, encoder
        )
        fit.save(target)
        print(fit, *(f"{name} {value:.3f}" for name, value in figures.items()), sep="\n")
    elif arguments.calibration != target:
        shutil.copyfile(arguments.calibration, target)
    print(f"written to {arguments.out}")


def _save_head(head, path: Path) -> None:
    from safetensors.torch import save_file

    save_file(head.state_dict(), path)


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

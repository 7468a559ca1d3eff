"""Fits the probability of colours on things that were labelled by eye, and prints its numbers.

``python -m engine.training.colour_fitting --photos DIR --coco instances.json --labels
tests/data/coco_colours.json``. Colours are not learned from photos otherwise, so that these may be
any photos.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from engine.evaluation import coco_truth
from engine.evaluation.attribute_queries import load
from engine.starter.colours.colour_probability import colour_features
from engine.starter.colours.colour_vectors import COLOURS, colour_vectors
from engine.training.logistic_regression import logistic_regression

PENALTY = 1.0


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--coco", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    arguments = parser.parse_args()
    rows, answers = labelled_features(arguments.photos, arguments.coco, arguments.labels)
    share, lead, constant = logistic_regression(rows, answers, PENALTY)
    print(
        f"{len(rows)} pairs: SHARE_WEIGHT, LEAD_WEIGHT, CONSTANT = {share:.2f}, {lead:.2f}, ",
        end="",
    )
    print(f"{constant:.2f}")


def labelled_features(photos: Path, coco: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    """``colour_features`` of each labelled thing for each colour, (N, 2), and whether it has the
    colour, bool (N,). Colours that could be said of the thing are left out."""
    from engine.decode.reader import read_upright

    said = load(labels)
    rows, answers = [], []
    for photo in coco_truth.load(coco).photos:
        things = [thing for thing in photo.instances if thing.annotation_id in said]
        if not things:
            continue
        rgb = read_upright(photos / photo.file_name, max(photo.size_wh)).rgb
        vectors = colour_vectors(rgb, [thing.mask_hw(photo.size_wh) for thing in things])
        for thing, vector in zip(things, vectors, strict=True):
            assert thing.annotation_id is not None
            for colour in COLOURS:
                has = said[thing.annotation_id].says(colour)
                if has is not None:
                    rows.append(colour_features(vector[None], colour)[0])
                    answers.append(has)
    return np.array(rows), np.array(answers)


if __name__ == "__main__":
    main()

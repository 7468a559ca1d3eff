"""Fits the text map: from backbone features of regions and photos to the sentence space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.masks.geometry import mask_ious
from engine.starter.colours.colour_vectors import colour_vectors
from engine.starter.image.backbone import Backbone
from engine.starter.image.face_detector import FaceDetector
from engine.starter.image.face_evidence import region_face_values, whole_face_value
from engine.starter.image.mask_proposer import StarterProposer
from engine.starter.image.region_features import (
    CROPPED,
    RegionFeatures,
    region_features,
    whole_features,
)
from engine.starter.text.class_names import ClassName
from engine.starter.text.text_encoder import NDIM, SentenceEncoder
from engine.starter.text.text_map import PHRASINGS, TextMap, class_probabilities, phrasings, unit
from engine.training.training_photos import TrainingPhoto

MATCH_IOU = 0.5
"""IoU from which a mask counts as showing a thing, as in the metrics."""
FITTED_IOU = 0.6
"""IoU from which a proposed mask is a training example of the thing's name."""
MIN_INSTANCE_PX = 64
"""Annotated things with fewer pixels are not used."""
CLASSIFIER_WEIGHT = 0.3
"""Weight of a row of the ImageNet classifier in the fit; an annotated region has about 1."""
REGION_RIDGE = 3.0
WHOLE_RIDGE = 3.0
"""Penalties of the ridge regressions for regions and for whole photos."""


@dataclass(frozen=True)
class Sample:
    """Features of one photo, of its M annotated things, and of the N masks proposed for it.

    Attributes:
        name: file name of the photo.
        names: every category in the photo, crowds included.
        whole: (1280,), features of the whole photo.
        things: features of the annotated masks.
        thing_names: categories of the annotated masks, (M,).
        regions: features of the proposed masks.
        mask_scores: of the proposed masks, (N,).
        areas: of the proposed masks, as shares of the photo, (N,).
        boxes_xyxy: of the proposed masks, (N, 4), in fractions of the photo's sides.
        colours: colour vectors of the proposed masks, (N, 11).
        faces: face values of the proposed masks, (N,).
        whole_face: face value of the photo.
        ious: of proposed with annotated masks, (N, M).
    """

    name: str
    names: frozenset[str]
    whole: np.ndarray
    things: RegionFeatures
    thing_names: tuple[str, ...]
    regions: RegionFeatures
    mask_scores: np.ndarray
    areas: np.ndarray
    boxes_xyxy: np.ndarray
    colours: np.ndarray
    faces: np.ndarray
    whole_face: float
    ious: np.ndarray


def collect(
    photo: TrainingPhoto,
    backbone: Backbone,
    proposer: StarterProposer,
    face_detector: FaceDetector,
) -> Sample:
    """Run backbone, proposer and face detector on one photo."""
    hw = photo.rgb.shape[:2]
    faces = face_detector.detect(photo.rgb)
    things = [i for i in photo.instances if not i.crowd and i.mask_hw.sum() >= MIN_INSTANCE_PX]
    true_masks = [i.full_mask(hw) for i in things]
    proposals = proposer.propose(photo.rgb)
    masks = [p.mask_hw for p in proposals]
    features = region_features(backbone, photo.rgb, true_masks + masks, len(things) + CROPPED)
    sides = np.array([hw[1], hw[0], hw[1], hw[0]], np.float32)
    boxes = np.array([p.box_xyxy.as_tuple() for p in proposals], np.float32).reshape(-1, 4)
    return Sample(
        name=photo.name,
        names=frozenset(i.category for i in photo.instances),
        whole=whole_features(backbone, photo.rgb),
        things=features.select(slice(len(things))),
        thing_names=tuple(i.category for i in things),
        regions=features.select(slice(len(things), None)),
        mask_scores=np.array([p.score for p in proposals], np.float32),
        areas=np.array([m.mean() for m in masks], np.float32),
        boxes_xyxy=boxes / sides,
        colours=colour_vectors(photo.rgb, masks),
        faces=region_face_values(faces, masks),
        whole_face=whole_face_value(faces, hw),
        ious=mask_ious(masks, true_masks),
    )


def fit_text_map(
    samples: Sequence[Sample],
    classifier: np.ndarray,
    encoder: SentenceEncoder,
    classes: Sequence[ClassName],
    leave_out: frozenset[str] = frozenset(),
) -> TextMap:
    """Fit all arrays of the map.

    Args:
        classifier: (1281, 1000), see ``TextMap.classifier``.
        classes: names of the ImageNet classes, in the classifier's order.
        leave_out: categories that are not learned, to measure queries for untrained words.
    """
    sentences = encoder.encode([s for c in classes for s in c.phrasings()])
    class_vectors = unit(sentences.reshape(len(classes), -1, NDIM).mean(1))
    text_mean = class_vectors.mean(0)
    class_vectors = class_vectors - text_mean
    regions, names = _named_regions(samples, leave_out)
    features = (regions.pooled + regions.crops) / 2
    region_mean = features.mean(0)
    targets, weights = _name_targets(names, encoder, text_mean)
    wholes = np.stack([s.whole for s in samples])
    whole_mean = wholes.mean(0)
    scenes = _scene_targets(samples, encoder, text_mean, leave_out)
    views = [class_probabilities(view, classifier) for view in (regions.pooled, regions.crops)]
    return TextMap(
        classifier=classifier,
        class_vectors=class_vectors.astype(np.float32),
        name_vectors=targets[np.unique(names, return_index=True)[1]].astype(np.float32),
        text_mean=text_mean,
        region_linear=_ridge(
            unit(features - region_mean), targets, weights, classifier, class_vectors, REGION_RIDGE
        ),
        whole_linear=_ridge(
            unit(wholes - whole_mean),
            scenes - scenes.mean(0),
            np.ones(len(wholes)),
            classifier,
            class_vectors / 2,
            WHOLE_RIDGE,
        ),
        region_mean=region_mean,
        whole_mean=whole_mean,
        region_conse_mean=(np.mean(views, axis=0) @ class_vectors).mean(0),
        whole_conse_mean=(class_probabilities(wholes, classifier) @ class_vectors).mean(0),
    )


def _ridge(
    rows: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    classifier: np.ndarray,
    class_vectors: np.ndarray,
    penalty: float,
) -> np.ndarray:
    """Weighted ridge regression from rows to targets; float32 (1280, 384).

    Further examples map each class's row of the classifier to the vector of the class's name.
    """
    templates = classifier[:-1].T - classifier[:-1].mean(1)
    x = np.concatenate([rows, unit(templates)])
    y = np.concatenate([targets, class_vectors])
    weighted = x * np.concatenate([weights, np.full(len(templates), CLASSIFIER_WEIGHT)])[:, None]
    return np.linalg.solve(weighted.T @ x + penalty * np.eye(x.shape[1]), weighted.T @ y).astype(
        np.float32
    )


def name_vectors(names: Sequence[str], encoder: SentenceEncoder) -> np.ndarray:
    """Unit vectors (N, 384) of category names: of each, the mean over the phrasings of queries."""
    sentences = encoder.encode(phrasings(names))
    return unit(sentences.reshape(len(names), len(PHRASINGS), NDIM).mean(1))


def _named_regions(
    samples: Sequence[Sample], leave_out: frozenset[str]
) -> tuple[RegionFeatures, list[str]]:
    """Features and names of the annotated things, and of proposed masks that match one.

    The proposed masks are included because the product embeds such masks, for instance of people
    cut off at the waist.
    """
    parts: list[RegionFeatures] = []
    names: list[str] = []
    for sample in samples:
        matching = np.zeros(0, int)
        matching_names: list[str] = []
        if sample.ious.size:
            matching = np.flatnonzero(sample.ious.max(1) >= FITTED_IOU)
        if len(matching):
            matching_names = [sample.thing_names[k] for k in sample.ious[matching].argmax(1)]
        for features, labels in (
            (sample.things, sample.thing_names),
            (sample.regions.select(matching), matching_names),
        ):
            kept = [k for k, name in enumerate(labels) if name not in leave_out]
            parts.append(features.select(kept))
            names += [labels[k] for k in kept]
    return RegionFeatures.concatenate(parts), names


def _name_targets(
    names: Sequence[str], encoder: SentenceEncoder, text_mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Centred name vectors (N, 384), and weights (N,) inverse to the root of a name's count."""
    distinct, index, counts = np.unique(names, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[index])
    return (name_vectors(list(distinct), encoder) - text_mean)[index], weights / weights.mean()


def _scene_targets(
    samples: Sequence[Sample],
    encoder: SentenceEncoder,
    text_mean: np.ndarray,
    leave_out: frozenset[str],
) -> np.ndarray:
    """Mean vector of the names in each photo, rare names weighted more; float32 (photos, 384)."""
    names = sorted({name for s in samples for name in s.names} - leave_out)
    vectors = dict(zip(names, unit(name_vectors(names, encoder) - text_mean), strict=True))
    rarity = {n: 1 / np.sqrt(1 + sum(n in s.names for s in samples)) for n in names}
    scenes = np.zeros((len(samples), NDIM), np.float32)
    for row, sample in enumerate(samples):
        present = sorted(sample.names - leave_out)
        if present:
            total = sum(rarity[n] for n in present)
            scenes[row] = sum(rarity[n] * vectors[n] for n in present) / total
    return scenes

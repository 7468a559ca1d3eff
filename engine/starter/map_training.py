"""Fitting what maps regions into the sentence space, and what scores mean as probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.masks.geometry import mask_ious
from engine.starter.backbone import Backbone
from engine.starter.class_names import ClassName
from engine.starter.mask_proposer import StarterProposer
from engine.starter.region_features import region_features
from engine.starter.text_encoder import NDIM, SentenceEncoder
from engine.starter.text_map import PHRASINGS, TextMap, conse_vectors, phrasings, unit
from engine.starter.training_photos import TrainingPhoto

MATCH_IOU = 0.5
MIN_INSTANCE_PX = 64
CLASSIFIER_WEIGHT = 0.3
"""Weight of one ImageNet classifier row against one annotated region, when the map is fitted."""
RIDGE = 1.0


@dataclass(frozen=True)
class Sample:
    """Features of one photo: of its annotated things, and of the masks proposed for it.

    Attributes:
        whole: (1280,).
        things: (M, 1280) and ``thing_names``: annotated masks and their categories.
        regions: (N, 1280) of proposed masks, with their ``mask_scores`` and ``areas`` (share of
            the photo).
        ious: (N, M), of proposed with annotated masks.
        names: every category in the photo, crowds too.
    """

    name: str
    names: frozenset[str]
    whole: np.ndarray
    things: np.ndarray
    thing_names: tuple[str, ...]
    regions: np.ndarray
    mask_scores: np.ndarray
    areas: np.ndarray
    ious: np.ndarray


def collect(photo: TrainingPhoto, backbone: Backbone, proposer: StarterProposer) -> Sample:
    """Run backbone and proposer over one photo."""
    hw = photo.rgb.shape[:2]
    things = [
        i for i in photo.instances if not i.crowd and i.mask_hw.sum() >= MIN_INSTANCE_PX
    ]
    true_masks = [i.full_mask(hw) for i in things]
    proposals = proposer.propose(photo.rgb)
    masks = [p.mask_hw for p in proposals]
    seen = region_features(backbone, photo.rgb, true_masks + masks)
    features = (seen.pooled + seen.crops) / 2
    return Sample(
        name=photo.name,
        names=frozenset(i.category for i in photo.instances),
        whole=seen.whole,
        things=features[: len(things)],
        thing_names=tuple(i.category for i in things),
        regions=features[len(things) :],
        mask_scores=np.array([p.score for p in proposals], np.float32),
        areas=np.array([m.mean() for m in masks], np.float32),
        ious=mask_ious(masks, true_masks),
    )


def fit_text_map(
    samples: Sequence[Sample],
    backbone: Backbone,
    encoder: SentenceEncoder,
    classes: Sequence[ClassName],
    leave_out: frozenset[str] = frozenset(),
) -> TextMap:
    """Fit all arrays of the map.

    Args:
        leave_out: categories that the linear map must not learn, to measure open vocabulary.
    """
    sentences = encoder.encode([s for c in classes for s in c.phrasings()])
    class_vectors = unit(sentences.reshape(len(classes), -1, NDIM).mean(1))
    text_mean = class_vectors.mean(0)
    class_vectors = class_vectors - text_mean
    features, targets, weights = _pairs(samples, encoder, text_mean, leave_out)
    region_mean = features.mean(0)
    classifier = backbone.classifier_weight - backbone.classifier_weight.mean(0)
    rows = np.concatenate([unit(features - region_mean), unit(classifier)])
    aims = np.concatenate([targets, class_vectors])
    importance = np.concatenate([weights, np.full(len(classifier), CLASSIFIER_WEIGHT)])
    linear = np.linalg.solve(
        (rows * importance[:, None]).T @ rows + RIDGE * np.eye(rows.shape[1]),
        (rows * importance[:, None]).T @ aims,
    )
    wholes = np.stack([s.whole for s in samples])
    return TextMap(
        class_vectors=class_vectors.astype(np.float32),
        text_mean=text_mean,
        linear=linear.astype(np.float32),
        region_mean=region_mean,
        whole_mean=wholes.mean(0),
        region_conse_mean=conse_vectors(backbone.class_logits(features), class_vectors).mean(0),
        whole_conse_mean=conse_vectors(backbone.class_logits(wholes), class_vectors).mean(0),
    )


def name_vectors(names: Sequence[str], encoder: SentenceEncoder) -> np.ndarray:
    """Unit sentence vectors (N, 384) of category names, mean of the query phrasings."""
    sentences = encoder.encode(phrasings(names))
    return unit(sentences.reshape(len(names), len(PHRASINGS), NDIM).mean(1))


def _pairs(samples, encoder, text_mean, leave_out):
    """Features, centred name vectors and weights of annotated things and of masks that match one.

    Frequent categories weigh less: with the square root of their count.
    """
    features, names = [], []
    for sample in samples:
        features.append(sample.things)
        names += sample.thing_names
        if sample.ious.size:
            best = sample.ious.argmax(1)
            hit = sample.ious.max(1) >= MATCH_IOU
            features.append(sample.regions[hit])
            names += [sample.thing_names[k] for k in best[hit]]
    stacked = np.concatenate(features)
    labels = np.array(names)
    kept = ~np.isin(labels, sorted(leave_out))
    stacked, labels = stacked[kept], labels[kept]
    known, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    vectors = name_vectors(list(known), encoder) - text_mean
    weights = 1 / np.sqrt(counts[index])
    return stacked, vectors[index], weights / weights.mean()

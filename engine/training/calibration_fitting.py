"""Fits a ``Calibration`` on photos that the models were not fitted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.evaluation.metrics import average_precision_at, mean
from engine.profiles.starter import load_text_embedder
from engine.scoring.term_scorer import PhotoArrays
from engine.starter.matching.calibration import Calibration, logistic
from engine.starter.matching.embedder import StarterTextEmbedder, region_vectors, whole_vector
from engine.starter.matching.match_features import PHOTO_FEATURES, MatchFeatures, QueryStatistics
from engine.starter.matching.reference_statistics import ReferenceStatistics
from engine.starter.matching.region_geometry import RegionGeometry
from engine.starter.matching.region_namer import grouped_shares
from engine.starter.text.text_map import FILE_NAME, TextMap
from engine.store.rows import RegionRows
from engine.training.logistic_regression import logistic_regression
from engine.training.map_training import MATCH_IOU, Sample

FITTED_PHOTOS_PER_QUERY = 50
"""Probabilities are fitted over this many best-ranked photos of every query."""
WHOLE_WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Candidates for ``Calibration.whole_weight``."""
NAME_SHARPNESSES = (8.0, 12.0, 16.0, 20.0, 25.0, 30.0)
"""Candidates for ``Calibration.name_sharpness``."""
UNANNOTATED_WEIGHT = 0.1
"""Weight of a region that lies on nothing annotated: it may still be a thing with a name."""
MATCH_AT, NO_BELOW = 0.5, 0.15
REGION_PENALTY, PHOTO_PENALTY = 3.0, 1.0
"""Ridge penalties of the logistic regressions."""
UNFITTED_FUSED = (0.6, 0.5, 0.3, -5.0)
"""Used where there are no sentences to fit on."""
FOLDS = 3
"""The photo's probability is fitted with region probabilities that were fitted on other photos."""


@dataclass(frozen=True)
class EmbeddedSample:
    """A sample with the arrays that the product would store, and its names' similarities.

    Attributes:
        arrays: as the product would store them.
        names: float32 (N + 1, V), similarities to every known name; the whole photo is last.
    """

    sample: Sample
    arrays: PhotoArrays
    names: np.ndarray

    def correct(self, name: str) -> np.ndarray:
        """Whether each region lies on a thing of the name, bool (N,)."""
        named = [k for k, other in enumerate(self.sample.thing_names) if other == name]
        return np.asarray(self.sample.ious[:, named].max(1, initial=0) >= MATCH_IOU)


def embed(
    samples: Sequence[Sample], text_map: TextMap, known_names: np.ndarray
) -> list[EmbeddedSample]:
    """The samples with the vectors that the product would store.

    Args:
        known_names: of the text embedder of the same models.
    """
    found = []
    for s in samples:
        arrays = RegionRows(
            ids=np.arange(len(s.areas)),
            boxes_xyxy=s.boxes_xyxy,
            mask_scores=s.mask_scores,
            area_fractions=s.areas,
            vectors=region_vectors(text_map, s.regions, s.colours, s.faces),
            whole=whole_vector(text_map, s.whole, s.whole_face),
        )
        rows = np.vstack([arrays.vectors, arrays.whole[None]])
        found.append(EmbeddedSample(s, arrays, rows @ known_names.T))
    return found


@dataclass(frozen=True)
class Case:
    """One photo for one query.

    Attributes:
        fold: of the photo, 0 to ``FOLDS`` - 1.
        features: of this photo alone.
        correct: bool (N,), whether each region lies on such a thing.
        relevant: the photo has such a thing.
        rough: score in the first stage.
    """

    query: str
    photo: int
    fold: int
    features: MatchFeatures
    correct: np.ndarray
    relevant: bool
    rough: float

    @property
    def regions(self) -> np.ndarray:
        """Features of its N regions, (N, ``REGION_FEATURES``)."""
        return np.asarray(self.features.regions[0, : len(self.correct)])


def cases_of(
    samples: Sequence[EmbeddedSample],
    queries: Sequence[str],
    reference: ReferenceStatistics,
    text_embedder: StarterTextEmbedder,
    whole_weight: float,
) -> list[Case]:
    """Every photo for every query that some photo answers."""
    found = []
    geometries = [RegionGeometry([e.arrays]) for e in samples]
    for query, vector in zip(queries, text_embedder.embed(queries), strict=True):
        if not any(query in e.sample.names for e in samples):
            continue
        statistics = QueryStatistics(
            vector,
            reference,
            text_embedder.known_names,
            text_embedder.relatives(query),
            text_embedder.everyday_names,
        )
        for k, (e, geometry) in enumerate(zip(samples, geometries, strict=True)):
            best = float((e.arrays.vectors @ vector).max(initial=-1.0))
            found.append(
                Case(
                    query,
                    k,
                    k % FOLDS,
                    MatchFeatures([e.arrays], geometry, vector, statistics),
                    e.correct(query),
                    query in e.sample.names,
                    best + whole_weight * float(e.arrays.whole @ vector),
                )
            )
    return found


def fit_calibration(
    samples: Sequence[EmbeddedSample],
    queries: Sequence[str],
    reference: ReferenceStatistics,
    text_embedder: StarterTextEmbedder,
    unlearned: Sequence[Case] = (),
) -> tuple[Calibration, dict[str, float]]:
    """Fit everything but what belongs to sentences; see ``sentence_fitting``.

    Args:
        samples: photos that the models were not fitted on.
        queries: category names.
        unlearned: of the same photos, for names that other maps were not fitted to: most of what
            people type is such a name.

    Returns:
        The calibration, and its mean average precisions on the same photos.
    """
    weight = _whole_weight(samples, queries, text_embedder)
    cases = cases_of(samples, queries, reference, text_embedder, weight)
    fitted = _fitted_cases(cases) + _fitted_cases(unlearned)
    sharpness, named = fit_names(samples, text_embedder.names, text_embedder.everyday_names)
    calibration = Calibration(
        whole_weight=weight,
        scene_alone=_fit_scene_alone(samples, text_embedder.embed(queries), weight),
        regions=fit_regions(fitted),
        photo=fit_photo(fitted),
        fused=UNFITTED_FUSED,
        name_sharpness=sharpness,
        named=named,
        match_at=MATCH_AT,
        no_below=NO_BELOW,
    )
    image_map, object_map = mean_average_precisions(cases, calibration)
    return calibration, {"image_map_at_50": image_map, "object_map_at_50_iou50": object_map}


def unlearned_cases(samples: Sequence[Sample], folder: Path, names: Sequence[str]) -> list[Case]:
    """Cases of names that a text map was not fitted to.

    Args:
        samples: photos that it was not fitted on.
        folder: of the text map, with its fitted names.
    """
    text_embedder = load_text_embedder(folder)
    text_map = TextMap.load(folder / FILE_NAME)
    embedded = embed(samples, text_map, text_embedder.known_names)
    reference = reference_of(embedded)
    weight = _whole_weight(embedded, names, text_embedder)
    return cases_of(embedded, names, reference, text_embedder, weight)


def reference_of(samples: Sequence[EmbeddedSample]) -> ReferenceStatistics:
    """What ordinary regions and photos are like, from all of the samples."""
    return ReferenceStatistics.from_vectors(
        np.concatenate([e.arrays.vectors for e in samples]),
        np.stack([e.arrays.whole for e in samples]),
    )


def fit_regions(cases: Sequence[Case]) -> tuple[float, ...]:
    """Coefficients of the probability that a region is the thing as a whole."""
    importance = _importance(cases)
    rows = np.concatenate([case.regions for case in cases])
    labels = np.concatenate([case.correct for case in cases])
    weights = np.repeat(importance, [len(case.correct) for case in cases])
    return logistic_regression(rows, labels, REGION_PENALTY, weights)


def fit_photo(cases: Sequence[Case]) -> tuple[float, ...]:
    """Coefficients of the probability that a photo has the thing. The region probabilities in its
    features come from regressions on the other folds."""
    rows = np.zeros((len(cases), PHOTO_FEATURES))
    for fold in range(FOLDS):
        regions = fit_regions([case for case in cases if case.fold != fold])
        for row, case in zip(rows, cases, strict=True):
            if case.fold == fold:
                row[:] = case.features.photos(logistic(case.features.regions, regions))[0]
    labels = np.array([case.relevant for case in cases])
    return logistic_regression(rows, labels, PHOTO_PENALTY, _importance(cases))


def _importance(cases: Sequence[Case]) -> np.ndarray:
    """Weights (N,): a frequent name counts more than a rare one, but not as much as it is more
    frequent, because figures are means over names."""
    photos_with: Counter[str] = Counter(case.query for case in cases if case.relevant)
    return np.array([max(photos_with[case.query], 1) ** -0.5 for case in cases])


def fit_names(
    samples: Sequence[EmbeddedSample], names: Sequence[str], groups: np.ndarray
) -> tuple[float, tuple[float, float, float]]:
    """Sharpness of the names' softmax by likelihood, and coefficients of the probability that a
    region's likeliest name is right.

    Args:
        names: the known names. groups: as of ``RegionNamer``.
    """
    index_of = {name: i for i, name in enumerate(names)}  # a fitted name comes after a class
    similarities, answers = [], []
    for e in samples:
        for row, ious in zip(e.names[:-1], e.sample.ious, strict=True):
            fits = bool(len(ious)) and float(ious.max()) >= MATCH_IOU
            name = e.sample.thing_names[int(ious.argmax())] if fits else None
            similarities.append(row)
            answers.append(-1 if name is None else index_of.get(name, -1))
    rows, answer = np.array(similarities, np.float64), np.array(answers)
    named = answer >= 0
    losses = [_name_loss(rows[named], answer[named], groups, s) for s in NAME_SHARPNESSES]
    sharpness = NAME_SHARPNESSES[int(np.argmin(losses))]
    shares = grouped_shares(rows, groups, sharpness)
    right = named & (shares.argmax(axis=1) == answer)
    top = np.stack([np.log(shares.max(axis=1)), rows.max(axis=1)], axis=1)
    weights = np.where(named, 1.0, UNANNOTATED_WEIGHT)
    of_share, of_similarity, constant = logistic_regression(top, right, 1.0, weights)
    return sharpness, (of_share, of_similarity, constant)


def _name_loss(rows: np.ndarray, answer: np.ndarray, groups: np.ndarray, sharpness: float) -> float:
    shares = grouped_shares(rows, groups, sharpness)
    return float(-np.log(shares[np.arange(len(rows)), answer] + 1e-9).mean())


def _whole_weight(
    samples: Sequence[EmbeddedSample], queries: Sequence[str], text_embedder: StarterTextEmbedder
) -> float:
    """The middle of the best three adjacent weights: the figure of a single weight is noisy."""
    image_maps = []
    for weight in WHOLE_WEIGHTS:
        aps = []
        for query, vector in zip(queries, text_embedder.embed(queries), strict=True):
            relevant = [query in e.sample.names for e in samples]
            if not any(relevant):
                continue
            rough = [_rough(e, vector, weight) for e in samples]
            order = np.argsort(-np.array(rough), kind="stable")
            aps.append(average_precision_at([relevant[k] for k in order], sum(relevant)))
        image_maps.append(mean(aps))
    middle = int(np.convolve(image_maps, np.ones(3), "valid").argmax()) + 1
    return WHOLE_WEIGHTS[middle]


def _rough(e: EmbeddedSample, vector: np.ndarray, whole_weight: float) -> float:
    best = float((e.arrays.vectors @ vector).max(initial=-1.0))
    return best + whole_weight * float(e.arrays.whole @ vector)


def _fitted_cases(cases: Sequence[Case]) -> list[Case]:
    """The best-ranked photos of every query, and those that have the thing."""
    found = []
    for query in dict.fromkeys(case.query for case in cases):
        of_query = sorted((c for c in cases if c.query == query), key=lambda c: -c.rough)
        found += of_query[:FITTED_PHOTOS_PER_QUERY]
        found += [case for case in of_query[FITTED_PHOTOS_PER_QUERY:] if case.relevant]
    return found


def _fit_scene_alone(
    samples: Sequence[EmbeddedSample], vectors: np.ndarray, whole_weight: float
) -> tuple[float, float]:
    """Slope and constant of a linear fit of the rough score to the whole photo's similarity."""
    with_regions = [e for e in samples if len(e.arrays.ids)]
    scenes = [float(e.arrays.whole @ v) for v in vectors for e in with_regions]
    rough = [_rough(e, v, whole_weight) for v in vectors for e in with_regions]
    slope, constant = np.polyfit(scenes, rough, 1)
    return float(slope), float(constant)


def mean_average_precisions(cases: Sequence[Case], calibration: Calibration) -> tuple[float, float]:
    """Image mAP@50, and object mAP@50 at IoU 0.5, over the queries."""
    image_aps, object_aps = [], []
    for query in dict.fromkeys(case.query for case in cases):
        scored = []
        for case in (c for c in cases if c.query == query):
            regions = calibration.region_probabilities(case.features)
            likeliest = int(regions[0, : len(case.correct)].argmax()) if len(case.correct) else None
            shown = likeliest is not None and bool(case.correct[likeliest])
            probability = float(calibration.photo_probabilities(case.features, regions)[0])
            scored.append((probability, case, shown))
        scored.sort(key=lambda item: -item[0])
        total = sum(case.relevant for _, case, _ in scored)
        image_aps.append(average_precision_at([case.relevant for _, case, _ in scored], total))
        object_aps.append(average_precision_at([shown for *_, shown in scored], total))
    return mean(image_aps), mean(object_aps)

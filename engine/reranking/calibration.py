"""Calibrated probability from a model's yes and the photo's z-score in stage one."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.errors import ModelBroken

FILE_NAME = "calibration.json"
"""Lies in the folder of the model's files and is deleted with them."""
_EDGE = 1e-6
_RIDGE = 1e-2
_LEAST_SLOPE = 0.05
_MATCH_AT, _NO_BELOW = 0.5, 0.15
_FIELDS = {"standing": "z_score_weight"}
"""Key of the file -> name of the field, where they differ."""


@dataclass(frozen=True)
class Calibration:
    """A logistic regression with two inputs, and the two thresholds of verdicts.

    ``p = 1 / (1 + exp(-(slope * logit(yes) + z_score_weight * z + offset)))``, where ``yes`` is the
    model's probability and ``z`` is the z-score of the photo's stage-one score among all hits.
    Reranking sorts by ``p``, so that of two photos with an equal ``yes`` the one with the higher
    stage-one score comes first. Neither weight is negative: a higher input never lowers ``p``.

    The defaults are not measured: they keep the model's probability, and stage one decides between
    near equals.

    Attributes:
        match_at: a probability from here on is a match.
        no_below: a probability below this is a no.
        pairs: number of photos with known answers that it was fitted to; 0 if it was not fitted.
    """

    slope: float = 1.0
    z_score_weight: float = 0.25
    offset: float = 0.0
    match_at: float = 0.6
    no_below: float = 0.3
    pairs: int = 0

    def __post_init__(self) -> None:
        numbers = (self.slope, self.z_score_weight, self.offset)
        if not all(map(math.isfinite, numbers)) or self.slope < 0 or self.z_score_weight < 0:
            raise ValueError(f"expected finite weights, none below 0 but the offset, got {numbers}")
        if not 0 <= self.no_below <= self.match_at <= 1:
            raise ValueError(
                f"expected 0 <= no_below <= match_at <= 1, got {self.no_below}, {self.match_at}"
            )

    @property
    def measured(self) -> bool:
        """Whether it was fitted to photos with known answers."""
        return self.pairs > 0

    @property
    def uninformative(self) -> bool:
        """Whether the fit found that the model's yes says little. Its boxes are then not used."""
        return self.measured and self.slope < _LEAST_SLOPE

    def as_json(self) -> dict[str, float]:
        """The values under the keys of the file."""
        keys = {field: key for key, field in _FIELDS.items()}
        return {keys.get(field, field): value for field, value in asdict(self).items()}

    def probability(self, yes: float, z_score: float) -> float:
        """The calibrated probability, 0..1.

        Args:
            yes: 0..1.
            z_score: as ``Candidate.z_score``.
        """
        return _sigmoid(self.slope * _logit(yes) + self.z_score_weight * z_score + self.offset)

    def least_yes(self, z_score: float) -> float:
        """The least ``yes`` with which a photo of this z-score is not a no, 0..1."""
        wanted = _logit(self.no_below) - self.z_score_weight * z_score - self.offset
        if self.slope < _EDGE:
            return 0.0 if wanted <= 0 else 1.0
        return _sigmoid(wanted / self.slope)


def load(folder: Path) -> Calibration:
    """Read the calibration of the model in ``folder``; the default if there is no file.

    Raises:
        ModelBroken: the file cannot be read or parsed.
    """
    path = folder / FILE_NAME
    try:
        values = json.loads(path.read_text("utf-8"))
        return Calibration(**{_FIELDS.get(key, key): value for key, value in values.items()})
    except FileNotFoundError:
        return Calibration()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelBroken(
            "The calibration of the language model cannot be read.",
            operation="taking a second look",
            path=path,
            hint="Delete this file, or calibrate the model anew.",
        ) from error


def save(folder: Path, calibration: Calibration) -> Path:
    """Write the file atomically; returns its path.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / FILE_NAME
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(calibration.as_json(), indent=1), "utf-8")
    os.replace(temporary, path)
    return path


def fit(yes: Sequence[float], z_score: Sequence[float], relevant: Sequence[bool]) -> Calibration:
    """Fit by maximum likelihood with a small ridge, over photos whose answer is known.

    ``match_at`` is 0.5; ``no_below`` is where fewer than one photo in seven is relevant. Both are
    thresholds of the calibrated probability.

    Args:
        yes: as for ``Calibration.probability``, one for each pair of photo and query.
        z_score: the same.
        relevant: whether the photo shows what the query names.

    Raises:
        ValueError: all are relevant, or none is, or the lengths differ.
    """
    from scipy.optimize import minimize

    labels = np.asarray(relevant, bool)
    if not len(yes) == len(z_score) == len(labels):
        raise ValueError(f"expected equal lengths, got {len(yes)}, {len(z_score)}, {len(labels)}")
    if labels.all() or not labels.any():
        raise ValueError("expected photos that show it and photos that do not, got one kind")
    rows = np.stack([[_logit(y) for y in yes], z_score, np.ones(len(labels))], axis=1)
    signs = np.where(labels, 1.0, -1.0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margins = signs * (rows @ weights)
        pull = _RIDGE * weights * [1, 1, 0]
        slope = -(rows * (signs / (1 + np.exp(np.clip(margins, -50, 50))))[:, None]).sum(0) + pull
        return float(np.logaddexp(0, -margins).sum() + pull @ weights / 2), slope

    bounds = [(0, None), (0, None), (None, None)]
    slope, weight, offset = minimize(
        loss, np.array([1.0, 0.25, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds
    ).x
    return Calibration(
        float(slope), float(weight), float(offset), _MATCH_AT, _NO_BELOW, len(labels)
    )


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -50.0), 50.0)))


def _logit(probability: float) -> float:
    clipped = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(clipped / (1 - clipped))

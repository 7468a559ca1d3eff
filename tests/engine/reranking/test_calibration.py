"""The rule from a model's yes to a probability: its shape, its fit, its file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelBroken
from engine.reranking import calibration
from engine.reranking.calibration import Calibration, fit, load, save


def _synthetic_answers(rule: Calibration, count: int = 20_000, seed: int = 1):
    """Looks whose truth is drawn by a known rule."""
    rng = np.random.default_rng(seed)
    yes = 1 / (1 + np.exp(-rng.normal(0, 3, count)))
    z_score = rng.normal(0, 1, count).clip(-3, 3)
    chances = [rule.probability(y, z) for y, z in zip(yes, z_score, strict=True)]
    return yes, z_score, rng.random(count) < chances


def test_the_fit_recovers_a_known_calibration():
    fitted = fit(*_synthetic_answers(Calibration(slope=0.6, z_score_weight=0.8, offset=-1.0)))
    assert fitted.slope == pytest.approx(0.6, abs=0.05)
    assert fitted.z_score_weight == pytest.approx(0.8, abs=0.08)
    assert fitted.offset == pytest.approx(-1.0, abs=0.1)
    assert fitted.measured and fitted.pairs == 20_000
    assert 0 < fitted.no_below < fitted.match_at < 1


def test_the_fitted_probabilities_match_the_frequencies():
    true = Calibration(slope=0.3, z_score_weight=0.5, offset=1.5)
    fitted = fit(*_synthetic_answers(true))
    yes, z_score, relevant = _synthetic_answers(true, seed=2)
    probabilities = np.array([fitted.probability(y, z) for y, z in zip(yes, z_score, strict=True)])
    for low in np.arange(0.1, 0.9, 0.2):
        some = (probabilities >= low) & (probabilities < low + 0.2)
        assert probabilities[some].mean() == pytest.approx(relevant[some].mean(), abs=0.05)


def test_the_probability_never_falls_with_a_higher_input():
    fitted = fit(
        *_synthetic_answers(Calibration(slope=0.6, z_score_weight=0.8, offset=-1.0), count=2000)
    )
    shares, z_scores = np.linspace(0, 1, 21), np.linspace(-3, 3, 21)
    probabilities = np.array([[fitted.probability(y, z) for z in z_scores] for y in shares])
    assert (np.diff(probabilities, axis=0) > 0).all() and (np.diff(probabilities, axis=1) > 0).all()
    assert (probabilities > 0).all() and (probabilities < 1).all()


@pytest.mark.parametrize("turned", [(-1, 1), (1, -1), (-1, -1)])
def test_a_misleading_input_gets_weight_zero_not_a_negative_one(turned):
    yes, z_score, relevant = _synthetic_answers(Calibration(1.0, 1.0), count=3000)
    if turned[0] < 0:
        yes = 1 - yes
    fitted = fit(yes, z_score * turned[1], relevant)
    assert (fitted.slope == 0) == (turned[0] < 0)
    assert (fitted.z_score_weight == 0) == (turned[1] < 0)


def test_perfectly_separating_answers_give_finite_weights():
    fitted = fit([0.0] * 30 + [1.0] * 30, [0.0] * 60, [False] * 30 + [True] * 30)
    assert math.isfinite(fitted.slope) and math.isfinite(fitted.offset)
    assert fitted.probability(0.0, 0.0) < 0.1 < 0.9 < fitted.probability(1.0, 0.0)


@pytest.mark.parametrize("relevant", [[True, True], [False, False]])
def test_labels_of_one_class_only_are_refused(relevant):
    with pytest.raises(ValueError, match="one kind"):
        fit([0.2, 0.9], [0.0, 1.0], relevant)


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="equal lengths"):
        fit([0.2, 0.9], [0.0], [True, False])


def test_saving_and_loading_gives_the_same_calibration(tmp_path: Path):
    fitted = fit(*_synthetic_answers(Calibration(0.6, 0.8, -1.0), count=500))
    path = save(tmp_path, fitted)
    assert load(tmp_path) == fitted
    assert list(tmp_path.iterdir()) == [path]
    save(tmp_path, Calibration(slope=2.0, pairs=3))
    assert load(tmp_path) == Calibration(slope=2.0, pairs=3)


def test_a_model_without_a_file_has_the_default_calibration(tmp_path: Path):
    rule = load(tmp_path)
    assert rule == Calibration() and not rule.measured
    assert rule.probability(0.8, 0.0) == pytest.approx(0.8)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"[1, 2]",
        b"{",
        b"\xff\xfe",
        b'{"slop": 1.0}',
        b'{"slope": -1.0}',
        b'{"slope": NaN}',
        b'{"slope": "steep"}',
        b'{"match_at": 0.1, "no_below": 0.5}',
    ],
)
def test_an_invalid_file_is_a_broken_model(tmp_path: Path, written: bytes):
    path = tmp_path / calibration.FILE_NAME
    path.write_bytes(written)
    with pytest.raises(ModelBroken) as refused:
        load(tmp_path)
    assert refused.value.path == path and "calibrate" in refused.value.hint

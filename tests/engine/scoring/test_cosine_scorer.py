"""Scores without fitted weights: the best region and a share of the whole photo."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.cosine_scorer import CosineTermScorer
from engine.scoring.term_scorer import TermMatch, TermScorer
from engine.store.rows import RegionRows
from tests.fakes.colour_models import WordEmbedder


def photo(*cosines: float, whole: float) -> RegionRows:
    """Regions with these cosines to the first axis."""
    count = len(cosines)
    vectors = np.zeros((count, WordEmbedder.ndim), np.float32)
    vectors[:, 0] = cosines
    of_whole = np.zeros(WordEmbedder.ndim, np.float32)
    of_whole[0] = whole
    ones = np.ones(count, np.float32)
    boxes = np.zeros((count, 4), np.float32)
    return RegionRows(np.arange(count), boxes, ones, ones, vectors, of_whole)


AXIS = np.eye(1, WordEmbedder.ndim, dtype=np.float32)


@pytest.fixture
def scorer() -> CosineTermScorer:
    return CosineTermScorer(WordEmbedder(), whole_share=0.25)


def test_it_takes_the_best_region_and_a_share_of_the_scene(scorer):
    found = scorer.rough_scores(AXIS, [photo(0.1, 0.4, whole=0.2), photo(whole=0.2)])
    assert found[:, 0] == pytest.approx([0.35, 0.2])


def test_probabilities_keep_the_order_and_are_not_called_calibrated(scorer):
    good, poor, bare = photo(0.1, 0.4, whole=0.3), photo(0.1, whole=0.1), photo(whole=0.2)
    matches = scorer.thing_matches("red", AXIS[0], [good, poor, bare])
    assert isinstance(scorer, TermScorer) and not scorer.calibrated
    assert matches[0].probability > matches[2].probability > matches[1].probability
    assert matches[0].regions.argmax() == 1 and matches[2].regions.shape == (0,)
    assert all(0 <= match.probability <= 1 for match in matches)


def test_a_plan_needs_all_of_its_terms(scorer):
    likely, unlikely = (TermMatch(p, 0.0, np.zeros(0)) for p in (0.9, 0.1))
    both = scorer.fused_probability([likely, likely], 1.0)
    one = scorer.fused_probability([likely, unlikely], 1.0)
    assert both > one


def test_no_text_has_no_vector(scorer):
    assert scorer.query_vectors([])[0].shape == (0, WordEmbedder.ndim)
    assert not scorer.query_vectors([], "xyzzy")[1].any()

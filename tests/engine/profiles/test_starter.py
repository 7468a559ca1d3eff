"""The shipped models on real photos."""

import subprocess
import sys

import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.paths import resources_dir
from engine.profiles.starter import (
    load_models,
    load_scorer,
    shipped_folder,
)
from engine.scoring.term_scorer import TermScorer
from engine.starter.matching.embedder import NDIM
from engine.store.rows import RegionRows

NAMES = ("cat", "coffee", "rocket", "cow")


@pytest.fixture(scope="module")
def models():
    return load_models(shipped_folder())


@pytest.fixture(scope="module")
def analysed(models):
    """Proposals and vectors of a few sample photos, by name."""
    results = {}
    for name in NAMES:
        path = resources_dir() / "samples" / f"{name}.jpg"
        rgb = read_upright(path, ANALYSIS_SIDE_PX).rgb
        proposals = models.proposer.propose(rgb)
        results[name] = proposals, models.region_embedder.embed(rgb, [p.mask_hw for p in proposals])
    return results


def test_proposals_are_distinct_tidy_and_best_first(analysed):
    for proposals, _ in analysed.values():
        assert 5 <= len(proposals) <= 50
        scores = [p.score for p in proposals]
        assert scores == sorted(scores, reverse=True)
        for proposal in proposals:
            x0, y0, x1, y1 = (int(v) for v in proposal.box_xyxy.as_tuple())
            assert proposal.mask_hw[y0:y1, x0:x1].sum() == proposal.mask_hw.sum() >= 64


def rows_of(proposals, vectors) -> RegionRows:
    """As the store gives them."""
    height, width = proposals[0].mask_hw.shape
    sides = np.array([width, height, width, height], np.float32)
    return RegionRows(
        ids=np.arange(len(proposals)),
        boxes_xyxy=np.array([p.box_xyxy.as_tuple() for p in proposals], np.float32) / sides,
        mask_scores=np.array([p.score for p in proposals], np.float32),
        area_fractions=np.array([p.mask_hw.mean() for p in proposals], np.float32),
        vectors=vectors.regions,
        whole=vectors.whole,
    )


@pytest.fixture(scope="module")
def scorer() -> TermScorer:
    return load_scorer(shipped_folder())


@pytest.mark.parametrize("name", NAMES)
def test_a_word_finds_its_photo_and_a_region_of_it(analysed, scorer, name):
    vector = scorer.query_vectors([f"a {name}"])[0][0]
    photos = [rows_of(*of_photo) for of_photo in analysed.values()]
    matches = scorer.thing_matches(f"a {name}", vector, photos)
    probabilities = dict(zip(analysed, (match.probability for match in matches), strict=True))
    assert max(probabilities, key=probabilities.get) == name
    of_photo = matches[list(analysed).index(name)]
    assert of_photo.regions.max() > 0


def test_regions_have_names_of_everyday_things(analysed, scorer):
    labels = scorer.labels(rows_of(*analysed["cat"]))
    assert "cat" in {label.name for of_region in labels for label in of_region}
    assert all(0 <= label.probability <= 1 for of_region in labels for label in of_region)


def test_nothing_to_see_is_no_error(models):
    grey = np.full((48, 64, 3), 127, np.uint8)
    proposals = models.proposer.propose(grey)
    vectors = models.region_embedder.embed(grey, [p.mask_hw for p in proposals])
    assert vectors.regions.shape == (len(proposals), NDIM)
    assert np.isfinite(vectors.whole).all()


@pytest.mark.parametrize("size_wh", [(1, 1), (1024, 8), (7, 900)])
def test_photos_of_odd_shapes_go_through(models, size_wh):
    rgb = np.random.default_rng(0).integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    for proposal in models.proposer.propose(rgb):
        assert proposal.mask_hw.shape == rgb.shape[:2]
        vectors = models.region_embedder.embed(rgb, [proposal.mask_hw])
        assert np.isfinite(vectors.regions).all()


def bare(similarity: float, scorer: TermScorer, count: int = 0) -> RegionRows:
    """A photo whose whole, and each of ``count`` regions, is so similar to "cat"."""
    cat = scorer.query_vectors(["cat"])[0][0]
    ones = np.ones(count, np.float32)
    boxes = np.tile(np.array([0.1, 0.1, 0.8, 0.9], np.float32), (count, 1))
    vectors = np.tile(similarity * cat, (count, 1)).reshape(count, NDIM)
    return RegionRows(np.arange(count), boxes, ones, 0.5 * ones, vectors, similarity * cat)


@pytest.mark.parametrize("count", [0, 1])
def test_verdicts_rise_with_similarity_and_stay_probabilities(scorer, count):
    assert isinstance(scorer, TermScorer) and scorer.calibrated
    assert 0 < scorer.no_below < scorer.match_at < 1
    photos = [bare(s, scorer, count) for s in (-0.2, 0.1, 0.4, 0.9)]
    matches = scorer.thing_matches("cat", scorer.query_vectors(["cat"])[0][0], photos)
    probabilities = [match.probability for match in matches]
    assert probabilities == sorted(probabilities)
    assert probabilities[0] < scorer.no_below < scorer.match_at < probabilities[-1]


def test_a_colour_is_asked_of_the_same_region(scorer):
    (photo,) = [bare(0.9, scorer, 1)]  # its colours are not known, so it is of no colour surely
    plain, red = (
        scorer.thing_matches(name, scorer.query_vectors([name])[0][0], [photo])[0].probability
        for name in ("cat", "red cat")
    )
    assert red < plain


SEARCH_SIDE = """
import sys
from engine.profiles.starter import starter_profile
starter = starter_profile()
assert starter.scorer().query_vectors(["cat"])[0].shape == (1, starter.ndim)
print([name for name in ("torch", "transformers", "cv2") if name in sys.modules])
"""


def test_the_search_side_never_imports_torch():
    """A search must not wait for it, nor a window stall."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH_SIDE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

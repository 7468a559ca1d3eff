"""The profile of true masks: its photos name themselves, and its regions are the annotations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from engine.embeddings.embedder import RegionEmbedder
from engine.evaluation import true_mask_profile
from engine.evaluation.true_mask_profile import CategoryNames, TrueTermScorer
from engine.masks.proposer import MaskProposer
from engine.scoring.term_scorer import TermScorer
from tests.fakes.made_rankings import SIZE_WH, photo, thing, truth

LEFT, RIGHT = (10, 30, 50, 70), (120, 30, 160, 70)
TRUTH = truth(
    [
        *[photo()] * 300,
        photo(thing(1, LEFT), thing(2, RIGHT), thing(2, LEFT, crowd=True)),
        photo(thing(2, RIGHT)),
    ],
    "dog",
    "hot dog",
    "person",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("true") / "photos"
    true_mask_profile.write_photos(TRUTH, folder)
    return sorted(folder.iterdir())


def _rgb(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_photos_are_named_and_sized_as_listed_and_a_day_apart(written):
    assert len(written) == 302 and written[300].name == "000300-300.png"
    assert _rgb(written[300]).shape == (SIZE_WH[1], SIZE_WH[0], 3)
    times = [path.stat().st_mtime for path in written]
    assert all(later - earlier >= 86_400 for earlier, later in itertools.pairwise(times))


def test_masks_and_vectors_are_those_annotated(written):
    models = true_mask_profile.true_mask_profile(TRUTH).analysis()
    rgb = _rgb(written[300])
    proposals = models.proposer.propose(rgb)
    assert [p.box_xyxy.as_tuple() for p in proposals] == [LEFT, RIGHT]
    vectors = models.region_embedder.embed(rgb, [p.mask_hw for p in proposals])
    assert vectors.regions.argmax(axis=1).tolist() == [0, 1]
    assert np.linalg.norm(vectors.whole) == pytest.approx(1.0)
    assert vectors.whole[:2].min() > 0.5


def test_masks_follow_the_size_of_the_picture(written):
    models = true_mask_profile.true_mask_profile(TRUTH).analysis()
    (proposal,) = models.proposer.propose(_rgb(written[301])[::2, ::2])
    assert proposal.box_xyxy.as_tuple() == pytest.approx((60, 15, 80, 35), abs=1)


def test_a_photo_without_things_is_like_no_category(written):
    models = true_mask_profile.true_mask_profile(TRUTH).analysis()
    rgb = _rgb(written[5])
    assert models.proposer.propose(rgb) == []
    whole = models.region_embedder.embed(rgb, []).whole
    assert np.linalg.norm(whole) == 1.0
    assert not (TrueTermScorer(TRUTH).query_vectors(["dog", "hot dog"])[0] @ whole).any()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("dog", [0]),
        ("two dogs", [0]),
        ("Hot dog", [1]),
        ("hot dogs without people", [1, 2]),
        ("hot dog and dog", [0, 1]),
        ("cat", []),
    ],
)
def test_categories_named_in_a_text(text, rows):
    assert CategoryNames(TRUTH).rows(text) == rows


def test_models_are_what_the_protocols_ask_for():
    profile = true_mask_profile.true_mask_profile(TRUTH)
    models = profile.analysis()
    assert isinstance(models.proposer, MaskProposer)
    assert isinstance(models.region_embedder, RegionEmbedder)
    assert isinstance(profile.scorer(), TermScorer)
    assert profile.ndim == models.region_embedder.ndim == profile.scorer().ndim

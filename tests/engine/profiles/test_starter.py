"""The shipped models on real photos."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.errors import ModelBroken, ModelMissing
from engine.jobs import CancelToken
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.paths import resources_dir
from engine.profiles.starter import (
    key,
    load_models,
    load_scorer,
    load_text_embedder,
    load_verifier,
    shipped_folder,
)
from engine.records import BoxXyxy, Photo, PhotoId, Region, RegionId
from engine.scoring.photo_scorer import RegionSimilarities
from engine.scoring.verifier import Candidate, Verifier
from engine.starter.image import mask_proposer
from engine.starter.matching import calibration, reference_statistics
from engine.starter.matching.embedder import NDIM
from engine.starter.text import text_map

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


@pytest.mark.parametrize("name", NAMES)
def test_a_word_finds_its_photo_and_a_region_of_it(analysed, name):
    query = load_text_embedder(shipped_folder()).embed([f"a {name}"])[0]
    scorer = load_scorer(shipped_folder())
    scores = {}
    for photo, (proposals, vectors) in analysed.items():
        height, width = proposals[0].mask_hw.shape
        sides = np.array([width, height, width, height], np.float32)
        similarities = RegionSimilarities(
            vectors.regions @ query,
            np.array([p.score for p in proposals], np.float32),
            np.array([p.box_xyxy.as_tuple() for p in proposals], np.float32) / sides,
            np.array([p.mask_hw.mean() for p in proposals], np.float32),
            float(vectors.whole @ query),
        )
        assert scorer.region(similarities) in range(len(proposals))
        scores[photo] = scorer.score(similarities)
    assert max(scores, key=scores.get) == name


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


def test_no_region_at_all_scores_the_scene():
    nothing = np.zeros(0, np.float32)
    empty = RegionSimilarities(nothing, nothing, np.zeros((0, 4), np.float32), nothing, 0.4)
    scorer = load_scorer(shipped_folder())
    assert scorer.region(empty) is None
    unlike = replace(empty, whole_score=-0.1)
    assert scorer.score(empty) > scorer.score(unlike)


SEARCH_SIDE = """
import sys
from engine.profiles.starter import starter_profile
starter = starter_profile()
assert starter.text_embedder().embed(["cat"]).shape == (1, starter.ndim)
starter.scorer(), starter.verifier()
print([name for name in ("torch", "transformers", "cv2") if name in sys.modules])
"""


def test_the_search_side_never_imports_torch():
    """A search must not wait for it, nor a window stall."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCH_SIDE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def candidate(scores: list[float], whole: float, rle) -> Candidate:
    photo = Photo(PhotoId(1), resources_dir() / "samples" / "cat.jpg", (640, 480))
    box = BoxXyxy(0, 0, 2, 2)
    regions = tuple(Region(RegionId(n), photo.id, box, rle, 0.8) for n in range(1, len(scores) + 1))
    cat = load_text_embedder(shipped_folder()).embed(["cat"])[0]
    return Candidate(
        photo=photo,
        regions=regions,
        region_scores=np.array(scores, np.float32),
        whole_score=whole,
        region_vectors=np.outer(scores, cat),
        whole_vector=whole * cat,
        best=int(np.argmax(scores)) if scores else None,
        stage_one_score=0.5,
        read_rgb=lambda px: None,
    )


def test_verdicts_rise_with_similarity_and_stay_probabilities():
    from engine.masks.rle import encode

    rle = encode(np.ones((2, 2), bool))
    verifier = load_verifier(shipped_folder())
    assert isinstance(verifier, Verifier)
    assert verifier.judges_every_hit
    assert 0 < verifier.no_below < verifier.match_at < 1
    cancel = CancelToken()
    asked = [
        verifier.verify("cat", candidate([0.0, s], s / 2, rle), cancel)
        for s in (-0.2, 0.1, 0.4, 0.8)
    ]
    probabilities = [a.probability for a in asked]
    assert probabilities == sorted(probabilities)
    assert probabilities[0] < verifier.no_below < verifier.match_at < probabilities[-1]
    assert all("cat" in a.reason for a in asked)
    assert verifier.verify("cat", candidate([], 0.0, rle), cancel).probability < 0.5


def test_the_key_follows_the_weights_and_missing_or_damaged_files_are_named(tmp_path):
    folder = tmp_path / "starter"
    shutil.copytree(shipped_folder(), folder)
    assert key(folder) == key(shipped_folder())
    head = folder / mask_proposer.HEAD_FILE_NAME
    head.write_bytes(head.read_bytes()[:-1000])
    assert key(folder) != key(shipped_folder())
    with pytest.raises(ModelBroken) as broken:
        load_models(folder)
    assert broken.value.path == head
    for name, load in (
        (text_map.FILE_NAME, lambda: text_map.TextMap.load(folder / text_map.FILE_NAME)),
        (
            reference_statistics.FILE_NAME,
            lambda: reference_statistics.ReferenceStatistics.load(
                folder / reference_statistics.FILE_NAME
            ),
        ),
        (calibration.FILE_NAME, lambda: load_scorer(folder)),
    ):
        (folder / name).write_bytes(b"{}")
        with pytest.raises(ModelBroken):
            load()
        (folder / name).unlink()
        with pytest.raises(ModelMissing) as missing:
            load()
        assert missing.value.path == folder / name
    with pytest.raises(ModelMissing):
        key(folder)

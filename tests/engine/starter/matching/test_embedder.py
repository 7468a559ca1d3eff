"""The parts of the starter profile's vectors."""

import cv2
import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.embeddings.embedder import RegionEmbedder, TextEmbedder
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.paths import resources_dir
from engine.profiles.starter import load_models, load_text_embedder, shipped_folder
from engine.starter.matching.embedder import FACE_WEIGHT, NDIM


@pytest.fixture(scope="module")
def region_embedder():
    return load_models(shipped_folder()).region_embedder


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return read_upright(resources_dir() / "samples/astronaut.jpg", ANALYSIS_SIDE_PX).rgb


def face(vectors: np.ndarray) -> np.ndarray:
    return vectors[..., -1]


def test_the_region_that_holds_a_face_has_it_in_its_vector(region_embedder, portrait):
    height, width = portrait.shape[:2]
    person, rest = np.zeros((2, height, width), bool)
    cv2.ellipse(person.view(np.uint8), (225, 130), (75, 110), 0, 0, 360, 1, -1)
    rest[height // 2 :] = True
    vectors = region_embedder.embed(portrait, [person, rest])
    assert vectors.regions.shape == (2, NDIM) and vectors.whole.shape == (NDIM,)
    assert face(vectors.regions)[0] > 0.6 > face(vectors.regions)[1] == 0
    assert face(vectors.whole) > 0.8
    assert np.array_equal(region_embedder.embed_whole(portrait), vectors.whole)


def test_without_regions_or_faces_there_is_a_whole_vector(region_embedder):
    vectors = region_embedder.embed(np.full((60, 80, 3), 90, np.uint8), [])
    assert vectors.regions.shape == (0, NDIM)
    assert face(vectors.whole) == 0


def test_only_queries_for_people_ask_for_a_face():
    embedder = load_text_embedder(shipped_folder())
    asked = ["woman", "a blue umbrella", "child in a red coat", "blue", "dog with a man"]
    vectors = embedder.embed(asked)
    assert vectors.shape == (5, NDIM) and vectors.dtype == np.float32
    assert face(vectors) == pytest.approx([FACE_WEIGHT, 0, FACE_WEIGHT, 0, 0])
    assert embedder.embed(["woman"])[0] == pytest.approx(vectors[0], abs=1e-5)
    assert (face(embedder.known_names) == 0).all()
    assert embedder.known_names.shape[1] == NDIM


def test_the_models_keep_their_protocols(region_embedder):
    assert isinstance(region_embedder, RegionEmbedder)
    assert isinstance(load_text_embedder(shipped_folder()), TextEmbedder)

"""People with faces get a mask: from drawn masks, and in a portrait."""

import cv2
import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.masks.geometry import ANALYSIS_SIDE_PX
from engine.paths import resources_dir
from engine.profiles.starter import load_models, shipped_folder
from engine.starter.image.face_detector import FaceDetector, Faces
from engine.starter.image.face_evidence import person_fits, region_face_values
from engine.starter.image.person_masks import person_masks

HW = (400, 400)


def mask(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """A soft mask at a quarter of the photo's size, from corners in the photo's pixels."""
    drawn = np.zeros((100, 100), np.float32)
    drawn[y0 // 4 : y1 // 4, x0 // 4 : x1 // 4] = 1
    return drawn


def faces(*boxes: tuple[int, int, int, int], probability: float = 0.95) -> Faces:
    return Faces(np.array(boxes, np.float32), np.full(len(boxes), probability, np.float32))


FACE = (140, 60, 180, 112)
HEAD, TORSO = mask(130, 40, 192, 124), mask(100, 124, 220, 280)
PERSON, WIDER = mask(108, 40, 212, 280), mask(96, 40, 224, 300)


def people(found: Faces, *soft: np.ndarray, scores: list[float] | None = None):
    given = np.array(scores or [0.5] * len(soft), np.float32)
    return person_masks(found, HW, np.stack(soft), given)


def test_the_masks_that_fit_a_face_make_the_person():
    """Not the head or the torso alone, nor something elsewhere with a high score."""
    elsewhere = mask(300, 300, 380, 380)
    found = people(
        faces(FACE), HEAD, TORSO, PERSON, WIDER, elsewhere, scores=[0.8, 0.9, 0.5, 0.4, 0.9]
    )
    assert found[0].shape == (1, 100, 100) and found[0].dtype == np.float32
    assert np.array_equal(found[0][0] > 0.5, PERSON > 0.5)
    assert found[1] == pytest.approx([0.5])


def test_a_mask_of_two_people_counts_less():
    second = (260, 60, 300, 112)
    other, both = mask(230, 40, 332, 280), mask(108, 40, 332, 280)
    found, _ = people(faces(FACE, second), PERSON, other, both, scores=[0.4, 0.4, 0.6])
    assert len(found) == 2
    assert {tuple(np.flatnonzero((m > 0.5).any(0))[[0, -1]]) for m in found} == {
        tuple(np.flatnonzero((m > 0.5).any(0))[[0, -1]]) for m in (PERSON, other)
    }


@pytest.mark.parametrize(
    "found",
    [
        faces(FACE, probability=0.7),
        faces((300, 300, 340, 352)),
        faces((150, 80, 156, 88)),
        Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32)),
    ],
)
def test_unsure_small_and_uncovered_faces_make_none(found):
    masks, scores = people(found, HEAD, PERSON)
    assert masks.shape == (0, 100, 100) and scores.shape == (0,)


def test_no_masks_make_none():
    masks, scores = person_masks(
        faces(FACE), HW, np.zeros((0, 100, 100), np.float32), np.zeros(0, np.float32)
    )
    assert len(masks) == len(scores) == 0


@pytest.fixture(scope="module")
def proposer():
    return load_models(shipped_folder()).proposer


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return read_upright(resources_dir() / "samples/astronaut.jpg", ANALYSIS_SIDE_PX).rgb


@pytest.mark.parametrize("bottom", [300, 512])
def test_a_portrait_has_a_mask_of_the_person(proposer, portrait, bottom):
    """Close, and closer: head and shoulders."""
    view = np.ascontiguousarray(portrait[:bottom])
    proposals = proposer.propose(view)
    scores = [p.score for p in proposals]
    assert scores == sorted(scores, reverse=True) and len(scores) <= 50
    masks = [p.mask_hw for p in proposals]
    found = FaceDetector(shipped_folder()).detect(view)
    assert region_face_values(found, masks).max() > 0.8
    fits = person_fits(found.boxes_xyxy, masks)[:, 0]
    face = np.array([m[100:160, 205:245].mean() for m in masks])
    chest = np.array([m[bottom - 60 : bottom - 20, 150:260].mean() for m in masks])
    assert ((fits > 0.9) & (face > 0.9) & (chest > 0.8)).any()


def test_photos_without_faces_have_the_masks_that_they_had(proposer, portrait):
    """Upside down no face is found in it: no mask is made of others."""
    turned = cv2.rotate(portrait, cv2.ROTATE_180)
    assert len(FaceDetector(shipped_folder()).detect(turned)) == 0
    ious = []
    masks = [p.mask_hw for p in proposer.propose(turned)]
    for k, one in enumerate(masks):
        ious += [(one & other).sum() / (one | other).sum() for other in masks[:k]]
    assert max(ious) < 0.7

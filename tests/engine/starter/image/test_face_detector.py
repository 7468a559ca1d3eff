"""The shipped face detector on real photos."""

import cv2
import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.errors import ModelMissing
from engine.masks.geometry import ANALYSIS_SIDE_PX, box_iou
from engine.paths import resources_dir
from engine.profiles.starter import shipped_folder
from engine.records import BoxXyxy
from engine.starter.image.face_detector import FaceDetector


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(shipped_folder())


def sample(name: str) -> np.ndarray:
    return read_upright(resources_dir() / f"samples/{name}.jpg", ANALYSIS_SIDE_PX).rgb


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return sample("astronaut")


def only_face(detector, rgb) -> BoxXyxy:
    faces = detector.detect(rgb)
    assert len(faces) == 1
    assert faces.boxes_xyxy.dtype == faces.probabilities.dtype == np.float32
    assert 0.9 < faces.probabilities[0] <= 1
    return BoxXyxy(*faces.boxes_xyxy[0].tolist())


def test_the_face_of_a_portrait_is_found(detector, portrait):
    """Her eyes and her mouth lie in it, her hair and her collar do not."""
    face = only_face(detector, portrait)
    for x, y in ((206, 110), (243, 110), (225, 153)):
        assert face.x0 < x < face.x1 and face.y0 < y < face.y1
    assert face.y0 > 40 and face.y1 < 200 and face.width < 120


@pytest.mark.parametrize("scale", [0.35, 0.7, 2.0])
def test_boxes_are_in_pixels_of_the_given_photo(detector, portrait, scale):
    scaled = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    expected = only_face(detector, portrait).scaled(scale, scale)
    assert box_iou(only_face(detector, scaled), expected) > 0.7


def test_the_mirrored_face_is_found_at_the_mirrored_place(detector, portrait):
    face, width = only_face(detector, portrait), portrait.shape[1]
    mirrored = only_face(detector, np.ascontiguousarray(portrait[:, ::-1]))
    assert box_iou(mirrored, BoxXyxy(width - face.x1, face.y0, width - face.x0, face.y1)) > 0.8


def test_two_people_are_two_faces_and_the_boxes_lie_in_the_photo(detector, portrait):
    """The second one is cut by the right border, through the cheek."""
    both = np.ascontiguousarray(np.hstack([portrait, portrait[:, :255]]))
    faces = detector.detect(both)
    assert len(faces) == 2
    assert faces.probabilities[0] >= faces.probabilities[1]
    assert (faces.boxes_xyxy >= 0).all() and (faces.boxes_xyxy[:, 2] <= both.shape[1]).all()


@pytest.mark.parametrize("name", ["cat", "coffee", "castle"])
def test_photos_without_people_have_no_face(detector, name):
    assert len(detector.detect(sample(name))) == 0


@pytest.mark.parametrize("size_wh", [(1, 1), (1024, 8), (7, 900), (20, 20), (300, 200)])
def test_noise_of_any_shape_has_no_face(detector, size_wh):
    rgb = np.random.default_rng(0).integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    faces = detector.detect(rgb)
    assert faces.boxes_xyxy.shape == (0, 4) and faces.probabilities.shape == (0,)


def test_the_faces_are_of_the_photo_that_was_given_last(detector, portrait):
    first = detector.detect(portrait)
    assert detector.detect(portrait) is first
    assert len(detector.detect(np.zeros_like(portrait))) == 0
    again = detector.detect(portrait)
    assert np.array_equal(again.boxes_xyxy, first.boxes_xyxy)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelMissing) as missing:
        FaceDetector(tmp_path)
    assert missing.value.path.parent == tmp_path

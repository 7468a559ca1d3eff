"""From pixels to what is kept, and across the border of the worker process."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.decode import pixels
from engine.decode.reader import DecodedPhoto, fingerprint
from engine.errors import ModelBroken, PhotoMissing, PhotoUnreadable
from engine.indexing.analysis import (
    LOADING,
    Analysis,
    AnalysisRequest,
    MetadataRequest,
    OutlineRequest,
    analyse,
    analyse_coarse,
    handler_factory,
)
from engine.masks import rle as rle_codec
from engine.profiles.profile import Models
from engine.records import BoxXyxy, PhotoMetadata
from engine.store.rows import FileVersion, IndexLevel
from tests.fakes import colour_models, synthetic_photos

VERSION = FileVersion(b"x", 1, 2)


def test_boxes_are_in_pixels_of_the_whole_photo() -> None:
    """A photo of 1600 x 1200 px that the models see at 160 x 120."""
    rgb = synthetic_photos.pixels([("red", (10, 20, 40, 60)), ("blue", (100, 10, 120, 30))])
    decoded = DecodedPhoto(rgb, (1600, 1200))
    photo = analyse(colour_models.load_models(), colour_models.NDIM, decoded, VERSION)
    assert photo.size_wh == (1600, 1200)
    assert photo.boxes_xyxy.tolist() == [
        [0, 0, 1600, 1200],
        [100, 200, 400, 600],
        [1000, 100, 1200, 300],
    ]
    assert photo.vectors.dtype == np.float16 and photo.vectors.shape == (3, colour_models.NDIM)
    assert photo.area_fractions.tolist() == pytest.approx([1, 1200 / 19200, 400 / 19200])
    mask = rle_codec.decode(photo.rles[0])
    assert mask.shape == (120, 160) and mask[20:60, 10:40].all() and mask.sum() == 1200
    assert photo.thumbnail_jpeg.startswith(b"\xff\xd8")


def test_a_photo_with_nothing_in_it_still_has_a_vector() -> None:
    decoded = DecodedPhoto(synthetic_photos.pixels([]), (160, 120))
    photo = analyse(colour_models.load_models(), colour_models.NDIM, decoded, VERSION)
    assert photo.rles == () and photo.vectors.shape == (1, colour_models.NDIM)


@pytest.mark.parametrize(
    ("load", "ndim"),
    [
        (colour_models.load_broken_embedder, colour_models.NDIM),
        (colour_models.load_models, colour_models.NDIM + 1),
    ],
)
def test_numbers_that_cannot_be_kept_are_refused(load, ndim: int) -> None:
    decoded = DecodedPhoto(synthetic_photos.pixels([("red", (10, 20, 40, 60))]), (160, 120))
    with pytest.raises(ModelBroken) as caught:
        analyse(load(), ndim, decoded, VERSION)
    assert caught.value.operation != LOADING, "it is this photo's problem"


def test_where_the_models_ran_is_noted_with_the_photo() -> None:
    decoded = DecodedPhoto(synthetic_photos.pixels([]), (160, 120))
    quiet, noting = colour_models.load_models(), colour_models.load_noting_models()
    assert analyse(quiet, colour_models.NDIM, decoded, VERSION).note == ""
    note = colour_models.NotingProposer.note
    assert analyse(noting, colour_models.NDIM, decoded, VERSION).note == note


def test_models_load_with_the_first_photo_that_can_be_read(tmp_path: Path) -> None:
    handle = handler_factory(colour_models.profile(analysis=colour_models.load_nothing))()
    bad = tmp_path / "bad.jpg"
    bad.write_text("no photo")
    with pytest.raises(PhotoUnreadable):
        handle(AnalysisRequest(bad, VERSION))


def test_models_that_do_not_load_affect_all_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = synthetic_photos.photo(tmp_path / "a.png", "red")
    handle = handler_factory(colour_models.profile(analysis=colour_models.load_nothing))()
    with pytest.raises(ModelBroken, match=r"weights\.bin is not there") as caught:
        handle(AnalysisRequest(path, VERSION))
    assert caught.value.operation == LOADING


def test_the_models_are_loaded_once(tmp_path: Path) -> None:
    loads: list[int] = []

    def load(count: list[int]):
        count.append(1)
        return colour_models.load_models()

    profile = colour_models.profile(analysis=functools.partial(load, loads))
    handle = handler_factory(profile)()
    for i in range(3):
        path = synthetic_photos.photo(tmp_path / f"{i}.png", "red", seed=i)
        version = FileVersion(*fingerprint(path))
        assert handle(AnalysisRequest(path, version)).version == version
    assert loads == [1]


def test_metadata_is_read_without_models_and_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0110] = "Box Brownie"
    Image.new("RGB", (9, 9)).save(path, exif=exif)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\xff\xda") + 20])  # the pixels are cut off

    def load() -> Models:
        raise AssertionError("no models are needed")

    handle = handler_factory(colour_models.profile(analysis=load))()
    sidecar = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
        xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>"""
    expected = PhotoMetadata(camera="Box Brownie", rating=4)
    assert handle(MetadataRequest(path, (sidecar,))) == expected
    assert handle(MetadataRequest(path, (sidecar,)), path.read_bytes()) == expected
    with pytest.raises(PhotoMissing):
        handle(MetadataRequest(tmp_path / "none.jpg"))


def test_a_coarse_analysis_keeps_the_whole_and_asks_for_no_masks() -> None:
    rgb = synthetic_photos.pixels([("red", (10, 20, 40, 60))])
    decoded = DecodedPhoto(rgb, (1600, 1200))
    models = Models(None, colour_models.ColourEmbedder())
    photo = analyse_coarse(models, Analysis(None, colour_models.NDIM, 1024, 64), decoded, VERSION)
    assert photo.level is IndexLevel.COARSE and photo.rles == ()
    assert photo.size_wh == (1600, 1200)
    assert photo.boxes_xyxy.tolist() == [[0, 0, 1600, 1200]]
    whole = colour_models.ColourEmbedder().embed(rgb, []).whole
    assert photo.vectors.shape == (1, colour_models.NDIM)
    assert float(photo.vectors[0].astype(np.float32) @ whole) > 0.999


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """3000 x 2000 px, which the models see at 1024 x 683; a pale thing and a strong one."""
    rgb = synthetic_photos.pixels([("red", (2000, 1000, 2500, 1500))], (3000, 2000))
    rgb[400:1000, 600:1500] = colour_models.PALE
    return synthetic_photos.write(tmp_path / "large.png", rgb)


def test_the_thing_in_a_box_is_outlined_in_pixels_of_the_whole_photo(large: Path) -> None:
    handle = handler_factory(colour_models.profile())()
    found = handle(OutlineRequest(large, (3000, 2000), BoxXyxy(560, 380, 1540, 1030)))
    assert found.box_xyxy.as_tuple() == pytest.approx((600, 400, 1500, 1000), abs=3)
    assert found.rle.size_hw == (683, 1024) and found.score == 0.5
    share = rle_codec.decode(found.rle).mean()
    assert share == pytest.approx(900 * 600 / 6e6, rel=0.02)


@pytest.mark.parametrize(
    ("size_wh", "box"),
    [
        ((3000, 2000), (0, 1200, 500, 1900)),
        ((3000, 2000), (0, 0, 1900, 2000)),
        ((2000, 3000), (560, 380, 1540, 1030)),
    ],
    ids=["nothing there", "fits badly", "another photo by now"],
)
def test_a_box_outside_the_photo_has_no_outline(large: Path, size_wh, box) -> None:
    handle = handler_factory(colour_models.profile())()
    assert handle(OutlineRequest(large, size_wh, BoxXyxy(*map(float, box)))) is None


def test_models_without_prompts_outline_nothing(large: Path) -> None:
    handle = handler_factory(colour_models.profile(analysis=colour_models.load_unpromptable))()
    assert handle(OutlineRequest(large, (3000, 2000), BoxXyxy(560, 380, 1540, 1030))) is None


def test_numbers_of_a_coarse_analysis_that_cannot_be_kept_are_refused() -> None:
    decoded = DecodedPhoto(synthetic_photos.pixels([]), (160, 120))
    analysis = Analysis(None, colour_models.NDIM + 1, 1024, 64)
    with pytest.raises(ModelBroken):
        analyse_coarse(colour_models.load_models(), analysis, decoded, VERSION)


def test_a_coarse_analysis_at_a_large_photo_decodes_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JPEG files are reduced while they are decoded: that is what makes the pass fast."""
    path = synthetic_photos.photo(tmp_path / "a.jpg", "red", size_wh=(4000, 3000))
    decoded_wh: list[tuple[int, int]] = []
    resized = pixels._resized

    def seen(strips, target_wh, profile):
        decoded_wh.append(strips.size_wh)
        return resized(strips, target_wh, profile)

    monkeypatch.setattr(pixels, "_resized", seen)
    handle = handler_factory(colour_models.profile())()
    photo = handle(AnalysisRequest(path, VERSION, IndexLevel.COARSE))
    assert decoded_wh == [(1000, 750)] and photo.size_wh == (4000, 3000)

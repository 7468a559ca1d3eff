"""Camera raw files: preview or sensor, upright, in the right colours; broken ones are refused."""

import io

import numpy as np
import pytest
from PIL import Image

from engine.decode.icc_profile import ADOBE_RGB, write_profile
from engine.decode.metadata.metadata_reader import read_metadata
from engine.decode.reader import read_encoded, read_upright
from engine.errors import EngineError, PhotoTooLarge, PhotoUnreadable
from tests.fakes.dng_files import write_dng

from .test_orientation import STORED, have_equal_corners

PREVIEWS = ["none", "half", "full", "tiny"]


def as_stored(rgb: np.ndarray, orientation: int) -> np.ndarray:
    transpose = STORED[orientation]
    return rgb if transpose is None else np.asarray(Image.fromarray(rgb).transpose(transpose))


def shrunk(rgb: np.ndarray, by: int) -> np.ndarray:
    return np.ascontiguousarray(rgb[::by, ::by])


@pytest.fixture
def scene(upright):
    """uint8 (128, 192, 3): the quarters, large enough for a preview of half the size."""
    rgb = upright.repeat(2, axis=0).repeat(2, axis=1)
    rgb[60:68] = 255  # brightness is adapted to what is brightest
    return rgb


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("preview", PREVIEWS)
@pytest.mark.parametrize("longest_px", [None, 48])
def test_eight_orientations(tmp_path, scene, orientation, preview, longest_px):
    stored = as_stored(scene, orientation)
    pictures = {"half": shrunk(stored, 2), "full": stored, "tiny": shrunk(stored, 8) * 0 + 99}
    path = write_dng(
        tmp_path / "a.dng", stored, orientation=orientation, preview=pictures.get(preview)
    )
    photo = read_upright(path, longest_px)
    assert photo.full_size_wh == ((192, 128) if preview == "full" else (96, 64))
    assert photo.rgb.shape[:2] == (photo.full_size_wh[::-1] if longest_px is None else (32, 48))
    assert photo.rgb.flags.c_contiguous and photo.rgb.flags.writeable
    assert have_equal_corners(photo.rgb, scene)


@pytest.mark.parametrize("preview", ["none", "half"])
@pytest.mark.parametrize("layout", [b"II*\0", b"IIXX"])
def test_metadata(tmp_path, scene, preview, layout):
    """Of a file that is laid out as TIFF, and of one that is not, which has them in its preview."""
    picture = shrunk(scene, 2) if preview == "half" else None
    data = write_dng(tmp_path / "a.dng", scene, preview=picture).read_bytes()
    read = read_metadata(io.BytesIO(data.replace(b"II*\0", layout, 1)))
    nowhere = preview == "none" and layout == b"IIXX"
    expected = (None, None) if nowhere else ("2019-07-04T10:11:12", "Made Camera")
    assert (read.taken_at, read.camera) == expected


def test_the_sensor_gives_the_colours_of_the_scene(tmp_path, scene):
    rgb = read_upright(write_dng(tmp_path / "a.dng", scene)).rgb
    for y, x in ((10, 10), (10, 80), (50, 10), (50, 80)):
        assert np.abs(rgb[y, x].astype(int) - scene[2 * y, 2 * x]).max() <= 3


def test_a_preview_that_is_upright_already_is_not_turned(tmp_path, scene):
    path = write_dng(
        tmp_path / "a.dng", as_stored(scene, 6)[:96], orientation=6, preview=scene[:, :96]
    )
    photo = read_upright(path)
    assert photo.full_size_wh == (96, 128), "as tall as the photo is wide while it lies"


def test_a_preview_that_says_itself_how_it_lies(tmp_path, scene):
    exif = Image.Exif()
    exif[0x0112] = 3
    path = write_dng(
        tmp_path / "a.dng",
        as_stored(scene, 3),
        preview=as_stored(scene, 3),
        preview_options={"exif": exif},
    )
    assert have_equal_corners(read_upright(path).rgb, scene)


def test_the_colour_profile_of_a_preview_counts(tmp_path, scene):
    options = {"icc_profile": write_profile(ADOBE_RGB)}
    path = write_dng(tmp_path / "a.dng", scene, preview=scene, preview_options=options)
    plain = write_dng(tmp_path / "plain.dng", scene, preview=scene)
    green = (slice(20, 40), slice(120, 170), 1)
    assert read_upright(path).rgb[green].mean() > read_upright(plain).rgb[green].mean() - 1
    assert read_upright(path).rgb[20:40, 20:60, 0].mean() > 240, "Adobe RGB's red is stronger"


def test_raw_bytes_are_read_as_the_file_is(tmp_path, scene):
    path = write_dng(tmp_path / "a.dng", scene)
    direct, encoded = read_upright(path), read_encoded(path.read_bytes(), None, path)
    assert np.array_equal(direct.rgb, encoded.rgb) and encoded.full_size_wh == (96, 64)


def test_a_jpeg_named_like_a_raw_file_is_read_as_what_it_is(tmp_path, upright):
    out = io.BytesIO()
    Image.fromarray(upright).save(out, "JPEG", quality=95)
    (tmp_path / "a.cr2").write_bytes(out.getvalue())
    assert have_equal_corners(read_upright(tmp_path / "a.cr2").rgb, upright)


def test_a_raw_file_that_nobody_knows_is_not_taken_for_its_tiny_picture(tmp_path, upright):
    Image.fromarray(upright).save(tmp_path / "a.tif")
    (tmp_path / "a.nef").write_bytes((tmp_path / "a.tif").read_bytes())
    with pytest.raises(PhotoUnreadable, match="not a photo in a format"):
        read_upright(tmp_path / "a.nef")


def test_a_sensor_of_too_many_pixels_is_refused(tmp_path, scene):
    path = write_dng(tmp_path / "a.dng", scene)
    with pytest.raises(PhotoTooLarge, match="192 x 128"):
        read_upright(path, max_pixels=192 * 128 - 1)
    assert read_upright(path, max_pixels=192 * 128).full_size_wh == (96, 64)


def test_a_truncated_raw_file_is_read_from_what_is_whole_or_refused(tmp_path, scene):
    complete = write_dng(tmp_path / "a.dng", scene, preview=shrunk(scene, 2)).read_bytes()
    refused = 0
    for percent in range(1, 100, 7):
        (tmp_path / "cut.dng").write_bytes(complete[: len(complete) * percent // 100])
        try:
            assert read_upright(tmp_path / "cut.dng").rgb.shape == (64, 96, 3)
        except PhotoUnreadable as problem:
            assert problem.hint
            refused += 1
    assert refused >= 1


def test_flipped_bytes_of_a_raw_file_raise_no_other_error(tmp_path, scene):
    data = write_dng(tmp_path / "a.dng", scene, preview=shrunk(scene, 2)).read_bytes()
    rng = np.random.default_rng(7)
    for _ in range(60):
        flipped = bytearray(data)
        for place in rng.integers(0, 3000, 4):
            flipped[place] ^= int(rng.integers(1, 256))
        (tmp_path / "a.dng").write_bytes(flipped)
        try:
            assert read_upright(tmp_path / "a.dng", 64).rgb.ndim == 3
        except EngineError as problem:
            assert problem.path == tmp_path / "a.dng"

"""Photos of every EXIF orientation are upright after decoding, and rotated only once."""

import doctest

import numpy as np
import pytest
from PIL import Image, features

from engine.decode import formats, pixels
from engine.decode.reader import read_upright

# How an upright photo is stored in the file, for each EXIF orientation.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
KINDS = ["jpg", "png", "tiff", "webp"]
if features.check("avif"):
    KINDS.append("avif")
CORNERS = [(0.2, 0.2), (0.2, 0.8), (0.8, 0.2), (0.8, 0.8)]


def have_equal_corners(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether the four quarters have the same colours; the sizes may differ."""

    def corner(rgb, y, x):
        return rgb[int(y * rgb.shape[0]), int(x * rgb.shape[1])].astype(int)

    return all(np.abs(corner(got, *at) - corner(expected, *at)).max() < 30 for at in CORNERS)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("longest_px", [None, 48])
def test_eight_orientations(tmp_path, upright, kind, orientation, longest_px):
    transpose = STORED[orientation]
    stored = Image.fromarray(upright)
    stored = stored if transpose is None else stored.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"photo.{kind}"
    stored.save(path, exif=exif, quality=95)

    photo = read_upright(path, longest_px)

    assert photo.full_size_wh == (96, 64)
    assert photo.rgb.shape == ((64, 96, 3) if longest_px is None else (32, 48, 3))
    assert photo.rgb.flags.c_contiguous and photo.rgb.flags.writeable
    assert have_equal_corners(photo.rgb, upright)


needs_heif = pytest.mark.skipif(
    "HEIF" not in formats.pillow_formats(), reason="this machine cannot read HEIC"
)


@needs_heif
@pytest.mark.parametrize(("orientation", "quarters"), [(1, 0), (8, 1), (3, 2), (6, 3)])
@pytest.mark.parametrize("longest_px", [None, 48])
def test_a_heic_is_rotated_once(tmp_path, upright, orientation, quarters, longest_px):
    """Phones store the rotation twice: in the container, which the decoder applies, and in EXIF."""
    transpose = STORED[orientation]
    stored = Image.fromarray(upright)
    stored = stored if transpose is None else stored.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "phone.heic"
    stored.save(path, exif=exif, quality=95)
    data = path.read_bytes()
    # Replace a property that is not needed by a rotation (anticlockwise quarters).
    pixel_information = b"\0\0\0\x10pixi\0\0\0\0\x03\x08\x08\x08"
    assert data.count(pixel_information) == 1
    path.write_bytes(
        data.replace(pixel_information, b"\0\0\0\x10irot" + bytes([quarters]) + bytes(7))
    )

    photo = read_upright(path, longest_px)

    assert photo.full_size_wh == (96, 64)
    assert photo.rgb.shape == ((64, 96, 3) if longest_px is None else (32, 48, 3))
    assert have_equal_corners(photo.rgb, upright)


@needs_heif
def test_a_heic_without_a_rotation_in_its_container_is_not_rotated(tmp_path, upright):
    """A rule of the format: EXIF alone does not count."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(upright).save(tmp_path / "a.heic", exif=exif, quality=95)
    photo = read_upright(tmp_path / "a.heic")
    assert photo.full_size_wh == (96, 64) and have_equal_corners(photo.rgb, upright)


@pytest.mark.parametrize("orientation", STORED)
def test_photos_of_many_tiles(tmp_path, orientation):
    upright = np.random.default_rng(3).integers(0, 256, (700, 530, 3), np.uint8)
    transpose = STORED[orientation]
    stored = Image.fromarray(upright)
    stored = stored if transpose is None else stored.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "noise.png", exif=exif, compress_level=0)
    assert np.array_equal(read_upright(tmp_path / "noise.png").rgb, upright)


def test_the_worked_example():
    assert doctest.testmod(pixels).failed == 0

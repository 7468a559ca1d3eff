"""JPEG 2000, JPEG XL, and photos with a film behind them."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, features

from engine.decode import formats, jpeg_xl
from engine.decode.icc_profile import ADOBE_RGB, write_profile
from engine.decode.metadata import metadata_reader
from engine.decode.metadata.metadata_reader import read_metadata
from engine.decode.reader import read_upright
from engine.errors import PhotoTooLarge, PhotoUnreadable

from .test_colours import centres, colour_managed, patches
from .test_orientation import STORED, have_equal_corners, needs_heif

needs_jpeg_2000 = pytest.mark.skipif(
    not features.check("jpg_2000"), reason="this Pillow cannot read JPEG 2000"
)
needs_jpeg_xl = pytest.mark.skipif(
    "JXL" not in formats.pillow_formats(), reason="pillow-jxl-plugin is not installed"
)


@needs_jpeg_2000
@pytest.mark.parametrize("kind", ["jp2", "j2k"])
@pytest.mark.parametrize("longest_px", [None, 500, 120, 20])
def test_jpeg_2000(tmp_path, upright, kind, longest_px):
    large = upright.repeat(10, axis=0).repeat(10, axis=1)
    Image.fromarray(large).save(tmp_path / f"a.{kind}")
    photo = read_upright(tmp_path / f"a.{kind}", longest_px)
    assert photo.full_size_wh == (960, 640)
    assert max(photo.rgb.shape) == (longest_px or 960)
    assert have_equal_corners(photo.rgb, upright)


@needs_jpeg_2000
def test_a_jpeg_2000_that_cannot_be_halved(tmp_path, upright):
    large = upright.repeat(10, axis=0).repeat(10, axis=1)
    Image.fromarray(large).save(tmp_path / "a.jp2", num_resolutions=1)
    assert have_equal_corners(read_upright(tmp_path / "a.jp2", 48).rgb, upright)


@needs_jpeg_2000
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_jpeg_2000_of_sixteen_bits(tmp_path, channels):
    import cv2

    values = np.array([0, 7710, 32768, 65407, 65408, 65535], np.uint16)
    wide = np.repeat(values, 16)[None].repeat(64, axis=0)
    wide = np.stack([wide] * 3 + [wide * 0 + 65535], axis=2)[..., :channels]
    options = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    (tmp_path / "a.jp2").write_bytes(cv2.imencode(".jp2", wide, options)[1].tobytes())
    rgb = read_upright(tmp_path / "a.jp2").rgb
    expected = (values / 257).round()[None, :, None]
    assert np.abs(rgb[30:31, 8::16].astype(int) - expected).max() <= 1


@needs_jpeg_2000
def test_the_profile_of_a_jpeg_2000(tmp_path):
    Image.fromarray(patches()).save(tmp_path / "a.jp2")
    data, icc = (tmp_path / "a.jp2").read_bytes(), write_profile(ADOBE_RGB)
    named = b"\0\0\0\x0fcolr\1\0\0\0\0\0\x10"
    box = struct.pack(">I", 11 + len(icc)) + b"colr\2\0\0" + icc
    start = data.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", data, start)
    assert named in data
    data = data.replace(named, box)
    longer = struct.pack(">I", length + len(box) - len(named))
    (tmp_path / "a.jp2").write_bytes(data[:start] + longer + data[start + 4 :])
    expected = colour_managed(patches(), ADOBE_RGB)
    assert np.abs(read_upright(tmp_path / "a.jp2").rgb - expected).max() <= 3


@needs_jpeg_xl
@pytest.mark.parametrize("longest_px", [None, 48])
def test_jpeg_xl(tmp_path, upright, longest_px):
    Image.fromarray(upright).save(tmp_path / "a.jxl", lossless=True)
    photo = read_upright(tmp_path / "a.jxl", longest_px)
    assert photo.full_size_wh == (96, 64)
    assert photo.rgb.shape == ((64, 96, 3) if longest_px is None else (32, 48, 3))
    assert have_equal_corners(photo.rgb, upright)


@needs_jpeg_xl
@pytest.mark.parametrize("orientation", STORED)
def test_a_jpeg_packed_as_jpeg_xl_is_upright(tmp_path, upright, orientation):
    transpose = STORED[orientation]
    stored = Image.fromarray(upright)
    stored = stored if transpose is None else stored.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = orientation, "X-T3"
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    with Image.open(tmp_path / "a.jpg") as picture:
        picture.save(tmp_path / "a.jxl", lossless_jpeg=True)
    photo = read_upright(tmp_path / "a.jxl")
    assert photo.full_size_wh == (96, 64)
    assert have_equal_corners(photo.rgb, upright)
    with open(tmp_path / "a.jxl", "rb") as file:
        assert read_metadata(file).camera == "X-T3"


@needs_jpeg_xl
def test_metadata_of_a_jpeg_xl_of_too_many_pixels_are_not_read(tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[0x0110] = "X-T3"
    Image.new("RGB", (300, 200)).save(tmp_path / "a.jxl", exif=exif.tobytes())
    with open(tmp_path / "a.jxl", "rb") as file:
        assert read_metadata(file).camera == "X-T3"
    monkeypatch.setattr(metadata_reader, "_MOST_JPEG_XL_PIXELS", 50_000)
    with open(tmp_path / "a.jxl", "rb") as file:
        assert read_metadata(file).camera is None


@needs_jpeg_xl
def test_the_profile_of_a_jpeg_packed_as_jpeg_xl(tmp_path):
    icc = write_profile(ADOBE_RGB)
    Image.fromarray(patches()).save(tmp_path / "a.jpg", icc_profile=icc, quality=95)
    with Image.open(tmp_path / "a.jpg") as picture:
        expected = centres(colour_managed(np.asarray(picture), ADOBE_RGB))
        picture.save(tmp_path / "a.jxl", lossless_jpeg=True)
    assert np.abs(centres(read_upright(tmp_path / "a.jxl").rgb) - expected).max() <= 3


@needs_jpeg_xl
@pytest.mark.parametrize(
    "size_wh", [(8, 8), (264, 8), (256, 256), (255, 100), (1920, 1080), (3000, 2000), (20_000, 3)]
)
@pytest.mark.parametrize("container", [False, True])
def test_the_size_of_a_jpeg_xl_is_read_from_its_header(size_wh, container):
    exif = Image.Exif()
    exif[0x0110] = "X-T3"
    out = io.BytesIO()
    Image.new("RGB", size_wh).save(out, "JXL", **({"exif": exif.tobytes()} if container else {}))
    assert jpeg_xl.is_jpeg_xl(out) and jpeg_xl.read_size(out) == size_wh


@needs_jpeg_xl
def test_a_jpeg_xl_of_too_many_pixels_is_refused_by_its_header(tmp_path):
    Image.new("RGB", (300, 200)).save(tmp_path / "a.jxl")
    with pytest.raises(PhotoTooLarge, match="300 x 200"):
        read_upright(tmp_path / "a.jxl", max_pixels=59_999)


def test_a_jpeg_xl_without_its_decoder_says_what_is_missing(tmp_path, monkeypatch):
    (tmp_path / "a.jxl").write_bytes(b"\xff\x0a" + bytes(40))
    monkeypatch.setattr(formats, "pillow_formats", lambda: ("JPEG", "PNG"))
    with pytest.raises(PhotoUnreadable, match="pillow-jxl-plugin") as caught:
        read_upright(tmp_path / "a.jxl")
    assert "extra jxl" in caught.value.hint


@pytest.mark.parametrize("content", [b"\xff\x0a", b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a" + bytes(30)])
def test_a_jpeg_xl_without_a_header_is_cut_off(tmp_path, content, monkeypatch):
    monkeypatch.setattr(formats, "pillow_formats", lambda: ("JPEG", "JXL"))
    (tmp_path / "a.jxl").write_bytes(content)
    with pytest.raises(PhotoUnreadable, match="cut off"):
        read_upright(tmp_path / "a.jxl")


FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(4088)


@pytest.mark.parametrize("kind", ["jpg", pytest.param("heic", marks=needs_heif)])
def test_a_motion_photo_is_its_still(tmp_path, upright, kind):
    path = tmp_path / f"a.{kind}"
    Image.fromarray(upright).save(path, quality=95)
    film = struct.pack(">I", 8 + len(FILM)) + b"mpvd" + FILM if kind == "heic" else FILM
    path.write_bytes(path.read_bytes() + film)
    photo = read_upright(path)
    assert photo.full_size_wh == (96, 64) and have_equal_corners(photo.rgb, upright)


@needs_heif
def test_a_heic_of_several_pictures_is_its_first(tmp_path, upright):
    others = [Image.new("RGB", (96, 64), colour) for colour in ("black", "white")]
    Image.fromarray(upright).save(
        tmp_path / "burst.heic", save_all=True, append_images=others, quality=95
    )
    assert have_equal_corners(read_upright(tmp_path / "burst.heic").rgb, upright)

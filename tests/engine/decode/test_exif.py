"""Valid metadata is read, invalid metadata is ignored."""

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from engine.decode.exif import read_camera, read_orientation, read_taken_at
from engine.decode.reader import read_upright


class Exif(dict):
    """Tags with a sub-directory, as Pillow returns them."""

    def __init__(self, tags, details=None):
        super().__init__(tags)
        self._details = details

    def get_ifd(self, tag):
        if isinstance(self._details, Exception):
            raise self._details
        return self._details


@pytest.mark.parametrize(
    ("tags", "details", "expected"),
    [
        ({}, {0x9003: "2021:05:03 12:30:00"}, "2021-05-03T12:30:00"),
        ({0x0132: "2022:01:01 00:00:00"}, {0x9003: "2021:05:03 12:30:00"}, "2021-05-03T12:30:00"),
        ({0x0132: "2022:01:02 03:04:05\0"}, {}, "2022-01-02T03:04:05"),
        ({}, {0x9004: b"2020-12-31T23:59:59"}, "2020-12-31T23:59:59"),
        # a camera whose clock was never set, and a second tag with a valid time
        ({0x0132: "2019:07:08 09:10:11"}, {0x9003: "0000:00:00 00:00:00"}, "2019-07-08T09:10:11"),
        ({0x0132: "    :  :     :  :  "}, {}, None),
        ({0x0132: "2021:02:30 12:00:00"}, {}, None),
        ({0x0132: 7}, {0x9003: (1, 2)}, None),
        ({0x0132: "2021:02:03 12:00:00"}, ValueError("garbage"), "2021-02-03T12:00:00"),
        ({}, None, None),
    ],
)
def test_taken_at(tags, details, expected):
    assert read_taken_at(Exif(tags, details)) == expected


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS 80D", "Canon EOS 80D"),
        ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("OLYMPUS IMAGING CORP.  ", "E-M10", "OLYMPUS E-M10"),
        ("SAMSUNG\0\0\0", " SM-G973F \0junk", "SAMSUNG SM-G973F"),
        (b"SONY", b"ILCE-7M3", "SONY ILCE-7M3"),
        ("Nokia", None, "Nokia"),
        (None, "X100V", "X100V"),
        ("\x01\x02", "\x03", None),
        (3, [4], None),
        (None, None, None),
    ],
)
def test_camera(make, model, expected):
    assert read_camera({0x010F: make, 0x0110: model}) == expected


def test_a_long_camera_name_is_truncated():
    assert len(read_camera({0x0110: "x" * 10_000})) == 80


@pytest.mark.parametrize(("value", "expected"), [(6, 6), (0, 1), (9, 1), ("6", 1), (None, 1)])
def test_orientation(value, expected):
    assert read_orientation({0x0112: value}) == expected


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
def test_from_a_file(tmp_path, kind):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T3"
    exif.get_ifd(0x8769)[0x9003] = "2018:09:10 11:12:13"
    path = tmp_path / f"photo.{kind}"
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(path, exif=exif)
    photo = read_upright(path)
    assert (photo.taken_at, photo.camera) == ("2018-09-10T11:12:13", "FUJIFILM X-T3")


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
def test_from_a_tiff(tmp_path, compression):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x010F], tags[0x0110], tags[0x0132] = "FUJIFILM", "X-T3", "2018:09:10 11:12:13"
    if compression == "raw":
        tags[0x8769] = {0x9003: "2017:01:02 03:04:05"}
    path = tmp_path / "photo.tif"
    Image.new("RGB", (9, 9)).save(path, tiffinfo=tags, compression=compression)
    photo = read_upright(path)
    expected = "2017-01-02T03:04:05" if compression == "raw" else "2018-09-10T11:12:13"
    assert (photo.taken_at, photo.camera) == (expected, "FUJIFILM X-T3")


@pytest.mark.parametrize("garbage", [b"", b"II*\0\xff\xff\xff\xff", b"\x07" * 99])
def test_a_photo_with_invalid_metadata_is_read(tmp_path, garbage):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (9, 9)).save(path, exif=b"Exif\0\0" + garbage)
    photo = read_upright(path)
    assert (photo.rgb.shape, photo.taken_at, photo.camera) == ((9, 9, 3), None, None)

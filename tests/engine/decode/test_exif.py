"""Valid metadata is read, invalid metadata is ignored."""

import pytest
from PIL import Image

from engine.decode.exif import read_camera, read_orientation
from engine.decode.reader import read_upright


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


@pytest.mark.parametrize("garbage", [b"", b"II*\0\xff\xff\xff\xff", b"\x07" * 99])
def test_a_photo_with_invalid_metadata_is_read(tmp_path, garbage):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (9, 9)).save(path, exif=b"Exif\0\0" + garbage)
    photo = read_upright(path)
    assert photo.rgb.shape == (9, 9, 3)

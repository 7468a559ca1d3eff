"""EXIF: valid values are read, invalid ones are ignored."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, TiffImagePlugin

from engine.decode.metadata.exif_values import from_exif
from engine.decode.metadata.metadata_reader import read_metadata
from engine.records import PhotoMetadata


class Exif(dict):
    """Tags with sub-directories, as Pillow returns them."""

    def __init__(self, tags: dict, details: Any = None, gps: Any = None) -> None:
        super().__init__(tags)
        self._ifds = {0x8769: details, 0x8825: gps}

    def get_ifd(self, tag: int) -> Any:
        if isinstance(self._ifds[tag], Exception):
            raise self._ifds[tag]
        return self._ifds[tag]


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
def test_taken_at(tags: dict, details: Any, expected: str | None) -> None:
    assert from_exif(Exif(tags, details)).taken_at == expected


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ({0x9011: "+02:00", 0x9010: "+09:00"}, "+02:00"),
        ({0x9010: "+09:00"}, "+09:00"),
        ({0x9012: "-05:30", 0x9010: "+09:00"}, "-05:30"),
        ({0x9011: "   :  ", 0x9010: "Z"}, "+00:00"),
        ({0x9011: "+99:00"}, None),
        ({}, None),
    ],
)
def test_the_zone_of_the_original_wins(zones: dict, expected: str | None) -> None:
    found = from_exif(Exif({}, {0x9003: "2021:05:03 12:30:00", **zones}))
    assert (found.taken_at, found.zone) == ("2021-05-03T12:30:00", expected)


@pytest.mark.parametrize(
    ("gps", "expected"),
    [
        ({1: "S", 2: (33.0, 51.0, 24.48), 3: "E", 4: (151.0, 12.0, 55.08)}, (-33.8568, 151.2153)),
        ({1: b"N\0", 2: (1.5,), 3: "W", 4: (2.25,)}, (1.5, -2.25)),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, (None, None)),
        ({1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)}, (None, None)),
        ({1: "N", 2: (float("nan"), 0, 0), 3: "E", 4: (1.0, 0.0, 0.0)}, (None, None)),
        ({2: "x", 4: None}, (None, None)),
        (OSError("garbage"), (None, None)),
    ],
)
def test_position(gps: Any, expected: tuple) -> None:
    found = from_exif(Exif({}, {}, gps))
    assert (found.latitude, found.longitude) == pytest.approx(expected)


def test_texts_of_windows_and_of_cameras() -> None:
    windows = {0x9C9E: "été; Rome;rome".encode("utf-16-le"), 0x9C9B: tuple(b"a\0b\0\0\0")}
    found = from_exif(Exif({0x010E: "OLYMPUS DIGITAL CAMERA", 0x4749: 75, **windows}))
    assert (found.keywords, found.title, found.caption, found.rating) == (
        ("été", "Rome"), "ab", None, 4
    )  # fmt: skip
    comment = b"UNICODE\0" + "Grüße".encode("utf-16-be")
    assert from_exif(Exif({}, {0x9286: comment})).caption == "Grüße"
    assert from_exif(Exif({}, {0x9286: b"ASCII\0\0\0A day\0\0"})).caption == "A day"


def test_values_that_say_nothing_are_left_out() -> None:
    nothing = {0x829A: 0, 0x829D: float("inf"), 0x8827: (), 0x920A: "x", 0xA434: "----"}
    assert from_exif(Exif({0x4746: 9}, nothing)) == PhotoMetadata()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_from_a_file(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T3"
    exif.get_ifd(0x8769)[0x9003] = "2018:09:10 11:12:13"
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, kind, exif=exif)
    found = read_metadata(file)
    assert (found.taken_at, found.camera) == ("2018-09-10T11:12:13", "FUJIFILM X-T3")


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
def test_from_a_tiff(compression: str) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x010F], tags[0x0110], tags[0x0132] = "FUJIFILM", "X-T3", "2018:09:10 11:12:13"
    if compression == "raw":
        tags[0x8769] = {0x9003: "2017:01:02 03:04:05"}
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, "TIFF", tiffinfo=tags, compression=compression)
    found = read_metadata(file)
    expected = "2017-01-02T03:04:05" if compression == "raw" else "2018-09-10T11:12:13"
    assert (found.taken_at, found.camera) == (expected, "FUJIFILM X-T3")

"""EXIF in files laid out as those of cameras; their pixels are not there."""

from __future__ import annotations

import io

import pytest
from PIL import Image, TiffImagePlugin

from engine.decode.metadata.metadata_reader import read_metadata
from engine.records import DateSource, PhotoMetadata

EXPECTED = PhotoMetadata(
    taken_at="2018-09-10T11:12:13",
    zone="+02:00",
    date_source=DateSource.EXIF,
    camera="Maker Model",
    lens="50mm F1.8",
    latitude=48.5,
    longitude=-2.25,
)
DETAILS = {0x9003: "2018:09:10 11:12:13", 0x9011: "+02:00", 0xA434: "50mm F1.8"}
GPS = {1: "N", 2: (48.0, 30.0, 0.0), 3: "W", 4: (2.0, 15.0, 0.0)}


def exif(first: dict, details: dict | None = None, gps: dict | None = None) -> Image.Exif:
    made = Image.Exif()
    made.update(first)
    for number, tags in ((0x8769, details), (0x8825, gps)):
        if tags:
            made.get_ifd(number).update(tags)
    return made


def whole_exif() -> Image.Exif:
    return exif({0x010F: "Maker", 0x0110: "Model"}, DETAILS, GPS)


def tiff(compression: int) -> bytes:
    """As NEF and others are: a TIFF with pixels that only the maker packs so."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x010F], tags[0x0110] = "Maker", "Model"
    tags[0x8769], tags[0x8825] = DETAILS, GPS
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, "TIFF", tiffinfo=tags)
    content = bytearray(file.getvalue())
    at = content.index(b"\x03\x01\x03\x00\x01\x00\x00\x00")  # the compression, one short
    content[at + 8 : at + 10] = compression.to_bytes(2, "little")
    return bytes(content)


def fujifilm() -> bytes:
    jpeg = io.BytesIO()
    Image.new("RGB", (9, 9)).save(jpeg, "JPEG", exif=whole_exif())
    content = jpeg.getvalue()
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0")
    return head + (100).to_bytes(4, "big") + len(content).to_bytes(4, "big") + bytes(8) + content


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def canon() -> bytes:
    directories = (
        (b"CMT1", {0x010F: "Maker", 0x0110: "Model"}),
        (b"CMT2", DETAILS),
        (b"CMT4", GPS),
    )
    boxes = [
        box(name, exif(tags).tobytes().removeprefix(b"Exif\0\0")) for name, tags in directories
    ]
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(
        b"moov", box(b"uuid", bytes(16) + b"".join(boxes))
    )


@pytest.mark.parametrize(
    "content",
    [
        tiff(34713),
        b"IIRO" + tiff(34713)[4:],
        b"IIU\0" + tiff(34713)[4:],
        fujifilm(),
        canon(),
    ],
    ids=["nef", "orf", "rw2", "raf", "cr3"],
)
def test_raw_files(content: bytes) -> None:
    assert read_metadata(io.BytesIO(content)) == EXPECTED


@pytest.mark.parametrize("content", [fujifilm()[:-1], canon()[:90], tiff(34713)[:50], b"IIRO", b""])
def test_raw_files_that_are_cut_off(content: bytes) -> None:
    found = read_metadata(io.BytesIO(content))
    assert found in (EXPECTED, PhotoMetadata()) or found.camera is None

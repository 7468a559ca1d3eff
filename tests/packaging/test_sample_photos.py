"""The sample photos open, are small, and each has its origin and licence in the table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
PHOTOS = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".md")
ROW = re.compile(r"^\| (\S+\.jpg) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
TABLE = {row[0]: row for row in ROW.findall((SAMPLES / "SOURCES.md").read_text(encoding="utf-8"))}
OPEN_LICENCES = {"public domain", "CC0 1.0", "CC BY 2.0", "CC BY 4.0"}


def test_there_are_enough_and_the_table_names_them_all():
    assert len(PHOTOS) >= 12
    assert {photo.name for photo in PHOTOS} == set(TABLE)


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_photo_is_small_and_opens(photo: Path):
    assert photo.stat().st_size <= 300_000
    with Image.open(photo) as image:
        image.load()
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert max(image.size) <= 1024
        assert not image.getexif()


@pytest.mark.parametrize("name", TABLE)
def test_row_is_complete_and_the_licence_open(name: str):
    _, shows, package, author, licence, changes = TABLE[name]
    assert licence in OPEN_LICENCES
    assert all(cell.strip() for cell in (shows, package, author, changes))

"""102 photos with metadata in every place, read as ExifTool reads them; its answers are stored.

``tests/data/metadata/write_samples.py`` wrote both.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.decode.metadata.metadata_reader import read_metadata
from engine.decode.metadata.sidecars import read_sidecars
from engine.records import PhotoMetadata

DATA = Path(__file__).parents[3] / "data" / "metadata"
EXIFTOOL: dict[str, dict[str, Any]] = json.loads((DATA / "exiftool.json").read_text("utf-8"))
PHOTOS = [name for name in EXIFTOOL if not name.lower().endswith(".xmp")]
DATES = (
    "ExifIFD:DateTimeOriginal",
    "XMP-exif:DateTimeOriginal",
    "XMP-photoshop:DateCreated",
    "XMP-xmp:CreateDate",
    "IPTC:DateCreated",
    "PNG:CreationTime",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("samples")
    with zipfile.ZipFile(DATA / "samples.zip") as archive:
        archive.extractall(found)
    return found


def read(path: Path) -> PhotoMetadata:
    with path.open("rb") as file:
        return read_metadata(file, read_sidecars(path))


def sidecar_of(name: str) -> dict[str, Any]:
    names = {f"{name}.xmp".lower(), f"{Path(name).stem}.xmp".lower()}
    return next((tags for other, tags in EXIFTOOL.items() if other.lower() in names), {})


def test_there_are_a_hundred_of_them_in_every_format():
    assert len(PHOTOS) >= 100
    assert {Path(name).suffix for name in PHOTOS} == {
        *(".jpg", ".png", ".tif", ".webp", ".heic", ".avif")
    }


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_says_what_exiftool_says(folder: Path, name: str):
    found = read(folder / name)
    inside, beside = EXIFTOOL[name], sidecar_of(name)
    assert (found.taken_at, found.zone) == date_of(inside, beside)
    assert (found.latitude, found.longitude) == pytest.approx(position_of(inside, beside))
    described = [beside, *parts(inside, "XMP-", "IPTC:", "IFD0:", "PNG:")]
    assert found.rating == first(described, "XMP-xmp:Rating", "IFD0:Rating")
    assert list(found.keywords) == keywords_of(described)
    assert found.caption == first(
        described,
        *("XMP-dc:Description", "IPTC:Caption-Abstract", "IFD0:ImageDescription"),
        "PNG:Description",
    )
    assert found.title == first(
        described, "XMP-dc:Title", "IPTC:ObjectName", "IFD0:XPTitle", "PNG:Title"
    )
    assert found.label == first(described, "XMP-xmp:Label")
    regions = (first(described, "XMP-mwg-rs:RegionInfo") or {}).get("RegionList", ())
    assert list(found.people) == [r["Name"] for r in regions if r["Type"] == "Face"]
    city = first(described, "XMP-photoshop:City", "IPTC:City")
    assert found.place == (f"{city}, Italy" if city else None)


@pytest.mark.parametrize("name", [n for n in PHOTOS if "ExifIFD:LensModel" in EXIFTOOL[n]])
def test_the_exposure_is_that_of_exiftool(folder: Path, name: str):
    found, tags = read(folder / name), EXIFTOOL[name]
    if not sidecar_of(name):
        assert (found.camera, found.lens) == (tags["IFD0:Model"], tags["ExifIFD:LensModel"])
        below = -1 if tags["GPS:GPSAltitudeRef"] else 1
        assert found.altitude_m == pytest.approx(below * tags["GPS:GPSAltitude"])
    assert found.exposure_s == pytest.approx(tags["ExifIFD:ExposureTime"], rel=1e-6)
    assert (found.f_number, found.iso) == (tags["ExifIFD:FNumber"], tags["ExifIFD:ISO"])
    assert found.focal_mm == tags["ExifIFD:FocalLength"]


def parts(tags: dict[str, Any], *prefixes: str) -> list[dict[str, Any]]:
    return [{t: v for t, v in tags.items() if t.startswith(prefix)} for prefix in prefixes]


def first(sources: list[dict[str, Any]], *tags: str) -> Any:
    return next((source[tag] for source in sources for tag in tags if tag in source), None)


def date_of(inside: dict[str, Any], beside: dict[str, Any]) -> tuple[str | None, str | None]:
    tag = next((tag for tags in (beside, inside) for tag in DATES if tag in tags), None)
    if tag is None:
        return None, None
    written = str(beside.get(tag) or inside[tag])
    if tag == "IPTC:DateCreated":
        written += " " + inside["IPTC:TimeCreated"]
    zone = written[19:] or None
    if tag == "ExifIFD:DateTimeOriginal":
        zone = inside.get("ExifIFD:OffsetTimeOriginal") or inside.get("ExifIFD:OffsetTime")
    same = f"{inside.get('IPTC:DateCreated')} {inside.get('IPTC:TimeCreated')}"
    if zone is None and same.startswith(written):
        zone = same[19:]
    return f"{written[:10].replace(':', '-')}T{written[11:19]}", zone


def position_of(
    inside: dict[str, Any], beside: dict[str, Any]
) -> tuple[float | None, float | None]:
    for tags in (beside, inside):
        if "GPS:GPSLatitude" in tags:
            south = -1 if tags["GPS:GPSLatitudeRef"] == "S" else 1
            west = -1 if tags["GPS:GPSLongitudeRef"] == "W" else 1
            return south * tags["GPS:GPSLatitude"], west * tags["GPS:GPSLongitude"]
        if "XMP-exif:GPSLatitude" in tags:
            return tags["XMP-exif:GPSLatitude"], tags["XMP-exif:GPSLongitude"]
    return None, None


def keywords_of(described: list[dict[str, Any]]) -> list[str]:
    found = first(described, "XMP-dc:Subject", "IPTC:Keywords")
    if found is None:
        written = first(described, "IFD0:XPKeywords")
        found = written.split(";") if written else []
    return [found] if isinstance(found, str) else found

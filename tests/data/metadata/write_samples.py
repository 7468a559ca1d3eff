"""Writes ``samples.zip`` and ``exiftool.json`` with ExifTool, which the tests do not need.

Run it in this folder: ``python write_samples.py``. 12.57 wrote what is stored.
"""

from __future__ import annotations

import io
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
KEYWORDS = (
    ("holiday",),
    ("Rome", "Summer 2019"),
    ("Zürich", "Café", "été"),
    ("東京", "旅行"),
    ("birthday party", "Grandma's house", "cake"),
)
CAPTIONS = (
    "Sunset over the bay",
    "Grüße aus Köln",
    "Two lines\nof text",
    "С днём рождения",  # noqa: RUF001 - it is Cyrillic
    "a, b; c",
)
ZONES = ("+02:00", "-05:30", "+05:45", "-08:00", "+00:00")
PLACES = (
    (48.8584, 2.2945),
    (-33.8568, 151.2153),
    (37.8199, -122.4783),
    (-22.9519, -43.2105),
    (0.5, 0.25),
)
READ = frozenset(
    """ExifIFD:DateTimeOriginal ExifIFD:OffsetTimeOriginal ExifIFD:OffsetTime ExifIFD:LensModel
    ExifIFD:ExposureTime ExifIFD:FNumber ExifIFD:ISO ExifIFD:FocalLength IFD0:Make IFD0:Model
    IFD0:Rating IFD0:ImageDescription IFD0:XPKeywords IFD0:XPTitle GPS:GPSLatitude
    GPS:GPSLatitudeRef GPS:GPSLongitude GPS:GPSLongitudeRef GPS:GPSAltitude GPS:GPSAltitudeRef
    XMP-exif:DateTimeOriginal XMP-xmp:CreateDate XMP-photoshop:DateCreated XMP-xmp:Rating
    XMP-xmp:Label XMP-exif:GPSLatitude XMP-exif:GPSLongitude XMP-dc:Subject XMP-dc:Description
    XMP-dc:Title XMP-aux:Lens XMP-tiff:Make XMP-tiff:Model XMP-photoshop:City
    XMP-photoshop:Country XMP-mwg-rs:RegionInfo IPTC:DateCreated IPTC:TimeCreated IPTC:Keywords
    IPTC:Caption-Abstract IPTC:ObjectName IPTC:City IPTC:Country-PrimaryLocationName
    PNG:CreationTime PNG:Title PNG:Description""".split()
)
"""The tags of ExifTool that the test compares."""
FORMATS = ("jpg", "png", "tif", "webp", "heic", "avif")
COMPACT = ("-api", "Compact=NoPadding,NoIndent", "-charset", "iptc=UTF8", "-codedcharacterset=utf8")


def tags_of(place: str, at: int) -> list[str]:
    """Arguments that write values number ``at`` to one place in a file."""
    day, zone = f"{2003 + at % 20}:{1 + at % 12:02}:{1 + at % 28:02}", ZONES[at % 5]
    time = f"{at % 24:02}:{at * 7 % 60:02}:{at * 11 % 60:02}"
    latitude, longitude = PLACES[at % 5]
    rating, caption, words = at % 6, CAPTIONS[at % 5], KEYWORDS[(at + 2) % 5]
    if place == "exif":
        found = [f"-EXIF:DateTimeOriginal={day} {time}", f"-EXIF:Rating={rating}"]
        if at % 3 != 1:
            found.append(f"-EXIF:OffsetTimeOriginal={zone}")
        if at % 2:
            found.append("-EXIF:OffsetTime=+09:00")
        south, west = "S" if latitude < 0 else "N", "W" if longitude < 0 else "E"
        found += [f"-EXIF:GPSLatitude={abs(latitude)}", f"-EXIF:GPSLatitudeRef={south}"]
        found += [f"-EXIF:GPSLongitude={abs(longitude)}", f"-EXIF:GPSLongitudeRef={west}"]
        found += [f"-EXIF:GPSAltitude={at * 10}", f"-EXIF:GPSAltitudeRef={at % 2}"]
        found += [
            "-EXIF:Make=Canon",
            "-EXIF:Model=Canon EOS 80D",
            "-EXIF:LensModel=EF50mm f/1.8 STM",
        ]
        found += [f"-EXIF:ExposureTime=1/{100 + at}", "-EXIF:FNumber=2.8", f"-EXIF:ISO={100 + at}"]
        found += ["-EXIF:FocalLength=50", f"-EXIF:ImageDescription={caption}"]
        return [*found, f"-EXIF:XPKeywords={';'.join(words)}", f"-EXIF:XPTitle=Title {at}"]
    if place == "iptc":
        found = [f"-IPTC:DateCreated={day}", f"-IPTC:TimeCreated={time}{zone}"]
        found += [f"-IPTC:Keywords={word}" for word in words]
        found += [f"-IPTC:Caption-Abstract={caption}", f"-IPTC:ObjectName=Title {at}"]
        return [*found, "-IPTC:City=Rome", "-IPTC:Country-PrimaryLocationName=Italy"]
    if place == "text":
        moment = (f"{day} {time}{zone}", f"{day} {time}")[at % 2]
        return [
            f"-PNG:CreationTime={moment}",
            f"-PNG:Title=Title {at}",
            f"-PNG:Description={caption}",
        ]
    dates = ("XMP-exif:DateTimeOriginal", "XMP-xmp:CreateDate", "XMP-photoshop:DateCreated")
    found = [f"-{dates[at % 3]}={day} {time}{zone if at % 4 else ''}", f"-XMP-xmp:Rating={rating}"]
    found += [f"-XMP-exif:GPSLatitude={latitude}", f"-XMP-exif:GPSLongitude={longitude}"]
    found += [f"-XMP-dc:Subject={word}" for word in words]
    found += [f"-XMP-dc:Description={caption}", f"-XMP-dc:Title=Title {at}", "-XMP-xmp:Label=Red"]
    found += ["-XMP-aux:Lens=EF-S18-55mm f/3.5-5.6", "-XMP-tiff:Make=NIKON", "-XMP-tiff:Model=D750"]
    found += ["-XMP-photoshop:City=Rome", "-XMP-photoshop:Country=Italy"]
    region = "{Area={X=0.5,Y=0.5,W=0.2,H=0.2,Unit=normalized},Name=%s,Type=%s}"
    faces = f"{region % ('Anna', 'Face')},{region % ('Kettle', 'Focus')},{region % ('Bo', 'Face')}"
    return [*found, f"-XMP-mwg-rs:RegionInfo={{RegionList=[{faces}]}}"]


def picture(suffix: str, at: int) -> bytes:
    """A photo of 16 x 16 pixels without metadata."""
    image, file = Image.new("RGB", (16, 16), (at * 2 % 256, 90, 120)), io.BytesIO()
    name = {"jpg": "JPEG", "tif": "TIFF", "heic": "HEIF"}.get(suffix, suffix.upper())
    image.save(file, name, **({"compression": "tiff_lzw"} if suffix == "tif" else {}))
    return file.getvalue()


def exiftool(*arguments: str) -> str:
    """What ExifTool prints; a failure raises."""
    command = ["exiftool", "-q", "-struct", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def samples() -> list[tuple[str, str, tuple[str, ...]]]:
    """Suffix, suffix of a sidecar or "", and the places that are written, of each sample."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for _ in range(3):
        found += [(suffix, "", ("exif",)) for suffix in FORMATS]
        found += [(suffix, "", ("xmp",)) for suffix in FORMATS]
        found += [(suffix, "", ("exif", "xmp")) for suffix in FORMATS]
        found += [(suffix, "", ("iptc",)) for suffix in ("jpg", "tif", "png")]
        found += [
            ("jpg", "", ("iptc", "exif")),
            ("png", "", ("text",)),
            ("png", "", ("text", "exif")),
        ]
        found += [("jpg", ".xmp", ()), ("jpg", ".jpg.xmp", ("exif",)), ("heic", ".xmp", ("exif",))]
        found += [("png", ".png.xmp", ("text",)), ("webp", ".xmp", ("xmp",)), ("tif", ".XMP", ())]
        found += [("jpg", "", ("exif", "xmp", "iptc")), ("jpg", "", ("xmp", "iptc"))]
        found += [("tif", "", ("exif", "iptc")), ("png", "", ("xmp", "text"))]
    return found


def main() -> None:
    """Write both files."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    read: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for at, (suffix, sidecar, places) in enumerate(samples()):
            path = Path(folder) / f"s{at:03}.{suffix}"
            path.write_bytes(picture(suffix, at))
            tags = [tag for place in places for tag in tags_of(place, at + len(place))]
            if tags:
                exiftool("-overwrite_original", *COMPACT, *tags, str(path))
            if sidecar:
                exiftool("-o", str(path.with_name(path.stem + sidecar)), *tags_of("xmp", at + 1))
        for path in sorted(Path(folder).iterdir()):
            (tags,) = json.loads(exiftool("-j", "-G1", "-n", str(path)))
            read[path.name] = {tag: tags[tag] for tag in sorted(tags) if tag in READ}
        with zipfile.ZipFile(HERE / "samples.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)
    lines = [
        f"{json.dumps(name)}: {json.dumps(tags, ensure_ascii=False)}" for name, tags in read.items()
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (HERE / "exiftool.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""What takes precedence, and that hostile metadata does no harm."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from engine.decode.metadata.iptc_values import from_iptc
from engine.decode.metadata.metadata_reader import read_metadata
from engine.decode.metadata.moments import moment_of
from engine.decode.metadata.sidecars import read_sidecars
from engine.decode.metadata.xmp_packet import XmpPacket
from engine.decode.metadata.xmp_values import from_xmp
from engine.records import DateSource, PhotoMetadata

SAMPLES = Path(__file__).parents[3] / "data" / "metadata" / "samples.zip"
NAMESPACES = """xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" """


def packet(attributes: str = "", elements: str = "") -> bytes:
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta
        xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMESPACES}><rdf:Description rdf:about="" {attributes}>
        {elements}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def jpeg(xmp: bytes = b"") -> io.BytesIO:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0110] = "Camera"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    Image.new("RGB", (9, 9)).save(file, "JPEG", exif=exif, **({"xmp": xmp} if xmp else {}))
    return file


def test_a_sidecar_says_it_last_and_only_what_it_says() -> None:
    inside = packet(
        'xmp:Rating="2" xmp:Label="Red" exif:DateTimeOriginal="2020-01-02T03:04:05-05:30"'
    )
    found = read_metadata(
        jpeg(inside), [packet('xmp:Rating="5"'), packet('xmp:Rating="1" tiff:Model="X"')]
    )
    assert found == PhotoMetadata(
        taken_at="2020-01-02T03:04:05",
        zone="-05:30",  # of the same time in XMP, because EXIF has none
        date_source=DateSource.EXIF,
        camera="X",
        rating=5,
        label="Red",
    )


def test_the_zone_of_another_time_is_not_taken() -> None:
    other = packet('exif:DateTimeOriginal="2020-01-02T03:04:06-05:30"')
    assert read_metadata(jpeg(other)).zone is None


def test_a_create_date_of_xmp_keeps_its_zone() -> None:
    found = from_xmp(XmpPacket(packet('xmp:CreateDate="2019-07-04T10:11:12.50-05:30"')))
    assert (found.taken_at, found.zone) == ("2019-07-04T10:11:12", "-05:30")


def test_forms_that_programs_write() -> None:
    elements = """
      <lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Italy|Rome</rdf:li><rdf:li>Family</rdf:li>
        </rdf:Bag></lr:hierarchicalSubject>
      <dc:title><rdf:Alt><rdf:li xml:lang="de">Tag</rdf:li><rdf:li xml:lang="x-default">Day</rdf:li>
        </rdf:Alt></dc:title>
      <dc:description>plain</dc:description>
      <MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>
        <rdf:li MPReg:PersonDisplayName="Anna"/><rdf:li rdf:parseType="Resource">
          <MPReg:PersonDisplayName>Bo</MPReg:PersonDisplayName></rdf:li></rdf:Bag></MPRI:Regions>
      </MP:RegionInfo>
      <exif:GPSLatitude>33,51.408S</exif:GPSLatitude>
      <exif:GPSLongitude>151,12,55.08E</exif:GPSLongitude>"""
    found = from_xmp(XmpPacket(packet('MicrosoftPhoto:Rating="75"', elements)))
    assert (found.keywords, found.title, found.caption) == (("Rome", "Family"), "Day", "plain")
    assert (found.people, found.rating) == (("Anna", "Bo"), 4)
    assert (found.latitude, found.longitude) == pytest.approx((-33.8568, 151.2153))


def test_what_describes_other_things_is_not_taken() -> None:
    other = """<xmp:Thumbnails><rdf:Bag><rdf:li><rdf:Description xmp:Rating="5"
        dc:title="Another"/></rdf:li></rdf:Bag></xmp:Thumbnails>"""
    assert from_xmp(XmpPacket(packet("", other))) == PhotoMetadata()


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"<x",
        b"\xff\xfe<\0x\0",
        packet()[:-30],
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + packet('xmp:Rating="3"').split(b"?>", 1)[1],
        b"<a>" * 200_000,
        packet('xmp:Rating="3"')
        .replace(b"</rdf:Description>", b"<a>" * 5000 + b"</a>" * 5000 + b"</rdf:Description>")
        .replace(b'xmp:Rating="3"', b""),
        b" " * (5 << 20),
    ],
)
def test_a_hostile_packet_says_nothing(hostile: bytes) -> None:
    assert read_metadata(jpeg(), [hostile]) == read_metadata(jpeg())


def test_iptc_before_unicode_and_cut_off() -> None:
    records = b"\x1c\x02\x19\x00\x04\xe9t\xe9s" + b"\x1c\x02\x19\x00\x02\xc3\xa9"
    assert from_iptc(records).keywords == ("étés", "é")
    assert from_iptc(records + b"\x1c\x02\x19\x00\x09abc").keywords == ("étés", "é")
    assert from_iptc(records + b"\x1c\x02\x19\xff\xff").keywords == ("étés", "é")
    assert from_iptc(b"\x1c\x02\x37\x00\x0820190700").taken_until == "2019-07-31"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 4 Jul 2019 10:11:12 +0200", ("2019-07-04T10:11:12", "+02:00")),
        ("2019:07:04 10:11:12", ("2019-07-04T10:11:12", None)),
        ("2019-07-04T10:11:12Z", ("2019-07-04T10:11:12", "+00:00")),
        ("yesterday", (None, None)),
    ],
)
def test_creation_time_of_a_png_even_behind_its_pixels(text: str, expected: tuple) -> None:
    file = io.BytesIO()
    Image.new("RGB", (9, 9)).save(file, "PNG")
    head, tail = file.getvalue()[:-12], file.getvalue()[-12:]
    chunk = b"tEXtCreation Time\0" + text.encode()
    late = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    found = read_metadata(io.BytesIO(head + late + tail))
    assert (found.taken_at, found.zone) == expected


def test_a_moment_of_a_month_is_its_span() -> None:
    moment = moment_of("2020-02")
    assert moment and (moment.taken_at, moment.taken_until) == ("2020-02-01", "2020-02-29")


def test_sidecars_under_both_names(tmp_path: Path) -> None:
    (tmp_path / "a.xmp").write_bytes(b"1")
    (tmp_path / "a.jpg.XMP").write_bytes(b"2")
    (tmp_path / "b.xmp").write_bytes(b"3")
    assert read_sidecars(tmp_path / "a.jpg") == (b"2", b"1")
    assert read_sidecars(tmp_path / "c.jpg") == ()


def test_damaged_files_never_raise() -> None:
    """Every sample with random bytes changed, and cut off; seeded, so a failure comes again."""
    rng = random.Random(5)
    with zipfile.ZipFile(SAMPLES) as archive:
        samples = [archive.read(name) for name in archive.namelist()]
    for sample in samples:
        for _ in range(3):
            damaged = bytearray(
                sample[: rng.randrange(len(sample)) if rng.random() < 0.3 else None]
            )
            for _ in range(rng.randrange(1, 12)):
                if damaged:
                    damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            found = read_metadata(io.BytesIO(bytes(damaged)), [bytes(damaged)])
            assert isinstance(found, PhotoMetadata)

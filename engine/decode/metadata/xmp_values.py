"""What an XMP packet says of a photo, be it inside the photo or in a file beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.decode.exif import MAKE, MODEL, read_camera
from engine.decode.metadata import texts
from engine.decode.metadata.moments import Moment, moment_of, zone_of
from engine.decode.metadata.xmp_packet import XmpPacket
from engine.records import DateSource, PhotoMetadata

_DATES = (
    "exif:DateTimeOriginal",
    "photoshop:DateCreated",
    "exif:DateTimeDigitized",
    "xmp:CreateDate",
)
_DEGREES = re.compile(
    r"\s*(\d+)[,°]\s*([\d.]+)(?:[,']\s*([\d.]+))?[\"']?\s*([NSEW])\s*", re.IGNORECASE
)
_PLACES = ("Iptc4xmpCore:Location", "photoshop:City", "photoshop:State", "photoshop:Country")
_FLAT_KEYWORDS = ("dc:subject", "MicrosoftPhoto:LastKeywordXMP")
_TREES = (("lr:hierarchicalSubject", "|"), ("digiKam:TagsList", "/"))
"""Keywords with those above them, and what stands between."""
_FACES = frozenset({"", "face"})


def from_xmp(packet: XmpPacket) -> PhotoMetadata:
    """What the properties say."""
    moment = _date(packet)
    latitude = _degrees(packet.first("exif:GPSLatitude"), 90)
    longitude = _degrees(packet.first("exif:GPSLongitude"), 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        latitude = longitude = None
    iso = texts.positive(packet.first("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"))
    return PhotoMetadata(
        taken_at=moment.taken_at if moment else None,
        taken_until=moment.taken_until if moment else None,
        zone=moment.zone if moment else None,
        date_source=DateSource.XMP if moment else None,
        camera=_camera(packet),
        lens=texts.line_of(packet.first("exifEX:LensModel", "aux:Lens")) or None,
        exposure_s=texts.positive(packet.first("exif:ExposureTime")),
        f_number=texts.positive(packet.first("exif:FNumber")),
        iso=round(iso) if iso else None,
        focal_mm=texts.positive(packet.first("exif:FocalLength")),
        latitude=latitude,
        longitude=longitude,
        altitude_m=_altitude(packet) if latitude is not None else None,
        rating=_rating(packet),
        label=texts.line_of(packet.first("xmp:Label"), 60) or None,
        title=texts.text_of(packet.first("dc:title", "photoshop:Headline")) or None,
        caption=texts.text_of(packet.first("dc:description")) or None,
        keywords=_keywords(packet),
        people=_people(packet),
        place=place_of(texts.line_of(packet.first(name)) for name in _PLACES),
    )


def place_of(parts: Iterable[str]) -> str | None:
    """The parts of a place from the smallest on, as one text.

    >>> place_of(["", "Rome", "Rome", "Italy"])
    'Rome, Italy'
    """
    return ", ".join(dict.fromkeys(part for part in parts if part)) or None


def _date(packet: XmpPacket) -> Moment | None:
    for name in _DATES:
        moment = moment_of(packet.first(name))
        if moment is not None:
            if moment.zone is None and name.startswith("exif:"):
                written = packet.first("exifEX:OffsetTimeOriginal", "exifEX:OffsetTime")
                return Moment(moment.taken_at, moment.taken_until, zone_of(written))
            return moment
    return None


def _camera(packet: XmpPacket) -> str | None:
    return read_camera({MAKE: packet.first("tiff:Make"), MODEL: packet.first("tiff:Model")})


def _rating(packet: XmpPacket) -> int | None:
    rating = texts.rating_of(packet.first("xmp:Rating"))
    if rating is None:
        rating = texts.rating_of_percent(packet.first("MicrosoftPhoto:Rating"))
    return rating


def _keywords(packet: XmpPacket) -> tuple[str, ...]:
    """The flat keywords; where a program wrote only trees, their leaves."""
    for name in _FLAT_KEYWORDS:
        if values := packet.values(name):
            return texts.words_of(values)
    for name, separator in _TREES:
        if values := packet.values(name):
            return texts.words_of(value.rpartition(separator)[2] for value in values)
    return ()


def _people(packet: XmpPacket) -> tuple[str, ...]:
    """Names of regions (Metadata Working Group, Windows), and of people without a region."""
    regions = packet.structures("mwg-rs:Regions", "mwg-rs:Name", "mwg-rs:Type")
    names = [name for name, kind in regions if kind.lower() in _FACES]
    tagged = packet.structures("MP:RegionInfo", "MPReg:PersonDisplayName")
    names += [name for (name,) in tagged]
    return texts.words_of([*names, *packet.values("Iptc4xmpExt:PersonInImage")])


def _degrees(text: str, most: float) -> float | None:
    """Degrees of "48,51.5N", "48,51,30N" or a plain number."""
    found = _DEGREES.fullmatch(text[:60])
    if found is None:
        degrees = texts.number_of(text)
        return round(degrees, 7) if degrees is not None and abs(degrees) <= most else None
    minutes, seconds = texts.number_of(found[2]), texts.number_of(found[3] or "0")
    if minutes is None or seconds is None:
        return None
    degrees = int(found[1]) + minutes / 60 + seconds / 3600
    if degrees > most:
        return None
    return round(-degrees if found[4].upper() in "SW" else degrees, 7)


def _altitude(packet: XmpPacket) -> float | None:
    altitude = texts.number_of(packet.first("exif:GPSAltitude"))
    if altitude is None or not abs(altitude) < 100_000:
        return None
    return round(-altitude if packet.first("exif:GPSAltitudeRef") == "1" else altitude, 2)

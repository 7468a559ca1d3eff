"""Reads everything that a photo's file and its sidecars say, without decoding pixels.

The bytes may be hostile: call this in a child process only.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from engine.decode import formats, jpeg_xl
from engine.decode.metadata.exif_values import from_exif
from engine.decode.metadata.iptc_values import IPTC_RESOURCE, from_iptc, iptc_of_photoshop
from engine.decode.metadata.png_values import from_png, raw_profile, read_png
from engine.decode.metadata.raw_values import read_raw
from engine.decode.metadata.xmp_packet import XmpPacket
from engine.decode.metadata.xmp_values import from_xmp
from engine.records import PhotoMetadata

log = logging.getLogger(__name__)

_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377
_MOST_JPEG_XL_PIXELS = formats.MOST_PIXELS["JXL"]
_PNG_XMP = "XML:com.adobe.xmp"

_Sources = tuple[PhotoMetadata, PhotoMetadata, PhotoMetadata, PhotoMetadata]
"""What EXIF, XMP, IPTC and PNG text say."""

# What a value belongs to; values of one group come from one source.
_DATE = ("taken_at", "taken_until", "zone", "date_source")
_POSITION = ("latitude", "longitude", "altitude_m")
_EXPOSURE = ("exposure_s", "f_number", "iso", "focal_mm")
_OF_CAMERA = (_DATE, _POSITION, *((name,) for name in ("camera", "lens", *_EXPOSURE)))
_DESCRIBING = tuple(
    (name,) for name in ("rating", "label", "title", "caption", "keywords", "people", "place")
)


def read_metadata(file: BinaryIO, sidecars: Sequence[bytes] = ()) -> PhotoMetadata:
    """What the file and its sidecars say. Of damage there is what could be read before it.

    A sidecar is what a photo manager wrote last, so its values come first. Inside the file EXIF is
    believed of the exposure and XMP of what people wrote, as the Metadata Working Group
    recommends.

    Args:
        file: of which only the head is read where the format allows.
        sidecars: XMP packets, the one to believe first.
    """
    from_sidecars = [from_xmp(XmpPacket(packet)) for packet in sidecars]
    exif, xmp, iptc, png = _embedded(file)
    of_camera = (*from_sidecars, exif, xmp, iptc, png)
    describing = (*from_sidecars, xmp, iptc, exif, png)
    values: dict[str, Any] = {}
    for groups, sources in ((_OF_CAMERA, of_camera), (_DESCRIBING, describing)):
        for group in groups:
            values |= _first_known(group, sources)
    merged = PhotoMetadata(**values)
    return merged if merged.zone else replace(merged, zone=_zone_of_same(merged, of_camera))


def _first_known(group: Sequence[str], sources: Sequence[PhotoMetadata]) -> dict[str, Any]:
    """The values of the group in the first source that knows its first one."""
    for source in sources:
        if getattr(source, group[0]) not in (None, ()):
            return {name: getattr(source, name) for name in group}
    return {}


def _zone_of_same(date: PhotoMetadata, sources: Sequence[PhotoMetadata]) -> str | None:
    """The zone of the same time in another source: EXIF often has none, its copy in XMP has."""
    same = (other.zone for other in sources if other.zone and other.taken_at == date.taken_at)
    return next(same, None) if date.taken_at else None


def _embedded(file: BinaryIO) -> _Sources:
    try:
        return _read(file)
    except Exception as error:  # broken metadata fails in more ways than can be listed
        log.info("no metadata was read: %s", error)
        nothing = PhotoMetadata()
        return nothing, nothing, nothing, nothing


def _read(file: BinaryIO) -> _Sources:
    from PIL import Image

    names = formats.pillow_formats()
    formats.ignore_pillow_warnings()
    if jpeg_xl.is_jpeg_xl(file) and math.prod(jpeg_xl.read_size(file)) > _MOST_JPEG_XL_PIXELS:
        raise ValueError("the decoder of JPEG XL would decode all pixels")
    try:
        image = Image.open(file, formats=names)
    except Image.UnidentifiedImageError:
        found, packet = read_raw(file)
        return found, _from_packet(packet), PhotoMetadata(), PhotoMetadata()
    with image:
        if image.format == "PNG":
            return _read_png(file)
        exif = _exif_of(image)
        packet = image.info.get("xmp") or exif.get(_XMP_TAG) or b""
        # Before the file is closed, because EXIF reads its directories when they are asked for.
        return (
            from_exif(exif),
            _from_packet(packet),
            from_iptc(_iptc_of(image)),
            PhotoMetadata(),
        )


def _read_png(
    file: BinaryIO,
) -> _Sources:
    from PIL import Image

    text, info = read_png(file)
    exif = Image.Exif()
    content = info.get("exif") or raw_profile(text.get("Raw profile type exif", ""))
    if content:
        exif.load(content)
    packet = text.get(_PNG_XMP, "").encode() or raw_profile(text.get("Raw profile type xmp", ""))
    records = raw_profile(text.get("Raw profile type iptc", ""))
    if records.startswith(b"8BIM"):
        records = iptc_of_photoshop(records)
    return from_exif(exif), _from_packet(packet), from_iptc(records), from_png(text)


def _exif_of(image: Any) -> Any:
    from PIL import Image

    try:
        return image.getexif()
    except Exception:  # what else the file says is still of use
        return Image.Exif()


def _from_packet(packet: Any) -> PhotoMetadata:
    if isinstance(packet, str):
        packet = packet.encode()
    return from_xmp(XmpPacket(packet)) if isinstance(packet, bytes) else PhotoMetadata()


def _iptc_of(image: Any) -> bytes:
    """The IPTC records of a JPEG or TIFF; empty without them."""
    resources = image.info.get("photoshop")
    if isinstance(resources, dict):
        return resources.get(IPTC_RESOURCE) or b""
    if image.format != "TIFF":
        return b""
    # The bytes as they are: many programs declare IPTC as numbers, of which Pillow gives the first.
    tags = image.tag_v2._tagdata
    return tags.get(_IPTC_TAG) or iptc_of_photoshop(tags.get(_PHOTOSHOP_TAG, b""))

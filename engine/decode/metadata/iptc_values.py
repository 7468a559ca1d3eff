"""What IPTC (Information Interchange Model, IIM 4.2) says of a photo."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decode.metadata import texts
from engine.decode.metadata.moments import moment_of, zone_of
from engine.decode.metadata.xmp_values import place_of
from engine.records import DateSource, PhotoMetadata

_MARK = 0x1C
_CHARACTER_SET = (1, 90)
_UTF_8 = b"\x1b%G"
_TITLE, _KEYWORD, _HEADLINE, _CAPTION = (2, 5), (2, 25), (2, 105), (2, 120)
_DATE, _TIME = (2, 55), (2, 60)
_PLACES = ((2, 92), (2, 90), (2, 95), (2, 101))
_RESOURCE = b"8BIM"
IPTC_RESOURCE = 0x0404


def from_iptc(records: bytes) -> PhotoMetadata:
    """What the records say; those after the first that is damaged are left out."""
    values: dict[tuple[int, int], list[bytes]] = {}
    for key, value in _records(records):
        values.setdefault(key, []).append(value)
    utf_8 = values.get(_CHARACTER_SET, [b""])[0] == _UTF_8

    def text(key: tuple[int, int]) -> str:
        return texts.text_of(_decoded(values.get(key, [b""])[0], utf_8))

    date, time = text(_DATE), text(_TIME)
    moment = moment_of(f"{date} {time}") if time else moment_of(date)
    return PhotoMetadata(
        taken_at=moment.taken_at if moment else None,
        taken_until=moment.taken_until if moment else None,
        zone=(moment.zone or zone_of(time[6:])) if moment else None,
        date_source=DateSource.IPTC if moment else None,
        title=text(_TITLE) or text(_HEADLINE) or None,
        caption=text(_CAPTION) or None,
        keywords=texts.words_of(_decoded(value, utf_8) for value in values.get(_KEYWORD, ())),
        place=place_of(texts.line_of(text(key)) for key in _PLACES),
    )


def iptc_of_photoshop(resources: bytes) -> bytes:
    """The IPTC records among Photoshop's image resources; empty without them."""
    at = 0
    while resources[at : at + 4] == _RESOURCE:
        number = int.from_bytes(resources[at + 4 : at + 6], "big")
        at += 6
        name = resources[at] + 1 if at < len(resources) else 1
        at += name + name % 2
        size = int.from_bytes(resources[at : at + 4], "big")
        if number == IPTC_RESOURCE:
            return resources[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return b""


def _records(data: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    while at + 5 <= len(data) and data[at] == _MARK:
        key, size = (data[at + 1], data[at + 2]), int.from_bytes(data[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:  # then it says how many bytes say how long the value is
            length = size & 0x7FFF
            size = int.from_bytes(data[at : at + min(length, 8)], "big")
            at += length
        if at + size > len(data):
            return
        yield key, data[at : at + size]
        at += size


def _decoded(value: bytes, utf_8: bool) -> str | bytes:
    """The text, if its character set is declared; else its bytes, which ``texts`` guesses."""
    return value.decode("utf-8", "replace") if utf_8 else value

"""What a photo's file, the files beside it and its name say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DateSource(StrEnum):
    """Where a date was read. The last two are guesses."""

    EXIF = "exif"
    XMP = "xmp"
    IPTC = "iptc"
    PNG = "png"
    NAME = "name"
    FOLDER = "folder"

    @property
    def guessed(self) -> bool:
        """Whether the date is only a guess."""
        return self in (DateSource.NAME, DateSource.FOLDER)


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What is known of a photo besides its pixels; None or empty for what nobody said.

    Attributes:
        taken_at: when it was taken, ISO 8601, in the local time of the place
            ("2021-05-03T12:30:00", or "2021-05-03" if only the day is known). If only the month or
            year is known, it is their first day, and ``taken_until`` the last.
        zone: difference of the local time to UTC ("+05:30").
        exposure_s, f_number, iso, focal_mm: how it was exposed; the focal length is the lens's own.
        latitude, longitude: degrees, north and east positive; both or none. altitude_m: above the
            sea.
        rating: 0 to 5 stars; -1 for a photo that was rejected.
        label: name of a colour or of a state, as the photo manager writes it.
        people: names of people in the photo.
        place: "Trastevere, Rome, Lazio, Italy", as far as it is known.
    """

    taken_at: str | None = None
    taken_until: str | None = None
    zone: str | None = None
    date_source: DateSource | None = None
    camera: str | None = None
    lens: str | None = None
    exposure_s: float | None = None
    f_number: float | None = None
    iso: int | None = None
    focal_mm: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    rating: int | None = None
    label: str | None = None
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    place: str | None = None

    def __post_init__(self) -> None:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError(f"expected both or none, got {self.latitude}, {self.longitude}")

    @property
    def date_guessed(self) -> bool:
        """Whether the date comes from the name of the file or of a folder."""
        return self.date_source is not None and self.date_source.guessed

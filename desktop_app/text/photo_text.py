"""Texts about one photo: photo view, inspector, cut-outs."""

from __future__ import annotations

from desktop_app.text.formatting import count, file_size, number, percent, whole_path
from engine.records import DateSource, Photo, PhotoMetadata, RegionLabel

# -- photo view -----------------------------------------------------------------------------------
BACK = "Back to all results"
FIND_SIMILAR = "Find things like this"
SAVE_CUTOUT = "Save cut-out"
COPY_CUTOUT = "Copy"
COPY_CUTOUT_NAME = "Copy the cut-out"
FINE_EDGES = "Fine edges"
FINE_EDGES_NAME = "Fine edges in cut-outs, for hair and fur (slower)"
FINE_EDGES_ON = "Cut-outs now get fine edges, for hair and fur"
FINE_EDGES_OFF = "Cut-outs now get plain edges"
FINE_CUTOUT_BEGUN = "Working out fine edges"
CUTOUT_COPIED = "Cut-out copied"
CUTOUT_SAVED = "Saved {name}"
SHOW_IN_FOLDER = "Show in folder"
SAVE_TITLE = "Save cut-out"
PNG_FILES = "PNG picture (*.png)"
CANNOT_COMPARE = (
    "This outline was made for this search, so there is nothing to compare it with. "
    "Choose another thing in the photo."
)
SELECT_PHOTO_FIRST = "Select a photo first."
FILE_GONE = "{name} is not there. Connect the drive it is on."
NO_APPLICATION = "No application opens {name}."
SELECT_FIRST = "Click a thing in the photo first."
PHOTO_NAME = "Photo {name}, {things}. Click a thing to select it."
FILMSTRIP_NAME = "Photo {position} of {count}"
UNAVAILABLE_TITLE = "This photo cannot be shown"
OFFLINE_REASON = "Its folder is offline. Connect the drive to see the whole photo."
ZOOM_IN = "Zoom in"
ZOOM_OUT = "Zoom out"
ZOOM_FIT = "Zoom to fit"
NEXT_MATCH = "Next matching thing"
PREVIOUS_MATCH = "Previous matching thing"
HIDE_OVERLAYS_HINT = "Hold Space to see the photo untouched"

# -- inspector ------------------------------------------------------------------------------------
INSPECTOR = "Inspector"
NOTHING_SELECTED = "Select a photo to see what Pickout knows about it."
WHY = "Why it is here"
FACTS = "Photo"
THINGS = "Things in this photo"
NO_THINGS = "none outlined"
TAKEN = "Taken"
CAMERA = "Camera"
LENS = "Lens"
EXPOSURE = "Exposure"
PLACE = "Place"
RATING = "Rating"
REJECTED = "Rejected"
LABEL = "Label"
TITLE = "Title"
CAPTION = "Caption"
KEYWORDS = "Keywords"
PEOPLE = "People"
GUESSED = "Date from"
GUESSES = {
    DateSource.NAME: "its name, so a guess",
    DateSource.FOLDER: "the folder, so a guess",
}
SIZE = "Size"
FILE_SIZE = "File"
FOLDER = "Folder"
UNKNOWN_DATE = "Date unknown"
WHOLE_PHOTO = "The photo as a whole fits; no single thing stands out."
NOT_OUTLINED = "The photo as a whole fits; its things are not outlined yet."
THING_NAME = "Thing {number}"
NAMED_THING = "{name}, {likely}"
NAMED_BY_YOU = "by you"
SHOW_ALL_THINGS = "Show all ({count})"
SHOW_NAMED_THINGS = "Show those with a name only"


def taken(photo: Photo) -> str:
    """When the photo was taken, as far as it is known, without seconds: ``2021-05-04, 14:32``."""
    if not photo.taken_at:
        return UNKNOWN_DATE
    if photo.taken_until:
        year = photo.taken_at.endswith("-01-01") and photo.taken_until.endswith("-12-31")
        return photo.taken_at[:4] if year else photo.taken_at[:7]
    date, _, time = photo.taken_at.replace("T", " ").partition(" ")
    return f"{date}, {time[:5]}" if time else date


def facts(photo: Photo, metadata: PhotoMetadata | None) -> list[tuple[str, str]]:
    """Names and values of what is known about a photo.

    Args:
        metadata: None while it is not read yet.
    """
    known = metadata or PhotoMetadata(camera=photo.camera)
    when = taken(photo)
    if known.zone:
        when += " (UTC)" if known.zone == "+00:00" else f" ({known.zone})"
    guess = GUESSES.get(known.date_source, "") if known.date_source else ""
    found = [
        (TITLE, known.title or ""),
        (CAPTION, " ".join((known.caption or "").split())),
        (TAKEN, when),
        (GUESSED, guess),
        (PLACE, place(known)),
        (PEOPLE, ", ".join(known.people)),
        (KEYWORDS, ", ".join(known.keywords)),
        (RATING, stars(known.rating)),
        (LABEL, known.label or ""),
        (CAMERA, known.camera or ""),
        (LENS, known.lens or ""),
        (EXPOSURE, exposure(known)),
        (SIZE, pixels(photo.size_wh)),
        (FILE_SIZE, file_size(photo.size_bytes) if photo.size_bytes else ""),
        (FOLDER, whole_path(photo.path.parent)),
    ]
    return [(name, value) for name, value in found if value]


def stars(rating: int | None) -> str:
    """Stars for a rating; empty for none or 0.

    >>> stars(4), stars(-1), stars(0)
    ('★★★★', 'Rejected', '')
    """
    return REJECTED if rating == -1 else "★" * (rating or 0)


def exposure(metadata: PhotoMetadata) -> str:
    """How a photo was exposed.

    >>> exposure(PhotoMetadata(exposure_s=0.004, f_number=2.8, iso=100, focal_mm=50))
    '1/250 s, f/2.8, ISO 100, 50 mm'
    >>> exposure(PhotoMetadata(exposure_s=2.5))
    '2.5 s'
    """
    time = metadata.exposure_s
    shutter = ""
    if time is not None:
        shutter = f"{time:.3g} s" if time > 0.3 else f"1/{number(round(1 / time))} s"
    parts = (
        shutter,
        f"f/{metadata.f_number:.3g}" if metadata.f_number else "",
        f"ISO {number(metadata.iso)}" if metadata.iso else "",
        f"{metadata.focal_mm:.3g} mm" if metadata.focal_mm else "",
    )
    return ", ".join(part for part in parts if part)


def place(metadata: PhotoMetadata) -> str:
    """The name of a place, else its position.

    >>> place(PhotoMetadata(latitude=-33.8568, longitude=151.2153))
    '33.8568° S, 151.2153° E'
    """
    if metadata.place or metadata.latitude is None or metadata.longitude is None:
        return metadata.place or ""
    south, west = "S" if metadata.latitude < 0 else "N", "W" if metadata.longitude < 0 else "E"
    return f"{abs(metadata.latitude):.4f}° {south}, {abs(metadata.longitude):.4f}° {west}"


def pixels(size_wh: tuple[int, int]) -> str:
    """Width and height: ``4,000 × 3,000 px``."""
    return f"{number(size_wh[0])} × {number(size_wh[1])} px"


def things(value: int) -> str:
    """A number of regions, which the window calls things."""
    return count(value, "thing")


def likely(name: RegionLabel) -> str:
    """How sure the name of a thing is.

    >>> likely(RegionLabel("ball", 0.62)), likely(RegionLabel("Rex", 1.0, given=True))
    ('62 %', 'by you')
    """
    return NAMED_BY_YOU if name.given else percent(name.probability)


def match(at: int | None, total: int) -> str:
    """Which of the things that match the query is selected, counted from 0; None for none.

    >>> match(1, 3), match(None, 3)
    ('2 of 3 matches', '3 matches')
    """
    of = count(total, "match", "matches")
    return of if at is None else f"{number(at + 1)} of {of}"


def saved_name(query: str, photo: Photo) -> str:
    """File name proposed for a cut-out, safe on every platform.

    >>> from pathlib import Path
    >>> saved_name("red: umbrella", Photo(1, Path("/p/IMG_1.jpg"), (4, 3)))
    'IMG_1 red umbrella.png'
    """
    kept = "".join(c if c.isalnum() or c in " -_" else " " for c in f"{photo.path.stem} {query}")
    return (" ".join(kept.split())[:80].strip() or "cut-out") + ".png"

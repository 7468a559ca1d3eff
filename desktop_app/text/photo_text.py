"""Texts about one photo: photo view, inspector, cut-outs."""

from __future__ import annotations

from desktop_app.text.formatting import count, number
from engine.records import Photo

# -- photo view -----------------------------------------------------------------------------------
BACK = "Back to all results"
FIND_SIMILAR = "Find things like this"
SAVE_CUTOUT = "Save cut-out"
COPY_CUTOUT = "Copy"
COPY_CUTOUT_NAME = "Copy the cut-out"
CUTOUT_COPIED = "Cut-out copied"
CUTOUT_SAVED = "Saved {name}"
SHOW_IN_FOLDER = "Show in folder"
SAVE_TITLE = "Save cut-out"
PNG_FILES = "PNG picture (*.png)"
CANNOT_COMPARE = (
    "This outline was made for this search, so there is nothing to compare it with. "
    "Choose another thing in the photo."
)
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
SIZE = "Size"
FILE_SIZE = "File"
FOLDER = "Folder"
UNKNOWN_DATE = "Date unknown"
WHOLE_PHOTO = "The photo as a whole fits; no single thing stands out."
NOT_OUTLINED = "The photo as a whole fits; its things are not outlined yet."
THING_NAME = "Thing {number}"
NAMED_THING = "{name}, {likely}"
SHOW_ALL_THINGS = "Show all ({count})"
SHOW_NAMED_THINGS = "Show those with a name only"


def taken(photo: Photo) -> str:
    """When the photo was taken, without seconds: ``2021-05-04, 14:32``."""
    if not photo.taken_at:
        return UNKNOWN_DATE
    date, _, time = photo.taken_at.replace("T", " ").partition(" ")
    return f"{date}, {time[:5]}" if time else date


def pixels(size_wh: tuple[int, int]) -> str:
    """Width and height: ``4,000 × 3,000 px``."""
    return f"{number(size_wh[0])} × {number(size_wh[1])} px"


def things(value: int) -> str:
    """A number of regions, which the window calls things."""
    return count(value, "thing")


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

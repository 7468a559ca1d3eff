"""Every sentence that people read in the window."""

from __future__ import annotations

from engine.records import (
    Folder,
    IndexingState,
    LibraryStatus,
    Photo,
    RerankerInfo,
    SearchResult,
    Verdict,
)

APP_NAME = "Pickout"

# -- first run and empty pages -----------------------------------------------------------------
OPENING_TITLE = "Opening your library"
OPENING_BODY = "This takes a moment."
FIRST_RUN_TITLE = "Find things in your own photos"
FIRST_RUN_BODY = (
    "Add a folder. Pickout looks at every photo once, then finds the things you describe, "
    "outlines them, and cuts them out."
)
FIRST_RUN_PRIVACY = "Everything happens on this computer. No photo ever leaves it."
ADD_FOLDER = "Add a folder"
ADD_FOLDER_DOTS = "Add a folder…"
TRY_SAMPLES = "Try the sample photos"
DROP_HINT = "Drop the folder here to add it"
NOT_YET_TITLE = "Looking at your photos"
NOT_YET_BODY = "The first ones can be searched in a moment."
PAUSED_TITLE = "Paused"
PAUSED_BODY = "No photo has been looked at yet. Press Resume to begin."
NO_PHOTOS_TITLE = "No photos here yet"
NO_PHOTOS_BODY = (
    "The folders you added hold no photos that Pickout can read. New ones appear by themselves."
)
ALL_OFFLINE_TITLE = "Your folders are offline"
ALL_OFFLINE_BODY = "Connect the drive they are on. Nothing has been forgotten."
ONLY_PROBLEMS_TITLE = "None of these photos could be read"
SHOW_PROBLEMS = "Show problems"
STARTER_NOTICE = (
    "Answers come from the small built-in model, and it makes mistakes. Better ones: "
    "“pickout-cli models list”."
)
DISMISS = "Dismiss"

# -- search ------------------------------------------------------------------------------------
SEARCH_PLACEHOLDER = "Find a thing: a red umbrella, a dog…"
SEARCH_NAME = "Search your photos"
CLEAR_SEARCH = "Clear the search"
SEARCHING = "Searching…"
NO_HIT_CLOSEST = "Nothing here looks like “{query}”. Closest, all judged No:"
NO_HIT = "Nothing here looks like “{query}”"
NO_HIT_BODY = "Try another word for it, or a more general one: “bird” for “puffin”."
NO_HIT_WAITING = "{pending} photos have not been looked at yet. Try again when they have."
NOT_ALIKE = "Nothing else here looks like it"
INCOMPLETE_NOTE = "{pending} photos are not searchable yet."
LIKE_CHIP = "Things like the one in {name}"
LIKE_QUERY = "this thing"
SHOW_NO = "Show {count} more that look like No"
HIDE_NO = "Hide those that look like No"
CHANGED_SINCE = "Since this search {photos} came or changed."
REFRESH = "Refresh"
SEARCH_FAILED = "The search did not work"
ALL_PHOTOS = "All photos"

VERDICT_WORDS = {
    Verdict.MATCH: "Match",
    Verdict.UNSURE: "Unsure",
    Verdict.NO: "No",
    Verdict.UNVERIFIED: "Not checked",
}
SECTION_TITLES = {
    Verdict.MATCH: "Match",
    Verdict.UNSURE: "Unsure",
    Verdict.NO: "No",
    Verdict.UNVERIFIED: "Most alike",
}

# -- second look -------------------------------------------------------------------------------
LOOK_SWITCH = "How hits are checked"
INSTANT = "Instant"
INSTANT_NAME = "Instant: show hits at once"
VERIFIED = "Verified"
VERIFIED_NAME = "Verified: look closer at the first hits"
INSTANT_HINT = "Hits at once (Ctrl+Shift+V)"
VERIFIED_HINT = "A second, closer look at the first hits; takes longer (Ctrl+Shift+V)"
LOOKING = "{title} is looking closer: {done} of {total}."
LOOKED = "Looked at the first {done} of {hits}."
LOOKED_AT_ALL = "Looked at all {hits}."
LOOKED_AT_ONE = "Looked at the one hit."
STOPPED_BEFORE_ANY = "Stopped. None of the {hits} has been looked at."
STOPPED = "Stopped. Looked at {done} of {hits}."
STOP = "Stop"
STOP_NAME = "Stop looking closer"
LOOK_AT_MORE = "Look at {count} more"
ONLY_WORDS_VERIFIED = "Only searches by words get a closer look."
NOT_CHECKED_YET = "Not checked yet"
WAITING = "Waiting"
LOOKED_AT_BY = "Looked at by {title}"
OUTLINED_FOR_HIT = "Its outline was made for this search."
SEEN_IN_THE_BOX = "It was seen in the marked place; no outline fits there."

# -- sidebar -----------------------------------------------------------------------------------
LIBRARY = "Library"
FOLDERS = "Folders"
RECENT = "Recent searches"
PROBLEMS = "Problems"
REMOVE_FOLDER = "Remove from Pickout…"
RESCAN = "Look for new photos"
OPEN_FOLDER = "Show in file manager"
FOLDER_ACTIONS = "Actions for {name}"
CLEAR_RECENT = "Clear recent searches"
REMOVE_TITLE = "Remove “{name}” from Pickout?"
REMOVE_BODY = (
    "Pickout forgets what it found in {count} below this folder and cannot search them "
    "until the folder is added again.\n\nNo photo is deleted, moved or changed."
)
REMOVE_YES = "Remove folder"
CANCEL = "Cancel"
CHOOSE_FOLDER = "Choose a folder with photos"
RESCANNING = "Looking for new photos"
FOLDER_ADDED = "Added {name}"
FOLDER_REMOVED = "Removed {name}. Its photos were not touched."
DROP_NOT_FOLDER = "Only folders can be added. Drop the folder that holds these photos."
SAMPLES_MISSING = "The sample photos are not installed."
SAMPLES_MISSING_HINT = "Add a folder of your own instead."

# -- photo view --------------------------------------------------------------------------------
BACK = "Back to all results"
FIND_ALIKE = "Find things like this"
SAVE_CUTOUT = "Save cut-out"
COPY_CUTOUT = "Copy"
COPY_CUTOUT_NAME = "Copy the cut-out"
CUTOUT_COPIED = "Cut-out copied"
CUTOUT_SAVED = "Saved {name}"
SHOW_IN_FOLDER = "Show in folder"
SAVE_TITLE = "Save cut-out"
PNG_FILES = "PNG picture (*.png)"
NOT_TO_COMPARE = (
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
PEEK_HINT = "Hold Space to see the photo untouched"

# -- inspector ---------------------------------------------------------------------------------
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

# -- status line -------------------------------------------------------------------------------
PAUSE = "Pause"
RESUME = "Resume"
PAUSE_NAME = "Pause looking at photos"
RESUME_NAME = "Resume looking at photos"
TOGGLE_SIDEBAR = "Show or hide the library (F9)"
TOGGLE_INSPECTOR = "Show or hide the inspector (F10)"
SHORTCUTS_HINT = "All shortcuts (?)"

# -- problems ----------------------------------------------------------------------------------
PROBLEMS_TITLE = "Problems"
PROBLEMS_BODY = "These files could not be read. They were left as they are."
NO_PROBLEMS = "No problems. Every photo could be read."
RETRY_ALL = "Try all again"
RETRY_SELECTED = "Try selected again"
PROBLEM_COLUMNS = ("File", "Reason", "What you can do")
PROBLEM_HINTS = {
    "unreadable": "Open it in another program. If that fails too, restore it from a backup.",
    "too-large": "Save a smaller copy of it.",
    "missing": "Connect the drive it is on, or put the file back.",
    "timed-out": "Try it again when the computer is less busy.",
    "crashed": "Try it again. If it fails each time, save it anew with another program.",
}
PROBLEM_HINT = "Try it again."
RETRIED = "{count} will be tried again"

# -- dialogs -----------------------------------------------------------------------------------
CLOSE = "Close"
TRY_AGAIN = "Try again"
QUIT = "Quit"
CANNOT_OPEN = "Your library cannot be opened"
SOMETHING_WRONG = "Something went wrong"
SOMETHING_WRONG_BODY = (
    "Pickout made a mistake. Your photos are safe. You can go on working; if it happens again, "
    "restart Pickout.\n\nDetails are in the log."
)
SHORTCUTS_TITLE = "Shortcuts"
SHORTCUTS = (
    (
        "Search",
        (
            ("Ctrl+F  or  /", "Go to the search field"),
            ("Enter", "Search at once"),
            ("Ctrl+Shift+V", "Instant or Verified"),
            ("Ctrl+Shift+M", "Look at more hits"),
        ),
    ),
    (
        "Photos",
        (
            ("Arrows", "Move between photos"),
            ("Enter", "Open the photo"),
            ("Esc", "Back"),
            ("Space", "Hold: see the photo untouched"),
            ("+   −   0", "Zoom in, out, to fit"),
            ("F", "Full screen"),
        ),
    ),
    (
        "Things",
        (
            ("Tab", "Next thing in the photo"),
            ("Click, Shift+click", "Select a thing, add one more"),
            ("Ctrl+D", "Find things like this"),
            ("Ctrl+E", "Save cut-out"),
            ("Ctrl+C", "Copy cut-out"),
        ),
    ),
    (
        "Window",
        (
            ("F9", "Library"),
            ("F10", "Inspector"),
            ("P", "Pause or resume"),
            ("F5", "Look for new photos"),
            ("?", "This list"),
        ),
    ),
)


def number(value: int) -> str:
    """With thousands separators: ``12,480``."""
    return f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """``1 photo``, ``12,480 photos``."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def photos(value: int) -> str:
    return count(value, "photo")


def duration(seconds: float) -> str:
    """Time left in words, rounded the way people say it.

    >>> duration(20), duration(290), duration(5700)
    ('less than a minute', 'about 5 min', 'about 1 h 35 min')
    """
    if seconds < 45:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {max(1, minutes)} min"
    hours, minutes = divmod(round(minutes / 5) * 5, 60)
    if hours >= 48:
        return f"about {round(hours / 24)} days"
    return f"about {hours} h {minutes} min" if minutes else f"about {hours} h"


def file_size(size_bytes: int) -> str:
    """``3.4 MB``."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    value, units = size_bytes / 1000, ["KB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.0f} {units[0]}" if value >= 100 else f"{value:.1f} {units[0]}"


def taken(photo: Photo) -> str:
    """Capture time without seconds: ``2021-05-04, 14:32``."""
    if not photo.taken_at:
        return UNKNOWN_DATE
    date, _, time = photo.taken_at.replace("T", " ").partition(" ")
    return f"{date}, {time[:5]}" if time else date


def pixels(size_wh: tuple[int, int]) -> str:
    return f"{number(size_wh[0])} × {number(size_wh[1])} px"


def things(value: int) -> str:
    return count(value, "thing")


def folder_state(folder: Folder) -> str:
    """The second line of a folder in the sidebar."""
    if not folder.online:
        return f"Offline · {photos(folder.searchable)} kept"
    if folder.photos == 0:
        return "No photos yet"
    if folder.searchable >= folder.photos:
        return f"All {number(folder.photos)} searchable"
    return f"{number(folder.searchable)} of {number(folder.photos)} searchable"


def status_line(status: LibraryStatus) -> str:
    """What the bottom of the window says."""
    if status.photos == 0:
        return "No photos yet" if not status.note else status.note
    if status.searchable >= status.photos:
        parts = [f"All {photos(status.photos)} searchable"]
    else:
        parts = [f"{number(status.searchable)} of {number(status.photos)} photos searchable"]
    first = status.pending == 0 and status.full.waiting
    if first:
        parts.append(f"{number(status.full.waiting)} to outline")
    working = status.pending or status.full.waiting
    if status.indexing is IndexingState.PAUSED and working:
        parts.append("paused")
    elif status.indexing is IndexingState.RUNNING and working:
        if status.photos_per_s:
            parts.append(f"{status.photos_per_s:.1f}/s")
        if status.seconds_left is not None:
            parts.append(f"{duration(status.seconds_left)} left")
    unoutlined = status.searchable - status.outlined
    if not first and status.full.waiting and unoutlined:
        parts.append(f"then {number(status.full.waiting)} to outline")
    if status.change is not None:
        done = int(100 * status.change.done)
        parts.append(f"answering with {status.profile}; {status.change.profile} {done} %")
        if status.indexing is IndexingState.RUNNING and not working:
            if status.seconds_left is not None:
                parts.append(f"{duration(status.seconds_left)} left")
    if status.problems:
        parts.append(count(status.problems, "problem"))
    if status.note:
        parts.append(status.note)
    return " · ".join(parts)


def sureness(verdict: Verdict, probability: float | None) -> str:
    """The verdict with its probability in words a person would use."""
    word = VERDICT_WORDS[verdict]
    if probability is None:
        return word
    return f"{word} · {min(probability, 0.99):.0%} likely"  # nothing is certain


def verified_hint(info: RerankerInfo) -> str:
    """Who would look closer, and on what."""
    return f"{VERIFIED_HINT}\n{info.title} · {info.where}" if info.available else VERIFIED_HINT


def second_look(result: SearchResult) -> str:
    """How far the closer look at the hits is, and what there is to say of it; often nothing."""
    if not result.request.verify:
        return ""
    if result.request.like_region is not None:
        return " ".join(filter(None, (ONLY_WORDS_VERIFIED, result.note)))
    parts = [result.note] if result.note else []
    hits, done, total = len(result.hits), result.looked_at, result.to_look_at
    of_hits = count(hits, "hit")
    if not total:
        pass  # it has not begun, or cannot
    elif not result.complete:
        # What is said while it gets ready names it already.
        if result.reranker not in result.note:
            words = LOOKING.format(title=result.reranker, done=number(done), total=number(total))
            parts.insert(0, words)
    elif done < total and not result.note:
        words = STOPPED if done else STOPPED_BEFORE_ANY
        parts.append(words.format(done=number(done), hits=of_hits))
    elif done >= hits:
        parts.insert(0, LOOKED_AT_ALL.format(hits=of_hits) if hits > 1 else LOOKED_AT_ONE)
    elif done:
        parts.insert(0, LOOKED.format(done=number(done), hits=of_hits))
    return " ".join(parts)


def saved_name(query: str, photo: Photo) -> str:
    """File name proposed for a cut-out, safe on every platform.

    >>> from pathlib import Path
    >>> saved_name("red: umbrella", Photo(1, Path("/p/IMG_1.jpg"), (4, 3)))
    'IMG_1 red umbrella.png'
    """
    kept = "".join(c if c.isalnum() or c in " -_" else " " for c in f"{photo.path.stem} {query}")
    return (" ".join(kept.split())[:80].strip() or "cut-out") + ".png"

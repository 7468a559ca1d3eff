"""Texts about one watched folder: that it is at another place now, and what is left out."""

from __future__ import annotations

from desktop_app.text.formatting import file_name, number, photos, whole_path
from engine.errors import EngineError
from engine.jobs import Progress
from engine.records import Folder, FolderMove

NO_FOLDER = "Add a folder first."

# -- another place --------------------------------------------------------------------------------
RELOCATE = "It is at another place now…"
RELOCATE_TITLE = "Where is “{name}” now?"
RELOCATE_BODY = (
    "For a folder that was moved or renamed, or whose drive has another letter or mount point. "
    "Pickout looks for some of its photos at the new place and compares them; then it goes on "
    "from there, and looks at no photo again. No file is touched."
)
BEFORE = "Before"
NOW = "Now"
NOT_CHOSEN = "Not chosen yet"
CHOOSE = "Choose…"
CHOOSE_NAME = "Choose where the folder is now"
CHOOSE_TITLE = "Where is the folder now?"
RELOCATE_START = "Go on from there"
WAITING = "Waiting until folders have been looked through"
COMPARING = "{stage}: {done} of {total}"
STOP = "Stop"
STOPPED = "Stopped. Nothing was changed."
CLOSE = "Close"

# -- what is left out -----------------------------------------------------------------------------
RULES = "What is left out…"
RULES_TITLE = "What is left out of “{name}”"
DEFAULT_RULES = "Out of every folder"
RULE_COLUMNS = ("Pattern", "Why")
OWN_RULES = "Rules of this folder, which go before"
OWN_RULES_HINT = (
    "One pattern on each line, as in .gitignore files: a name, * for any characters, / at the end "
    "for folders only, ! in front to bring back what a rule leaves out."
)
OWN_RULES_EXAMPLE = "Screenshots/\n*.png\n!keep.png"
COUNTING = "Counting…"
NOTHING_LEFT_OUT = "These rules leave out none of the {photos} that are in the library now."
LEFT_OUT = "These rules leave out {count} of the {photos} that are in the library now."
RULES_SAVED = "Saved. Looking through the folders."
SAVE = "Save"
CANCEL = "Cancel"


def left_out(count: int, total: int) -> str:
    """What rules would do; what was left out before is not in the library.

    >>> left_out(3, 1200)
    'These rules leave out 3 of the 1,200 photos that are in the library now.'
    """
    words = LEFT_OUT if count else NOTHING_LEFT_OUT
    return words.format(count=number(count), photos=photos(total))


def comparing(progress: Progress) -> str:
    """How far the comparison is.

    >>> comparing(Progress("Comparing photos", 3, 32))
    'Comparing photos: 3 of 32'
    """
    if progress.total is None:
        return WAITING
    done, total = number(progress.done), number(progress.total)
    return COMPARING.format(stage=progress.stage, done=done, total=total)


def moved(folder: Folder, move: FolderMove) -> str:
    """What came of it.

    Args:
        folder: as it was before.
    """
    place = f"“{file_name(folder.path)}” is at {whole_path(move.new)} now."
    if not move.looked_for:
        return f"{place} It had no photos to compare."
    found = f"{number(move.there)} of {photos(move.looked_for)} looked for are there."
    return f"{place} {found} Nothing has to be looked at again."


def problem(error: EngineError) -> str:
    """An error in one paragraph: what, where, what to do."""
    where = whole_path(error.path) if error.path is not None else ""
    return " ".join(filter(None, (error.message, where and f"({where})", error.hint)))

"""Every command of the window: what it does in words, and its keys."""

from __future__ import annotations

from dataclasses import dataclass

PALETTE = "Commands"
PALETTE_HINT = "What do you want to do?"
SEARCH, PHOTOS, THINGS, LIBRARY, WINDOW = "Search", "Photos", "Things", "Library", "Window"
GROUPS = (SEARCH, PHOTOS, THINGS, LIBRARY, WINDOW)


@dataclass(frozen=True)
class CommandText:
    """A command.

    Attributes:
        title: what it does, as in the list of shortcuts.
        group: one of ``GROUPS``.
        keys: its shortcuts, as ``QKeySequence`` reads them.
    """

    title: str
    group: str
    keys: tuple[str, ...] = ()


COMMANDS = {
    "search": CommandText("Go to the search field", SEARCH, ("Ctrl+F", "/")),
    "verify_switch": CommandText("Instant or Verified", SEARCH, ("Ctrl+Shift+V",)),
    "rerank_more": CommandText("Look at more hits", SEARCH, ("Ctrl+Shift+M",)),
    "confirm_hit": CommandText("This is right", SEARCH, ("Y",)),
    "deny_hit": CommandText("This is not what I searched for", SEARCH, ("N",)),
    "withdraw": CommandText("Take back what I said of it", SEARCH),
    "back": CommandText("Back", PHOTOS, ("Esc",)),
    "open_photo": CommandText("Open the photo", PHOTOS),
    "open_elsewhere": CommandText("Open in another application", PHOTOS, ("Ctrl+Shift+O",)),
    "show_in_folder": CommandText("Show in folder", PHOTOS, ("Ctrl+Shift+F",)),
    "copy_path": CommandText("Copy path", PHOTOS, ("Ctrl+Shift+C",)),
    "similar": CommandText("Show or hide similar photos", PHOTOS, ("S",)),
    "select_all": CommandText("Select all photos", PHOTOS, ("Ctrl+A",)),
    "export": CommandText("Export the selected photos", PHOTOS, ("Ctrl+Shift+E",)),
    "sort_relevance": CommandText("Order: best first", PHOTOS),
    "sort_newest": CommandText("Order: newest first", PHOTOS),
    "sort_oldest": CommandText("Order: oldest first", PHOTOS),
    "sort_name": CommandText("Order: by name", PHOTOS),
    "larger": CommandText("Larger photos in the grid", PHOTOS, ("Ctrl++", "Ctrl+=")),
    "smaller": CommandText("Smaller photos in the grid", PHOTOS, ("Ctrl+-",)),
    "zoom_in": CommandText("Zoom in", PHOTOS, ("+", "=")),
    "zoom_out": CommandText("Zoom out", PHOTOS, ("-",)),
    "zoom_fit": CommandText("Zoom to fit", PHOTOS, ("0",)),
    "find_similar": CommandText("Find things like this", THINGS, ("Ctrl+D",)),
    "save_cutout": CommandText("Save the cut-out", THINGS, ("Ctrl+E",)),
    "copy_cutout": CommandText("Copy the cut-out", THINGS, ("Ctrl+C",)),
    "fine_edges": CommandText("Fine edges in cut-outs (hair, fur)", THINGS, ("E",)),
    "name_thing": CommandText("Name this thing…", THINGS, ("F2",)),
    "all_photos": CommandText("Show all photos", LIBRARY, ("Alt+1",)),
    "problems": CommandText("Show problems", LIBRARY, ("Alt+2",)),
    "models": CommandText("Models", LIBRARY, ("Alt+3",)),
    "settings": CommandText("Settings", LIBRARY, ("Ctrl+,",)),
    "add_folder": CommandText("Add a folder", LIBRARY, ("Ctrl+O",)),
    "rescan": CommandText("Look for new photos", LIBRARY, ("F5",)),
    "folder_rules": CommandText("What is left out of a folder", LIBRARY),
    "relocate_folder": CommandText("A folder is at another place now", LIBRARY),
    "pause": CommandText("Pause or resume", LIBRARY, ("P",)),
    "sidebar": CommandText("Show or hide the library", WINDOW, ("F9",)),
    "inspector": CommandText("Show or hide the inspector", WINDOW, ("F10",)),
    "fullscreen": CommandText("Full screen", WINDOW, ("F", "F11")),
    "undo": CommandText("Undo what was said last", WINDOW, ("Ctrl+Z",)),
    "redo": CommandText("Redo what was undone", WINDOW, ("Ctrl+Shift+Z",)),
    "palette": CommandText("All commands", WINDOW, ("Ctrl+K",)),
    "shortcuts": CommandText("All shortcuts", WINDOW, ("F1", "?")),
    "quit": CommandText("Quit", WINDOW, ("Ctrl+Q",)),
}
"""By name. They stand in the list of shortcuts in this order."""
OTHER_KEYS = (
    (SEARCH, "Enter", "Search at once"),
    (SEARCH, "Arrows, Delete", "On a part of the search: move, take it out"),
    (PHOTOS, "Arrows", "Move between photos"),
    (PHOTOS, "Enter", "Open the photo"),
    (PHOTOS, "Shift, Ctrl, drag", "Select several photos"),
    (PHOTOS, "Menu, Shift+F10", "What can be done with it"),
    (PHOTOS, "Ctrl+wheel", "Larger, smaller photos in the grid"),
    (PHOTOS, "Space", "Hold: see the photo untouched"),
    (THINGS, "Tab", "Next thing in the photo"),
    (THINGS, ".   ,", "Next, previous matching thing"),
    (THINGS, "Click, Shift+click", "Select a thing, add one more"),
)
"""Keys that parts of the window handle themselves: group, keys, what they do."""


def shortcuts(group: str) -> list[tuple[str, str]]:
    """Keys and what they do, of one group, for the list of shortcuts.

    >>> shortcuts(WINDOW)[0]
    ('F9', 'Show or hide the library')
    """
    commands = [text for text in COMMANDS.values() if text.group == group and text.keys]
    listed = [("  or  ".join(text.keys), text.title) for text in commands]
    return listed + [(keys, title) for other, keys, title in OTHER_KEYS if other == group]

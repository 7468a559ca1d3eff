"""Texts about what people say of hits and things, and about undoing it."""

from __future__ import annotations

from desktop_app.text import formatting
from engine.records import EditKind, EditStep, Verdict

YOU_SAID = {Verdict.MATCH: "You: yes", Verdict.NO: "You: no"}
"""Mark of a hit that people have judged."""
THIS_IS_NOT = "This is not “{query}”"
ONLY_HITS = "Search with words first. Then say of a hit whether it is right."
SAID_RIGHT = "Kept: {photos} is right for “{query}”"
SAID_RIGHT_SEVERAL = "Kept: {photos} are right for “{query}”"
SAID_WRONG = "Kept: {photos} is not “{query}”"
SAID_WRONG_SEVERAL = "Kept: {photos} are not “{query}”"
TAKEN_BACK = "Taken back: what you said about “{query}”"
NOTHING_SAID = "You have not said whether this is right."
NAME_TITLE = "Name this thing"
NAME_FIELD = "What or who is this? Leave it empty to take the name away."
NAMED = "Kept: this thing is called “{name}”"
NAME_TAKEN = "The name was taken away"
CANNOT_NAME = (
    "This outline was made for this search, so it cannot keep a name. "
    "Choose another thing in the photo."
)
UNDO = "Undo"
UNDONE = "Undone: {what}"
REDONE = "Done again: {what}"
NOTHING_TO_UNDO = "There is nothing to undo."
NOTHING_TO_REDO = "There is nothing to do again."
JUDGED_RIGHT = "“{query}” is right for {photos}"
JUDGED_WRONG = "“{query}” is wrong for {photos}"
JUDGEMENT_TAKEN_BACK = "took back what was said about “{query}”"
CALLED = "a thing is called “{name}”"
NO_LONGER_CALLED = "the name of a thing was taken away"
GONE = "a photo that is not in the library now"


def said(match: bool, query: str, names: list[str]) -> str:
    """Notice that photos were judged.

    >>> said(False, "red", ["a.jpg"]), said(True, "red", ["a.jpg", "b.jpg"])
    ('Kept: a.jpg is not “red”', 'Kept: 2 photos are right for “red”')
    """
    if len(names) == 1:
        return (SAID_RIGHT if match else SAID_WRONG).format(photos=names[0], query=query)
    words = SAID_RIGHT_SEVERAL if match else SAID_WRONG_SEVERAL
    return words.format(photos=formatting.photos(len(names)), query=query)


def step(done: EditStep, name: str) -> str:
    """What was said at once.

    Args:
        name: of the photo, if it is a single one.

    >>> step(EditStep(EditKind.REGION_NAMED, frozenset({1}), name="Rex"), "a.jpg")
    'a thing is called “Rex”'
    >>> step(EditStep(EditKind.HIT_JUDGED, frozenset({1}), query="red", match=True), "a.jpg")
    '“red” is right for a.jpg'
    """
    if done.kind is EditKind.REGION_NAMED:
        return CALLED.format(name=done.name) if done.name else NO_LONGER_CALLED
    if done.match is None:
        return JUDGEMENT_TAKEN_BACK.format(query=done.query)
    photos = formatting.photos(len(done.photos)) if done.photos else GONE
    if len(done.photos) == 1:
        photos = name or photos
    return (JUDGED_RIGHT if done.match else JUDGED_WRONG).format(query=done.query, photos=photos)

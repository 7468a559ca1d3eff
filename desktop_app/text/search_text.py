"""Texts about a search, its hits, their verdicts and reranking (the second look)."""

from __future__ import annotations

from desktop_app.text.formatting import count, number, percent
from engine.records import RerankerInfo, SearchResult, Verdict

# -- search ---------------------------------------------------------------------------------------
SEARCH_PLACEHOLDER = "Find a thing: a red umbrella, a dog…"
SEARCH_NAME = "Search your photos"
CLEAR_SEARCH = "Clear the search"
SEARCHING = "Searching…"
NO_HIT_CLOSEST = "Nothing here looks like “{query}”. Closest, all judged No:"
NO_HIT = "Nothing here looks like “{query}”"
NO_HIT_BODY = "Try another word for it, or a more general one: “bird” for “puffin”."
NO_HIT_WAITING = "{pending} photos have not been looked at yet. Try again when they have."
NOTHING_SIMILAR = "Nothing else here looks like it"
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
VERDICT_SYMBOLS = {
    Verdict.MATCH: "✓",
    Verdict.UNSURE: "?",
    Verdict.NO: "✗",
    Verdict.UNVERIFIED: "·",
}

# -- the parts of a query -------------------------------------------------------------------------
PARTS = "Parts of the search"
PART_KINDS = {
    "thing": "A thing in the photo",
    "relation": "How things lie to one another",
    "scene": "The place or situation of the whole photo",
    "filter": "A condition on the file; it decides",
    "quoted": "Words kept together; they count as a part of the sentence",
    "plain": "Not understood as a thing or a condition; it counts as a part of the sentence",
}
PART_EXCLUDED = "This must not be there"
PART_KEYS = "Enter selects it in the search field, Delete takes it out."
REMOVE_PART = "Take out “{part}”"

# -- order and size -------------------------------------------------------------------------------
ORDER = "Order"
ORDER_NAME = "Order of the hits"
ORDERS = {
    "relevance": "best first",
    "newest": "newest first",
    "oldest": "oldest first",
    "name": "by name",
}
PHOTO_SIZE = "Size of the photos"
PHOTO_SIZE_HINT = "Size of the photos (Ctrl and the wheel, Ctrl++, Ctrl+−)"

# -- similar photos -------------------------------------------------------------------------------
SIMILAR_PHOTOS = "similar photo"
SHOW_SIMILAR = "Show {photos}"
HIDE_SIMILAR = "Hide {photos}"
SHOW_SIMILAR_KEY = "And {photos} (S)"
SIMILAR = "Similar"
SIMILAR_HINT = "Photos of the same moment that look alike, beside this one (S)"
SIMILAR_REASON = "From the same moment as {name}, and looks alike. It was not checked by itself."

# -- second look ----------------------------------------------------------------------------------
VERIFY_SWITCH = "How hits are checked"
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
RERANK_MORE = "Look at {count} more"
SEE_MODELS = "See the models"
ONLY_WORDS_VERIFIED = "Only searches by words get a closer look."
NOT_CHECKED_YET = "Not checked yet"
WAITING = "Waiting"
LOOKED_AT_BY = "Looked at by {title}"
OUTLINED_FOR_HIT = "Its outline was made for this search."
BOX_WITHOUT_OUTLINE = "It was seen in the marked place; no outline fits there."


def sureness(verdict: Verdict, probability: float | None) -> str:
    """The verdict, with its probability in percent if there is one."""
    word = VERDICT_WORDS[verdict]
    if probability is None:
        return word
    return f"{word} · {percent(probability)} likely"


def found(verdict: Verdict, probability: float, *, excluded: bool = False) -> str:
    """What was found of one part of a query; empty if nothing has checked it.

    Args:
        probability: that the photo has it, also if it is excluded.
        excluded: the part must not be there.
    """
    likely = percent(probability)
    words = {
        Verdict.MATCH: "not seen" if excluded else likely,
        Verdict.UNSURE: f"perhaps there, {likely}" if excluded else f"perhaps, {likely}",
        Verdict.NO: f"seen, {likely}" if excluded else "not found",
    }
    return words.get(verdict, "")


def similar_photos(value: int) -> str:
    """A number of further photos of the same moment."""
    return count(value, SIMILAR_PHOTOS)


def verified_hint(info: RerankerInfo) -> str:
    """Tool tip of Verified: with the reranker's title and device if one is available."""
    return f"{VERIFIED_HINT}\n{info.title} · {info.where}" if info.available else VERIFIED_HINT


def second_look(result: SearchResult) -> str:
    """Progress and outcome of reranking, with the note of the result; empty without reranking."""
    if not result.request.verify:
        return ""
    if result.request.like_region is not None:
        return " ".join(filter(None, (ONLY_WORDS_VERIFIED, result.note)))
    parts = [result.note] if result.note else []
    hits, done, total = len(result.hits), result.looked_at, result.to_look_at
    of_hits = count(hits, "hit")
    if not total:
        pass  # reranking has not begun, or is not possible
    elif not result.complete:
        # The note while the model is being loaded already names it.
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

"""Texts about a search, its hits, their verdicts and reranking (the second look)."""

from __future__ import annotations

from desktop_app.text.formatting import count, number
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
    return f"{word} · {min(probability, 0.99):.0%} likely"  # 100 % would claim certainty


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

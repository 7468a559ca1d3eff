"""Makes a sequence of tags one that the grammar accepts, and decides what position decides.

Afterwards every connecting word has what it connects to, so that the grammar cannot fail: those
that have nothing become plain text, or nothing where they are mere function words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.query.language_words import HEAD_FIRST, LanguageWords
from engine.query.tags import HEADS, OPENERS, WORDS, Tag, Tagged
from engine.query.tokens import folded

_ENDS_GROUP = WORDS | {Tag.POST, Tag.PLACE}
_SEPARATES = frozenset({Tag.COMMA, Tag.BREAK, Tag.AND, Tag.FILTER})


def prepared(tags: Sequence[Tagged], words: LanguageWords) -> list[Tagged]:
    """The tags, ready for ``grammar.parsed``."""
    found = _without_stops(_after_minus(tags))
    found = _with_postures(found, words)
    found = _with_copulas(found)
    found = _with_joined_attributes(found)
    if words.code == "en":
        found = _with_participles(found)
        found = _with_named_adjectives(found)
    else:
        found = _with_attributes_behind(found, words.code in HEAD_FIRST)
    found = _with_places(found)
    return _with_operands(found)


def _tag_at(tags: Sequence[Tagged], at: int) -> Tag | None:
    return tags[at].tag if 0 <= at < len(tags) else None


def starts_phrase(tags: Sequence[Tagged], at: int) -> bool:
    """Whether words of a noun phrase stand at ``at``, articles and counts before them or not."""
    while _tag_at(tags, at) in OPENERS:
        at += 1
    return _tag_at(tags, at) in WORDS


def _after_minus(tags: Sequence[Tagged]) -> list[Tagged]:
    """A minus takes attributes and one noun, or what is quoted: "cat -dog beach"."""
    found: list[Tagged] = []
    minus = False
    for one in tags:
        quoted = minus and one.tag is Tag.QUOTED and found[-1].tag is Tag.NOT and one.english
        if one.tag in HEADS and minus and found[-1].tag in HEADS:
            found.append(replace(one, tag=Tag.BREAK, end=one.start, text="", english=""))
        if one.tag is Tag.NOT:
            minus = not one.text[0].isalpha()
        elif one.tag not in WORDS:
            minus = False
        found.append(replace(one, tag=Tag.NOUN) if quoted else one)
    return found


def _without_stops(tags: list[Tagged]) -> list[Tagged]:
    """Words without meaning of their own separate, except inside a phrase ("a very big dog")."""
    found: list[Tagged] = []
    for at, one in enumerate(tags):
        if one.tag is Tag.STOP:
            inside = bool(found) and found[-1].tag in OPENERS | {Tag.ADJ, Tag.COPULA}
            if not inside and _tag_at(tags, at + 1) not in (Tag.COPULA, Tag.REL, Tag.VERB):
                found.append(replace(one, tag=Tag.BREAK))
        else:
            found.append(one)
    return found


def _with_postures(tags: list[Tagged], words: LanguageWords) -> list[Tagged]:
    """ "sitting" and "on" become one relation."""
    postures = {folded(word) for word in words.texts("posture", "words")}
    found: list[Tagged] = []
    for one in tags:
        last = found[-1] if found else None
        if one.tag is Tag.REL and last is not None and folded(last.text) in postures:
            text = f"{last.text} {one.text}"
            english = one.english if last.tag is Tag.PLAIN else f"{last.english} {one.english}"
            found[-1] = replace(one, start=last.start, text=text, english=english, verbal=True)
            continue
        found.append(one)
    return found


def _with_joined_attributes(tags: list[Tagged]) -> list[Tagged]:
    """ "an orange and white kite", "a big, red ball": attributes of one thing."""
    found: list[Tagged] = []
    for at, one in enumerate(tags):
        between = bool(found) and found[-1].tag is Tag.ADJ and _tag_at(tags, at + 1) is Tag.ADJ
        if one.tag in (Tag.AND, Tag.COMMA) and between:
            end = at + 1
            while _tag_at(tags, end) is Tag.ADJ:
                end += 1
            if _tag_at(tags, end) in HEADS:
                if one.tag is Tag.AND:
                    found.append(replace(one, tag=Tag.ADJ))
                continue
        found.append(one)
    return found


def _with_copulas(tags: list[Tagged]) -> list[Tagged]:
    """ "the dog is brown" has an attribute behind its noun; other "is" falls away."""
    found: list[Tagged] = []
    at = 0
    while at < len(tags):
        one = tags[at]
        if one.tag is not Tag.COPULA:
            found.append(one)
            at += 1
            continue
        end = at + 1
        while _tag_at(tags, end) is Tag.ADJ:
            end += 1
        after_noun = bool(found) and found[-1].tag in HEADS | {Tag.POST}
        if end > at + 1 and after_noun and _tag_at(tags, end) not in HEADS:
            found += [replace(tags[i], tag=Tag.POST) for i in range(at + 1, end)]
            at = end
            continue
        if _tag_at(tags, at + 1) not in (Tag.VERB, Tag.REL, Tag.BETWEEN, Tag.PLACE, Tag.NOT):
            found.append(replace(one, tag=Tag.BREAK))
        at += 1
    return found


def _with_participles(tags: list[Tagged]) -> list[Tagged]:
    """Which participles are attributes: "a flying kite", "a kite flying", not "eating pizza"."""
    found: list[Tagged] = []
    for at, one in enumerate(tags):
        if one.tag is Tag.VERB and one.participle:
            before = found[-1].tag if found else None
            if before in HEADS or before is Tag.POST:
                to_follows = _tag_at(tags, at + 1) is Tag.REL and tags[at + 1].english == "to"
                object_follows = starts_phrase(tags, at + 1) or to_follows
                object_follows = object_follows or _tag_at(tags, at + 1) is Tag.VERB
                if not object_follows and not _is_linked(found):
                    one = replace(one, tag=Tag.POST)
            elif _tag_at(tags, at + 1) in WORDS or (
                before in OPENERS | {Tag.ADJ} and _tag_at(tags, at + 1) is Tag.VERB
            ):
                object_follows = one.value == "transitive" and before not in OPENERS
                one = one if object_follows else replace(one, tag=Tag.ADJ)
        found.append(one)
    return found


def _is_linked(tags: Sequence[Tagged]) -> bool:
    """Whether a relation leads to the last phrase: in "man on a bench smiling" the man does."""
    at = len(tags) - 1
    while _tag_at(tags, at) in WORDS | OPENERS | {Tag.POST}:
        at -= 1
    return _tag_at(tags, at) in (Tag.REL, Tag.WITH, Tag.BETWEEN, Tag.NOT)


def _with_named_adjectives(tags: list[Tagged]) -> list[Tagged]:
    """ "an orange" is a thing; in "an orange cat" it is a colour."""
    found = list(tags)
    for at, one in enumerate(found):
        if one.tag is Tag.ADJ and one.value == "noun":
            behind = _tag_at(found, at + 1)
            if behind not in WORDS and behind not in (Tag.OR, Tag.VERB):
                found[at] = replace(one, tag=Tag.NOUN)
    return found


def _with_attributes_behind(tags: list[Tagged], head_first: bool) -> list[Tagged]:
    """Outside English two nouns side by side are two things; attributes may follow their noun."""
    found: list[Tagged] = []
    for one in tags:
        before = found[-1].tag if found else None
        if one.tag is Tag.ADJ and head_first and before in HEADS | {Tag.POST}:
            found.append(replace(one, tag=Tag.POST))
        elif one.tag is Tag.PLACE_ADJ and before in HEADS | {Tag.POST}:
            found.append(replace(one, tag=Tag.PLACE))
        elif one.tag in HEADS and before in HEADS:
            found += [replace(one, tag=Tag.BREAK, end=one.start, text="", english=""), one]
        else:
            found.append(one)
    return found


def _with_places(tags: list[Tagged]) -> list[Tagged]:
    """A place belongs to the thing before it; at the start of a part, to the thing behind it."""
    found: list[Tagged] = []
    skip = False
    for at, one in enumerate(tags):
        if skip:
            skip = False
            continue
        if one.tag is Tag.PLACE:
            before = found[-1].tag if found else None
            comma = _tag_at(tags, at + 1) in (Tag.COMMA, Tag.BREAK) and not found
            ahead = starts_phrase(tags, at + 1 + comma)
            if before not in _ENDS_GROUP and ahead:
                one = replace(one, tag=Tag.PREPLACE)
                skip = comma
            elif before not in _ENDS_GROUP:
                one = replace(one, tag=Tag.PLAIN)
        found.append(one)
    return found


def _with_operands(tags: list[Tagged]) -> list[Tagged]:
    """From the end to the start, so that what follows a word is settled when it is looked at."""
    found = list(tags)
    for at in range(len(found) - 1, -1, -1):
        one = found[at]
        if one.tag in OPENERS and not starts_phrase(found, at):
            plain = one.tag is not Tag.DET
            found[at] = replace(one, tag=Tag.PLAIN if plain else Tag.STOP)
        elif one.tag in _CONNECTING and not _has_operands(found, at):
            found[at] = _alone(one)
    for at, one in enumerate(found):
        if one.tag is Tag.BETWEEN:
            _pair(found, at)
        elif (
            (one.tag is Tag.IN_HAND and not _in_company(found, at))
            or (one.tag is Tag.PLACE and _tag_at(found, at - 1) not in _ENDS_GROUP)
            or (one.tag is Tag.POST and _tag_at(found, at - 1) not in HEADS | {Tag.POST})
        ):
            found[at] = replace(one, tag=Tag.PLAIN)
    return found


_CONNECTING = frozenset({Tag.OR, Tag.NOT, Tag.WITH, Tag.REL, Tag.BETWEEN, Tag.OF})


def _has_operands(tags: Sequence[Tagged], at: int) -> bool:
    tag, before = tags[at].tag, _tag_at(tags, at - 1)
    ahead = starts_phrase(tags, at + 1)
    if tag is Tag.OR:
        return ahead and before in WORDS | {Tag.POST}
    if tag is Tag.OF:
        if before not in HEADS | {Tag.POST}:
            return False
        end = at + 1
        while _tag_at(tags, end) in OPENERS | {Tag.ADJ, Tag.PLACE_ADJ}:
            end += 1
        return _tag_at(tags, end) in HEADS
    if tag is Tag.NOT:
        behind = _tag_at(tags, at + 1)
        return ahead or behind in (Tag.FILTER, Tag.REL)
    return ahead


def _alone(one: Tagged) -> Tagged:
    """A connecting word without what it connects: plain if it says something by itself."""
    says = one.tag is Tag.BETWEEN or (
        one.tag is Tag.REL and (one.verbal or (one.value is not None and not one.of_scene))
    )
    says = says or (one.tag is Tag.NOT and one.text[0].isalpha())
    return replace(one, tag=Tag.PLAIN if says else Tag.STOP)


_IN_GROUP = WORDS | OPENERS | {Tag.POST, Tag.OF, Tag.OR, Tag.PLACE}


def _pair(tags: list[Tagged], at: int) -> None:
    """Marks the "and" of "between A and B"."""
    end = at + 1
    while _tag_at(tags, end) in _IN_GROUP:
        end += 1
    if _tag_at(tags, end) is Tag.AND and starts_phrase(tags, end + 1):
        tags[end] = replace(tags[end], tag=Tag.PAIRED)


def _in_company(tags: Sequence[Tagged], at: int) -> bool:
    """Whether "with" and a group, and nothing else, stand before "in hand"."""
    start = at - 1
    while _tag_at(tags, start) in _IN_GROUP:
        start -= 1
    return _tag_at(tags, start) is Tag.WITH and start < at - 1

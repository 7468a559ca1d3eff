"""Gives every run of tokens a tag: filters, counts, function words, content words, or plain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

from engine.query.counts import count_at
from engine.query.dates import DateFilters
from engine.query.english_words import english_words
from engine.query.file_filters import FileFilters, filter_words
from engine.query.language_words import LanguageWords, PhraseTable
from engine.query.tags import HEADS, Tag, Tagged
from engine.query.tokens import Token, TokenKind
from engine.query.vocabulary import Vocabulary, Word, WordKind
from engine.records import Count, Filter, Place, Relation, Span

MOST_WORDS = 4
"""Most tokens of one entry of a vocabulary."""

_FILTER_WORDS = 8
"""Most tokens of a filter before the first word or number that tells one."""

_FUNCTIONS = {
    "definite": (Tag.DET, "the"),
    "indefinite": (Tag.DET, "a"),
    "and": (Tag.AND, "and"),
    "or": (Tag.OR, "or"),
    "without": (Tag.NOT, "without"),
    "no": (Tag.NOT, "no"),
    "with": (Tag.WITH, "with"),
    "of": (Tag.OF, "of"),
    "copula": (Tag.COPULA, ""),
    "in_hand": (Tag.IN_HAND, "in hand"),
    "openings": (Tag.STOP, ""),
    "ignored": (Tag.STOP, ""),
    "adverbs": (Tag.PLAIN, ""),
}
_KINDS = {
    WordKind.NOUN: Tag.NOUN,
    WordKind.SCENE: Tag.SCENE,
    WordKind.ADJECTIVE: Tag.ADJ,
    WordKind.VERB: Tag.VERB,
}
_ENGLISH_OF = {Relation.INSIDE: "in"}


class _Function(NamedTuple):
    """A function phrase: its tag and what ``Tagged`` holds besides."""

    tag: Tag
    english: str = ""
    value: object = None
    sizes: tuple[Place, ...] = ()
    verbal: bool = False
    strong: bool = False


@cache
def _functions(words: LanguageWords) -> PhraseTable:
    """All function phrases of a language; the first entry for a phrase holds."""
    found = PhraseTable()
    for section in ("relations", "verb_relations"):
        for key in words.keys(section):
            relation = Relation[key.upper()]
            verbal = section == "verb_relations"
            tag = Tag.BETWEEN if relation is Relation.BETWEEN else Tag.REL
            english = _ENGLISH_OF.get(relation, relation.value)
            for phrase in words.texts(section, key):
                found.add(phrase, _Function(tag, english, relation, (), verbal))
    for key in words.keys("places"):
        places = tuple(Place[part.upper()] for part in key.split("_"))
        for phrase in words.texts("places", key):
            found.add(phrase, _Function(Tag.PLACE, " ".join(places), places))
    for key in words.keys("place_adjectives"):
        for phrase in words.texts("place_adjectives", key):
            found.add(phrase, _Function(Tag.PLACE_ADJ, key, (Place[key.upper()],)))
    for key in words.keys("sizes"):
        for phrase in words.texts("sizes", key):
            english = phrase if words.code == "en" else key
            found.add(phrase, _Function(Tag.ADJ, english, None, (Place[key.upper()],)))
    for key in words.keys("prepositions"):
        for phrase in words.texts("prepositions", key):
            found.add(phrase, _Function(Tag.REL, key, None))
    for key, (tag, english) in _FUNCTIONS.items():
        for phrase in words.texts("function", key):
            found.add(phrase, _Function(tag, english, strong=key == "without"))
    return found


class Tagger:
    """Tags the tokens of one text."""

    def __init__(self, words: LanguageWords, vocabulary: Vocabulary, today: date) -> None:
        self._words = words
        self._vocabulary = vocabulary
        self._dates = DateFilters(words, today)
        self._files = FileFilters(words)
        self._english = words.code == "en"

    def tagged(self, text: str, tokens: Sequence[Token]) -> list[Tagged]:
        """The tags of a text's tokens, in order; each token is in one of them, signs in none."""
        found: list[Tagged] = []
        at = 0
        told_by = filter_words(self._words)
        telling = [
            index
            for index, token in enumerate(tokens)
            if token.folded in told_by or any(c.isdigit() for c in token.folded)
        ]
        while at < len(tokens):
            while telling and telling[0] < at:
                telling.pop(0)
            near = bool(telling) and telling[0] - at < _FILTER_WORDS
            length, one = self._at(text, tokens, at, found, near)
            if one is not None:
                found.append(one)
            at += length
        return found

    def _at(
        self,
        text: str,
        tokens: Sequence[Token],
        at: int,
        before: list[Tagged],
        may_be_filter: bool,
    ) -> tuple[int, Tagged | None]:
        token = tokens[at]
        by_sign = _of_sign(token)
        if by_sign is not None:
            tag, english = by_sign
            strong = token.kind is TokenKind.MINUS
            return 1, Tagged(tag, token.start, token.end, token.text, english, strong=strong)
        if token.kind is TokenKind.SIGN:
            return 1, None
        filtered = self._filter(text, tokens, at) if may_be_filter else None
        if filtered is not None:
            return filtered
        named = self._place_after_article(tokens, at, before)
        if named is not None:
            return 1, named
        counted = count_at(tokens, at, self._words)
        length, function = _functions(self._words).match(tokens, at)
        if function is not None and function.tag is Tag.PLACE:
            length += self._words.table("function", "of_the_photo").match(tokens, at + length)[0]
        elif function is not None and function.tag is Tag.REL:
            length, function = self._place_of_photo(tokens, at, length, function)
        content = self._content(text, tokens, at, before)
        if counted and counted[0] >= max(length, content[0]):
            return counted[0], _counted(text, tokens, at, counted)
        if function is not None and length >= content[0]:
            return length, self._function(text, tokens, at, length, function)
        return content

    def _filter(self, text: str, tokens: Sequence[Token], at: int) -> tuple[int, Tagged] | None:
        """A filter, with "photos" before it and behind it ("photos from 2019")."""
        photos = self._words.table("filters", "photos").match(tokens, at)[0]
        for opened in (0, photos) if photos else (0,):
            start = at + opened
            if start >= len(tokens):
                continue
            found = self._files.at(tokens, start) or self._dates.at(tokens, start)
            if found is not None:
                length, kind, value = found
                end = tokens[start + length - 1].end
                span = Span(tokens[at].start, end)
                part = text[span.start : span.end]
                value_of = Filter(kind, value, span)
                return opened + length, Tagged(Tag.FILTER, span.start, end, part, "", value_of)
        return None

    def _place_after_article(
        self, tokens: Sequence[Token], at: int, before: list[Tagged]
    ) -> Tagged | None:
        """ "left" of "the left dog", but not of "the left hand"."""
        length, key = self._words.section("place_adjectives_after_article").match(tokens, at)
        after_article = before and before[-1].tag is Tag.DET and before[-1].english == "the"
        if not (length == 1 and after_article) or at + 1 >= len(tokens):
            return None
        if _functions(self._words).match(tokens, at + 1)[0]:
            return None
        token = tokens[at]
        if self._words.table("function", "sided").match(tokens, at + 1)[0]:
            return Tagged(Tag.ADJ, token.start, token.end, token.text, str(key))
        value = (Place[str(key).upper()],)
        return Tagged(Tag.PLACE_ADJ, token.start, token.end, token.text, str(key), value)

    def _place_of_photo(
        self, tokens: Sequence[Token], at: int, length: int, function: _Function
    ) -> tuple[int, _Function]:
        """ "on the left of the photo" is a place, though "on the left of" is a relation."""
        of_place, key = self._words.section("places").match(tokens, at)
        if of_place:
            photo = self._words.table("function", "of_the_photo").match(tokens, at + of_place)[0]
            if photo and of_place + photo > length:
                places = tuple(Place[part.upper()] for part in key.split("_"))
                return of_place + photo, _Function(Tag.PLACE, " ".join(places), places)
        return length, function

    def _function(
        self, text: str, tokens: Sequence[Token], at: int, length: int, function: _Function
    ) -> Tagged:
        run = tokens[at : at + length]
        start, end = run[0].start, run[-1].end
        of_scene = function.tag is Tag.REL and (
            function.value is None
            or self._words.table("function", "scene_prepositions").match(run, 0)[0] == length
        )
        return Tagged(
            *(function.tag, start, end, text[start:end], function.english, function.value),
            sizes=function.sizes,
            verbal=function.verbal,
            of_scene=of_scene,
            strong=function.strong,
        )

    def _is_chance(self, tokens: Sequence[Token], at: int, run: Sequence[str]) -> bool:
        """Whether words only happen to be an entry: "a man", "on the road", "large white"."""
        if self._english and run[-1] in english_words().adjectives:
            return True
        functions = _functions(self._words)
        for i in (at, at + len(run) - 1):
            length, function = functions.match(tokens[i : i + 1], 0)
            if length and not function.sizes:
                return True
        return False

    def _look_up(self, run: Sequence[str]) -> Word | None:
        return self._vocabulary.look_up(run, self._words.code)

    def _content(
        self, text: str, tokens: Sequence[Token], at: int, before: list[Tagged]
    ) -> tuple[int, Tagged]:
        """The longest entry of the vocabulary; English verbs and adjectives of our own first."""
        run: list[str] = []
        for token in tokens[at : at + MOST_WORDS]:
            if token.kind is not TokenKind.WORD:
                break
            run.append(token.text.lower().replace("’", "'"))
        for length in range(len(run), 0, -1):
            start, end = tokens[at].start, tokens[at + length - 1].end
            part = text[start:end]
            if length == 1 and self._english:
                own = _own_english(run[0], part, start, end, before)
                if own is not None:
                    return 1, own
            if length > 1 and self._is_chance(tokens, at, run[:length]):
                quality = None if self._english else self._look_up(run[:length])
                if quality is None or quality.kind is not WordKind.ADJECTIVE:
                    continue  # but "en bois" and "de madera" are qualities
            word = self._look_up(run[:length])
            if word is None and not self._english:
                word = self._vocabulary.look_up(run[:length], "en")
            if word is not None:
                tag = _KINDS[word.kind]
                english = word.english
                if self._english and tag is Tag.ADJ:
                    english = " ".join(run[:length])
                elif self._english and "-" not in part:
                    english = english.replace("-", " ")
                return length, Tagged(tag, start, end, part, english)
        token = tokens[at]
        tag = Tag.QUOTED if token.kind is TokenKind.QUOTED else Tag.PLAIN
        if tag is Tag.PLAIN and run and run[0].endswith("'s") and self._english:
            tag = Tag.ADJ
        return 1, Tagged(tag, token.start, token.end, token.text, token.text)


def _own_english(word: str, part: str, start: int, end: int, before: list[Tagged]) -> Tagged | None:
    """An adjective or a verb's form; finite forms only behind a noun ("dog catches")."""
    english = english_words()
    if word in english.adjectives:
        value = "noun" if word in english.also_nouns else None
        return Tagged(Tag.ADJ, start, end, part, word, value)
    form = english.verb_form(word)
    if form is None:
        return None
    if not form.participle:
        noun = before[-1] if before else None
        plural = noun is not None and noun.text.lower() != noun.english
        if noun is None or noun.tag not in HEADS or (word == form.lemma and not plural):
            return None
    value = "transitive" if form.transitive else None
    return Tagged(Tag.VERB, start, end, part, word, value, participle=form.participle)


def _counted(
    text: str, tokens: Sequence[Token], at: int, counted: tuple[int, Count | None]
) -> Tagged:
    length, count = counted
    start, end = tokens[at].start, tokens[at + length - 1].end
    english = "" if count is None else _in_words(count)
    return Tagged(Tag.COUNT, start, end, text[start:end], english, count)


def _in_words(count: Count) -> str:
    """A count in English, for translations: "two", "one", "at most two"."""
    names = "zero one two three four five six seven eight nine ten eleven twelve".split()
    at_most = count.most is not None and count.most != count.least
    number = count.most if at_most and count.most is not None else count.least
    word = names[number] if number < len(names) else str(number)
    return f"at most {word}" if at_most else word


def _of_sign(token: Token) -> tuple[Tag, str] | None:
    if token.kind is TokenKind.QUOTED:
        return Tag.QUOTED, token.text[1:-1].strip()
    if token.kind is TokenKind.MINUS:
        return Tag.NOT, "without"
    if token.kind is TokenKind.COMMA:
        return Tag.COMMA, ","
    if token.kind is TokenKind.SIGN:
        if token.text in "+&":
            return Tag.AND, "and"
        return Tag.BREAK, token.text
    return None

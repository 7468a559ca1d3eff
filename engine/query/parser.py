"""The parser of queries: a text becomes a plan of things, relations, scenes and filters.

Function words come from tables (``languages/*.toml``), content words from a vocabulary; words are
tagged (``tagging``), what position decides is decided (``preparation``), a grammar says how they go
together (``plan.lark``), and the parts are put together (``assembly``). No model takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from engine.query.assembly import Assembly
from engine.query.grammar import parsed
from engine.query.language import language_of
from engine.query.language_words import words_of
from engine.query.phrases import items_of
from engine.query.preparation import prepared
from engine.query.sentence import tidy, translated_sentence, typed_sentence
from engine.query.tagging import Tagger
from engine.query.tokens import Token, tokens_of
from engine.query.vocabulary import Vocabulary
from engine.records import PlainText, QueryPlan, Span

MOST_TOKENS = 200
"""What stands behind so many words and signs is plain text."""


class QueryParser:
    """Parses queries in English, German, French, Spanish, Italian, Portuguese and Dutch.

    May be used from any thread. The tables and the grammar are read at the first text (about half
    a second); later texts take one to three milliseconds.
    """

    def __init__(self, vocabulary: Vocabulary, today: Callable[[], date] = date.today) -> None:
        self._vocabulary = vocabulary
        self._today = today

    def parse(self, text: str) -> QueryPlan:
        """The plan of any text; what is not understood is plain text in it.

        Every character that is no white space, punctuation or function word lies in the span of a
        part. Dates without a year are the latest that have begun; "today" is the parser's own.
        """
        every = tokens_of(text)
        tokens, rest = every[:MOST_TOKENS], every[MOST_TOKENS:]
        language = language_of(tokens, self._vocabulary)
        words = words_of(language)
        tags = Tagger(words, self._vocabulary, self._today()).tagged(text, tokens)
        ready = prepared(tags, words)
        items = items_of(parsed(ready), ready)
        parts = Assembly(text).parts(items, ready)
        left_out = [one.span for one in parts.filters]
        left_out += [one.span for one in parts.things if one.excluded]
        left_out += [one.span for one in parts.scenes if one.excluded]
        sentence = (
            typed_sentence(text, left_out, tags)
            if language == "en"
            else tidy(f"{translated_sentence(items)} {_text_of(text, rest)}")
        )
        if not sentence and not left_out:
            sentence = " ".join(text.split())
        return QueryPlan(
            *(text, sentence, parts.things, parts.relations, parts.scenes, parts.filters),
            plain=(*parts.plain, *_plain_rest(text, rest)),
            language=language,
        )


def _text_of(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


def _plain_rest(text: str, rest: Sequence[Token]) -> tuple[PlainText, ...]:
    if not rest:
        return ()
    return (PlainText(_text_of(text, rest), Span(rest[0].start, rest[-1].end)),)

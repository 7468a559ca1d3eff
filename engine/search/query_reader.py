"""Reads the text of a query: the plan, spelling corrected where nothing else is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

from engine.paths import resources_dir
from engine.query.parser import QueryParser
from engine.records import PlainReason, QueryPlan
from engine.words.language import knows_any
from engine.words.lexicon import Lexicon
from engine.words.spelling import Spelling

_WORD = re.compile(r"[^\W\d_][\w'’-]*")


@dataclass(frozen=True)
class ReadQuery:
    """A text that was read.

    Attributes:
        plan: of the text, or of the corrected text.
        note: what was corrected, or that no word is known; one sentence for people, or empty.
        any_known: False if no word of the text is known in any language.
    """

    plan: QueryPlan
    note: str = ""
    any_known: bool = True


class QueryReader:
    """Reads queries with the shipped words. Thread-safe; the tables are read at the first query.

    Args:
        today: the current day, for dates such as "last summer".
    """

    def __init__(self, today: Callable[[], date] = date.today) -> None:
        self._today = today

    def read(self, text: str) -> ReadQuery:
        """The plan of a text. If no part of it is understood, misspelt words are corrected.

        Raises:
            ModelMissing, ModelBroken: a table of words is missing or damaged.
        """
        plan = self._parser.parse(text)
        if plan.things or plan.scenes or plan.filters or not plan.plain:
            return ReadQuery(plan)
        words = [
            word
            for part in plan.plain
            if part.reason is PlainReason.NOT_UNDERSTOOD
            for word in _WORD.findall(part.text)
        ]
        unknown = [word for word in words if not self._lexicon.languages_of(word.lower())]
        corrected = text
        for word in unknown:
            found = self._spelling.corrections(word.lower(), plan.language, 1)
            if found:
                corrected = re.sub(rf"\b{re.escape(word)}\b", found[0], corrected, count=1)
        if corrected != text:
            note = f"“{text}” is not known; these are the photos for “{corrected}”."
            return ReadQuery(self._parser.parse(corrected), note)
        quoted = any(part.reason is PlainReason.QUOTED for part in plan.plain)
        if not words or quoted or knows_any(words, self._lexicon):
            return ReadQuery(plan)
        return ReadQuery(
            plan,
            f"No word of “{text}” is known. Pickout knows words for things in English, German, "
            "French, Spanish, Italian, Portuguese and Dutch.",
            any_known=False,
        )

    @property
    def _lexicon(self) -> Lexicon:
        return _shipped_lexicon()

    @cached_property
    def _parser(self) -> QueryParser:
        return QueryParser(self._lexicon, self._today)

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self._lexicon)


@cache
def _shipped_lexicon() -> Lexicon:
    """The tables are read once a process, however many libraries it opens."""
    return Lexicon.load(resources_dir() / "words")

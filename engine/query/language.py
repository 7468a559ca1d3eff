"""Which language a query is written in."""

from __future__ import annotations

from collections.abc import Sequence

from engine.query.language_words import LANGUAGES, words_of
from engine.query.tokens import Token, TokenKind
from engine.query.vocabulary import Vocabulary

_FUNCTION_WEIGHT, _CONTENT_WEIGHT = 3, 2


def language_of(tokens: Sequence[Token], vocabulary: Vocabulary) -> str:
    """The language in which most words are function words or known content words.

    Function words weigh more: vocabularies are long, and hold rare words that are everyday ones in
    another language.
    Ties go to English, then to the order of ``LANGUAGES``; so do texts without a known word.
    """
    points = dict.fromkeys(LANGUAGES, 0)
    for token in tokens:
        if token.kind is not TokenKind.WORD:
            continue
        content = vocabulary.languages_of(token.text.lower())
        for code in LANGUAGES:
            if token.folded in words_of(code).telling:
                points[code] += _FUNCTION_WEIGHT
            elif code in content:
                points[code] += _CONTENT_WEIGHT
    return max(LANGUAGES, key=lambda code: points[code])

"""Which language words are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.query.vocabulary import Vocabulary
from engine.words.lexicon import LANGUAGES
from engine.words.spelling_keys import is_emoji

_LONGEST_NAME = 4


def guess(words: Sequence[str], lexicon: Vocabulary, preferred: str = "en") -> str | None:
    """The language in which most of the words are content words; None if no word is known in any.

    Args:
        words: of a text in their order, in any case; function words may be among them.
        preferred: ISO 639-1 code of the language that wins a tie.
    """
    points: Counter[str] = Counter()
    for word in words:
        points.update(lexicon.languages_of(word))
    for language in LANGUAGES:
        points[language] += _words_in_phrases(words, lexicon, language)
    if not points.total():
        emoji = any(is_emoji(w) and lexicon.look_up([w], preferred) is not None for w in words)
        return preferred if emoji else None
    order = [preferred, *LANGUAGES]
    return min(points, key=lambda language: (-points[language], order.index(language)))


def _words_in_phrases(words: Sequence[str], lexicon: Vocabulary, language: str) -> int:
    """How many of the words belong to names of several words ("osito de peluche")."""
    count = at = 0
    while at < len(words):
        lengths = range(min(_LONGEST_NAME, len(words) - at), 1, -1)
        names = (n for n in lengths if lexicon.look_up(words[at : at + n], language) is not None)
        length = next(names, 0)
        count += length
        at += length or 1
    return count


def knows_any(words: Sequence[str], lexicon: Vocabulary) -> bool:
    """Whether any of the words is a content word of any language, or a known emoji."""
    return guess(words, lexicon) is not None

"""Forms of the words in the shipped table: plurals, genders, cases, by the rules of each language.

A form that the rules make wrongly does no harm: nobody types it, and it never replaces a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Forms = Iterator[str]
_LINKS = {"de", "da", "di", "du", "des", "d", "à", "a", "en", "con", "of", "del", "do", "van", "la"}


def noun_forms(noun: str, language: str) -> set[str]:
    """Plurals (and cases) of a noun of one or more words, in lower case; ``noun`` is not in it."""
    words = noun.split(" ")
    if language in ("en", "de", "nl"):
        *before, last = words
        return {" ".join([*before, form]) for form in _PLURALS[language](last)} - {noun}
    # In Romance languages the first word is the head; adjectives after it agree.
    head, rest = words[0], words[1:]
    found = set()
    for plural in _PLURALS[language](head):
        found.add(" ".join([plural, *rest]))
        if rest and not _LINKS & set(rest):
            agreeing = [next(iter(_PLURALS[language](word)), word) for word in rest]
            found.add(" ".join([plural, *agreeing]))
    return found - {noun}


def adjective_forms(adjective: str, language: str) -> set[str]:
    """Genders, plurals and cases of an adjective, in lower case."""
    first, _, rest = adjective.partition(" ")
    if rest:
        if language in ("de", "nl") or first in _LINKS | {"in", "alla", "al", "às", "aus"}:
            return set()
        return {f"{form} {rest}" for form in _GENDERS[language](first)} - {adjective}
    return set(_GENDERS[language](adjective)) - {adjective}


def verb_forms(verb: str, language: str) -> set[str]:
    """Regular forms of an English verb, or the German and Dutch present participle."""
    if language == "en":
        return set(_english_verb(verb))
    if language == "de" and verb.endswith("n"):
        return {f"{verb}d{ending}" for ending in ("", "e", "er", "en", "es", "em")}
    if language == "nl" and verb.endswith("n"):
        return {f"{verb}d", f"{verb}de"}
    return set()


def diminutives(noun: str, language: str) -> set[str]:
    """Small ones of a noun of one word, where the language makes them freely: "perrito"."""
    if " " in noun or "-" in noun:
        return set()
    if language == "nl":
        small = {noun + "je", noun + "tje", _dutch_stem(noun) + "etje"}
        small |= {noun + "pje"} if noun.endswith("m") else set()
        return small | {one + "s" for one in small}
    if language in ("es", "pt") and noun[-1] in "ao":
        stem, suffix = noun[:-1], {"es": "it", "pt": "inh"}[language]
        stem = re.sub("c$", "qu", re.sub("g$", "gu", re.sub("z$", "c", stem)))
        return {stem + suffix + ending for ending in (noun[-1], noun[-1] + "s")}
    return set()


def _english(word: str) -> Forms:
    if re.search(r"[^aeiou]y$", word):
        yield word[:-1] + "ies"
    elif re.search(r"(s|x|z|ch|sh)$", word):
        yield word + "es"
    elif word.endswith("man"):
        yield word[:-3] + "men"
    else:
        yield word + "s"


def _english_verb(verb: str) -> Forms:
    yield from _english(verb)
    if verb.endswith("e") and not verb.endswith("ee"):
        yield from (verb[:-1] + "ing", verb + "d")
    elif re.search(r"[^aeiou]y$", verb):
        yield from (verb + "ing", verb[:-1] + "ied")
    elif re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", verb):
        yield from (verb + verb[-1] + "ing", verb + verb[-1] + "ed")
    else:
        yield from (verb + "ing", verb + "ed")


def _german(word: str) -> Forms:
    if word.endswith("e"):
        yield from (word + "n", word + "s")
    elif re.search(r"(chen|lein)$", word):
        yield from (word + "s",)
    elif re.search(r"(er|el|en)$", word):
        yield from (word + "n", word + "s")
    elif re.search(r"in$", word):
        yield from (word + "nen", word + "s", word + "en")
    else:
        yield from (word + ending for ending in ("s", "es", "e", "en", "er", "ern"))


def german_cases(plural: str) -> Forms:
    """The dative of a plural form."""
    if re.search(r"(e|er|el)$", plural):
        yield plural + "n"


def _dutch(word: str) -> Forms:
    yield word + "s"
    if re.search(r"[aiouy]$", word):
        yield word + " s"  # The key of foto's.
    stem = _dutch_stem(word)
    yield from (stem + "en", word + "en", word + "n", word + "ën")


def _dutch_stem(word: str) -> str:
    """The spelling before an ending with a vowel: kat-, kattt; boom-, bom; huis-, huiz."""
    if re.search(r"[^aeiou](aa|ee|oo|uu)[^aeiou]$", word):
        word = word[:-2] + word[-1]
    elif re.search(r"(^|[^aeiou])[aeiou][bdfgklmnprst]$", word):
        return word + word[-1]
    if re.search(r"[aeiou]s$", word):
        return word[:-1] + "z"
    return word[:-1] + "v" if re.search(r"[aeiou]f$", word) else word


def _french(word: str) -> Forms:
    if re.search(r"[sxz]$", word):
        return
    if re.search(r"(al|ail)$", word):
        yield re.sub(r"ai?l$", "aux", word)
    if re.search(r"(eau|eu|œu|au)$", word):
        yield word + "x"
    yield word + "s"


def _spanish(word: str) -> Forms:
    if re.search(r"[aeoéiáóu]$", word):
        yield word + "s"
    elif word.endswith("z"):
        yield word[:-1] + "ces"
    elif re.search(r"[áéíóú][ns]$", word):
        plain = word.translate(str.maketrans("áéíóú", "aeiou"))
        yield plain + "es"
    elif word.endswith("s"):
        yield from (word, word + "es")
    else:
        yield word + "es"
    if re.search(r"[íú]$", word):
        yield from (word + "es", word + "s")


def _italian(word: str) -> Forms:
    if re.search(r"[cg]a$", word):
        yield word[:-1] + "he"
    elif re.search(r"[cg]o$", word):
        yield from (word[:-1] + "hi", word[:-1] + "i")
    elif word.endswith("io"):
        yield word[:-1]
    elif re.search(r"[cg]ia$", word):
        yield from (word[:-2] + "e", word[:-1] + "e")
    elif re.search(r"ista$", word):
        yield from (word[:-1] + "i", word[:-1] + "e")
    elif word.endswith("a"):
        yield word[:-1] + "e"
    elif re.search(r"[oe]$", word):
        yield word[:-1] + "i"


def _portuguese(word: str) -> Forms:
    if word.endswith("ão"):
        yield from (word[:-2] + ending for ending in ("ões", "ãos", "ães"))
    elif re.search(r"[aeou]l$", word):
        accented = {"el": "éis", "ol": "óis"}.get(word[-2:], word[-2] + "is")
        yield from (word[:-2] + accented, word[:-2] + accented.replace("é", "e"))
    elif word.endswith("il"):
        yield from (word[:-1] + "s", word[:-2] + "eis")
    elif word.endswith("m"):
        yield word[:-1] + "ns"
    elif re.search(r"[rz]$", word):
        yield word + "es"
    elif word.endswith("ês"):
        yield word[:-2] + "eses"
    elif not word.endswith("s"):
        yield word + "s"


def _german_genders(word: str) -> Forms:
    # "golden" and "metallen" keep their n; -el loses its e elsewhere, written out in the list.
    stem = word.removesuffix("e")
    yield from (stem + ending for ending in ("e", "er", "es", "en", "em", "ere", "eren"))


def _dutch_genders(word: str) -> Forms:
    if not word.endswith("en"):
        yield from (_dutch_stem(word) + "e", word + "e")


def _french_genders(word: str) -> Forms:
    feminine = word if word.endswith("e") else word + "e"
    if word.endswith("eux"):
        feminine = word[:-1] + "se"
    elif word.endswith("if"):
        feminine = word[:-1] + "ve"
    elif word.endswith("er"):
        feminine = word[:-2] + "ère"
    elif word.endswith("el"):
        feminine = word + "le"
    yield from (feminine, feminine + "s", *_french(word))


def _spanish_genders(word: str) -> Forms:
    yield from _spanish(word)
    if word.endswith("o"):
        yield from (word[:-1] + "a", word[:-1] + "as")
    elif word.endswith("or"):
        yield from (word + "a", word + "as")


def _italian_genders(word: str) -> Forms:
    if word.endswith("o"):
        yield word[:-1] + "a"
        yield from _italian(word[:-1] + "a")
    yield from _italian(word)


def _portuguese_genders(word: str) -> Forms:
    yield from _portuguese(word)
    if word.endswith("o") and not word.endswith("ão"):
        yield from (word[:-1] + "a", word[:-1] + "as")
    elif word.endswith("or"):
        yield from (word + "a", word + "as")


_PLURALS: dict[str, Callable[[str], Forms]] = {
    "en": _english,
    "de": _german,
    "fr": _french,
    "es": _spanish,
    "it": _italian,
    "pt": _portuguese,
    "nl": _dutch,
}
_GENDERS: dict[str, Callable[[str], Forms]] = {
    "en": lambda word: iter(()),
    "de": _german_genders,
    "fr": _french_genders,
    "es": _spanish_genders,
    "it": _italian_genders,
    "pt": _portuguese_genders,
    "nl": _dutch_genders,
}

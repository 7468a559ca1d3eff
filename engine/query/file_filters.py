"""Filters of the file and its metadata: folder, camera, lens, type, orientation, size, rating,
keywords, caption, location.

``key:value`` is understood in every language, with the keys in ``_KEYS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from engine.decode.formats import RAW_SUFFIXES
from engine.query.counts import number_at
from engine.query.language_words import LanguageWords
from engine.query.tokens import Token, TokenKind
from engine.records import FilterKind, FilterValue, NumberRange

Found = tuple[int, FilterKind, FilterValue]
"""How many tokens a filter takes, what it compares, and with what."""

FILE_TYPES = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "jpgs": "jpeg",
    "jpegs": "jpeg",
    "png": "png",
    "pngs": "png",
    "heic": "heic",
    "heics": "heic",
    "heif": "heic",
    "webp": "webp",
    "webps": "webp",
    "tif": "tiff",
    "tiff": "tiff",
    "tiffs": "tiff",
    "gif": "gif",
    "gifs": "gif",
    "raw": "raw",
    "raws": "raw",
    "avif": "avif",
    "jxl": "jxl",
    "jp2": "jp2",
    **dict.fromkeys((suffix[1:] for suffix in RAW_SUFFIXES), "raw"),
}
CAMERAS = frozenset(
    """canon nikon sony fuji fujifilm olympus panasonic leica pentax samsung iphone pixel gopro dji
    huawei xiaomi hasselblad ricoh sigma kodak lumix motorola oneplus nokia minolta eos powershot
    coolpix cybershot galaxy ipad""".split()
)
_MEGAPIXELS = re.compile(r"(\d+(?:[.,]\d+)?)(?:mp|mpx)")
_FOCAL_LENGTH = re.compile(r"(\d+(?:-\d+)?)mm")
_KEYS = {
    "folder": FilterKind.FOLDER,
    "camera": FilterKind.CAMERA,
    "lens": FilterKind.LENS,
    "type": FilterKind.FILE_TYPE,
    "orientation": FilterKind.ORIENTATION,
    "rating": FilterKind.RATING,
    **dict.fromkeys(("keyword", "tag", "person"), FilterKind.KEYWORD),
    **dict.fromkeys(("caption", "title"), FilterKind.CAPTION),
    **dict.fromkeys(("location", "place"), FilterKind.LOCATION),
}
_COMPARISONS = frozenset("<>=≤≥")


@cache
def filter_words(words: LanguageWords) -> frozenset[str]:
    """Folded words of which every filter of a language has one, unless it has a figure."""
    found: set[str] = set()
    for section in ("date_units", "seasons", "feasts", "hours", "filters"):
        found |= words.section(section).words()
    for key in ("months", "weekdays"):
        found |= words.numbered("dates", key).words()
    for key in ("today", "yesterday", "day_before_yesterday"):
        found |= words.table("dates", key).words()
    for section in ("function", "prepositions", "relations"):
        found -= words.section(section).words()
    return frozenset(found | FILE_TYPES.keys() | CAMERAS | _KEYS.keys())


class FileFilters:
    """Reads filters of files in one language."""

    def __init__(self, words: LanguageWords) -> None:
        self._words = words

    def at(self, tokens: Sequence[Token], at: int) -> Found | None:
        """The filter that starts at a token; None if none does."""
        readers: list[Callable[[Sequence[Token], int], Found | None]] = [
            self._keyed,
            self._folder,
            self._camera,
            self._lens,
            self._orientation,
            self._megapixels,
            self._rating,
            self._cutouts,
            self._named,
            self._located,
            self._file_type,
        ]
        for read in readers:
            found = read(tokens, at)
            if found is not None:
                return found
        return None

    def _length(self, key: str, tokens: Sequence[Token], at: int) -> int:
        return self._words.table("filters", key).match(tokens, at)[0]

    def _keyed(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "folder:Holidays", "lens:50mm", "rating:4+", "keyword:holiday"."""
        key = tokens[at].folded
        if key not in _KEYS or at + 2 >= len(tokens) or tokens[at + 1].text != ":":
            return None
        value = tokens[at + 2]
        if not tokens[at].end == tokens[at + 1].start == value.start - 1:
            return None
        end = at + 3
        text = value.text
        if value.kind is TokenKind.QUOTED:
            text = text[1:-1].strip()
        else:
            while end < len(tokens) and tokens[end].start == tokens[end - 1].end:
                if tokens[end].kind is TokenKind.COMMA:
                    break
                text += tokens[end].text
                end += 1
        found = _value_of(key, text)
        return (end - at, _KEYS[key], found) if found is not None else None

    def _folder(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "in folder Holidays", "in the Holidays folder"."""
        length = self._length("folder_before", tokens, at)
        if length and at + length < len(tokens):
            name, taken = _name(tokens, at + length)
            return (length + taken, FilterKind.FOLDER, name) if name else None
        opened = self._length("folder_open", tokens, at)
        if opened and at + opened + 1 < len(tokens):
            closed = self._length("folder_after", tokens, at + opened + 1)
            name, taken = _name(tokens, at + opened)
            if closed and name and taken == 1:
                return opened + 1 + closed, FilterKind.FOLDER, name
        return None

    def _camera(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "taken with my Canon EOS 5D", "shot on iPhone"; or "camera Nikon"."""
        opened = self._length("taken", tokens, at)
        linked = self._length("with", tokens, at + opened) if opened else 0
        if not linked:
            opened, linked = 0, self._length("camera", tokens, at)
        brand = at + opened + linked
        if not linked or brand >= len(tokens) or tokens[brand].folded not in CAMERAS:
            return None
        end = brand + 1
        while end < len(tokens) and _is_of_model(tokens[end]):
            end += 1
        name = " ".join(token.text for token in tokens[brand:end])
        end += self._length("camera", tokens, end)
        return end - at, FilterKind.CAMERA, name

    def _lens(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "50mm lens", "taken with a 35 mm lens", "lens 50mm"."""
        start = at + self._length("taken", tokens, at)
        start += self._length("with", tokens, start) if start > at else 0
        before = self._length("lens", tokens, start)
        number, length = _focal_length(tokens, start + before)
        end = start + before + length
        behind = self._length("lens", tokens, end) if length and not before else 0
        if not length or not (before or behind):
            return None
        return end + behind - at, FilterKind.LENS, f"{number}mm"

    def _orientation(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "portrait format", "format paysage", "Querformat"."""
        for value in ("landscape", "portrait", "square"):
            whole = self._length(f"{value}_whole", tokens, at)
            if whole:
                return whole, FilterKind.ORIENTATION, value
            for first, second in ((value, "orientation"), ("orientation", value)):
                length = self._length(first, tokens, at)
                more = self._length(second, tokens, at + length) if length else 0
                if more:
                    return length + more, FilterKind.ORIENTATION, value
        return None

    def _megapixels(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "over 12 megapixels", "12MP"; both ends are included."""
        over = self._length("over", tokens, at)
        under = 0 if over else self._length("under", tokens, at)
        start = at + over + under
        if start >= len(tokens):
            return None
        match = _MEGAPIXELS.fullmatch(tokens[start].folded)
        text, end = (match[1], start + 1) if match else (tokens[start].text, start + 1)
        if match is None:
            unit = self._length("megapixels", tokens, start + 1)
            if tokens[start].kind is not TokenKind.NUMBER or not unit:
                return None
            end += unit
        number = _decimal(text)
        if number is None:
            return None
        least, most = (None, number) if under else (number, None)
        if not over and not under:
            least, most = number, number
        return end - at, FilterKind.MEGAPIXELS, NumberRange(least, most)

    def _rating(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "5 stars", "at least 3 stars", "rated 4", "rating >= 4"; "five stars in the sky" are
        things."""
        rated = self._length("rated", tokens, at)
        start = at + rated
        first_sign = start
        while start < len(tokens) and tokens[start].text in _COMPARISONS:
            start += 1
        # No filter begins with a sign, so those of ">= 4 stars" stand before this one.
        while not rated and first_sign > 0 and tokens[first_sign - 1].text in _COMPARISONS:
            first_sign -= 1
        compared = "".join(token.text for token in tokens[first_sign:start])
        least = self._words.table("counts", "at_least").match(tokens, start)[0]
        more_than = self._words.table("counts", "more_than").match(tokens, start)[0]
        start += least or more_than
        length, number = number_at(tokens, start, self._words)
        if not length or not 0 <= number <= 5:
            return None
        end = start + length
        more = self._words.table("counts", "or_more").match(tokens, end)[0]
        if not more and end < len(tokens) and tokens[end].text == "+":
            more = 1
        end += more
        stars = self._length("stars", tokens, end)
        if not stars and not rated:
            return None
        end += stars
        end += self._length("photos", tokens, end)
        behind = tokens[end] if end < len(tokens) else None
        if not rated and behind and behind.kind is not TokenKind.COMMA:
            return None
        if compared:
            compared_range = _compared(compared, float(number))
            return (end - at, FilterKind.RATING, compared_range) if compared_range else None
        open_end = bool(more or least or more_than)
        first = float(number + 1 if more_than else number)
        return end - at, FilterKind.RATING, NumberRange(first, None if open_end else first)

    def _cutouts(self, tokens: Sequence[Token], at: int) -> Found | None:
        length = self._length("cutouts", tokens, at)
        return (length, FilterKind.CUTOUTS, True) if length else None

    def _named(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "tagged holiday", "with keyword "New York"", "captioned sunset"."""
        for key, kind in (("tagged", FilterKind.KEYWORD), ("captioned", FilterKind.CAPTION)):
            length = self._length(key, tokens, at)
            if length and at + length < len(tokens):
                name, taken = _name(tokens, at + length)
                return (length + taken, kind, name) if name else None
        return None

    def _located(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "with location", "geotagged"."""
        length = self._length("located", tokens, at)
        return (length, FilterKind.LOCATION, True) if length else None

    def _file_type(self, tokens: Sequence[Token], at: int) -> Found | None:
        """ "jpegs", "png files"; "raw" needs "files" or "photos" behind it."""
        value = FILE_TYPES.get(tokens[at].folded)
        if value is None:
            first = self._length("photos", tokens, at)
            behind = at + first
            if (
                not first
                or behind >= len(tokens)
                or self._words.code not in ("fr", "es", "it", "pt")
            ):
                return None
            value = FILE_TYPES.get(tokens[behind].folded)
            return (first + 1, FilterKind.FILE_TYPE, value) if value else None
        photos = self._length("photos", tokens, at + 1)
        if tokens[at].folded == "raw" and not photos:
            return None
        return 1 + photos, FilterKind.FILE_TYPE, value


def _focal_length(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """Millimetres and how many tokens they are: "50mm", "24-70mm", "35 mm"; ("", 0) if none."""
    if at >= len(tokens):
        return "", 0
    match = _FOCAL_LENGTH.fullmatch(tokens[at].folded)
    if match:
        return match[1], 1
    spaced = at + 1 < len(tokens) and tokens[at + 1].folded == "mm"
    return (tokens[at].text, 2) if spaced and tokens[at].kind is TokenKind.NUMBER else ("", 0)


def _decimal(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _compared(sign: str, number: float) -> NumberRange | None:
    """The ratings that a comparison means; None for signs that mean none."""
    ranges = {
        "=": NumberRange(number, number),
        ">": NumberRange(number + 1, None),
        "<": NumberRange(None, number - 1),
        **dict.fromkeys((">=", "≥", "=>"), NumberRange(number, None)),
        **dict.fromkeys(("<=", "≤", "=<"), NumberRange(None, number)),
    }
    return ranges.get(sign)


def _value_of(key: str, text: str) -> FilterValue | None:
    """The value of ``key:text``; None if it says nothing that can be compared."""
    if key == "type":
        return FILE_TYPES.get(text.lower())
    if key == "orientation":
        return text.lower() if text.lower() in ("landscape", "portrait", "square") else None
    if key == "rating":
        compared = re.fullmatch(r"([<>=≤≥]{1,2})([0-5])", text)
        if compared is not None:
            return _compared(compared[1], float(compared[2]))
        match = re.fullmatch(r"([0-5])(\+|-[0-5])?", text)
        if match is None:
            return None
        least = float(match[1])
        if match[2] and match[2] != "+":
            return NumberRange(least, float(match[2][1:]))
        return NumberRange(least, None if match[2] else least)
    return text or None


def _name(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """A folder's name and its number of tokens: what is quoted, or a word and further names."""
    first = tokens[at]
    if first.kind is TokenKind.QUOTED:
        return first.text[1:-1].strip(), 1
    if first.kind not in (TokenKind.WORD, TokenKind.NUMBER):
        return "", 0
    end = at + 1
    while end < len(tokens) and first.text[0].isupper() and _is_named(tokens[end]):
        end += 1
    return " ".join(token.text for token in tokens[at:end]), end - at


def _is_named(token: Token) -> bool:
    return token.kind is TokenKind.NUMBER or (
        token.kind is TokenKind.WORD and token.text[0].isupper()
    )


def _is_of_model(token: Token) -> bool:
    """Whether a token goes on with a camera's name: "EOS", "5D", "12", "Mark"."""
    return (
        token.kind in (TokenKind.WORD, TokenKind.NUMBER)
        and (
            token.text[0].isupper() or any(c.isdigit() for c in token.text) or token.folded == "pro"
        )
        and not re.fullmatch(r"(?:19|20)\d\d", token.text)
    )

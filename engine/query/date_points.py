"""Dates as people write them, without the word before them: "May 2019", "last summer", "2015"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from engine.query import spans_of_days as spans
from engine.query.counts import number_at
from engine.query.language_words import LanguageWords, PhraseTable
from engine.query.tokens import Token, TokenKind
from engine.records import DateRange


class Strength(Enum):
    """What a date needs to be one and not a word: nothing, a word before it, a place at the end."""

    SURE = "sure"
    AFTER_A_WORD = "after a word"
    AT_THE_END = "at the end or after a word"


@dataclass(frozen=True, slots=True)
class DatePoint:
    """A date read from ``length`` tokens."""

    length: int
    days: DateRange
    strength: Strength = Strength.SURE


_DAY_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|e|º|ª|°|\.)?")
_DECADE = re.compile(r"((?:1[89]|20)\d0)(?:s|er|'s)")
_PARTS = re.compile(r"(\d{1,4})[./:-](\d{1,4})(?:[./-](\d{1,4}))?")


class DatePoints:
    """Reads the dates of one text in one language, relative to ``today``."""

    def __init__(self, words: LanguageWords, today: date) -> None:
        self._words = words
        self._today = today
        self._months = words.numbered("dates", "months")
        self._units = words.section("date_units")
        self._known: dict[int, DatePoint | None] = {}

    def at(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        """The date that starts at a token; None if there is none, or none that can be."""
        if at not in self._known:
            self._known[at] = self._read(tokens, at)
        return self._known[at]

    def _read(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        skipped = 0
        for key in ("definite", "of"):
            skipped += self._words.table("function", key).match(tokens, at + skipped)[0]
        found = self._longest(tokens, at)
        if skipped and found is None:
            found = self._longest(tokens, at + skipped)
            found = found and DatePoint(found.length + skipped, found.days, found.strength)
        return found

    def _longest(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        if at >= len(tokens):
            return None
        readers: list[Callable[[Sequence[Token], int], DatePoint | None]] = [
            self._numeric,
            self._day_of_month,
            self._yearly,
            self._relative,
            self._ago,
            self._year,
        ]
        found: list[DatePoint] = []
        for read in readers:
            try:
                point = read(tokens, at)
            except (ValueError, OverflowError):  # no such date
                point = None
            if point is not None and _has_begun(point.days, self._today):
                found.append(point)
        return max(found, key=lambda point: point.length, default=None)

    def _numeric(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        match = _PARTS.fullmatch(tokens[at].text)
        if match is None:
            return None
        first, second, third = match.groups()
        if third is None:
            if len(first) == 4:
                days = _month(int(first), int(second))
            else:
                days = _month(int(second), int(first)) if len(second) == 4 else None
        elif len(first) == 4:
            days = spans.day(int(first), int(second), int(third))
        elif len(third) == 4:
            days = self._day_and_month(int(first), int(second), int(third))
        else:
            days = None
        return DatePoint(1, days) if days else None

    def _day_and_month(self, first: int, second: int, year: int) -> DateRange | None:
        """ "03/04/2020" is April the 3rd, but March the 4th in English; 13 is no month in any."""
        month_first = "MDY" in self._words.texts("dates", "order")
        month, number = (first, second) if month_first else (second, first)
        return spans.day(year, month, number) or spans.day(year, number, month)

    def _day_of_month(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        """ "5 May 2019", "5th of May", "5. Mai 2019", "May 5, 2019", "May 2019", "May"."""
        number, after = self._day_number(tokens, at)
        after += self._of(tokens, after) if number else 0
        length, month = self._months.match(tokens, after)
        if not length:
            return None
        after += length + (_is_sign(tokens, after + length, ".") and len(tokens[after].text) < 5)
        if not number:
            number, behind = self._day_number(tokens, after)
            year, end = self._year_after(tokens, behind)
            if number and (year or end == len(tokens) or behind > after):
                after = behind
        year, end = self._year_after(tokens, after)
        if number:
            chosen = year or self._latest_year(lambda y: spans.day(y, month, number))
            days = spans.day(chosen, month, number) if chosen else None
            return DatePoint(end - at, days) if days else None
        if year:
            return DatePoint(end - at, spans.month_span(year, month))
        found = spans.latest_past(self._today, lambda y: spans.month_span(y, month), False)
        return DatePoint(after - at, found, Strength.AFTER_A_WORD) if found else None

    def _latest_year(self, span_of_year: Callable[[int], DateRange | None]) -> int | None:
        for year in range(self._today.year, self._today.year - 9, -1):
            found = span_of_year(year)
            if found and found.first and found.first <= self._today:
                return year
        return None

    def _yearly(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        """ "summer 2020", "Christmas 2021", "last summer", "été dernier"."""
        last, here = self._last_or_this(tokens, at)
        length, span_of = self._season_or_feast(tokens, at + here)
        if not length or span_of is None:
            return None
        after = at + here + length
        if not here:
            year, end = self._year_after(tokens, after)
            if year:
                return DatePoint(end - at, span_of(year))
            last, here = self._last_or_this(tokens, after)
            after += here
        if not here:
            return None
        found = spans.latest_past(self._today, span_of, last == "last")
        return DatePoint(after - at, found) if found else None

    def _season_or_feast(
        self, tokens: Sequence[Token], at: int
    ) -> tuple[int, Callable[[int], DateRange] | None]:
        length, season = self._words.section("seasons").match(tokens, at)
        if length:
            return length, lambda year: spans.season_span(year, season)
        length, feast = self._words.section("feasts").match(tokens, at)
        if length:
            return length, lambda year: spans.feast_span(year, feast)
        return 0, None

    def _relative(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        """ "yesterday", "last week", "la semaine dernière", "last Monday", "last May"."""
        for key, back in (("today", 0), ("yesterday", 1), ("day_before_yesterday", 2)):
            length, _ = self._words.table("dates", key).match(tokens, at)
            if length:
                return DatePoint(length, spans.unit_span(self._today, "day", back))
        last, here = self._last_or_this(tokens, at)
        for table in (self._units, self._months, self._words.numbered("dates", "weekdays")):
            length, value = table.match(tokens, at + here)
            if not length:
                continue
            behind = 0
            if not here:
                last, behind = self._last_or_this(tokens, at + length)
            if here or behind:
                days = self._period(table, value, last == "last")
                return DatePoint(here + length + behind, days) if days else None
        return None

    def _period(self, table: PhraseTable, value: object, last: bool) -> DateRange | None:
        if table is self._units:
            return spans.unit_span(self._today, str(value), int(last))
        assert isinstance(value, int)
        if table is self._months:
            return spans.latest_past(self._today, lambda y: spans.month_span(y, value), last)
        back = (self._today.weekday() - (value - 1)) % 7 or (7 if last else 0)
        return spans.unit_span(self._today, "day", back)

    def _ago(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        """ "3 weeks ago", "vor drei Wochen", "in the last 10 days", "10 derniers jours"."""
        before = self._length("ago_before", tokens, at)
        last = self._length("last_n", tokens, at)
        for opened in sorted({before, last, 0}, reverse=True):
            digits, number = number_at(tokens, at + opened, self._words)
            if not digits:
                continue
            middle = self._length("last", tokens, at + opened + digits)
            length, unit = self._units.match(tokens, at + opened + digits + middle)
            if not length:
                continue
            end = at + opened + digits + middle + length
            behind = self._length("last", tokens, end)
            if middle or behind or (opened and opened == last):
                days = spans.last_units(self._today, str(unit), number)
                return DatePoint(end + behind - at, days)
            behind = self._length("ago", tokens, end)
            if behind or (opened and opened == before):
                days = spans.unit_span(self._today, str(unit), number)
                return DatePoint(end + behind - at, days)
        return None

    def _length(self, key: str, tokens: Sequence[Token], at: int) -> int:
        return self._words.table("dates", key).match(tokens, at)[0]

    def _year(self, tokens: Sequence[Token], at: int) -> DatePoint | None:
        decade = _DECADE.fullmatch(tokens[at].folded)
        if decade:
            first = int(decade[1])
            return DatePoint(1, spans.years(first, first + 9), Strength.AT_THE_END)
        year, end = self._year_after(tokens, at, bare=True)
        days = spans.year_span(year) if year else None
        return DatePoint(end - at, days, Strength.AT_THE_END) if days else None

    def _year_after(
        self, tokens: Sequence[Token], at: int, bare: bool = False
    ) -> tuple[int | None, int]:
        """The year at a token, after "of" or a comma unless ``bare``, and the token behind it."""
        start = at
        if not bare:
            start += self._of(tokens, at) or int(_is_sign(tokens, at, ","))
        if start < len(tokens) and re.fullmatch(r"\d{4}", tokens[start].text):
            year = int(tokens[start].text)
            if spans.EARLIEST_YEAR <= year <= self._today.year:
                return year, start + 1
        return None, at

    def _day_number(self, tokens: Sequence[Token], at: int) -> tuple[int, int]:
        """A day's number, 1 to 31, with its ending, and the token behind it; 0 if there is none."""
        match = _DAY_NUMBER.fullmatch(tokens[at].folded) if at < len(tokens) else None
        if match is None or not 1 <= int(match[1]) <= 31:
            return 0, at
        return int(match[1]), at + 1 + _is_sign(tokens, at + 1, ".")

    def _of(self, tokens: Sequence[Token], at: int) -> int:
        return self._words.table("function", "of").match(tokens, at)[0]

    def _last_or_this(self, tokens: Sequence[Token], at: int) -> tuple[str, int]:
        for key in ("last", "this"):
            length, _ = self._words.table("dates", key).match(tokens, at)
            if length:
                return key, length
        return "", 0


def _month(year: int, month: int) -> DateRange | None:
    possible = 1 <= month <= 12 and spans.year_span(year)
    return spans.month_span(year, month) if possible else None


def _has_begun(days: DateRange, today: date) -> bool:
    return days.first is None or days.first <= today


def _is_sign(tokens: Sequence[Token], at: int, sign: str) -> bool:
    return (
        at < len(tokens)
        and tokens[at].text == sign
        and tokens[at].kind in (TokenKind.SIGN, TokenKind.COMMA)
    )

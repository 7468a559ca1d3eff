"""Filters of dates and hours: "before 2015", "2015-2017", "taken at night", "at 9 pm"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from engine.query.date_points import DatePoint, DatePoints, Strength
from engine.query.language_words import LanguageWords
from engine.query.tokens import Token, TokenKind
from engine.records import DateRange, FilterKind, NumberRange

Found = tuple[int, FilterKind, DateRange | NumberRange]
"""How many tokens a filter takes, what it compares, and with what."""

_HOURS = {"morning": (5, 11), "noon": (12, 13), "afternoon": (12, 17), "evening": (18, 21)}
_NIGHT = (21, 5)
_DASHES = frozenset({"-", "\N{EN DASH}", "\N{EM DASH}", "−"})
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})?)?(am|pm|h|uhr)?")


class DateFilters:
    """Reads filters of dates and hours in one text, relative to ``today``."""

    def __init__(self, words: LanguageWords, today: date) -> None:
        self._words = words
        self._points = DatePoints(words, today)

    def at(self, tokens: Sequence[Token], at: int) -> Found | None:
        """The filter that starts at a token, the words before the date included."""
        added = self._length("filters", "added", tokens, at)
        taken = 0 if added else self._length("filters", "taken", tokens, at)
        opened = added or taken
        hours = self._hours(tokens, at + taken, bool(taken)) if not added else None
        if hours:
            return taken + hours[0], FilterKind.HOUR, hours[1]
        days = self._days(tokens, at + opened, bool(opened))
        if days is None:
            return None
        kind = FilterKind.ADDED if added else FilterKind.DATE
        return opened + days[0], kind, days[1]

    def _length(self, section: str, key: str, tokens: Sequence[Token], at: int) -> int:
        return self._words.table(section, key).match(tokens, at)[0]

    def _days(
        self, tokens: Sequence[Token], at: int, introduced: bool
    ) -> tuple[int, DateRange] | None:
        both = self._from_to(tokens, at)
        if both:
            return both
        for key in ("since", "before", "after", "until"):
            length = self._length("dates", key, tokens, at)
            point = self._points.at(tokens, at + length) if length else None
            if point is not None:
                return length + point.length, _bounded(key, point.days)
        plain = self._points.at(tokens, at)
        if plain is not None and self._is_enough(plain, tokens, at, introduced):
            return plain.length, plain.days
        length = self._length("dates", "in", tokens, at)
        point = self._points.at(tokens, at + length) if length else None
        return (length + point.length, point.days) if point is not None else None

    def _is_enough(
        self, point: DatePoint, tokens: Sequence[Token], at: int, introduced: bool
    ) -> bool:
        """A bare year is one at the end only: "dog 2018", but not "2001 a space odyssey"."""
        if introduced or point.strength is Strength.SURE:
            return True
        end = at + point.length
        at_the_end = end >= len(tokens) or tokens[end].kind is TokenKind.COMMA
        return point.strength is Strength.AT_THE_END and at_the_end

    def _from_to(self, tokens: Sequence[Token], at: int) -> tuple[int, DateRange] | None:
        """ "between 2015 and 2018", "from May to July 2019", "2015-2017"."""
        for opener, joint in (("between", "and"), ("from", "to"), ("in", "-"), ("", "-")):
            opened = self._length("dates", opener, tokens, at) if opener else 0
            if opener and not opened:
                continue
            first = self._points.at(tokens, at + opened)
            if first is None:
                continue
            end = at + opened + first.length
            if joint == "-":
                joined = int(end < len(tokens) and tokens[end].text in _DASHES)
            else:
                joined = self._length("dates", joint, tokens, end)
            last = self._points.at(tokens, end + joined) if joined else None
            if last is None:
                continue
            start, stop = first.days.first, last.days.last
            if start and stop and start <= stop:
                return end + joined + last.length - at, DateRange(start, stop)
            if start and stop and first.strength is Strength.AFTER_A_WORD:
                # "from May to July 2019": the year belongs to both.
                start = start.replace(year=stop.year)
                if start <= stop:
                    return end + joined + last.length - at, DateRange(start, stop)
        return None

    def _hours(
        self, tokens: Sequence[Token], at: int, introduced: bool
    ) -> tuple[int, NumberRange] | None:
        """ "taken at night"; a clock's time needs "at" before it, or "pm", "Uhr" behind it."""
        if introduced:
            for key in ("morning", "noon", "afternoon", "evening", "night"):
                length = self._length("hours", key, tokens, at)
                if length:
                    return length, NumberRange(*_HOURS.get(key, _NIGHT))
        opened = self._length("hours", "at", tokens, at)
        clock = at + opened
        match = _CLOCK.fullmatch(tokens[clock].folded) if clock < len(tokens) else None
        if match is None or int(match[1]) > 24:
            return None
        hour, end, ending = int(match[1]), clock + 1, match[3] or ""
        for key in ("am", "pm", "oclock"):
            length = 0 if ending else self._length("hours", key, tokens, end)
            if length:
                ending, end = key, end + length
        is_clock = ending in ("am", "pm", "uhr", "oclock")
        if not is_clock and not (opened and (ending or ":" in tokens[clock].text)):
            return None
        if ending in ("am", "pm"):
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if ending == "pm" else 0)
        return end - at, NumberRange(hour % 24, hour % 24)


def _bounded(key: str, days: DateRange) -> DateRange:
    first, last = days.first, days.last
    if key == "since":
        return DateRange(first, None)
    if key == "until":
        return DateRange(None, last)
    if key == "before":
        return DateRange(None, first - timedelta(1) if first else None)
    return DateRange(last + timedelta(1) if last else None, None)

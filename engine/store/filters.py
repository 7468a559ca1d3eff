"""Filters of a query as conditions of an SQL statement; values are bound, never formatted in.

A photo in several places passes if one of its visible files passes every filter; an excluded filter
keeps it if none of them passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.decode.formats import RAW_SUFFIXES
from engine.records import DateRange, Filter, FilterKind, NumberRange
from engine.store.photo_values.folded_text import folded
from engine.store.photo_values.metadata_terms import TermKind, phrase_of, words_of

_SUFFIXES = {
    "jpeg": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "heic": ("heic", "heif", "hif"),
    "tiff": ("tif", "tiff"),
    "jp2": ("jp2", "j2k", "j2c", "jpc", "jpf", "jpx"),
    "raw": tuple(sorted(suffix[1:] for suffix in RAW_SUFFIXES)),
}
"""Suffixes of the file types that have several; any other type is its own suffix."""

_SQUARE = """(abs(p.width_px - p.height_px) * 50 <= p.width_px
    OR abs(p.width_px - p.height_px) * 50 <= p.height_px)"""
"""Sides that differ by 2 % at most."""
_ORIENTATIONS = {
    "square": _SQUARE,
    "landscape": f"p.width_px > p.height_px AND NOT {_SQUARE}",
    "portrait": f"p.width_px < p.height_px AND NOT {_SQUARE}",
}

# These go from one value to the next larger one in an index, which reads a few rows for each value
# and not one for each file or photo.
_IN_DIRECTORIES = """
    WITH RECURSIVE places(folder_id, name, directory) AS (
        SELECT id, folded(folder_name(path)),
                (SELECT min(directory) FROM files WHERE folder_id = o.id)
            FROM folders o WHERE removed_at IS NULL
        UNION ALL
        SELECT folder_id, name, (SELECT min(directory) FROM files n
                WHERE n.folder_id = places.folder_id AND n.directory > places.directory)
            FROM places WHERE directory IS NOT NULL)
    SELECT n.id FROM places CROSS JOIN files n
        WHERE n.folder_id = places.folder_id AND n.directory = places.directory
            AND instr(name || '/' || folded(places.directory), ?) > 0
"""
_NAMES = """
    WITH RECURSIVE names(name) AS (
        SELECT min({0}) FROM photos WHERE {0} IS NOT NULL
        UNION ALL
        SELECT (SELECT min({0}) FROM photos n WHERE n.{0} > names.name)
            FROM names WHERE name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL
"""
# Some makers write "18.0-55.0 mm" for what others call "18-55mm".
_LENS = "replace(replace(replace(folded(name), ' mm', 'mm'), '.0mm', 'mm'), '.0-', '-')"

_OF_FILES = frozenset({FilterKind.FOLDER, FilterKind.FILE_TYPE})
"""What differs between the files of one photo."""
_TERM_KINDS = {
    FilterKind.KEYWORD: TermKind.KEYWORD,
    FilterKind.CAPTION: TermKind.CAPTION,
    FilterKind.LOCATION: TermKind.PLACE,
}
_OF_ALL = "p.id IN (SELECT t.photo_id FROM photo_terms t WHERE {})"
_OF_EACH = "EXISTS (SELECT 1 FROM photo_terms t WHERE {} AND t.photo_id = p.id)"
_INDEXED = frozenset(
    {
        *(FilterKind.DATE, FilterKind.ADDED, FilterKind.CAMERA, FilterKind.LENS),
        *(FilterKind.RATING, *_TERM_KINDS),
    }
)
"""What an index over photos leads to."""
_VALUE_COLUMNS = {
    FilterKind.DATE: "taken_at",
    FilterKind.HOUR: "taken_at",
    FilterKind.CAMERA: "camera",
    FilterKind.LENS: "lens",
    FilterKind.RATING: "rating",
    FilterKind.LOCATION: "latitude",
}
"""Columns that are NULL where a photo does not have the value."""
_UNRECORDED = frozenset({FilterKind.CUTOUTS})
"""What no photo has: nothing in the schema records it."""


@dataclass(frozen=True)
class Condition:
    """A part of a WHERE clause.

    Attributes:
        sql: with a ``?`` for each of ``values``.
    """

    sql: str
    values: tuple[str | int | float, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return Condition(f"{self.sql} AND {other.sql}", self.values + other.values)


@dataclass(frozen=True)
class FileConditions:
    """Which photos ``p`` and which of their files ``f``, in folders ``o``, are asked for.

    Attributes:
        of_photo: on ``p`` alone.
        of_file: on ``f`` and ``o``; one file of the photo must fulfil it.
    """

    of_photo: Condition
    of_file: Condition


def conditions(
    filters: Sequence[Filter],
    visible: Condition,
    *,
    of_few: bool = False,
    all_photos: bool = False,
) -> FileConditions:
    """The conditions that filters mean.

    Args:
        visible: which files count at all, a condition on ``f`` and ``o``.
        of_few: other conditions leave few photos, so that it is faster to look at each of their
            files than to look up all that pass.
        all_photos: nothing else says which photos are looked at, so that words are looked up in
            their index, and not asked of each photo.

    Raises:
        ValueError: a filter's value is not of the type that its kind has.
    """
    of_photo, of_file = Condition("TRUE"), visible
    for item in filters:
        passed = _of_one_file(item) if of_few else _condition(item)
        if all_photos and isinstance(item.value, str) and item.kind in _TERM_KINDS:
            passed = _terms(item.kind, item.value, _OF_ALL)
        if item.kind not in _OF_FILES:
            end = "IS NOT TRUE" if item.excluded else ""
            of_photo &= Condition(f"({passed.sql}) {end}", passed.values)
        elif not item.excluded:
            of_file &= Condition(f"({passed.sql})", passed.values)
        else:
            # IS TRUE makes SQLite look at the files of each photo, not at all files that pass.
            passing = visible & Condition(f"({passed.sql}) IS TRUE", passed.values)
            of_photo &= Condition(
                f"""NOT EXISTS (SELECT 1 FROM files f JOIN folders o ON o.id = f.folder_id
                    WHERE f.photo_id = p.id AND {passing.sql})""",
                passing.values,
            )
    return FileConditions(of_photo, of_file)


def files_first(filters: Sequence[Filter]) -> bool:
    """Whether an index over files probably leaves fewer rows than one over photos."""
    included = [item for item in filters if not item.excluded]
    kinds = {item.kind for item in included}
    if not kinds & _OF_FILES or any(_is_short(item) for item in included):
        return False
    return FilterKind.FOLDER in kinds or not kinds & _INDEXED


def _is_short(item: Filter) -> bool:
    """Whether the filter keeps a span of time with two ends, or what was added of late."""
    value = item.value
    return isinstance(value, DateRange) and (
        item.kind is FilterKind.ADDED or (value.first is not None and value.last is not None)
    )


def photos_with_values(kind: FilterKind) -> str | None:
    """What follows FROM in a query for photos ``p`` that have the value which filters of a kind
    compare; None if no photo has it, because nothing records it yet."""
    if kind in _UNRECORDED:
        return None
    if kind in (FilterKind.KEYWORD, FilterKind.CAPTION):
        term_kind = _TERM_KINDS[kind].value
        return f"photo_terms t JOIN photos p ON p.id = t.photo_id WHERE t.kind = '{term_kind}'"
    column = _VALUE_COLUMNS.get(kind)
    return f"photos p WHERE p.{column} IS NOT NULL" if column else "photos p WHERE TRUE"


def _of_one_file(item: Filter) -> Condition:
    """As ``_condition``, without a look at other files."""
    if item.kind is FilterKind.FOLDER and isinstance(item.value, str):
        directory = "folded(folder_name(o.path) || '/' || f.directory)"
        return Condition(f"instr({directory}, ?) > 0", (_folder_text(item.value),))
    return _condition(item)


def _condition(item: Filter) -> Condition:
    kind, value = item.kind, item.value
    if kind in _UNRECORDED:
        return Condition("FALSE")
    if isinstance(value, DateRange) and kind in (FilterKind.DATE, FilterKind.ADDED):
        return _date(value) if kind is FilterKind.DATE else _added(value)
    if isinstance(value, NumberRange) and kind in _OF_NUMBERS:
        return _OF_NUMBERS[kind](value)
    if kind is FilterKind.LOCATION and value is True:
        return Condition("p.latitude IS NOT NULL")
    if isinstance(value, str):
        if kind in _TERM_KINDS:
            return _terms(kind, value, _OF_EACH)
        if kind is FilterKind.FOLDER:
            return Condition(f"f.id IN ({_IN_DIRECTORIES})", (_folder_text(value),))
        if kind is FilterKind.CAMERA:
            return _camera(value)
        if kind is FilterKind.LENS:
            return _lens(value)
        if kind is FilterKind.FILE_TYPE:
            name = value.strip().lstrip(".").lower()
            suffixes = _SUFFIXES.get(name, (name,))
            return Condition(f"f.suffix IN ({','.join('?' * len(suffixes))})", suffixes)
        if kind is FilterKind.ORIENTATION and value in _ORIENTATIONS:
            return Condition(_ORIENTATIONS[value])
    raise ValueError(f"expected a value that fits the filter {kind.value}, got {value!r}")


def _folder_text(value: str) -> str:
    return folded(value.strip()).replace("\\", "/").strip("/")


def _date(value: DateRange) -> Condition:
    """Capture times are local and ISO 8601, so that they sort as text. Where only the month or year
    is known, all of it must be in the span."""
    sql, values = "p.taken_at IS NOT NULL", []
    if value.first is not None:
        sql += " AND p.taken_at >= ?"
        values.append(value.first.isoformat())
    if value.last is not None:
        sql += " AND p.taken_at < ? AND (p.taken_until IS NULL OR p.taken_until <= ?)"
        values += [f"{value.last.isoformat()}T24", value.last.isoformat()]
    return Condition(sql, tuple(values))


def _added(value: DateRange) -> Condition:
    """``added_at`` is in UTC, the days are local."""
    sql, values = "TRUE", []
    if value.first is not None:
        sql += " AND p.added_at >= ?"
        values.append(_utc_midnight(value.first))
    if value.last is not None and value.last < date.max:
        sql += " AND p.added_at < ?"
        values.append(_utc_midnight(value.last + timedelta(days=1)))
    return Condition(sql, tuple(values))


def _utc_midnight(day: date) -> str:
    """The beginning of a local day as ``now`` of ``engine.store.rows`` would have written it."""
    from datetime import UTC

    try:
        moment = datetime.combine(day, time.min).astimezone(UTC)
    except (OverflowError, OSError, ValueError):  # years that the platform's clock does not know
        moment = datetime.combine(day, time.min, UTC)
    return moment.isoformat(timespec="seconds")


def _hour(value: NumberRange) -> Condition:
    least = 0 if value.least is None else value.least
    most = 23 if value.most is None else value.most
    hour = "substr(p.taken_at, 12, 2)"
    both = "AND" if least <= most else "OR"
    sql = f"length(p.taken_at) > 10 AND ({hour} >= ? {both} {hour} <= ?)"
    return Condition(sql, (f"{int(least):02}", f"{int(most):02}"))


def _megapixels(value: NumberRange) -> Condition:
    sql, values = "TRUE", []
    if value.least is not None:
        sql += " AND p.width_px * p.height_px >= ?"
        values.append(value.least * 1e6)
    if value.most is not None:
        sql += " AND p.width_px * p.height_px <= ?"
        values.append(value.most * 1e6)
    return Condition(sql, tuple(values))


def _rating(value: NumberRange) -> Condition:
    """Photos that nobody rated, and those that were rejected, have no number of stars."""
    sql, values = "p.rating >= ?", [value.least or 0]
    if value.most is not None:
        sql += " AND p.rating <= ?"
        values.append(value.most)
    return Condition(sql, tuple(values))


def _camera(value: str) -> Condition:
    """Every word must be in the name: people say "Canon 80D" of a "Canon EOS 80D"."""
    words = folded(value).split()
    contained = "".join(" AND instr(folded(name), ?) > 0" for _ in words)
    return Condition(f"p.camera IN ({_NAMES.format('camera')}{contained})", tuple(words))


def _lens(value: str) -> Condition:
    """As of cameras; a focal length is not part of a longer one or of the range of a zoom."""
    words = folded(value).replace(" mm", "mm").split()
    contained = ""
    values: list[str] = []
    for word in words:
        contained += f" AND instr({_LENS}, ?) > 0"
        values.append(word)
        if word[:1].isdigit():
            # The letter before it: one more in front of the name, as a name may begin with it.
            before = f"substr(' ' || {_LENS}, instr({_LENS}, ?), 1)"
            contained += f" AND {before} NOT IN ('0','1','2','3','4','5','6','7','8','9','.','-')"
            values.append(word)
    return Condition(f"p.lens IN ({_NAMES.format('lens')}{contained})", tuple(values))


def _terms(kind: FilterKind, value: str, lookup: str) -> Condition:
    """A keyword is looked up as a whole, which may be one of its words; of others every word."""
    terms = [phrase_of(value)] if kind is FilterKind.KEYWORD else words_of(value)
    if not any(terms):
        return Condition("FALSE")
    found = lookup.format("t.kind = ? AND t.term = ?")
    values = [text for term in terms for text in (_TERM_KINDS[kind].value, term)]
    return Condition(" AND ".join([found] * len(terms)), tuple(values))


_OF_NUMBERS = {
    FilterKind.HOUR: _hour,
    FilterKind.MEGAPIXELS: _megapixels,
    FilterKind.RATING: _rating,
}

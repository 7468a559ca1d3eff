"""Names of exported files from a pattern such as ``{name} - {query} - {kind}``."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.errors import BadRequest
from engine.export.files import safe_name
from engine.records import ExistingFiles, ExportKind, ExportRequest, SearchHit

FIELDS = {
    "name": "the photo's own name",
    "query": "what was searched for",
    "kind": "cutout, mask, overlay or original",
    "date": "when the photo was taken: 2021-05-04",
    "number": "1, 2, 3 … with zeros before it",
    "folder": "the folder of the photo",
    "verdict": "match, unsure or no",
}
"""Name of a field in braces -> what it stands for, for the user."""
_FIELD = re.compile(r"\{([^{}]*)\}")
_LISTS = {ExportKind.COCO: ".json", ExportKind.CSV: ".csv"}
_SUFFIXES = {
    ExportKind.CUTOUT: ".png",
    ExportKind.FINE_CUTOUT: ".png",
    ExportKind.MASK: ".png",
    ExportKind.OVERLAY: ".jpg",
}
_LONGEST_BYTES = {"name": 90}
_LONGEST_OTHER_BYTES = 60


def planned(request: ExportRequest, exists: Callable[[str], bool]) -> list[str]:
    """The names of all files of a request, suffixes included; no two are the same on any system.

    Args:
        exists: whether the folder holds a file of this name.

    Raises:
        BadRequest: the pattern has a field that there is not.
    """
    used: set[str] = set()
    next_number: dict[str, int] = {}
    names = []
    for stem, suffix in _stems(request):
        key = f"{stem}{suffix}".casefold()
        while True:
            number = next_number.get(key, 1)
            next_number[key] = number + 1
            name = f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}"
            free = request.existing is not ExistingFiles.NUMBER or not exists(name)
            if name.casefold() not in used and free:
                break
        used.add(name.casefold())
        names.append(name)
    return names


def _stems(request: ExportRequest) -> list[tuple[str, str]]:
    """Safe name and suffix of each file, before numbers are added."""
    if request.kind in _LISTS:
        stem = f"pickout - {safe_name(request.query, 60)}" if request.query.strip() else "pickout"
        return [(stem, _LISTS[request.kind])]
    digits = max(3, len(str(len(request.hits))))
    return [
        (
            safe_name(_filled(request, hit, f"{position:0{digits}}")),
            _SUFFIXES.get(request.kind, hit.photo.path.suffix),
        )
        for position, hit in enumerate(request.hits, 1)
    ]


def _filled(request: ExportRequest, hit: SearchHit, number: str) -> str:
    values = {
        "name": hit.photo.path.stem,
        "query": request.query,
        "kind": request.kind.value,
        "date": (hit.photo.taken_at or "")[:10],
        "number": number,
        "folder": hit.photo.path.parent.name,
        "verdict": hit.verdict.value,
    }

    def value(match: re.Match[str]) -> str:
        field = match[1].strip().lower()
        if field not in values:
            raise BadRequest(
                f"{match[0]} is no part of a name.",
                operation="naming the files of an export",
                hint=f"Use {', '.join(f'{{{name}}}' for name in FIELDS)}.",
            )
        if not values[field].strip():
            return ""
        return safe_name(values[field], _LONGEST_BYTES.get(field, _LONGEST_OTHER_BYTES))

    # What separates an empty part from the next one goes with it.
    parts = [_FIELD.sub(value, part).strip() for part in request.pattern.split(" - ")]
    return " - ".join(filter(None, parts))

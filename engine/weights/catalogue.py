"""The models that can be had, as data: ``resources/models/catalogue.json``, and a file of the
same form in the models' folder for models of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import BadRequest, EngineError
from engine.paths import resources_dir
from engine.weights.checkpoint import FORMATS

FILE_NAME = "catalogue.json"
ROLES = {
    "masks": "finds things",
    "regions": "compares things with words",
    "second-look": "takes the second look",
}


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes:
        name: what it is called once installed; no path.
        format: one of ``checkpoint.FORMATS``, made sure of before anything reads it.
        size_bytes, sha256: as published; None where nothing is: the file is then taken for what
            it is when it is first seen, and that is remembered.
        url: where it is downloaded from, https; None if it has to be fetched by hand.
        page: where a person finds it, if there is no ``url``.
    """

    name: str
    format: str
    size_bytes: int | None = None
    sha256: str | None = None
    url: str | None = None
    page: str | None = None


@dataclass(frozen=True)
class CatalogueEntry:
    """One model.

    Attributes:
        role: one of ``ROLES``.
        terms: what its licence asks, for people, shown before anything is downloaded.
        memory_bytes: about what it needs while it runs, an estimate; 0 if unknown.
        source: where its makers describe it.
        architecture: the numbers of a mask model's build, by the names of ``SamArchitecture``;
            None for what the published model of this name has.
        settings: how a mask model is asked, by the names of ``SamSettings``; None for the usual.
    """

    name: str
    title: str
    role: str
    licence: str
    terms: str
    source: str
    files: tuple[ModelFile, ...]
    memory_bytes: int = 0
    notes: str = ""
    architecture: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None

    @property
    def size_bytes(self) -> int | None:
        """Of all files together; None if that of one is not known."""
        sizes = [file.size_bytes for file in self.files]
        return None if None in sizes else sum(sizes)


@dataclass(frozen=True)
class Catalogue:
    """All entries, in the order of the file."""

    entries: tuple[CatalogueEntry, ...]

    def find(self, name: str) -> CatalogueEntry:
        """Raises:
        BadRequest: there is no model of this name.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise BadRequest(
            f"There is no model called {name}.",
            operation="looking for a model",
            hint=f"Choose one of: {', '.join(entry.name for entry in self.entries)}.",
        )


def shipped() -> Catalogue:
    """The catalogue that comes with Pickout."""
    return load(resources_dir() / "models" / FILE_NAME)


def with_own(catalogue: Catalogue, folder: Path) -> Catalogue:
    """The catalogue and what a file of one's own in ``folder`` adds to it, if there is one.

    Raises:
        EngineError: it cannot be read, makes no sense, or takes a name that there is already.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return catalogue
    return _checked((*catalogue.entries, *load(path).entries), path)


def load(path: Path) -> Catalogue:
    """Raises:
    EngineError: it cannot be read, or an entry makes no sense; the message names it.
    """
    try:
        entries = tuple(_entry(item) for item in json.loads(path.read_text("utf-8"))["models"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(str(error), path) from error
    return _checked(entries, path)


def _checked(entries: tuple[CatalogueEntry, ...], path: Path) -> Catalogue:
    if not _distinct(entry.name for entry in entries):
        raise _unusable("a name stands twice", path)
    return Catalogue(entries)


def _unusable(why: str, path: Path) -> EngineError:
    return EngineError(
        f"The catalogue of models cannot be used: {why}.",
        operation="reading the catalogue of models",
        path=path,
        hint="Mend or delete this file if it is yours; else install Pickout again.",
    )


def _entry(item: dict[str, Any]) -> CatalogueEntry:
    fields = dict(item)
    files = tuple(ModelFile(**file) for file in fields.pop("files"))
    entry = CatalogueEntry(files=files, **fields)
    _require(_is_plain(entry.name), f"{entry.name!r} is no name")
    _require(entry.role in ROLES, f"{entry.name}: there is no role {entry.role!r}")
    _require(bool(files and entry.licence and entry.terms), f"{entry.name}: something is missing")
    _require(_distinct(file.name for file in files), f"{entry.name}: a file stands twice")
    for file in files:
        _require(_is_plain(file.name), f"{entry.name}: {file.name!r} is no file name")
        _require(file.format in FORMATS, f"{file.name}: there is no format {file.format!r}")
        _require(bool(file.url or file.page), f"{file.name}: it is nowhere to be had")
        _require(not file.url or file.url.startswith("https://"), f"{file.name}: not https")
        _require(file.sha256 is None or len(file.sha256) == 64, f"{file.name}: odd SHA-256")
    return entry


def _is_plain(name: str) -> bool:
    return bool(name) and Path(name).name == name and not name.startswith(".")


def _distinct(names: Iterable[str]) -> bool:
    seen = [name.lower() for name in names]
    return len(set(seen)) == len(seen)


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise ValueError(what)

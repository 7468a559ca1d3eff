"""The catalogue of models: ``resources/models/catalogue.json``, and a file of the same format in
the models folder for custom models."""

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
        name: file name of the installed file, without a folder.
        format: one of ``checkpoint.FORMATS``; checked before anything reads the file.
        size_bytes: published size; None if none is published.
        sha256: published hash, hexadecimal; None if none is published. Then the hash at
            installation is recorded, and later checks compare with it.
        url: https address for the download; None if the file has to be fetched by hand.
        page: web page where a person finds the file, if there is no ``url``.
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
        name: unique name, also the name of its folder.
        title: name for the user.
        role: one of ``ROLES``.
        licence: name of the licence.
        terms: what the licence demands, for the user; shown before a download.
        source: page where its authors describe it.
        files: all files of the model.
        memory_bytes: estimated memory while it runs; 0 if unknown.
        notes: further text for the user.
        architecture: fields of ``SamArchitecture`` for a mask model; None for those of the
            published model of this name.
        settings: fields of ``SamSettings`` for a mask model; None for the defaults.
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
        """Total size of all files; None if that of any is unknown."""
        sizes = [file.size_bytes for file in self.files if file.size_bytes is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


@dataclass(frozen=True)
class Catalogue:
    """All entries, in the order of the file."""

    entries: tuple[CatalogueEntry, ...]

    def find(self, name: str) -> CatalogueEntry:
        """Return the entry of a name.

        Raises:
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
    """Load the catalogue that is shipped with Pickout."""
    return load(resources_dir() / "models" / FILE_NAME)


def with_custom_models(catalogue: Catalogue, folder: Path) -> Catalogue:
    """Return the catalogue with the custom models of ``folder``'s own catalogue file, if any.

    Raises:
        EngineError: that file cannot be read, is invalid, or repeats a name.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return catalogue
    return _with_distinct_names((*catalogue.entries, *load(path).entries), path)


def load(path: Path) -> Catalogue:
    """Read a catalogue file.

    Raises:
        EngineError: it cannot be read, or an entry is invalid; the message names the entry.
    """
    try:
        entries = tuple(
            _parse_entry(item) for item in json.loads(path.read_text("utf-8"))["models"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable_catalogue(str(error), path) from error
    return _with_distinct_names(entries, path)


def _with_distinct_names(entries: tuple[CatalogueEntry, ...], path: Path) -> Catalogue:
    if not _are_distinct(entry.name for entry in entries):
        raise _unusable_catalogue("a name stands twice", path)
    return Catalogue(entries)


def _unusable_catalogue(why: str, path: Path) -> EngineError:
    return EngineError(
        f"The catalogue of models cannot be used: {why}.",
        operation="reading the catalogue of models",
        path=path,
        hint="Mend or delete this file if it is yours; else install Pickout again.",
    )


def _parse_entry(item: dict[str, Any]) -> CatalogueEntry:
    """Read one entry; raises ValueError or TypeError if it is invalid."""
    fields = dict(item)
    files = tuple(ModelFile(**file) for file in fields.pop("files"))
    entry = CatalogueEntry(files=files, **fields)
    _require(_is_file_name(entry.name), f"{entry.name!r} is no name")
    _require(entry.role in ROLES, f"{entry.name}: there is no role {entry.role!r}")
    _require(bool(files and entry.licence and entry.terms), f"{entry.name}: something is missing")
    _require(_are_distinct(file.name for file in files), f"{entry.name}: a file stands twice")
    for file in files:
        _require(_is_file_name(file.name), f"{entry.name}: {file.name!r} is no file name")
        _require(file.format in FORMATS, f"{file.name}: there is no format {file.format!r}")
        _require(bool(file.url or file.page), f"{file.name}: it is nowhere to be had")
        _require(not file.url or file.url.startswith("https://"), f"{file.name}: not https")
        _require(file.sha256 is None or len(file.sha256) == 64, f"{file.name}: odd SHA-256")
    return entry


def _is_file_name(name: str) -> bool:
    return bool(name) and Path(name).name == name and not name.startswith(".")


def _are_distinct(names: Iterable[str]) -> bool:
    lowered = [name.lower() for name in names]  # some file systems ignore case
    return len(set(lowered)) == len(lowered)


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)

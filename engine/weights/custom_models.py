"""Custom models: registered by an import, in the catalogue file of the models folder."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.errors import BadRequest, EngineError
from engine.weights.catalogue import FILE_NAME, Catalogue, CatalogueEntry, ModelFile, load
from engine.weights.model_store import disk_error

PAGE = "your own file"
LICENCE = "unknown (your own file)"
_TERMS = "You know where it is from; Pickout does not."
_OPERATION = "importing a model"
_NAME = re.compile(r"[\w][\w.-]{0,79}", re.ASCII)


def custom_entry(name: str, role: str, files: tuple[Path, ...]) -> CatalogueEntry:
    """Create an entry for GGUF files that are in no catalogue.

    Raises:
        BadRequest: the name cannot be that of a folder, or two files have the same name.
    """
    if not _NAME.fullmatch(name) or name.lower() == FILE_NAME:
        raise BadRequest(
            f"{name!r} cannot be the name of a model.",
            operation=_OPERATION,
            hint="Use letters, digits, dots, hyphens and underlines.",
        )
    names = [path.name for path in files]
    if len({file_name.lower() for file_name in names}) < len(names) or any(
        file_name.startswith(".") for file_name in names
    ):
        raise BadRequest(
            "The files of a model must have different names, which do not begin with a dot.",
            operation=_OPERATION,
            hint="Rename one of them.",
        )
    parts = tuple(ModelFile(file_name, "gguf", page=PAGE) for file_name in names)
    return CatalogueEntry(name, name, role, LICENCE, _TERMS, PAGE, parts)


def is_registered(entry: CatalogueEntry) -> bool:
    """Whether ``register`` wrote this entry; others are shipped or written by hand."""
    return entry.source == PAGE and entry.licence == LICENCE


def register(root: Path, catalogue: Catalogue, entry: CatalogueEntry) -> None:
    """Add an entry to the folder's catalogue file, which is replaced atomically.

    Args:
        root: the models folder; created if it does not exist.
        catalogue: all known models, shipped and custom.
        entry: the entry to add.

    Raises:
        BadRequest: there is a model of this name already.
        EngineError: the folder's catalogue file is invalid or cannot be written.
    """
    if entry.name.lower() in {known.name.lower() for known in catalogue.entries}:
        raise BadRequest(
            f"There is a model called {entry.name} already.",
            operation=_OPERATION,
            hint="Choose another name.",
        )
    document = _read_document(root)
    _write_document(root, document | {"models": [*document["models"], _entry_document(entry)]})


def unregister(root: Path, name: str) -> None:
    """Remove an entry from the folder's catalogue file; does nothing if there is none.

    Raises:
        EngineError: the folder's catalogue file is invalid or cannot be written.
    """
    document = _read_document(root)
    kept = [item for item in document["models"] if item["name"] != name]
    if len(kept) < len(document["models"]):
        _write_document(root, document | {"models": kept})


def _read_document(root: Path) -> dict[str, Any]:
    """The folder's catalogue file as JSON; one without models if there is no file."""
    path = root / FILE_NAME
    if not path.is_file():
        return {"models": []}
    load(path)  # raises if it is invalid: a file written by hand must not be overwritten
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def _entry_document(entry: CatalogueEntry) -> dict[str, Any]:
    """The entry as ``catalogue.load`` reads it, without values that are None."""
    item = {key: value for key, value in asdict(entry).items() if value is not None}
    item["files"] = [
        {key: value for key, value in asdict(file).items() if value is not None}
        for file in entry.files
    ]
    return item


def _write_document(root: Path, document: dict[str, Any]) -> None:
    """Replace the folder's catalogue file atomically, if the new one is valid."""
    path = root / FILE_NAME
    temporary = path.with_suffix(".new")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        load(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise disk_error(error, root) from error
    except EngineError:
        temporary.unlink(missing_ok=True)
        raise

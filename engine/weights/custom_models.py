"""Models of one's own that were registered by importing them: entries of the models' folder."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from pathlib import Path

from engine.errors import BadRequest, EngineError
from engine.weights.catalogue import FILE_NAME, Catalogue, CatalogueEntry, ModelFile, load
from engine.weights.model_store import disk_error

PAGE = "your own file"
LICENCE = "unknown (your own file)"
_TERMS = "You know where it is from; Pickout does not."
_OPERATION = "importing a model"
_NAME = re.compile(r"[\w][\w.-]{0,79}", re.ASCII)


def custom_entry(name: str, role: str, files: tuple[Path, ...]) -> CatalogueEntry:
    """An entry for GGUF files that no catalogue names.

    Raises:
        BadRequest: the name makes no name of a folder, or two files are called the same.
    """
    if not _NAME.fullmatch(name) or name.lower() == FILE_NAME:
        raise BadRequest(
            f"{name!r} cannot be the name of a model.",
            operation=_OPERATION,
            hint="Use letters, digits, dots, hyphens and underlines.",
        )
    names = [path.name for path in files]
    if len({one.lower() for one in names}) < len(names) or any(n.startswith(".") for n in names):
        raise BadRequest(
            "The files of a model must have different names, which do not begin with a dot.",
            operation=_OPERATION,
            hint="Rename one of them.",
        )
    parts = tuple(ModelFile(one, "gguf", page=PAGE) for one in names)
    return CatalogueEntry(name, name, role, LICENCE, _TERMS, PAGE, parts)


def is_registered(entry: CatalogueEntry) -> bool:
    """Whether ``register`` wrote this entry; else it is shipped or written by hand."""
    return entry.source == PAGE and entry.licence == LICENCE


def register(root: Path, catalogue: Catalogue, entry: CatalogueEntry) -> None:
    """Add an entry to the folder's own catalogue, whole or not at all; the others stay.

    Args:
        root: the folder for models; made if it is not there.
        catalogue: what is known already, shipped and own.

    Raises:
        BadRequest: there is a model of this name.
        EngineError: the folder's catalogue makes no sense, or cannot be written.
    """
    if entry.name.lower() in {one.name.lower() for one in catalogue.entries}:
        raise BadRequest(
            f"There is a model called {entry.name} already.",
            operation=_OPERATION,
            hint="Choose another name.",
        )
    document = _document(root)
    _write(root, document | {"models": [*document["models"], _item(entry)]})


def unregister(root: Path, name: str) -> None:
    """Take an entry out again; nothing happens if there is none.

    Raises:
        EngineError: the folder's catalogue makes no sense, or cannot be written.
    """
    document = _document(root)
    kept = [item for item in document["models"] if item["name"] != name]
    if len(kept) < len(document["models"]):
        _write(root, document | {"models": kept})


def _document(root: Path) -> dict:
    path = root / FILE_NAME
    if not path.is_file():
        return {"models": []}
    load(path)  # raises where it makes no sense: it is somebody's work, and never overwritten
    return json.loads(path.read_text("utf-8"))


def _item(entry: CatalogueEntry) -> dict:
    """As ``catalogue.load`` reads it, without what is not known."""
    item = {key: value for key, value in asdict(entry).items() if value is not None}
    item["files"] = [
        {key: value for key, value in asdict(file).items() if value is not None}
        for file in entry.files
    ]
    return item


def _write(root: Path, document: dict) -> None:
    path = root / FILE_NAME
    fresh = path.with_suffix(".new")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        load(fresh)
        os.replace(fresh, path)
    except OSError as error:
        raise disk_error(error, root) from error
    except EngineError:
        fresh.unlink(missing_ok=True)
        raise

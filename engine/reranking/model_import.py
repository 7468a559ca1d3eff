"""Imports models from files: those of the catalogue, and language models of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.errors import BadRequest
from engine.jobs.cancel import CancelToken
from engine.reranking.model_families import family_of_pair, is_vision_part
from engine.reranking.model_selection import ROLE
from engine.weights import custom_models
from engine.weights.catalogue import Catalogue, CatalogueEntry
from engine.weights.checkpoint import GGUF, check_format, detect_format
from engine.weights.model_store import InstalledModel, ModelStore, ReportProgress

_OPERATION = "importing a model"


def import_model(
    model_store: ModelStore,
    paths: Sequence[Path],
    cancel: CancelToken,
    report: ReportProgress = lambda *_: None,
    *,
    name: str = "",
) -> InstalledModel:
    """Copy files into the model store and install the model they make.

    Args:
        paths: files, or folders that hold them; never changed.
        name: of a model in the catalogue, or a new one for two GGUF files that belong together.
            Empty for the model of the catalogue with files of these names; two GGUF files that it
            does not know become a model that is named after the language model's file.

    Raises:
        BadRequest: the files are not those of a model, or the name cannot be one.
        ModelMissing, ModelBroken, DiskFull, Cancelled: as ``ModelStore.import_files``. A model of
            one's own is registered only if all of it could be installed.
    """
    files = files_of(paths)
    known = name or known_name(model_store.catalogue, files)
    if known and any(entry.name == known for entry in model_store.catalogue.entries):
        entry = model_store.catalogue.find(known)
        _refuse_wrong_pair(entry, files)
        return model_store.import_files(known, paths, cancel, report)
    return _import_custom(model_store, name, files, cancel, report)


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The given files and the files in given folders; paths that do not exist are left out."""
    found: list[Path] = []
    for path in (path.expanduser() for path in paths):
        found += sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    return [path for path in found if path.is_file()]


def known_name(catalogue: Catalogue, files: Iterable[Path]) -> str:
    """The model of the catalogue that most of these files belong to, by their names; empty
    without one."""
    given = {path.name.lower() for path in files}
    matching = {
        entry.name: sum(file.name.lower() in given for file in entry.files)
        for entry in catalogue.entries
    }
    best = max(matching, key=lambda name: matching[name], default="")
    return best if best and matching[best] else ""


def _refuse_wrong_pair(entry: CatalogueEntry, files: Iterable[Path]) -> None:
    """Check the two files of a language model, if both are given.

    Raises:
        ModelBroken: they do not belong together.
    """
    given = {path.name.lower(): path for path in files}
    pair = [given[name] for file in entry.files if (name := file.name.lower()) in given]
    if entry.role == ROLE and len(entry.files) == len(pair) == 2:
        family_of_pair(*pair)


def _import_custom(
    model_store: ModelStore,
    name: str,
    files: Iterable[Path],
    cancel: CancelToken,
    report: ReportProgress,
) -> InstalledModel:
    """Register a language model that is not in the catalogue, then import its two GGUF files."""
    pair = [path for path in files if detect_format(path) == GGUF]
    if len(pair) != 2:
        raise BadRequest(
            f"There is no model called {name}."
            if name
            else "These are not the files of a model that is known.",
            operation=_OPERATION,
            hint="Choose the files of a model of the list. For a model of your own choose its "
            "two GGUF files together: the language model, and its vision part (mmproj).",
        )
    for path in pair:
        check_format(path, GGUF)
    language, vision = sorted(pair, key=is_vision_part)
    family_of_pair(language, vision)
    name = name or _free_name(model_store.catalogue, language)
    entry = custom_models.custom_entry(name, ROLE, (language, vision))
    custom_models.register(model_store.root, model_store.catalogue, entry)
    with_it = ModelStore(model_store.root)
    try:
        return with_it.import_files(name, [language, vision], cancel, report)
    except BaseException:
        # Otherwise the list would show a model that is neither installed nor downloadable.
        with_it.remove(name)
        custom_models.unregister(with_it.root, name)
        raise


def _free_name(catalogue: Catalogue, language_file: Path) -> str:
    """A name for a model after its file, with a number if it is taken.

    >>> _free_name(Catalogue(()), Path("My model (Q4).gguf"))
    'My-model-Q4'
    """
    base = re.sub(r"[^\w.-]+", "-", language_file.stem, flags=re.ASCII).strip("-._")[:70] or "model"
    taken = {entry.name.lower() for entry in catalogue.entries}
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base}-{number}"
    return name

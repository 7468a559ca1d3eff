"""The model files of this computer: what there is, download, import, verify, remove."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.jobs import Job, JobContext, Progress, machine
from engine.library.components import LibraryComponents
from engine.records import ComputerInfo, ModelFileInfo, ModelInfo

if TYPE_CHECKING:
    from engine.weights.catalogue import CatalogueEntry
    from engine.weights.model_store import InstalledModel, ModelStore

REPORT_EVERY_S = 0.1


class LibraryModelFiles:
    """Models by their name in the catalogue. All libraries of a computer share them, so a library
    that was opened for reading only can change them too. Thread-safe.

    Jobs run in lane ``models``; their progress counts bytes.
    """

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components

    def all(self) -> tuple[ModelInfo, ...]:
        """Every model that is installed or can be had. Reads small files.

        Raises:
            EngineError: the catalogue of one's own models cannot be read.
        """
        from engine.reranking.model_selection import recommended

        model_store = _model_store()
        best = recommended(model_store.catalogue)
        in_use = self._names_in_use(model_store)
        return tuple(
            _describe(model_store, entry, best is entry, entry.name in in_use)
            for entry in model_store.catalogue.entries
        )

    def computer(self) -> ComputerInfo:
        """Memory, processor and disk that models can use."""
        from engine.reranking import llama_runtime

        folder = _model_store().root
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        return ComputerInfo(
            memory_bytes=machine.memory_bytes(),
            cores=machine.usable_cores(),
            models_dir=folder,
            free_bytes=shutil.disk_usage(existing).free,
            language_models=llama_runtime.is_installed(),
            graphics_card=llama_runtime.uses_graphics_card(),
        )

    def download(self, name: str) -> Job[None]:
        """Fetch a model from its publisher and install it. The only thing that opens a connection.

        A cancelled or failed download goes on where it stopped. The job raises BadRequest (no such
        model), DownloadProblem, ModelBroken (not the published file), ModelMissing (a file has to
        be fetched by hand; those that could be downloaded are kept) or DiskFull.
        """

        def work(context: JobContext) -> None:
            from engine.weights.download import download

            model_store = _model_store()
            entry = model_store.catalogue.find(name)
            download(entry, model_store, context.cancel, _reporter(context))

        return self._components.lanes.models.submit("download model", work)

    def import_files(self, paths: Sequence[Path], name: str = "") -> Job[str]:
        """Copy files and install the model they make; see ``import_model`` for names and errors.

        Returns:
            The job; its result is the model's name.
        """

        def work(context: JobContext) -> str:
            from engine.reranking.model_import import import_model

            report = _reporter(context)
            model = import_model(_model_store(), paths, context.cancel, report, name=name)
            return model.entry.name

        return self._components.lanes.models.submit("import model", work)

    def verify(self, name: str) -> Job[None]:
        """Read all files of a model again. The job raises ModelBroken if one has changed since
        the installation, ModelMissing if the model is not installed."""

        def work(context: JobContext) -> None:
            _model_store().verify(name, context.cancel, _reporter(context))

        return self._components.lanes.models.submit("verify model", work)

    def remove(self, name: str) -> Job[int]:
        """Delete a model and what was received of it; a model of one's own leaves the list. The
        job's result is the number of bytes freed."""

        def work(context: JobContext) -> int:
            from engine.weights import custom_models

            model_store = _model_store()
            entry = model_store.catalogue.find(name)
            freed = model_store.remove(name)
            if custom_models.is_registered(entry):
                custom_models.unregister(model_store.root, name)
            return freed

        return self._components.lanes.models.submit("remove model", work)

    def _names_in_use(self, model_store: ModelStore) -> set[str]:
        """Models of the active profile, and of the reranker."""
        from engine.profiles.full import best_installed

        names = {self._components.reranker.info().name}
        if self._components.active_profile.current.profile.name == "full":
            models = (best_installed(model_store, role) for role in ("masks", "regions"))
            names |= {model.entry.name for model in models if model is not None}
        return names


def _model_store() -> ModelStore:
    """Made anew for each call: another process may have imported a model of its own."""
    from engine.weights.model_store import ModelStore

    return ModelStore()


def _describe(
    model_store: ModelStore, entry: CatalogueEntry, recommended: bool, in_use: bool
) -> ModelInfo:
    from engine.reranking.model_selection import MEMORY_SHARE
    from engine.weights import custom_models
    from engine.weights.catalogue import ROLES

    model = model_store.find(entry.name)
    custom = custom_models.is_registered(entry)
    files = tuple(
        ModelFileInfo(
            file.name,
            model.files[file.name].size_bytes if model else file.size_bytes,
            file.url or file.page or "",
            file.url is None,
            model.files[file.name].sha256 if model else file.sha256,
        )
        for file in entry.files
    )
    sizes = [file.size_bytes for file in files if file.size_bytes is not None]
    return ModelInfo(
        name=entry.name,
        title=entry.title,
        role=entry.role,
        does=ROLES[entry.role],
        licence=entry.licence,
        terms=entry.terms,
        source="" if custom else entry.source,
        notes=entry.notes,
        files=files,
        size_bytes=sum(sizes) if len(sizes) == len(files) else None,
        memory_bytes=entry.memory_bytes,
        folder=model.folder if model else None,
        received_bytes=_received_bytes(model_store, entry),
        in_use=in_use,
        recommended=recommended,
        fits=entry.memory_bytes <= MEMORY_SHARE * machine.memory_bytes(),
        custom=custom,
        problem=_problem(model) if model else "",
    )


def _received_bytes(model_store: ModelStore, entry: CatalogueEntry) -> int:
    staging = model_store.staging(entry.name)
    if not staging.is_dir():
        return 0
    return sum(path.stat().st_size for path in staging.iterdir() if path.is_file())


def _problem(model: InstalledModel) -> str:
    """Why a language model cannot be used; other models say it when they are loaded."""
    from engine.reranking import model_selection

    if model.entry.role != model_selection.ROLE:
        return ""
    try:
        model_selection.from_installed(model)
    except EngineError as error:
        return error.message
    return ""


def _reporter(context: JobContext) -> Callable[[str, int, int | None], None]:
    """Reports bytes done, with rate and time left of the current stage, a few times a second."""
    stage_began: dict[str, tuple[float, int]] = {}
    last_s = 0.0

    def report(stage: str, done: int, total: int | None) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        began_s, first = stage_began.setdefault(stage, (now_s, done))
        if now_s - last_s < REPORT_EVERY_S and done != total:
            return
        last_s = now_s
        took_s = now_s - began_s
        rate = (done - first) / took_s if took_s > 0 else None
        left_s = (total - done) / rate if rate and total is not None else None
        context.report(Progress(stage, done, total, rate, left_s))

    return report

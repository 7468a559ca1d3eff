"""The model store: each installed model is a folder, complete and checked."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import BadRequest, DiskFull, EngineError, ModelBroken, ModelMissing
from engine.jobs.cancel import CancelToken
from engine.paths import models_dir
from engine.weights.catalogue import (
    Catalogue,
    CatalogueEntry,
    ModelFile,
    shipped,
    with_custom_models,
)
from engine.weights.checkpoint import check_format

RECORD = "installed.json"
SPARE_BYTES = 200 << 20
"""Space that an installation leaves free on the disk."""
_BLOCK_BYTES = 4 << 20

ReportProgress = Callable[[str, int, int | None], None]
"""Called with a text for the user, the bytes done, and all bytes (None if unknown)."""


@dataclass(frozen=True)
class InstalledFile:
    """A file of an installed model, as recorded at installation.

    Attributes:
        path: where the file is.
        size_bytes: its size.
        sha256: its hash, hexadecimal.
        published: whether the hash is that of the catalogue; otherwise it was computed at
            installation.
    """

    path: Path
    size_bytes: int
    sha256: str
    published: bool


@dataclass(frozen=True)
class InstalledModel:
    """A complete model.

    Attributes:
        entry: its entry of the catalogue.
        folder: the folder of its files.
        files: its files by name.
    """

    entry: CatalogueEntry
    folder: Path
    files: Mapping[str, InstalledFile]


class ModelStore:
    """The models of one computer, shared by all libraries.

    Used by one thread at a time. If two processes install the same model, one complete copy stays.

    Args:
        root: folder of the models, created by the first installation; None for the default.
        catalogue: the known models; None for the shipped ones and the custom models of ``root``.
    """

    def __init__(self, root: Path | None = None, catalogue: Catalogue | None = None) -> None:
        self.root = root or models_dir()
        self.catalogue = catalogue or with_custom_models(shipped(), self.root)

    def installed(self) -> list[InstalledModel]:
        """All installed models, in the order of the catalogue."""
        found = [self.find(entry.name) for entry in self.catalogue.entries]
        return [model for model in found if model is not None]

    def find(self, name: str) -> InstalledModel | None:
        """Return the model, or None if it is not installed; reads only a small record file.

        Raises:
            BadRequest: the catalogue knows no such model.
        """
        entry = self.catalogue.find(name)
        folder = self.root / entry.name
        try:
            record = json.loads((folder / RECORD).read_text("utf-8"))
            files = {
                file.name: InstalledFile(folder / file.name, **record["files"][file.name])
                for file in entry.files
            }
        except (OSError, ValueError, KeyError, TypeError):
            return None
        complete = all(
            file.path.is_file() and file.path.stat().st_size == file.size_bytes
            for file in files.values()
        )
        return InstalledModel(entry, folder, files) if complete else None

    def require(self, name: str) -> InstalledModel:
        """Return the model, which must be installed.

        Raises:
            BadRequest: the catalogue knows no such model.
            ModelMissing: it is not installed; the hint says how to get it.
        """
        model = self.find(name)
        if model is None:
            raise ModelMissing(
                f"The model {self.catalogue.find(name).title} is not installed.",
                operation="loading the models",
                path=self.root / name,
                hint="Download it, or import its files.",
            )
        return model

    def staging(self, name: str) -> Path:
        """Folder in which a model's files are collected until it is complete and installed."""
        return self.root / ".incoming" / name

    def install(
        self, entry: CatalogueEntry, cancel: CancelToken, report: ReportProgress = lambda *_: None
    ) -> InstalledModel:
        """Check the files in ``staging`` and install them, all at once.

        Raises:
            ModelMissing: a file is missing; the others stay in ``staging``.
            ModelBroken: a file is not as published; it is deleted.
            Cancelled: nothing has changed.
        """
        staging = self.staging(entry.name)
        files = {}
        for file in entry.files:
            path = staging / file.name
            if not path.is_file():
                raise _missing_file(entry, file, staging)
            try:
                files[file.name] = _check_file(path, file, cancel, report)
            except ModelBroken:
                path.unlink()
                raise
        record = {
            name: {k: v for k, v in asdict(f).items() if k != "path"} for name, f in files.items()
        }
        text = json.dumps({"model": entry.name, "files": record}, indent=1)
        (staging / RECORD).write_text(text, "utf-8")
        folder, old = self.root / entry.name, self.root / f".old-{entry.name}"
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        staging.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
        return self.require(entry.name)

    def import_files(
        self,
        name: str,
        paths: Iterable[Path],
        cancel: CancelToken,
        report: ReportProgress = lambda *_: None,
    ) -> InstalledModel:
        """Copy a model's files into ``staging``, for computers without network, and ``install`` it.

        Args:
            name: name of the model in the catalogue.
            paths: files with their published names, or folders that hold such files. The only
                file of a model may have any name.
            cancel: token that stops the import.
            report: called with the progress.

        Raises:
            ModelMissing, ModelBroken, Cancelled: as ``install``. A broken copy is deleted; the
                original files are never changed.
            BadRequest: none of the files belongs to this model.
            DiskFull: there is not enough space.
        """
        entry = self.catalogue.find(name)
        found = _match_files(entry, [Path(path).expanduser() for path in paths])
        if not found:
            names = " and ".join(file.name for file in entry.files)
            raise BadRequest(
                f"None of these is a file of {name}.",
                operation="importing a model",
                hint=f"It consists of {names}.",
            )
        staging = self.staging(name)
        try:
            staging.mkdir(parents=True, exist_ok=True)
            require_free_space(self.root, sum(path.stat().st_size for path in found.values()))
            for file_name, source in found.items():
                check_format(source, next(f.format for f in entry.files if f.name == file_name))
                _copy_file(source, staging / file_name, cancel, report)
        except OSError as error:
            raise disk_error(error, self.root) from error
        return self.install(entry, cancel, report)

    def verify(
        self, name: str, cancel: CancelToken, report: ReportProgress = lambda *_: None
    ) -> InstalledModel:
        """Read all files of an installed model and compare their hashes.

        Raises:
            BadRequest: the catalogue knows no such model.
            ModelMissing: it is not installed.
            ModelBroken: a file has changed since the installation.
        """
        model = self.require(name)
        for file in model.entry.files:
            installed = model.files[file.name]
            recorded = ModelFile(file.name, file.format, installed.size_bytes, installed.sha256)
            _check_file(installed.path, recorded, cancel, report)
        return model

    def remove(self, name: str) -> int:
        """Delete a model and its files in ``staging``; returns the number of bytes freed.

        Raises:
            BadRequest: the catalogue knows no such model.
        """
        name = self.catalogue.find(name).name
        freed = 0
        for folder in (self.root / name, self.staging(name)):
            if folder.is_dir():
                freed += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
                # The record first: without it, a partly deleted model counts as not installed.
                (folder / RECORD).unlink(missing_ok=True)
                shutil.rmtree(folder)
        return freed


def require_free_space(folder: Path, size_bytes: int) -> None:
    """Raise unless the disk of ``folder`` has ``size_bytes`` and ``SPARE_BYTES`` free.

    Raises:
        DiskFull: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < size_bytes + SPARE_BYTES:
        raise DiskFull(
            f"There is no room for the model: it needs {size_bytes / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free.",
            operation="installing a model",
            path=folder,
            hint="Free some space, or set PICKOUT_MODELS to a folder on another disk.",
        )


def disk_error(error: OSError, folder: Path) -> EngineError:
    """The error to raise for an ``OSError`` while a model is installed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            "The disk became full while a model was being installed.",
            operation="installing a model",
            path=folder,
            hint="Free some space and do the same again; it goes on where it stopped.",
        )
    return EngineError(
        f"A model's file cannot be written or read ({error.strerror or error}).",
        operation="installing a model",
        path=error.filename or folder,
        hint="Check the folder and its permissions.",
    )


def sha256_of(path: Path, cancel: CancelToken, report: ReportProgress = lambda *_: None) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            cancel.raise_if_set()
            digest.update(block)
            done += len(block)
            report(f"Checking {path.name}", done, size)
    return digest.hexdigest()


def _check_file(
    path: Path, file: ModelFile, cancel: CancelToken, report: ReportProgress
) -> InstalledFile:
    """Check size, hash and format, in this order, so that only the published file is parsed."""
    size = path.stat().st_size
    if file.size_bytes is not None and size != file.size_bytes:
        raise _broken_file(path, f"has {size:,} bytes instead of {file.size_bytes:,}")
    digest = sha256_of(path, cancel, report)
    if file.sha256 is not None and digest != file.sha256:
        raise _broken_file(path, "is not the published file: its SHA-256 is another one")
    check_format(path, file.format)
    return InstalledFile(path, size, digest, published=file.sha256 is not None)


def _broken_file(path: Path, what: str) -> ModelBroken:
    return ModelBroken(
        f"The model file {path.name} {what}.",
        operation="checking a model file",
        path=path,
        hint="It is not used. Get it again from the model's own publisher.",
    )


def _missing_file(entry: CatalogueEntry, file: ModelFile, staging: Path) -> ModelMissing:
    address = file.url or file.page
    return ModelMissing(
        f"{entry.title} is not complete: {file.name} is missing.",
        operation="installing a model",
        path=staging / file.name,
        hint=f"Get it from {address}, then import it.",
    )


def _match_files(entry: CatalogueEntry, paths: list[Path]) -> dict[str, Path]:
    """File name of the entry -> path, for its files among the given files and folders."""
    given: list[Path] = []
    for path in paths:
        if not path.exists():
            raise BadRequest("There is no such file.", operation="importing a model", path=path)
        given += sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    by_name = {path.name.lower(): path for path in reversed(given)}
    found = {f.name: by_name[f.name.lower()] for f in entry.files if f.name.lower() in by_name}
    if not found and len(entry.files) == len(given) == 1:
        found = {entry.files[0].name: given[0]}
    return found


def _copy_file(source: Path, target: Path, cancel: CancelToken, report: ReportProgress) -> None:
    """Copy a file under a temporary name, then rename it."""
    part, done, size = target.with_name(f"{target.name}.copy"), 0, source.stat().st_size
    try:
        with source.open("rb") as reader, part.open("wb") as writer:
            while block := reader.read(_BLOCK_BYTES):
                cancel.raise_if_set()
                writer.write(block)
                done += len(block)
                report(f"Copying {source.name}", done, size)
            writer.flush()
            os.fsync(writer.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

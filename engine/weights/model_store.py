"""Where installed models lie: a folder each, complete and checked, or not there at all."""

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
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile, shipped, with_own
from engine.weights.checkpoint import check_format

RECORD = "installed.json"
SPARE_BYTES = 200 << 20
"""Left free on the disk, whatever is installed."""
_BLOCK_BYTES = 4 << 20

Report = Callable[[str, int, int | None], None]
"""Told a file's name, bytes done, and bytes in all if they are known."""


@dataclass(frozen=True)
class InstalledFile:
    """A file as it was when it was installed.

    Attributes:
        published: its SHA-256 was known beforehand; else it was pinned at first sight.
    """

    path: Path
    size_bytes: int
    sha256: str
    published: bool


@dataclass(frozen=True)
class InstalledModel:
    """A model all of whose files are there. ``files`` by their names."""

    entry: CatalogueEntry
    folder: Path
    files: Mapping[str, InstalledFile]


class ModelStore:
    """The models of one computer, for all libraries. Used by one thread at a time; two processes
    that install the same model end with one of the two copies, whole.

    Args:
        root: made when something is first installed.
    """

    def __init__(self, root: Path | None = None, catalogue: Catalogue | None = None) -> None:
        self.root = root or models_dir()
        self.catalogue = catalogue or with_own(shipped(), self.root)

    def installed(self) -> list[InstalledModel]:
        """In the order of the catalogue."""
        found = [self.find(entry.name) for entry in self.catalogue.entries]
        return [model for model in found if model is not None]

    def find(self, name: str) -> InstalledModel | None:
        """The model if it is installed; reads no more than a small record.

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
        whole = all(
            one.path.is_file() and one.path.stat().st_size == one.size_bytes
            for one in files.values()
        )
        return InstalledModel(entry, folder, files) if whole else None

    def need(self, name: str) -> InstalledModel:
        """As ``find``.

        Raises:
            ModelMissing: it is not installed; the hint says how to get it.
        """
        model = self.find(name)
        if model is None:
            raise ModelMissing(
                f"The model {name} is not installed.",
                operation="loading the models",
                path=self.root / name,
                hint=f"Get it with “pickout-cli models download {name}”, or import its files.",
            )
        return model

    def staging(self, name: str) -> Path:
        """Where files of a model wait until it is complete. Nothing else ever looks there."""
        return self.root / ".incoming" / name

    def install(
        self, entry: CatalogueEntry, cancel: CancelToken, report: Report = lambda *_: None
    ) -> InstalledModel:
        """Check the files that wait in ``staging`` and move them in, all at once.

        Raises:
            ModelMissing: one of them is not there; what is there stays.
            ModelBroken: one is not what it should be; it is deleted.
            Cancelled: nothing has changed.
        """
        staging = self.staging(entry.name)
        files = {}
        for file in entry.files:
            path = staging / file.name
            if not path.is_file():
                raise _missing(entry, file, staging)
            try:
                files[file.name] = _checked(path, file, cancel, report)
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
        return self.need(entry.name)

    def import_files(
        self,
        name: str,
        paths: Iterable[Path],
        cancel: CancelToken,
        report: Report = lambda *_: None,
    ) -> InstalledModel:
        """Copy a model's files from elsewhere, for computers without network; then ``install``.

        Args:
            paths: files, or folders that hold them, by their published names. One file that is
                all a model has may have any name.

        Raises:
            ModelMissing, ModelBroken, Cancelled: as ``install``. A copy that is broken is deleted,
                the file it was made of is never touched.
            BadRequest: none of the files belongs to this model.
            DiskFull: there is no room.
        """
        entry = self.catalogue.find(name)
        found = _matching(entry, [Path(path).expanduser() for path in paths])
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
            need_room(self.root, sum(path.stat().st_size for path in found.values()))
            for file_name, source in found.items():
                check_format(source, next(f.format for f in entry.files if f.name == file_name))
                _copy(source, staging / file_name, cancel, report)
        except OSError as error:
            raise disk_error(error, self.root) from error
        return self.install(entry, cancel, report)

    def verify(
        self, name: str, cancel: CancelToken, report: Report = lambda *_: None
    ) -> InstalledModel:
        """Read every byte again.

        Raises:
            ModelMissing: it is not installed.
            ModelBroken: a file is no longer what was installed.
        """
        model = self.need(name)
        for file in model.entry.files:
            one = model.files[file.name]
            pinned = ModelFile(file.name, file.format, one.size_bytes, one.sha256)
            _checked(one.path, pinned, cancel, report)
        return model

    def remove(self, name: str) -> int:
        """Delete a model and what was begun of it; how many bytes that freed.

        Raises:
            BadRequest: the catalogue knows no such model.
        """
        name = self.catalogue.find(name).name
        freed = 0
        for folder in (self.root / name, self.staging(name)):
            if folder.is_dir():
                freed += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
                # The record goes first: half a model is none.
                (folder / RECORD).unlink(missing_ok=True)
                shutil.rmtree(folder)
        return freed


def need_room(folder: Path, size_bytes: int) -> None:
    """Raises:
    DiskFull: the disk of ``folder`` has not so much room, and some to spare.
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
    """What people are told of an error of the disk."""
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


def sha256_of(path: Path, cancel: CancelToken, report: Report = lambda *_: None) -> str:
    """Hex digest of a file's bytes."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            cancel.raise_if_set()
            digest.update(block)
            done += len(block)
            report(f"Checking {path.name}", done, size)
    return digest.hexdigest()


def _checked(path: Path, file: ModelFile, cancel: CancelToken, report: Report) -> InstalledFile:
    """Size, hash and format, in this order: nothing parses a file that is not the one wanted."""
    size = path.stat().st_size
    if file.size_bytes is not None and size != file.size_bytes:
        raise _wrong(path, f"has {size:,} bytes instead of {file.size_bytes:,}")
    digest = sha256_of(path, cancel, report)
    if file.sha256 is not None and digest != file.sha256:
        raise _wrong(path, "is not the published file: its SHA-256 is another one")
    check_format(path, file.format)
    return InstalledFile(path, size, digest, published=file.sha256 is not None)


def _wrong(path: Path, what: str) -> ModelBroken:
    return ModelBroken(
        f"The model file {path.name} {what}.",
        operation="checking a model file",
        path=path,
        hint="It is not used. Get it again from the model's own publisher.",
    )


def _missing(entry: CatalogueEntry, file: ModelFile, staging: Path) -> ModelMissing:
    where = file.url or file.page
    return ModelMissing(
        f"{entry.title} is not complete: {file.name} is missing.",
        operation="installing a model",
        path=staging / file.name,
        hint=f"Get it from {where}, then: pickout-cli models import {entry.name} FILE",
    )


def _matching(entry: CatalogueEntry, paths: list[Path]) -> dict[str, Path]:
    """The files of the entry among files and folders."""
    given = []
    for path in paths:
        if not path.exists():
            raise BadRequest("There is no such file.", operation="importing a model", path=path)
        given += sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    by_name = {path.name.lower(): path for path in reversed(given)}
    found = {f.name: by_name[f.name.lower()] for f in entry.files if f.name.lower() in by_name}
    if not found and len(entry.files) == len(given) == 1:
        found = {entry.files[0].name: given[0]}
    return found


def _copy(source: Path, target: Path, cancel: CancelToken, report: Report) -> None:
    """Whole or not at all."""
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

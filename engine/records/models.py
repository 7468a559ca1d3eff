"""Model files of this computer, and the computer itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelFileInfo:
    """One file of a model.

    Attributes:
        size_bytes: None if none is published and the model is not installed.
        address: where it can be had: of the file itself, or of a page to get it from by hand.
        by_hand: there is only such a page.
        sha256: hexadecimal, as published or as recorded at installation; None before that.
    """

    name: str
    size_bytes: int | None
    address: str
    by_hand: bool
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that is installed, or can be had.

    Attributes:
        name: unique; ``title`` is for people.
        role: ``masks``, ``regions`` or ``second-look``; ``does`` says it in words.
        terms: what the licence demands.
        source: page where its authors describe it.
        size_bytes: of all files; None if unknown.
        memory_bytes: estimate of what it needs while it runs; 0 if unknown.
        folder: where it is installed; None if it is not.
        received_bytes: of a download or import that was stopped, and goes on there.
        in_use: it answers now: for the active profile, or as the reranker.
        recommended: the one to download for this computer.
        fits: this computer has the memory for it.
        custom: imported from files that the catalogue does not know.
        problem: why an installed one cannot be used; empty if it can.
    """

    name: str
    title: str
    role: str
    does: str
    licence: str
    terms: str
    source: str
    notes: str
    files: tuple[ModelFileInfo, ...]
    size_bytes: int | None
    memory_bytes: int
    folder: Path | None
    received_bytes: int = 0
    in_use: bool = False
    recommended: bool = False
    fits: bool = True
    custom: bool = False
    problem: str = ""

    @property
    def installed(self) -> bool:
        """Whether all its files are here."""
        return self.folder is not None

    @property
    def downloadable(self) -> bool:
        """Whether a download fetches at least one of its files."""
        return any(not file.by_hand for file in self.files)


@dataclass(frozen=True, slots=True)
class ComputerInfo:
    """What models can use here.

    Attributes:
        memory_bytes: of the computer.
        cores: processor cores that may be used.
        models_dir: folder of the models; ``free_bytes`` are free on its disk.
        language_models: whether language models can run at all.
        graphics_card: whether they were built for a graphics card.
    """

    memory_bytes: int
    cores: int
    models_dir: Path
    free_bytes: int
    language_models: bool
    graphics_card: bool

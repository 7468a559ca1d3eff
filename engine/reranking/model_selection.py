"""Selection of the language model for reranking: what is installed, and which one is used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadRequest, ModelBroken, ModelMissing
from engine.jobs import machine
from engine.reranking import llama_runtime
from engine.reranking.model_families import ModelFamily, family_of_pair
from engine.weights.catalogue import Catalogue, CatalogueEntry
from engine.weights.model_store import InstalledModel, ModelStore

ROLE = "second-look"
MEMORY_SHARE = 0.6
"""Of the machine's memory that a model may take. The rest is for Pickout and other programs."""
PROCESSOR_LIMIT_BYTES = 5_000_000_000
"""Largest model recommended without a graphics card. The time per photo grows with the model;
about four billion weights is what a laptop can run, by published figures."""
_MEMORY_PER_FILE_BYTE = 1.2
"""Memory a model takes for each byte of its files, where the catalogue does not say."""
_OPERATION = "choosing the model of the second look"


@dataclass(frozen=True)
class VisionLanguageModel:
    """An installed vision language model: two files that belong together. Can be pickled.

    Attributes:
        name: as in the catalogue.
        title: as in the catalogue.
        language_file: GGUF of the language model.
        vision_file: GGUF of the vision part (mmproj).
        memory_bytes: estimate of what it needs while it runs.
        folder: holds both files and the calibration.
    """

    name: str
    title: str
    language_file: Path
    vision_file: Path
    language_sha256: str
    vision_sha256: str
    family: ModelFamily
    memory_bytes: int
    folder: Path

    @property
    def key(self) -> str:
        """Hash of the model's files and family. Cached answers with the same key are reusable."""
        text = f"{self.language_sha256} {self.vision_sha256} {self.family.name}"
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]

    @property
    def gives_boxes(self) -> bool:
        """Whether its boxes are used; otherwise it is only asked for yes or no."""
        return self.family.convention is not None


def choose(
    model_store: ModelStore, name: str = "", memory_bytes: int | None = None
) -> VisionLanguageModel:
    """The model of a name, or the largest installed one that the machine has the memory for.

    Args:
        name: as in the catalogue. Empty for the installed model that needs the most memory within
            ``MEMORY_SHARE``, or if none fits, the one that needs the least; broken models are
            skipped while there is another.
        memory_bytes: of the machine; None to ask the system.

    Raises:
        ModelMissing: the model is not installed, or none is; the hint says how to get one.
        ModelBroken: its files do not belong together.
        BadRequest: there is no such model, or it has another role.
    """
    if name:
        return from_installed(_need(model_store, name))
    memory_bytes = machine.memory_bytes() if memory_bytes is None else memory_bytes
    found = [model for model in model_store.installed() if model.entry.role == ROLE]
    if not found:
        raise _none_installed(model_store, memory_bytes)
    errors: list[ModelBroken] = []
    for model in _best_first(found, memory_bytes):
        try:
            return from_installed(model)
        except ModelBroken as error:
            errors.append(error)
    raise errors[0]


def installed(model_store: ModelStore) -> list[VisionLanguageModel]:
    """All installed models that are not broken, in the order of the catalogue."""
    sound = []
    for model in model_store.installed():
        if model.entry.role == ROLE:
            try:
                sound.append(from_installed(model))
            except (ModelBroken, ModelMissing):
                continue
    return sound


def from_installed(model: InstalledModel) -> VisionLanguageModel:
    """Describe an installed model; reads the headers of its two files.

    Raises:
        ModelBroken: the files do not belong together, or there are not two.
        ModelMissing: a file was deleted.
        BadRequest: it is a model of another role.
    """
    entry = model.entry
    _require_role(entry)
    if len(entry.files) != 2:
        raise _broken(model.folder, f"{entry.title} should be two files, and is not.")
    # The catalogue lists them in this order; file names are not reliable.
    language, vision = (model.files[file.name] for file in entry.files)
    return VisionLanguageModel(
        entry.name,
        entry.title,
        language.path,
        vision.path,
        language.sha256,
        vision.sha256,
        family_of_pair(language.path, vision.path),
        _memory_of(model),
        model.folder,
    )


def recommended(
    catalogue: Catalogue, memory_bytes: int | None = None, graphics_card: bool | None = None
) -> CatalogueEntry | None:
    """The model to download for a machine.

    Args:
        memory_bytes: of the machine; None to ask the system.
        graphics_card: whether one can be used; None to ask the system.

    Returns:
        The largest within ``MEMORY_SHARE`` and, without a graphics card, within
        ``PROCESSOR_LIMIT_BYTES``; if none fits, the smallest; None if none can be downloaded.
    """
    found = [
        entry
        for entry in catalogue.entries
        if entry.role == ROLE and all(file.url for file in entry.files)
    ]
    if not found:
        return None
    limit = MEMORY_SHARE * (machine.memory_bytes() if memory_bytes is None else memory_bytes)
    if not (llama_runtime.uses_graphics_card() if graphics_card is None else graphics_card):
        limit = min(limit, PROCESSOR_LIMIT_BYTES)
    fitting = [entry for entry in found if _memory_needed(entry) <= limit]
    return max(fitting, key=_memory_needed) if fitting else min(found, key=_memory_needed)


def _need(model_store: ModelStore, name: str) -> InstalledModel:
    _require_role(model_store.catalogue.find(name))
    return model_store.require(name)


def _require_role(entry: CatalogueEntry) -> None:
    if entry.role != ROLE:
        raise BadRequest(
            f"{entry.title} is no model for the second look.",
            operation=_OPERATION,
            hint="Choose one that takes the second look.",
        )


def _none_installed(model_store: ModelStore, memory_bytes: int) -> ModelMissing:
    best = recommended(model_store.catalogue, memory_bytes)
    return ModelMissing(
        "No language model for the second look is installed.",
        operation=_OPERATION,
        path=model_store.root,
        hint=f"Download one, such as {best.title}."
        if best
        else "Import one of your own from its two GGUF files.",
    )


def _best_first(models: list[InstalledModel], memory_bytes: int) -> list[InstalledModel]:
    """Models that fit, the largest first; then the others, the smallest first."""
    limit = MEMORY_SHARE * memory_bytes
    fitting = [model for model in models if _memory_of(model) <= limit]
    others = [model for model in models if _memory_of(model) > limit]
    return [*sorted(fitting, key=_memory_of, reverse=True), *sorted(others, key=_memory_of)]


def _memory_of(model: InstalledModel) -> int:
    size = sum(file.size_bytes for file in model.files.values())
    return model.entry.memory_bytes or round(size * _MEMORY_PER_FILE_BYTE)


def _memory_needed(entry: CatalogueEntry) -> int:
    return entry.memory_bytes or round((entry.size_bytes or 0) * _MEMORY_PER_FILE_BYTE)


def _broken(path: Path, message: str) -> ModelBroken:
    return ModelBroken(
        message,
        operation=_OPERATION,
        path=path,
        hint="Remove the model, and get it anew.",
    )

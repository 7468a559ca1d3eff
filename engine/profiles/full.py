"""The full profile: SAM 2.1 and Alpha-CLIP, from installed model files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.embeddings.alpha_clip import RegionSettings
from engine.errors import BadRequest, ModelBroken, ModelMissing
from engine.masks.sam_network import SAM_ARCHITECTURES, SamArchitecture
from engine.masks.sam_proposer import SamSettings
from engine.profiles.profile import Models, Profile
from engine.weights.checkpoint import read_shapes
from engine.weights.model_store import InstalledModel, ModelStore

if TYPE_CHECKING:
    from engine.scoring.cosine_scorer import CosineTermScorer

T = TypeVar("T")
METRIC = "ip"
_RECIPE = "full-1"
"""Change it with any code or constant that changes a mask or a vector. The key covers files and
settings. Half precision on a graphics card needs no new recipe: its vectors differ by 0.2 %, and
those of different regions and texts by far more (``bench device``)."""


def full_profile(
    model_store: ModelStore | None = None,
    masks_name: str | None = None,
    regions_name: str | None = None,
    **options: Any,
) -> Profile:
    """The profile of SAM 2.1 and Alpha-CLIP, which have to be installed.

    Args:
        model_store: None for the default one of this computer.
        masks_name, regions_name: names in the catalogue; None for the best installed.
        options: further arguments of ``choose``.

    Raises:
        ModelMissing: one is not installed; the hint says how to get it.
        ModelBroken, BadRequest: see ``engine.errors``.
    """
    models = choose(model_store or ModelStore(), masks_name, regions_name, **options)
    return Profile(
        name="full",
        key=models.key,
        ndim=ndim(models),
        metric=METRIC,
        analysis=partial(load_models, models),
        scorer=partial(load_scorer, models),
        coarse_longest_px=384,
        least_time_limit_s=1800.0,
        most_workers=1,
    )


@dataclass(frozen=True)
class FullModels:
    """Files and settings of a full profile; picklable.

    Attributes:
        masks_sha256, clip_sha256, alpha_sha256: as recorded when they were installed.
    """

    masks_file: Path
    clip_file: Path
    alpha_file: Path
    masks_sha256: str
    clip_sha256: str
    alpha_sha256: str
    architecture: SamArchitecture
    sam: SamSettings
    regions: RegionSettings

    @property
    def key(self) -> str:
        """The key of the profile: a hash of files and settings. Reads no file."""
        contents = {
            "files": [self.masks_sha256, self.clip_sha256, self.alpha_sha256],
            "architecture": asdict(self.architecture),
            "sam": asdict(self.sam),
            "regions": asdict(self.regions) | {"geometry": self.regions.geometry.value},
        }
        text = json.dumps(contents, sort_keys=True)
        return f"{_RECIPE}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def choose(
    model_store: ModelStore,
    masks_name: str | None = None,
    regions_name: str | None = None,
    *,
    architecture: SamArchitecture | None = None,
    sam: SamSettings | None = None,
    regions: RegionSettings | None = None,
) -> FullModels:
    """Choose the models by name; for a role without a name, the best installed one.

    Args:
        masks_name, regions_name: names in the catalogue.
        architecture: of the mask model; None for that of the published model of its name.
        sam, regions: settings; None for those of the catalogue and the defaults.

    Raises:
        ModelMissing: one is not installed; the hint says how to get it.
        BadRequest: there is no such model, or it has another role.
    """
    masks = _of_role(model_store, "masks", masks_name)
    embedder = _of_role(model_store, "regions", regions_name)
    architecture = architecture or _architecture(masks)
    if architecture is None:
        raise BadRequest(
            f"It is not known how {masks.entry.title} is built.",
            operation="choosing the models",
            hint=f"Choose one of: {', '.join(SAM_ARCHITECTURES)}.",
        )
    masks_file = masks.files[masks.entry.files[0].name]
    clip_file, alpha_file = (embedder.files[file.name] for file in embedder.entry.files)
    return FullModels(
        masks_file.path,
        clip_file.path,
        alpha_file.path,
        masks_file.sha256,
        clip_file.sha256,
        alpha_file.sha256,
        architecture,
        sam or _described(SamSettings, masks.entry.settings or {}, masks),
        regions or RegionSettings(),
    )


def best_installed(model_store: ModelStore, role: str) -> InstalledModel | None:
    """The model of a role that the profile uses unless another is named; None without one."""
    installed = [model for model in model_store.installed() if model.entry.role == role]
    return installed[-1] if installed else None  # the catalogue goes from small to large


def ndim(models: FullModels) -> int:
    """Length of the vectors, read from the headers of the files.

    Raises:
        ModelMissing, ModelBroken: a file is gone or is not what it should be.
    """
    image, text = read_shapes(models.alpha_file), read_shapes(models.clip_file)
    in_image, in_text = image.get("proj"), text.get("text_projection")
    if (
        in_image is None
        or in_text is None
        or not len(in_image) == len(in_text) == 2
        or in_image[1] != in_text[1]
    ):
        raise ModelBroken(
            "The two files of Alpha-CLIP do not belong together.",
            operation="loading the models",
            path=models.alpha_file,
            hint="Remove the model, then download or import its files together.",
        )
    return in_image[1]


def load_models(models: FullModels) -> Models:
    """Proposer and region embedder on the fastest device; for the analysis worker process."""
    from engine.embeddings.alpha_clip import load_region_embedder
    from engine.masks.sam_proposer import load_sam_proposer

    return Models(
        load_sam_proposer(models.masks_file, models.architecture, settings=models.sam),
        load_region_embedder(models.clip_file, models.alpha_file, settings=models.regions),
    )


@lru_cache(maxsize=1)
def load_scorer(models: FullModels) -> CosineTermScorer:
    """The scorer: the best region and a share of the whole photo; loaded once a process."""
    from engine.embeddings.alpha_clip import load_text_embedder
    from engine.scoring.cosine_scorer import CosineTermScorer

    return CosineTermScorer(load_text_embedder(models.clip_file))


def _architecture(masks: InstalledModel) -> SamArchitecture | None:
    """From the catalogue, or by the name of a published model; None if unknown."""
    if masks.entry.architecture is None:
        return SAM_ARCHITECTURES.get(masks.entry.name)
    return _described(SamArchitecture, masks.entry.architecture, masks)


def _described(kind: type[T], numbers: Mapping[str, Any], model: InstalledModel) -> T:
    """Build a settings dataclass from numbers of the catalogue; lists become tuples.

    Raises:
        BadRequest: it has no field of such a name.
    """
    arguments = {name: tuple(v) if isinstance(v, list) else v for name, v in numbers.items()}
    try:
        return kind(**arguments)
    except TypeError as error:
        raise BadRequest(
            f"The catalogue says something of {model.entry.title} that is not understood.",
            operation="choosing the models",
            hint=f"{error}",
        ) from error


def _of_role(model_store: ModelStore, role: str, name: str | None) -> InstalledModel:
    """The named model, or the best installed one of the role. Raises as ``choose`` does."""
    if name is not None:
        model = model_store.require(name)
        if model.entry.role != role:
            raise BadRequest(
                f"{model.entry.title} is for something else.",
                operation="choosing the models",
                hint="Choose one that is for this.",
            )
        return model
    best = best_installed(model_store, role)
    if best is not None:
        return best
    smallest = next((e for e in model_store.catalogue.entries if e.role == role), None)
    if smallest is None:
        raise ModelMissing(
            f"The catalogue has no model for {role}.", operation="choosing the models"
        )
    return model_store.require(smallest.name)

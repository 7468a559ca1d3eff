"""The built-in models and other weights of theirs, really run, answering in turn."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine import paths
from engine.library import Library
from engine.profiles import registry
from engine.profiles import starter as built_in
from engine.profiles.starter import starter_profile
from engine.starter.text import text_map

from .conftest import found

PATIENCE_S = 120.0
PHOTOS = 4


def other_weights(folder: Path) -> Path:
    """A copy whose vectors are those of the shipped weights, turned."""
    shutil.copytree(built_in.shipped_folder(), folder)
    path = folder / text_map.FILE_NAME
    mapping = text_map.TextMap.load(path)
    replace(mapping, text_mean=mapping.text_mean + 0.01).save(path)
    return folder


@pytest.mark.slow
def test_changing_to_other_weights_and_back_during_searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = other_weights(tmp_path / "weights")
    known = {
        "starter": starter_profile,
        "other": lambda: replace(starter_profile(weights), name="other"),
    }
    monkeypatch.setattr(registry, "PROFILES", known)
    (tmp_path / "photos").mkdir()
    for path in sorted((paths.resources_dir() / "samples").glob("*.jpg"))[:PHOTOS]:
        shutil.copy2(path, tmp_path / "photos")
    with Library.open(tmp_path / "library") as library:
        library.folders.add(tmp_path / "photos")
        assert library.indexing.start().result(PATIENCE_S).outlined == PHOTOS
        for wanted in ("other", "starter"):
            job, answered = library.models.change(wanted), ""
            while not (job.ended and answered == wanted):
                result = found(library, "a dog")
                ids = {"starter": 1, "other": 2}
                for hit in result.hits:
                    if hit.region is not None:
                        vector = library._components.store.regions.vector(
                            hit.region.id, ids[result.profile]
                        )
                        assert vector is not None, "a region of the other weights"
                assert len(result.hits) == PHOTOS
                answered = result.profile
            assert job.result(0).outlined == PHOTOS

"""The built-in models and other weights of theirs, really run, answering in turn."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine import paths, profiles
from engine.library import Library
from engine.starter import profile as built_in
from engine.starter import text_map

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
def test_other_weights_take_over_and_give_back_while_searching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = other_weights(tmp_path / "weights")
    known = {
        "starter": profiles.starter,
        "other": lambda: replace(profiles.starter(weights), name="other"),
    }
    monkeypatch.setattr(profiles, "PROFILES", known)
    (tmp_path / "photos").mkdir()
    for path in sorted((paths.resources_dir() / "samples").glob("*.jpg"))[:PHOTOS]:
        shutil.copy2(path, tmp_path / "photos")
    with Library.open(tmp_path / "library") as library:
        library.add_folder(tmp_path / "photos")
        assert library.index().result(PATIENCE_S).outlined == PHOTOS
        for wanted in ("other", "starter"):
            job, answered = library.change_profile(wanted), ""
            while not (job.ended and answered == wanted):
                result = found(library, "a dog")
                ids = {"starter": 1, "other": 2}
                for hit in result.hits:
                    if hit.region is not None:
                        vector = library._store.regions.vector(hit.region.id, ids[result.profile])
                        assert vector is not None, "a region of the other weights"
                assert len(result.hits) == PHOTOS
                answered = result.profile
            assert job.result(0).outlined == PHOTOS

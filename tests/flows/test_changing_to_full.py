"""From the built-in models to SAM 2.1 and Alpha-CLIP at toy size and back, while searching."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from engine.library import Library
from engine.profiles import registry
from engine.profiles.starter import starter_profile
from tests.fakes import synthetic_photos

from .conftest import found
from .test_full_profile import BOX, full, model_store, sam_file, stocked  # noqa: F401 - fixtures

PATIENCE_S = 180.0
COLOURS = ("red", "green", "blue")


@pytest.mark.slow
def test_changing_from_starter_to_full_and_back_never_mixes_profiles(
    stocked,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"starter": starter_profile, "full": lambda: full(stocked)}
    monkeypatch.setattr(registry, "PROFILES", known)
    for colour in COLOURS:
        synthetic_photos.write(
            tmp_path / f"photos/{colour}.png", synthetic_photos.pixels([(colour, BOX)])
        )
    with Library.open(tmp_path / "library") as library:
        library.folders.add(tmp_path / "photos")
        assert library.indexing.start().result(PATIENCE_S).outlined == len(COLOURS)
        answered: list[str] = []
        for wanted in ("full", "starter"):
            job = library.models.change(wanted)
            while not (job.ended and answered[-1:] == [wanted]):
                result = found(library, "a red square")
                assert len(result.hits) == len(COLOURS)
                made_by = {row.id: row.name for row in library._components.store.profiles.all()}
                for hit in result.hits:
                    if hit.region is not None:
                        assert made_by[profile_of(library, hit.region.id)] == result.profile
                answered.append(result.profile)
            assert job.result(0).outlined == len(COLOURS)
        changes = [b for a, b in itertools.pairwise(answered) if a != b]
        assert changes in (["full", "starter"], ["starter"])
        assert {one.name: one.complete for one in library.models.kept()} == {
            "starter": True,
            "full": True,
        }


def profile_of(library: Library, region_id: int) -> int:
    with library._components.store._db.reading() as connection:
        query = (
            "SELECT profile_id FROM region_blocks WHERE ? BETWEEN last_id - regions + 1 AND last_id"
        )
        return connection.execute(query, (int(region_id),)).fetchone()[0]

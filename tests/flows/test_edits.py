"""What people did to photos holds, whatever becomes of the photos, the models and the library."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadRequest
from engine.library import Library, restoring
from engine.records import EditKind, EditStep, PhotoId, RegionId
from tests.fakes import colour_models, synthetic_photos

from .conftest import PATIENCE_S, found, names

Open = Callable[..., Library]


def index(library: Library) -> None:
    library.indexing.start().result(PATIENCE_S)


@pytest.fixture
def edited(library: Library, photos: Path) -> Library:
    """Two red photos, of which the better hit was denied, and a green one that was confirmed as
    red; the thing in ``green.jpg`` is called Rex."""
    synthetic_photos.photo(photos / "red.jpg", "red", seed=1)
    synthetic_photos.photo(photos / "both.jpg", "red", "green", seed=2)
    synthetic_photos.photo(photos / "green.jpg", "green", seed=3)
    library.folders.add(photos)
    index(library)
    before = found(library, "red")
    assert set(names(before)) == {"red.jpg", "both.jpg"}
    library.edits.judge([by_name(library)["red.jpg"]], "red", match=False)
    library.edits.judge([by_name(library)["green.jpg"]], "red", match=True)
    library.edits.name_region(green_thing(library), "Rex")
    library.take_changes()
    return library


def by_name(library: Library) -> dict[str, PhotoId]:
    return {photo.path.name: photo.id for photo in library.photos.page()}


def green_thing(library: Library, name: str = "green.jpg") -> RegionId:
    (region,) = library.photos.regions(by_name(library)[name])
    return region.id


def holds(library: Library, renamed: str = "red.jpg") -> bool:
    """Whether every edit of ``edited`` does."""
    result = found(library, " Red ")
    assert names(result) == ["green.jpg", "both.jpg"] and names(result, "no") == [renamed]
    first, last = result.hits[0], result.hits[-1]
    assert (first.probability, last.probability) == (1.0, 0.0)
    assert "You said" in first.reason and "You said" in last.reason
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    green = by_name(library)["green.jpg"]
    (named,) = library.edits.region_names(green)
    assert (named.name, named.region_id) == ("Rex", green_thing(library))
    labels = library.photos.labels(green)[named.region_id]
    return (labels[0].name, labels[0].probability) == ("Rex", 1.0)


def test_a_judged_photo_is_that_for_its_query_only(edited: Library) -> None:
    assert holds(edited)
    assert set(names(found(edited, "green"))) == {"green.jpg", "both.jpg"}
    judged = edited.edits.judgements("RED")
    assert judged == {by_name(edited)["red.jpg"]: False, by_name(edited)["green.jpg"]: True}


def test_a_judgement_can_be_shown_before_the_next_search(edited: Library) -> None:
    both = by_name(edited)["both.jpg"]
    before = found(edited, "red")
    expected = edited.edits.judged(before, [both], match=False)
    edited.edits.judge([both], "red", match=False)
    assert names(expected) == ["green.jpg"] and names(expected, "no") == ["both.jpg", "red.jpg"]
    after = found(edited, "red")
    assert {(h.photo.id, h.verdict, h.judged) for h in after.hits} == {
        (h.photo.id, h.verdict, h.judged) for h in expected.hits
    }
    assert all(hit.judged for hit in after.hits) and not found(edited, "green").hits[0].judged
    assert edited.edits.undo().match is False
    assert not edited.take_changes(), "whoever edits knows what has changed"


def test_taking_back_undo_and_redo(edited: Library) -> None:
    red, green = (by_name(edited)[name] for name in ("red.jpg", "green.jpg"))
    rex = EditStep(EditKind.REGION_NAMED, frozenset({green}), name="Rex")
    assert edited.edits.undo() == rex and not edited.edits.region_names(green)
    assert edited.edits.redo() == rex and holds(edited)
    edited.edits.judge([red, green], "red", match=None)
    assert edited.edits.judgements("red") == {}
    assert set(names(found(edited, "red"))) == {"red.jpg", "both.jpg"}
    taken_back = EditStep(EditKind.HIT_JUDGED, frozenset({red, green}), query="red")
    assert edited.edits.undo() == taken_back
    assert holds(edited)
    edited.edits.name_region(green_thing(edited), "Bello")
    (named,) = edited.edits.region_names(green)
    assert named.name == "Bello", "the same thing has one name"
    edited.edits.name_region(green_thing(edited), " ")
    assert edited.edits.region_names(green) == ()
    assert edited.edits.redo() is None, "there is nothing to do again"


def test_wrong_requests_are_refused(edited: Library, open_library: Open) -> None:
    with pytest.raises(BadRequest):
        edited.edits.judge([PhotoId(10**6)], "red", match=True)
    with pytest.raises(BadRequest):
        edited.edits.judge([by_name(edited)["red.jpg"]], " ", match=True)
    with pytest.raises(BadRequest):
        edited.edits.name_region(RegionId(10**6), "nobody")
    reader = open_library(read_only=True)
    with pytest.raises(BadRequest):
        reader.edits.undo()
    assert holds(reader)


def test_edits_survive_a_move_and_a_new_folder(
    edited: Library, photos: Path, tmp_path: Path
) -> None:
    (photos / "deep").mkdir()
    shutil.move(photos / "red.jpg", photos / "deep" / "other name.jpg")
    index(edited)
    assert holds(edited, "other name.jpg")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(photos, elsewhere)
    (folder,) = edited.folders.all()
    edited.folders.remove(folder.id)
    wait_for_deletion(edited)
    assert edited.photos.page() == ()
    edited.folders.add(elsewhere)
    index(edited)
    assert holds(edited, "other name.jpg")


def wait_for_deletion(library: Library) -> None:
    library.folders.scan().result(PATIENCE_S)  # the same lane, so after it


def test_edits_survive_other_models_and_new_indexing(edited: Library, open_library: Open) -> None:
    edited.close()
    again = open_library(key="colours-2")
    assert again.status().searchable == 0, "other models"
    index(again)
    assert holds(again)


def test_edits_survive_backup_and_restore(
    edited: Library, open_library: Open, tmp_path: Path
) -> None:
    edited.backups.make().result(PATIENCE_S)
    edited.edits.judge([by_name(edited)["both.jpg"]], "red", match=False)
    edited.close()
    (tmp_path / "library" / "library.sqlite").write_bytes(b"damaged")
    report = restoring.restore(tmp_path / "library")
    assert (report.edits, report.to_index) == (3, 0)
    again = open_library()
    assert holds(again)
    again.close()
    shutil.rmtree(tmp_path / "library" / "backups")
    assert restoring.salvage(tmp_path / "library").edits == 3
    assert holds(open_library())


def test_edits_survive_export_and_import(
    edited: Library, open_library: Open, tmp_path: Path
) -> None:
    edited.backups.export(tmp_path / "library.file").result(PATIENCE_S)
    restoring.load(tmp_path / "elsewhere", tmp_path / "library.file")
    assert holds(open_library(root=tmp_path / "elsewhere"))


def test_a_reranker_does_not_overrule_people(
    edited: Library, open_library: Open, photos: Path
) -> None:
    edited.close()
    again = open_library(reranker=colour_models.FakeReranker())
    result = found(again, "red", verify=3)
    assert names(result, "no")[-1] == "red.jpg" and names(result)[0] == "green.jpg"

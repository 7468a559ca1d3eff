"""The list of folders, and the question whether what one lacks is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes import synthetic_photos

from .conftest import run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for n in range(3):
        synthetic_photos.photo(tmp_path / f"photos/{n}.jpg", "red", seed=n)
    assert command(tmp_path, "add", tmp_path / "photos").status == 0
    assert command(tmp_path, "index").status == 0
    return tmp_path / "photos"


def command(tmp_path: Path, *argv: object):
    return run("--library", tmp_path / "library", *argv)


def test_an_emptied_folder_is_asked_about_until_it_is_answered(
    photos: Path, tmp_path: Path
) -> None:
    for path in photos.iterdir():
        path.unlink()
    answer = f'pickout-cli --library "{tmp_path / "library"}" folders gone "{photos}"'
    for argv in (["index"], ["status"], ["folders"]):
        ran = command(tmp_path, *argv)
        assert ran.status == 0
        assert f"{photos}: 3 of 3 photos are not there. Nothing was removed." in ran.out
        assert answer in ran.out and "Connect the right one" in ran.out
    (folder,) = json.loads(command(tmp_path, "status", "--json").out)["folders"]
    assert (folder["online"], folder["lacking"], folder["photos"]) == (False, 3, 3)
    gone = command(tmp_path, "folders", "gone", photos)
    assert gone.status == 0 and f"{photos}: 0 photos." in gone.out
    assert "not there" not in command(tmp_path, "status").out


def test_a_folder_that_is_not_there_is_not_believed_to_be_empty(
    photos: Path, tmp_path: Path
) -> None:
    photos.rename(tmp_path / "unplugged")
    gone = command(tmp_path, "folders", "gone", photos)
    assert gone.status == 1 and "Nothing was changed" in gone.out
    (tmp_path / "unplugged").rename(photos)
    assert f"{photos}: 3 photos." in command(tmp_path, "folders", "gone", photos).out


def test_rules_are_shown_and_changed(photos: Path, tmp_path: Path) -> None:
    synthetic_photos.photo(photos / "node_modules/a.jpg", "blue", seed=5)
    synthetic_photos.photo(photos / "Screens/b.jpg", "blue", seed=6)
    command(tmp_path, "index")
    shown = command(tmp_path, "folders", "rules", photos).out
    assert "\nnode_modules/\n" in shown and shown.endswith(f"# Rules of {photos}:\n# none\n")
    assert f"{photos}: 4 photos" in command(tmp_path, "folders").out
    # Most photos are left out, but by a rule: nobody is asked.
    changed = command(tmp_path, "folders", "rules", photos, "*.jpg", "!node_modules/", "!a.jpg")
    assert changed.status == 0 and changed.out.endswith("*.jpg\n!node_modules/\n!a.jpg\n")
    assert f"{photos}: 1 photo\n" in command(tmp_path, "folders").out
    assert command(tmp_path, "folders", "rules", photos, "").out.endswith("# none\n")
    assert f"{photos}: 4 photos\n" in command(tmp_path, "folders").out
    refused = command(tmp_path, "folders", "rules", photos, "!")
    assert refused.status == 1 and "One of the rules" in refused.err


def test_what_is_not_read_is_said(photos: Path, tmp_path: Path) -> None:
    for name in ("a.psd", "b.psd", "c.mov"):
        (photos / name).write_bytes(b"x")
    words = "2 PSD files, 1 video"
    assert f"Not read: {words}" in command(tmp_path, "add", photos).out
    assert f"Not read in {photos}: {words}" in command(tmp_path, "index").out
    for argv in (["status"], ["folders"]):
        assert f"{photos}: 3 photos; not read: {words}\n" in command(tmp_path, *argv).out
    (folder,) = json.loads(command(tmp_path, "status", "--json").out)["folders"]
    assert folder["unread"] == {"PSD": 2, "video": 1}


def test_folders_that_are_not_watched(photos: Path, tmp_path: Path) -> None:
    assert "Which folder?" in command(tmp_path, "folders", "gone").err
    assert "not watched" in command(tmp_path, "folders", "gone", tmp_path).err
    assert f"  {photos}: 3 photos\n" in command(tmp_path, "folders").out
    empty = run("--library", tmp_path / "other", "folders")
    assert empty.status == 0 and "add FOLDER" in empty.out


def test_a_folder_that_was_moved(photos: Path, tmp_path: Path) -> None:
    photos.rename(tmp_path / "moved")
    refused = command(tmp_path, "relocate", photos, tmp_path / "nowhere")
    assert refused.status == 1 and "does not exist" in refused.err
    ran = command(tmp_path, "relocate", photos, tmp_path / "moved")
    assert ran.status == 0
    assert ran.out == (
        f"{photos} is {tmp_path / 'moved'} now: 3 photos; of 3 looked for, 3 are there\n"
    )
    assert "3 photos searchable (0 new)" in command(tmp_path, "index").out
    unknown = command(tmp_path, "relocate", "D:\\Photos", tmp_path / "moved")
    assert unknown.status == 1 and str(tmp_path / "moved") in unknown.err

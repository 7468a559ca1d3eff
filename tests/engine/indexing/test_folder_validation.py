"""Which folders may be added."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.errors import FolderProblem
from engine.indexing.folder_validation import validate_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("photos/2020", "library/inner", "photos2"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a file").write_text("x")
    return tmp_path.resolve()


@pytest.mark.parametrize(
    ("name", "watched", "message"),
    [
        ("nowhere", [], "does not exist"),
        ("a file", [], "not a folder"),
        ("library", [], "holds the library"),
        ("library/inner", [], "lies inside it"),
        (".", [], "holds the library"),
        ("photos/2020", ["photos"], "watched already"),
        ("photos", ["photos2", "photos/2020"], "inside this one"),
    ],
)
def test_refused(root: Path, name: str, watched: list[str], message: str) -> None:
    with pytest.raises(FolderProblem, match=message) as caught:
        validate_folder((root / name).resolve(), root / "library", [root / w for w in watched])
    assert caught.value.hint


@pytest.mark.parametrize("watched", [[], ["photos2"], ["photos"]])
def test_accepted(root: Path, watched: list[str]) -> None:
    validate_folder(root / "photos", root / "library", [root / w for w in watched])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(root: Path) -> None:
    (root / "photos").chmod(0)
    try:
        with pytest.raises(FolderProblem, match="cannot be read"):
            validate_folder(root / "photos", root / "library", [])
    finally:
        (root / "photos").chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_no_text_is_accepted(root: Path) -> None:
    path = root / os.fsdecode(b"caf\xe9")
    path.mkdir()
    validate_folder(path, root / "library", [])

"""``backup`` and ``restore``, from a library that works to one that does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.paths import LibraryPaths

from .conftest import IndexedLibrary, Ran, run


@pytest.fixture
def library(indexed: IndexedLibrary, tmp_path: Path) -> IndexedLibrary:
    """A copy that may be changed."""
    root = tmp_path / "library"
    shutil.copytree(indexed.library, root)
    shutil.rmtree(root / "backups")
    return IndexedLibrary(indexed.photos, root, indexed.added, indexed.indexed)


def searchable(ran: Ran) -> bool:
    return ran.status == 0 and "red.png" in ran.out


def test_indexing_has_made_the_first_one(indexed: IndexedLibrary) -> None:
    listed = run("--library", indexed.library, "backup", "list")
    assert listed.status == 0 and listed.out.count("everything") == 1


def test_a_backup_is_made_listed_and_put_back(library: IndexedLibrary) -> None:
    assert "There is none yet" in library.run("backup", "list").out
    made = library.run("backup")
    assert made.status == 0 and "everything" in made.out
    name = Path(made.out.splitlines()[-1]).name
    listed = library.run("backup", "list")
    assert name in listed.out and "restore NAME" in listed.out
    for damage in (lambda path: path.write_bytes(b"nothing"), Path.unlink):
        damage(LibraryPaths(library.library).store)
        broken = library.run("search", "red")
        assert broken.status == 1 and "pickout-cli restore" in broken.err
        assert name in library.run("backup", "list").out
        restored = library.run("restore")
        assert restored.status == 0 and "1 folder, 3 photos and 0 edits" in restored.out
        assert searchable(library.run("search", "red"))
    assert "before-restore" in library.run("backup", "list").out
    assert library.run("restore", name[:12]).status == 0


def test_a_library_without_a_backup_is_salvaged(library: IndexedLibrary) -> None:
    without = library.run("restore")
    assert without.status == 1 and "--salvage" in without.err
    saved = library.run("restore", "--salvage")
    assert saved.status == 0 and "1 folder, 3 photos" in saved.out and "Lost" not in saved.out
    assert searchable(library.run("search", "red"))
    assert library.run("restore", "x", "--salvage").status == 1


def test_a_name_that_is_none_lists_the_names(library: IndexedLibrary) -> None:
    library.run("backup")
    ran = library.run("restore", "tomorrow")
    assert ran.status == 1 and "whole-" in ran.err


def test_a_library_goes_to_another_place_as_one_file(
    library: IndexedLibrary, tmp_path: Path
) -> None:
    library.run("settings", "rescan_minutes", "7")
    file = tmp_path / "my library.pickout"
    assert library.run("library", "export", file).status == 0
    again = library.run("library", "export", file)
    assert again.status == 1 and "Choose another name" in again.err
    elsewhere = tmp_path / "elsewhere"
    loaded = run("--library", elsewhere, "library", "import", file)
    assert loaded.status == 0 and "1 folder, 3 photos and 0 edits" in loaded.out
    assert searchable(run("--library", elsewhere, "search", "red"))
    assert "7" in run("--library", elsewhere, "settings", "rescan_minutes").out
    second = run("--library", elsewhere, "library", "import", file)
    assert second.status == 1 and "already" in second.err
    missing = run("--library", tmp_path / "third", "library", "import", tmp_path / "nothing")
    assert missing.status == 1 and "no such file" in missing.err

"""Running commands with models on coloured shapes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine import cli
from engine.commands.terminal.console import Console
from tests.fakes import colour_models, synthetic_photos


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str


def run(*argv: object) -> Ran:
    """One command with the fake models."""
    out, err = io.StringIO(), io.StringIO()
    status = cli.run(
        [str(part) for part in argv], profile=colour_models.profile(), console=Console(out, err)
    )
    return Ran(status, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class IndexedLibrary:
    """Three photos, a text file named like one, and the library that indexed them."""

    photos: Path
    library: Path
    added: Ran
    indexed: Ran

    def run(self, *argv: object) -> Ran:
        return run("--library", self.library, *argv)


RED_BOX = (20, 30, 70, 90)


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> IndexedLibrary:
    """Made once, only read by the tests."""
    root = tmp_path_factory.mktemp("library")
    photos, library = root / "photos", root / "library"
    synthetic_photos.write(photos / "red.png", synthetic_photos.pixels([("red", RED_BOX)]))
    synthetic_photos.write(
        photos / "green.png", synthetic_photos.pixels([("green", (40, 20, 110, 100))])
    )
    synthetic_photos.write(
        photos / "blue.png", synthetic_photos.pixels([("blue", (10, 10, 60, 60))])
    )
    synthetic_photos.aged(_text(photos / "letter.jpg"), 3600)
    added = run("--library", library, "add", photos)
    indexed = run("--library", library, "index")
    # The first query of a process reads the tables of words. Were that a test's own query, it would
    # show progress on a slow machine, and another output.
    run("--library", library, "search", "red")
    return IndexedLibrary(photos, library, added, indexed)


def _text(path: Path) -> Path:
    path.write_text("Dear all, this is no photo.")
    return path


@pytest.fixture
def run_command() -> Callable[..., Ran]:
    return run

"""Every module says what it is for, is of a size one can read, and has a name that means it."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
MOST_MODULES = 20
LONGER_FOR_A_REASON: dict[str, str] = {}
"""Path -> why it is better left in one piece."""
SAY_NOTHING = {"utils", "util", "helpers", "helper", "misc", "common", "core", "sam2"}

PRODUCT = sorted(p for top in ("engine", "desktop_app") for p in (ROOT / top).rglob("*.py"))
OTHERS = sorted(p for top in ("packaging", "tests") for p in (ROOT / top).rglob("*.py"))


def docstring_fault(source: str) -> str | None:
    text = ast.get_docstring(ast.parse(source))
    return None if text and text.strip() else "has no docstring"


def imported_from_the_standard_library() -> set[str]:
    """Those the product uses itself: a module of ours with such a name would be mistaken for it."""
    names = set()
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names & sys.stdlib_module_names


TAKEN = imported_from_the_standard_library()


def name_fault(path: Path) -> str | None:
    for part in (*path.parts[:-1], path.stem):
        if part in SAY_NOTHING:
            return f"is called {part}, which says nothing"
    if path.stem in TAKEN:
        return f"is called like the standard library's {path.stem}, which the product uses"
    return None


@pytest.mark.parametrize("path", PRODUCT + OTHERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_has_a_docstring(path: Path):
    assert docstring_fault(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: str(p.relative_to(ROOT)))
def test_name_means_something(path: Path):
    assert name_fault(path.relative_to(ROOT)) is None


def test_modules_are_short_or_have_a_reason():
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*PRODUCT, *(ROOT / "packaging").glob("*.py")]
    }
    long = {name: count for name, count in lines.items() if count > MOST_LINES}
    assert {n: c for n, c in long.items() if n not in LONGER_FOR_A_REASON} == {}
    assert set(LONGER_FOR_A_REASON) <= set(long), "no longer long: take them off the list"


def modules_in_folders(paths: list[Path]) -> Counter[str]:
    """Folder -> how many modules lie directly in it; ``__init__.py`` is none."""
    return Counter(
        path.relative_to(ROOT).parent.as_posix() for path in paths if path.name != "__init__.py"
    )


def test_folders_have_few_modules():
    counts = modules_in_folders(PRODUCT)
    assert counts["engine/jobs"] > 5
    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}


def test_packaging_is_no_package_and_tests_are_none():
    """An ``__init__.py`` in packaging would hide the library of that name."""
    assert not (ROOT / "packaging" / "__init__.py").exists()
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    "path", ["engine/utils.py", "engine/misc/a.py", "engine/queue.py", "engine/sam2/x.py"]
)
def test_an_empty_name_is_found(path: str):
    assert name_fault(Path(path)) is not None


@pytest.mark.parametrize("source", ["", "import os", '"""  """\nimport os', "# a comment"])
def test_a_missing_docstring_is_found(source: str):
    assert docstring_fault(source) == "has no docstring"

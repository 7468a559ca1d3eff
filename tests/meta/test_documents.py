"""What the documents say exists: files, links, modules, commands; and what they must not say."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENGINE_README = (ROOT / "engine" / "README.md").read_text(encoding="utf-8")

# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = [
    *("/" + "work/", "/" + "opt/pypi", "/" + "tmp/brief"),
    *("pypi" + ".org", "python" + "hosted.org", "npmjs" + ".com", "npmjs" + ".org"),
    *("deb.debian" + ".org", "crates" + ".io", "anaconda" + ".org"),
]


def fenced_commands(text: str) -> list[str]:
    """The lines of code blocks that are commands; blocks that show a tree or output are not."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.S | re.M)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(python3?|pip|pickout|pickout-cli)\s", line)]


def tabled_commands(text: str) -> list[str]:
    """The commands in the first column of tables, with their brackets and capitals."""
    cells = re.findall(r"^\| `((?:pickout|pickout-cli)(?: [^`]*)?)` \|", text, re.M)
    return [cell.replace("\\|", "|") for cell in cells]


def command_fault(command: str) -> str | None:
    """Why a command line of the README would not start; None if it would."""
    words = shlex.split(command)
    if words[0].startswith("python"):
        if not (ROOT / words[1]).is_file():
            return f"there is no {words[1]}"
        if "--cli" not in words:
            known = {"--with-mllm", "--set-up-only", "--"}
            own = words[2 : words.index("--")] if "--" in words else words[2:]
            return None if set(own) <= known else f"unknown option in {own}"
        return _cli_fault(words[words.index("--cli") + 1 :])
    if words[0] == "pickout-cli":
        return _cli_fault(words[1:])
    return None


def _cli_fault(arguments: list[str]) -> str | None:
    from engine.cli import _parser

    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
            _parser().parse_args(arguments)
    except SystemExit as ended:
        return printed.getvalue() if ended.code else None
    return None


def plain_forms(form: str) -> list[str]:
    """From ``export "T" --to DIR --as mask|csv [--limit N]`` to commands one could type.

    >>> plain_forms('pickout-cli bench query|index [--json FILE]')
    ['pickout-cli bench query --json FILE', 'pickout-cli bench index --json FILE']
    """
    bare = re.sub(r"[\[\]]|\.\.\.", "", form)
    bare = re.sub(r"\bN\b|\bK\b", "3", bare).replace("NAME", "query")
    choices = re.search(r"[\w-]+(?:\|[\w-]+)+", bare)
    if not choices:
        return [bare]
    return [bare.replace(choices[0], choice) for choice in choices[0].split("|")]


@pytest.mark.parametrize("command", fenced_commands(README) + fenced_commands(ENGINE_README))
def test_command_in_a_block_would_start(command: str):
    assert command_fault(command) is None


def subcommand(form: str) -> str | None:
    """The word after ``pickout-cli`` and its options; None for the window's command."""
    words = form.replace("--library DIR ", "").split()
    return words[1] if words[0] == "pickout-cli" else None


@pytest.mark.parametrize("form", tabled_commands(README))
def test_command_in_the_table_is_known_with_its_options(form: str):
    for command in plain_forms(form):
        assert command_fault(command) is None, command


def test_the_commands_are_all_there():
    from engine.cli import COMMANDS

    assert {"python3 packaging/run.py", "python3 packaging/test.py"} <= set(fenced_commands(README))
    assert {subcommand(form) for form in tabled_commands(README)} == {None, *COMMANDS}


@pytest.mark.parametrize("document", ["README.md", "engine/README.md"])
def test_links_lead_somewhere(document: str):
    path = ROOT / document
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    dead = [one for one in links if "://" not in one and not (path.parent / one).exists()]
    assert dead == []


def named_paths(text: str) -> set[str]:
    """``store/migrations.py``, ``masks/`` and the like: in backticks, or first in a tree line."""
    quoted = re.findall(r"`([\w/]+(?:\.(?:py|md)|/))`", text)
    tree = re.findall(r"^(?:\(\d+\))?\s*([\w]+(?:\.py|/))\s{2,}", text, re.M)
    return set(quoted) | set(tree)


def test_modules_named_in_the_engines_readme_exist():
    names = named_paths(ENGINE_README)
    assert len(names) > 15
    missing = {n for n in names if not any((top / n).exists() for top in (ROOT / "engine", ROOT))}
    assert missing == set()


def tracked_files() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def forbidden_in(text: str) -> list[str]:
    return [word for word in FORBIDDEN if word in text]


def test_no_file_speaks_of_somebodys_machine_or_of_package_registries():
    found = {}
    for path in tracked_files():
        words = forbidden_in(path.read_bytes().decode("utf-8", "ignore"))
        if words:
            found[path.relative_to(ROOT).as_posix()] = words
    assert found == {}


COMMAND_LINE = ("commands", "cli.py", "diagnostics.py", "evaluation", "benchmarks", "training")
"""What of the engine only the command line runs."""


def sentences(source: str) -> list[str]:
    """The strings of a module that are not docstrings."""
    tree = ast.parse(source)
    documented = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [n.value for n in constants if isinstance(n.value, str) and id(n) not in documented]


def test_nothing_that_the_window_shows_tells_to_type_a_command():
    found = {}
    for path in sorted((ROOT / "engine").rglob("*.py")) + sorted((ROOT / "desktop_app").rglob("*")):
        inside = path.relative_to(ROOT).parts
        if path.suffix != ".py" or (inside[0] == "engine" and inside[1] in COMMAND_LINE):
            continue
        words = [s for s in sentences(path.read_text("utf-8")) if "pickout-cli" in s]
        if words:
            found[path.relative_to(ROOT).as_posix()] = words
    assert found == {}


def test_a_sentence_that_names_a_command_is_found():
    source = '"""Docs of pickout-cli."""\nHINT = f"Run pickout-cli {1}"'
    assert sentences(source) == ["Run pickout-cli "]


@pytest.mark.parametrize(
    "command",
    [
        "python3 packaging/start.py",
        "python3 packaging/run.py --fast",
        "python3 packaging/run.py --cli serch cat",
        "pickout-cli --library x search",
        "pickout-cli --library x export cat --to y --as painting",
    ],
)
def test_a_wrong_command_is_found(command: str):
    assert command_fault(command) is not None


def test_a_forbidden_word_is_found():
    assert forbidden_in("see https://" + "pypi" + ".org/project/x") == ["pypi" + ".org"]


def test_a_module_that_does_not_exist_would_be_found():
    assert "store/nowhere.py" in named_paths("- a column: `store/nowhere.py`")
    assert "watch/" in named_paths("(1) watch/       a file appears")

"""The command line as a program: usage, exit statuses, streams."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cli
from engine.commands.terminal.console import Console

PROJECT = Path(cli.__file__).resolve().parents[1]


def _run(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return cli.run(argv, console=Console(out, err)), out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("bogus",),
        ("add",),
        ("search",),
        ("search", "  "),
        ("search", "cat", "--limit", "0"),
        ("search", "cat", "--verify", "-1"),
        ("export", "cat", "--as", "cutout"),
        ("export", "cat", "--to", "x", "--as", "gif"),
        ("evaluate", "--photos", "x"),
        ("models", "bogus"),
        ("bench", "bogus"),
        ("bench", "vectors", "--sizes", "0"),
    ],
)
def test_wrong_usage(argv, capsys):
    assert cli.run(argv) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and "usage: pickout-cli" in printed.err


@pytest.mark.parametrize("argv", [("--help",), *((name, "--help") for name in cli.COMMANDS)])
def test_every_command_explains_itself(argv, capsys):
    assert cli.run(argv) == 0
    printed = capsys.readouterr().out
    assert "usage: pickout-cli" in printed and "--library" in printed


@pytest.mark.parametrize("name", ["grid"])
def test_later_benchmarks_say_so(name):
    status, out, err = _run("bench", name)
    assert (status, out) == (2, "") and "not available yet" in err


@pytest.mark.parametrize("program", [("-m", "engine.cli")])
def test_as_a_program(program):
    done = subprocess.run(
        [sys.executable, *program, "models", "list"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "") and "starter" in done.stdout


def test_help_loads_nothing_heavy():
    """A fresh interpreter that prints the help has imported neither models nor the window."""
    code = (
        "import sys; from engine import cli; status = cli.main(['--help']); "
        "heavy = {'torch', 'cv2', 'usearch', 'pycocotools', 'PIL', 'PySide6'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_early_is_no_error():
    """As in ``pickout-cli models list | head -0``."""
    program = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "models", "list"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    program.stdout.close()
    errors = program.stderr.read()
    program.stderr.close()
    assert program.wait(120) == 1
    assert errors == ""

"""Stalls of the window's event loop, measured by the window in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.errors import BadRequest, WorkerCrashed
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress

_MODULE = "desktop_app.stall_benchmark"
_LIMIT_S = 900
_PROJECT = Path(__file__).resolve().parents[2]


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Run ``desktop_app.stall_benchmark``, which prints one JSON object as its last line.

    Raises:
        BadRequest: the window is not installed.
        WorkerCrashed: the process failed or took too long.
    """
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec(_MODULE) is None:
        raise BadRequest(
            "The window is not installed, so its event loop cannot be measured.",
            operation="measuring the event loop",
            hint="Install PySide6_Essentials.",
        )
    listener.report(Progress("Measuring the window's event loop"))
    chosen = [] if request.library is None else ["--library", str(request.library)]
    try:
        probe = subprocess.run(
            [sys.executable, "-m", _MODULE, *chosen],
            cwd=_PROJECT,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(f"it took longer than {_LIMIT_S} s") from error
    figures = last_object(probe.stdout)
    if probe.returncode != 0 or figures is None:
        last_lines = (probe.stderr or probe.stdout).strip().splitlines()[-3:]
        raise _failed(f"exit status {probe.returncode}: {' / '.join(last_lines)}")
    lines = tuple(f"{name}: {value}" for name, value in figures.items())
    return BenchResult(lines, {"bench": "loop", **figures})


def last_object(text: str) -> dict[str, Any] | None:
    """The JSON object on the last line; None if that is no JSON object."""
    lines = text.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _failed(why: str) -> WorkerCrashed:
    return WorkerCrashed(
        f"The measurement of the event loop failed: {why}.", operation="measuring the event loop"
    )

#!/usr/bin/env python3
"""Sets Pickout up in .venv with what the tests need, checks style and types, and runs the tests.

python3 packaging/test.py                       all tests but the benchmarks and the longest
python3 packaging/test.py -m "not slow" -x      the fast ones, up to the first failure
python3 packaging/test.py -n 0 --pdb PATH       in one process; arguments go to pytest
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environment import Environment
from setup_problem import SetupProblem, report
from setup_steps import has_compiler, steps

CHECKS = (
    ("ruff", "check", "--quiet"),
    ("ruff", "format", "--check", "--quiet"),
    ("mypy", "--no-error-summary"),
)
"""Modules of the environment and their arguments, run before the tests."""
MOST_PROCESSES = 8
"""Each takes up to 1.5 GB, and the longest file of tests bounds the time anyway."""


def main() -> int:
    """Set up, check, test; returns the exit status."""
    root = Path(__file__).resolve().parents[1]
    environment = Environment(root, report=lambda line: print(line, flush=True))
    # What CI passes must have seen a language model run; elsewhere those tests need a compiler.
    mllm = has_compiler() or bool(os.environ.get("CI"))
    if not mllm:
        print("No C++ compiler was found: the tests with language models are left out.")
    try:
        environment.prepare(steps(test=True, mllm=mllm))
        environment.check_qt("other")
    except SetupProblem as problem:
        return report(problem, environment.log)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it stopped.", file=sys.stderr)
        return 130
    variables = environment.variables()
    variables["QT_QPA_PLATFORM"] = "offscreen"
    # Processes of tests take all cores; more threads only fight each other over small photos.
    variables.setdefault("OMP_NUM_THREADS", "1")
    python = str(environment.python)
    return run_checks(python, root, variables) or subprocess.call(
        pytest_command(python, sys.argv[1:]), cwd=str(root), env=variables
    )


def run_checks(python: str, root: Path, variables: Dict[str, str]) -> int:
    """Style and types; the exit status of the first check that finds something."""
    started_s = time.monotonic()
    for check in CHECKS:
        status = subprocess.call([python, "-m", *check], cwd=str(root), env=variables)
        if status:
            print("{} found something; see packaging/CONTRIBUTING.md.".format(" ".join(check[:2])))
            return status
    print(f"Style and types are clean ({time.monotonic() - started_s:.0f} s).", flush=True)
    return 0


def pytest_command(python: str, arguments: List[str]) -> List[str]:
    """pytest in several processes, unless the arguments say how many or want to be in one."""
    command = [python, "-m", "pytest", "-m", "not bench and not long"]
    alone = ("-n", "--numprocesses", "--pdb", "-s", "--dist")
    if not any(argument.startswith(alone) for argument in arguments):
        # One more than cores: many tests wait for a child process or for a file to settle.
        processes = min((os.cpu_count() or 1) + 1, MOST_PROCESSES)
        command += ["-n", str(processes), "--dist", "loadfile"]
        # Without this the file whose test ended its process is run by the next one as well, and
        # the run never ends.
        command.append("--max-worker-restart=0")
    return command + arguments


if __name__ == "__main__":
    sys.exit(main())

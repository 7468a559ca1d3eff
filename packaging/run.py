#!/usr/bin/env python3
"""Sets Pickout up in .venv, once, and starts it.

python3 packaging/run.py                        the window
python3 packaging/run.py -- --library DIR       the window, with its own arguments
python3 packaging/run.py --cli status           the command line: all that follows goes to it
python3 packaging/run.py --with-mllm            also builds llama-cpp-python (C++ compiler)
python3 packaging/run.py --set-up-only          sets up and stops
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environment import Environment
from setup_problem import SetupProblem, report
from setup_steps import steps


class Options(NamedTuple):
    """The parsed command line.

    Attributes:
        window: arguments for the window.
        cli: arguments for ``pickout-cli``; None starts the window.
        mllm: also build llama-cpp-python.
        only_set_up: do not start anything.
    """

    window: List[str]
    cli: Optional[List[str]]
    mllm: bool
    only_set_up: bool


def read_arguments(arguments: List[str]) -> Options:
    """Parse the options up to ``--`` or ``--cli``; the rest is handed to the program."""
    own = list(arguments)
    window: List[str] = []
    cli: Optional[List[str]] = None
    for position, argument in enumerate(arguments):
        if argument in ("--", "--cli"):
            own, rest = arguments[:position], arguments[position + 1 :]
            if argument == "--cli":
                cli = rest
            else:
                window = rest
            break
    if "-h" in own or "--help" in own:
        print(__doc__.strip())
        raise SystemExit(0)
    unknown = [argument for argument in own if argument not in ("--with-mllm", "--set-up-only")]
    if unknown:
        print(f"Unknown option {unknown[0]}.\n\n{__doc__.strip()}", file=sys.stderr)
        raise SystemExit(2)
    return Options(window, cli, "--with-mllm" in own, "--set-up-only" in own)


def has_display() -> bool:
    """Whether a window can be shown; a Qt platform set by the user counts as a display."""
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return x11_answers(os.environ.get("DISPLAY", ""))


def x11_answers(display: str) -> bool:
    """Whether a local X server listens, since Qt aborts without one; True for a remote one."""
    local = re.fullmatch(r":(\d+)(\.\d+)?", display)
    if local is None:
        return bool(display)
    path = "/tmp/.X11-unix/X" + local.group(1)
    for address in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False


def start(command: List[str], variables: Dict[str, str]) -> int:
    """Replace this process by the program; on Windows, run it as a child and wait for it."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(command[0], command, variables)
    return subprocess.call(command, env=variables)


def main() -> int:
    """Set up and start; returns the exit status."""
    options = read_arguments(sys.argv[1:])
    environment = Environment(
        Path(__file__).resolve().parents[1], report=lambda line: print(line, flush=True)
    )
    try:
        environment.prepare(steps(mllm=options.mllm))
        if options.only_set_up:
            return 0
        if options.cli is not None:
            command = environment.command("pickout-cli") + options.cli
        elif not has_display():
            print("There is no display here, so the samples are searched in the terminal instead")
            print("(the same as: packaging/run.py --cli demo).")
            command = [*environment.command("pickout-cli"), "demo"]
        else:
            chosen = os.environ.get("QT_QPA_PLATFORM", "")
            x11 = chosen.startswith("xcb") or not (chosen or os.environ.get("WAYLAND_DISPLAY"))
            environment.check_qt("xcb" if x11 else "other")
            command = environment.command("pickout") + options.window
    except SetupProblem as problem:
        return report(problem, environment.log)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it stopped.", file=sys.stderr)
        return 130
    return start(command, environment.variables())


if __name__ == "__main__":
    sys.exit(main())

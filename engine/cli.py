"""``pickout-cli``: the engine without the window."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from engine.commands.terminal.console import HOW_TO_GET_MODELS, HOW_TO_RESTORE, Console, plain
from engine.errors import Cancelled, EngineError, ModelBroken, ModelMissing, StoreDamaged

COMMANDS = (
    "add",
    "folders",
    "relocate",
    "index",
    "watch",
    "search",
    "export",
    "status",
    "check",
    "backup",
    "restore",
    "library",
    "models",
    "profile",
    "settings",
    "doctor",
    "demo",
    "evaluate",
    "calibrate",
    "bench",
)
EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130
_LIBRARY_HELP = (
    "the folder of the library (default: the one the window uses), or postgresql://USER@HOST/DB"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A file name need not be valid text in the terminal's encoding; show it escaped.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    return run(argv)


def run(argv: Sequence[str] | None, *, profile: Any = None, console: Console | None = None) -> int:
    """Run one command with the given profile and console.

    Args:
        profile: as for ``Library.open``; None for the one in the library's settings.

    Returns:
        The exit status: 0 for success, 1 after an error that is explained on stderr, 2 for wrong
        usage, 130 after Ctrl-C.
    """
    console = console or Console()
    try:
        arguments = _parser().parse_args(argv)
        return arguments.command.run(arguments, console, profile)
    except SystemExit as end:  # argparse has printed the error or its help
        return end.code if isinstance(end.code, int) else EXIT_USAGE
    except EngineError as error:
        console.note(f"Error: {_explain(error)}")
        return EXIT_FAILED
    except (KeyboardInterrupt, Cancelled):
        console.note("Stopped. What was finished is kept.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe; the rest of the buffer is discarded.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED


def _explain(error: EngineError) -> str:
    where = f" [{plain(error.path)}]" if error.path is not None else ""
    hint = f"\n  {plain(error.hint)}" if error.hint else ""
    if isinstance(error, ModelMissing | ModelBroken):
        hint += f"\n  {HOW_TO_GET_MODELS}"
    if isinstance(error, StoreDamaged):
        hint += f"\n  {HOW_TO_RESTORE}"
    return f"{plain(error.message)}{where}{hint}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pickout-cli",
        description="Find things in your own photos. Everything runs on this computer.",
        epilog="First time: pickout-cli add FOLDER, pickout-cli index, "
        'pickout-cli search "a red umbrella". Or try: pickout-cli demo.',
    )
    parser.add_argument("--library", metavar="DIR", help=_LIBRARY_HELP)
    # The same option after the command; a default here would replace a value given before it.
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--library", metavar="DIR", default=argparse.SUPPRESS, help=_LIBRARY_HELP)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        command: ModuleType = importlib.import_module(f"engine.commands.{name}")
        subparser = commands.add_parser(
            name,
            parents=[shared],
            help=command.SUMMARY,
            description=f"{command.SUMMARY[0].upper()}{command.SUMMARY[1:]}.",
        )
        command.add_arguments(subparser)
        subparser.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())

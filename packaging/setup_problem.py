"""Errors of the set-up: the exception, its message from the output of pip, printing it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Optional


class SetupProblem(Exception):
    """The set-up cannot go on for a reason outside the program.

    Attributes:
        message, hint: shown to the user.
        passing: the next attempt may succeed (no network, a full disk).
        log_end: the last lines of output, if a command failed.
    """

    def __init__(self, message: str, hint: str, passing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.passing = passing
        self.log_end = ""


_NETWORK_ERRORS = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "NameResolutionError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Connection broken",
    "Connection reset by peer",
    "Could not fetch URL",
)


def explain(log: str) -> SetupProblem:
    """The problem that stopped pip, from its output."""
    if "No space left on device" in log:
        return SetupProblem(
            "The disk is full.", "Free about 10 GB and run the same command again.", passing=True
        )
    if any(sign in log for sign in _NETWORK_ERRORS):
        return SetupProblem(
            "The package index cannot be reached.",
            "Check the connection to the internet (and the proxy settings, if there are any),"
            " then run the same command again: it goes on where it stopped.",
            passing=True,
        )
    if "No matching distribution found" in log:
        return SetupProblem(
            "A package is not available for this Python or this machine.",
            "Use a 64-bit Python 3.11, 3.12 or 3.13 on Linux, macOS or Windows.",
        )
    return SetupProblem(
        "pip reported an error.",
        "Run the same command again; if it fails in the same way, delete the folder .venv first.",
    )


def report(problem: SetupProblem, log: Optional[Path] = None) -> int:
    """Print the problem, its hint and the end of the log; returns the exit status."""
    out = sys.stderr
    if problem.log_end and log is not None:
        print(f"\nThe end of {log}:\n{problem.log_end}", file=out)
    print(f"\nPickout could not be set up. {problem.message}\n{problem.hint}", file=out)
    return 1

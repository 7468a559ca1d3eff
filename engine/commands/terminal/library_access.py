"""Opens the library that a command works on."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import paths
from engine.commands.terminal.console import Console
from engine.errors import BadRequest, LibraryInUse
from engine.jobs.ray_cluster import RayCluster
from engine.library import Library
from engine.library.backend import Location, paths_of
from engine.postgres.address import ServerAddress
from engine.profiles import registry


def location(arguments: argparse.Namespace) -> Location:
    """Where the library is: the value of ``--library``, a folder or the address of a server, or the
    default folder."""
    chosen = getattr(arguments, "library", None)
    if chosen and ServerAddress.is_one(chosen):
        return ServerAddress(chosen)
    return Path(chosen).expanduser().absolute() if chosen else paths.default_library_dir()


def server_of(arguments: argparse.Namespace) -> ServerAddress | None:
    """The server that ``--library`` names; None if it names a folder or nothing."""
    where = location(arguments)
    return where if isinstance(where, ServerAddress) else None


def library_dir(arguments: argparse.Namespace) -> Path:
    """The folder of the library's settings and logs; of one in a folder, the library itself."""
    return paths_of(location(arguments)).root


def command_line(arguments: argparse.Namespace, command: str) -> str:
    """The text of another command on the same library, for hints."""
    chosen = getattr(arguments, "library", None)
    if chosen and ServerAddress.is_one(chosen):
        chosen = str(ServerAddress(chosen))  # without its password
    return f'pickout-cli --library "{chosen}" {command}' if chosen else f"pickout-cli {command}"


def add_profile_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--profile``: models for this command only; the library's setting stays."""
    parser.add_argument(
        "--profile", metavar="NAME", help="the models for this once (default: the library's)"
    )


def _chosen_profile(arguments: argparse.Namespace, profile: Any) -> Any:
    name = getattr(arguments, "profile", None)
    return registry.by_name(name) if name and profile is None else profile


@contextlib.contextmanager
def open_for_writing(
    arguments: argparse.Namespace, profile: Any, ray_address: str | None = None
) -> Iterator[Library]:
    """The library, opened for writing; closed at the end.

    Args:
        ray_address: where Ray is, as ``RayCluster.open`` takes it; None to do without.

    Raises:
        LibraryInUse: another process has it open for writing.
        RayUnavailable: with ``ray_address``.
    """
    with contextlib.ExitStack() as opened:
        ray = RayCluster.open(ray_address) if ray_address else None
        if ray is not None:
            opened.callback(ray.close)
        library = Library.open(
            location(arguments), profile=_chosen_profile(arguments, profile), ray=ray
        )
        opened.callback(library.close)
        yield library


@contextlib.contextmanager
def open_for_reading(
    arguments: argparse.Namespace, profile: Any, console: Console
) -> Iterator[Library]:
    """The library, read-only if another process is writing to it; closed at the end."""
    root, profile = location(arguments), _chosen_profile(arguments, profile)
    try:
        library = Library.open(root, profile=profile)
    except LibraryInUse:
        library = Library.open(root, profile=profile, read_only=True)
        console.note("Another Pickout is writing to this library; reading along.")
    with contextlib.closing(library):
        yield library


def refuse_if_empty(library: Library, arguments: argparse.Namespace) -> None:
    """Check that something can be found.

    Raises:
        BadRequest: no photo is indexed; the hint names the next command.
    """
    status = library.status()
    if status.searchable:
        return
    if status.pending:
        message, hint = "No photo is indexed yet.", f"Run: {command_line(arguments, 'index')}"
    elif status.problems:
        message = "None of the photos could be indexed."
        hint = f"See why: {command_line(arguments, 'status')}"
    else:
        message = "The library holds no photos yet."
        hint = (
            f"Run: {command_line(arguments, 'add FOLDER')}, "
            f"then: {command_line(arguments, 'index')}"
        )
    raise BadRequest(message, operation="searching", path=library_dir(arguments), hint=hint)

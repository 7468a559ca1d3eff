"""What holds for every test: no display, no network, nobody's own files, nothing left running."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

# Before anything imports Qt or asks where the user's files lie; child processes inherit it.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = Path(tempfile.mkdtemp(prefix="pickout-tests-"))
_PERSONAL = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}
for _name, _below in _PERSONAL.items():
    (_HOME / _below).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[_name] = str(_HOME / _below)
# Child processes are beyond the socket guard: a proxy that nobody runs stops their downloads.
_DEAD_PORT = 9
for _name in ("http_proxy", "https_proxy", "all_proxy"):
    os.environ[_name] = os.environ[_name.upper()] = f"http://127.0.0.1:{_DEAD_PORT}"
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1,::1"

# A parent that ignores Ctrl-C (nohup, a shell in the background) passes that on to its children;
# the tests that send it need children that do not ignore it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_SETTLE_S = 5.0
"""How long a thread or child process may take to end after the last test that used it."""


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_HOME, ignore_errors=True)
    # llama_cpp opens both when it is imported and never closes them, which Python complains of.
    silencer = sys.modules.get("llama_cpp._utils")
    for name in ("outnull_file", "errnull_file"):
        if hasattr(silencer, name):
            getattr(silencer, name).close()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Mark the tests that need Qt, for ``-m "not gui"``; run the slow ones after all others."""
    for item in items:
        if {"qapp", "qtbot"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.gui)
    yield  # others select and shuffle here
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


class NetworkBlocked(OSError):
    """Something tried to reach another machine."""


_attempts: list[str] = []


def _refuse_unless_local(sock: socket.socket, address: object) -> None:
    if not isinstance(address, tuple):
        return  # AF_UNIX: a path
    host, port = address[:2]
    if host in ("127.0.0.1", "::1", "localhost") and port != _DEAD_PORT:
        return
    _attempts.append(f"{host}:{port}")
    raise NetworkBlocked(f"the tests run offline, but something connects to {host}:{port}")


@pytest.fixture(scope="session", autouse=True)
def _blocked_network():
    """Replace the ways out of a socket; names are not looked up either."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    sendto, getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def guarded_connect(self, address):
        _refuse_unless_local(self, address)
        return connect(self, address)

    def guarded_connect_ex(self, address):
        _refuse_unless_local(self, address)
        return connect_ex(self, address)

    def guarded_sendto(self, data, *rest):
        _refuse_unless_local(self, rest[-1])
        return sendto(self, data, *rest)

    def guarded_getaddrinfo(host, port, *args, **kwargs):
        if host not in (None, "", "localhost", b"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"):
            _attempts.append(f"{host} (name look-up)")
            raise NetworkBlocked(f"the tests run offline, but something looks up {host}")
        return getaddrinfo(host, port, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket.socket, "sendto", guarded_sendto)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def _no_network_attempts(_blocked_network):
    """Fail a test during which something tried, even if the code got over the refusal."""
    _attempts.clear()
    yield
    if _attempts:
        pytest.fail(f"tried to reach the network: {', '.join(_attempts)}", pytrace=False)


class _Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _no_unexpected_warnings(request: pytest.FixtureRequest):
    """Fail on warnings and errors the product logs, unless the test reads the log (``caplog``)."""
    if "caplog" in request.fixturenames:
        yield
        return
    records = _Records()
    loggers = [logging.getLogger(name) for name in ("engine", "desktop_app")]
    for logger in loggers:
        logger.addHandler(records)
    yield
    for logger in loggers:
        logger.removeHandler(records)
    if records.lines:
        pytest.fail("logged, but not expected:\n" + "\n".join(records.lines), pytrace=False)


def _threads() -> dict[object, str]:
    """Threads that somebody should have joined: those that block the exit, and our own."""
    return {
        thread: f"thread {thread.name}"
        for thread in threading.enumerate()
        if thread is not threading.main_thread()
        and (not thread.daemon or thread.name.startswith("pickout-"))
    }


_SERVANTS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


def _children() -> dict[object, str]:
    """Running child processes, by number; Python's own servants are not counted."""
    found = {child.pid: f"process {child.name}" for child in multiprocessing.active_children()}
    # Linux lists them by the thread that started them; elsewhere multiprocessing's list must do.
    for task in Path("/proc/self/task").glob("*/children"):
        for pid in _read(task).split():
            command = _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ").strip()
            state = _read(Path(f"/proc/{pid}/stat")).rpartition(") ")[2][:1]
            # A zombie (Z) has ended, only nobody has asked it yet.
            if state not in "ZX" and not any(name in command for name in _SERVANTS):
                found.setdefault(int(pid), f"process {pid} ({command[:120]})")
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # the thread or process has ended meanwhile


_first_seen: dict[object, str] = {}


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_running():
    """Fail a module after which a thread or a child process still runs.

    Checked at the module's end, because a fixture may share an open library between its tests;
    ``_note_new_runners`` says which test it began in.
    """
    before = {*_threads(), *_children()}
    yield
    deadline = time.monotonic() + _SETTLE_S
    while left := {k: v for k, v in (_threads() | _children()).items() if k not in before}:
        if time.monotonic() > deadline:
            lines = [f"{what}, since {_first_seen.get(key, '?')}" for key, what in left.items()]
            pytest.fail("still running:\n" + "\n".join(lines), pytrace=False)
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _note_new_runners(request: pytest.FixtureRequest):
    """Remember in which test a thread or child process was first seen."""
    yield
    for key in (*_threads(), *_children()):
        _first_seen.setdefault(key, request.node.nodeid)


@pytest.fixture(scope="session")
def postgres():
    """The server for all tests of this process; None where none can be started."""
    from engine.postgres import packaged_server
    from tests.fakes import postgres_databases

    if not packaged_server.is_installed():
        yield None
        return
    with postgres_databases.run_server() as databases:
        yield databases

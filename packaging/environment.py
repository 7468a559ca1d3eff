"""The virtual environment in ``.venv``: made, filled in steps, repaired, and found ready.

Standard library only, and nothing newer than Python 3.8, so that an old Python gets as far as the
message that says what is wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

MINIMUM_PYTHON = (3, 11)
FIRST_INSTALL_BYTES = 10_000_000_000
"""Free space wanted before torch is there: 6.4 GB stay, the rest is for downloads on their way."""
LATER_INSTALL_BYTES = 1_000_000_000

TORCH = ("torch>=2.6", "torchvision>=0.21")
COMPILERS = ("c++", "g++", "clang++", "cl")

# Library that Qt asks for -> the Debian and Ubuntu package that holds it.
QT_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
QT_PROBE = """
import ctypes, os, sys
from pathlib import Path
import PySide6.QtGui, PySide6.QtWidgets
if sys.argv[1] == "xcb":
    plugin = Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so"
    ctypes.CDLL(str(plugin))
"""


class SetupProblem(Exception):
    """Something outside the program stands in the way; ``message`` and ``hint`` are for people.

    Attributes:
        passing: it may be over at the next try (no network, a full disk).
        log_end: the last lines of what was printed, if a command failed.
    """

    def __init__(self, message: str, hint: str, passing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.passing = passing
        self.log_end = ""


class Step(NamedTuple):
    """One part of the set-up.

    Attributes:
        commands: arguments for the environment's Python, run in order; empty to make it.
        expect: what the person should be ready for.
        skippable: what works without it, if the set-up may go on after it failed.
    """

    name: str
    title: str
    expect: str
    commands: Tuple[Tuple[str, ...], ...] = ()
    variables: Tuple[Tuple[str, str], ...] = ()
    skippable: str = ""


def _pip(*arguments: str) -> Tuple[str, ...]:
    return (
        "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "--progress-bar", "off", *arguments,
    )  # fmt: skip


def steps(test: bool = False, mllm: bool = False) -> List[Step]:
    """The set-up in the order that works.

    sam2 builds against the torch that is already there, so torch comes first and sam2 is built
    without isolation; its CUDA extension is left out, it only tidies masks.
    """
    found = [
        Step("venv", "Making the environment in .venv", "about 10 seconds"),
        Step(
            "torch",
            "Installing torch and torchvision",
            "the large part: on Linux about 3 GB to download and 5 GB on disk, elsewhere much less",
            (_pip(*TORCH),),
        ),
        Step(
            "sam2",
            "Installing sam2 and open_clip, for the full profile",
            "about 30 MB",
            (
                _pip("setuptools>=77", "wheel", "open_clip_torch>=2.30"),
                _pip("--no-build-isolation", "sam2>=1.1"),
            ),
            (("SAM2_BUILD_CUDA", "0"),),
            "the starter profile works without it; the full profile will not be offered",
        ),
        Step(
            "project",
            "Installing Pickout with everything else it needs",
            "about 500 MB to download",
            (_pip("-e", "."),),
        ),
    ]
    if test:
        found.append(
            Step("test", "Installing what the tests need", "about 3 MB", (_pip("-e", ".[test]"),))
        )
    if mllm:
        found.append(
            Step(
                "mllm",
                "Building llama-cpp-python, for the second look with a language model",
                "compiles for 5 to 20 minutes",
                (_pip("-e", ".[mllm]"),),
            )
        )
    return found


def has_compiler() -> bool:
    """Whether llama-cpp-python could be built from its source."""
    return any(shutil.which(name) for name in COMPILERS)


UNREACHABLE = (
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
    """What stopped pip, and what to do, from what it printed."""
    if "No space left on device" in log:
        return SetupProblem(
            "The disk is full.", "Free about 10 GB and run the same command again.", passing=True
        )
    if any(sign in log for sign in UNREACHABLE):
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


class Environment:
    """The virtual environment of one checkout.

    ``setup.json`` in it notes each finished step with a key of everything the step depends on:
    ``pyproject.toml``, the step itself and the Python version. A step whose key is noted is not
    run again, which is what makes the second start fast.
    """

    def __init__(self, root: Path, say: Callable[[str], None] = print) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.log = self.folder / "setup.log"
        self._stamp = self.folder / "setup.json"
        self._say = say

    @property
    def python(self) -> Path:
        if os.name == "nt":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def command(self, script: str) -> List[str]:
        """How to start one of the installed commands."""
        if os.name == "nt":
            return [str(self.folder / "Scripts" / (script + ".exe"))]
        # Through Python, since a first line with a long path is cut off by some systems.
        return [str(self.python), str(self.folder / "bin" / script)]

    def variables(self, more: Sequence[Tuple[str, str]] = ()) -> Dict[str, str]:
        """The caller's variables without those that lead Python or pip astray in here."""
        astray = {"PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
        kept = {name: value for name, value in os.environ.items() if name not in astray}
        kept.update(more)
        return kept

    def missing(self, wanted: Sequence[Step]) -> List[Step]:
        """The steps that have yet to be run."""
        if not self.python.exists():
            return list(wanted)
        noted = self._read_stamp()
        return [step for step in wanted if noted.get(step.name) != self._key(step)]

    def prepare(self, wanted: Sequence[Step]) -> None:
        """Run what is missing.

        Raises:
            SetupProblem: it cannot be finished; what is done is kept for the next run.
        """
        if not self.missing(wanted):
            return
        self._check_python()
        with self._alone():
            todo = self.missing(wanted)
            if not todo:
                return
            self._check_machine(todo)
            self._say("Setting up Pickout in " + str(self.folder))
            started = time.monotonic()
            for number, step in enumerate(todo, 1):
                self._say(f"Step {number} of {len(todo)}: {step.title} ({step.expect}).")
                self._run(step)
            self._say(f"The set-up took {time.monotonic() - started:.0f} s.")

    def check_qt(self, platform: str) -> None:
        """See that Qt finds the system's libraries; remembered once it does.

        Args:
            platform: "xcb" for a window under X11, else any other word.

        Raises:
            SetupProblem: a library is missing.
        """
        if not sys.platform.startswith("linux"):
            return
        key = "qt-" + platform
        noted = self._read_stamp()
        if noted.get(key) == noted.get("project"):
            return
        probe = subprocess.run(
            [str(self.python), "-c", QT_PROBE, platform],
            env=self.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        if probe.returncode == 0:
            self._note(key, noted.get("project", ""))
            return
        raise qt_problem(probe.stdout)

    # -- in here -----------------------------------------------------------------------------

    def _check_python(self) -> None:
        if sys.version_info[:2] < MINIMUM_PYTHON:
            raise SetupProblem(
                "Pickout needs Python {}.{} or newer, and this is {}.{} ({}).".format(
                    *MINIMUM_PYTHON, *sys.version_info[:2], sys.executable
                ),
                "Install a newer Python and start this with it, for example:"
                " python3.12 packaging/run.py",
            )

    def _check_machine(self, todo: Sequence[Step]) -> None:
        names = {step.name for step in todo}
        if "venv" in names and importlib.util.find_spec("ensurepip") is None:
            raise SetupProblem(
                "This Python cannot make virtual environments: its module ensurepip is missing.",
                "On Debian or Ubuntu install it with: sudo apt install python3-venv",
            )
        needed = LATER_INSTALL_BYTES if self._has_torch() else FIRST_INSTALL_BYTES
        free = shutil.disk_usage(str(self.root)).free
        if free < needed:
            raise SetupProblem(
                f"Too little disk space: {free / 1e9:.1f} GB are free in {self.root},"
                f" about {needed / 1e9:.0f} GB are needed.",
                "Free some space, or move this folder to a larger disk.",
            )
        if "mllm" in names and not has_compiler():
            raise SetupProblem(
                "llama-cpp-python is built from source, and no C++ compiler was found.",
                "Install one (Debian or Ubuntu: sudo apt install build-essential; macOS:"
                " xcode-select --install; Windows: Visual Studio Build Tools), or start without"
                " --with-mllm.",
            )

    def _has_torch(self) -> bool:
        return any(self._site_packages(("torch-*.dist-info/RECORD",)))

    def _site_packages(self, patterns: Sequence[str]) -> Iterator[Path]:
        for below in ("lib/python3*/site-packages", "Lib/site-packages"):
            for folder in self.folder.glob(below):
                for pattern in patterns:
                    yield from folder.glob(pattern)

    def _run(self, step: Step) -> None:
        started = time.monotonic()
        try:
            if step.name == "venv":
                self._make()
            for arguments in step.commands:
                self._call(str(self.python), *arguments, more=step.variables)
        except SetupProblem as problem:
            if not step.skippable or problem.passing:
                raise
            self._say(f"        This did not work: {problem.message} ({self.log} says more.)")
            self._say(f"        Going on, since {step.skippable}.")
        self._note(step.name, self._key(step))
        self._say(f"        done in {time.monotonic() - started:.0f} s")

    def _make(self) -> None:
        """Keep an environment that works, whatever pip left half-done in it; else make it anew."""
        if self.python.exists() and self._works():
            # pip writes RECORD last: a package without it was being unpacked when it all ended.
            for info in list(self._site_packages(("*.dist-info",))):
                if not (info / "RECORD").exists():
                    shutil.rmtree(str(info))
            return
        if self.folder.exists():
            shutil.rmtree(str(self.folder))
        self.folder.mkdir()
        self._call(sys.executable, "-m", "venv", str(self.folder))

    def _works(self) -> bool:
        test = [str(self.python), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
        quiet = subprocess.DEVNULL
        try:
            ended = subprocess.run(test, env=self.variables(), stdout=quiet, stderr=quiet)
        except OSError:
            return False
        return ended.returncode == 0

    def _call(self, *command: str, more: Sequence[Tuple[str, str]] = ()) -> None:
        """Run a command with its output in the log.

        Raises:
            SetupProblem: it failed.
        """
        with self.log.open("ab") as log:
            log.write(("\n$ " + " ".join(command) + "\n").encode())
            log.flush()
            begin = log.tell()
            child = subprocess.Popen(
                command,
                cwd=str(self.root),
                env=self.variables(more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                self._wait(child, begin)
            finally:
                if child.poll() is None:
                    child.terminate()
                    child.wait()
        if child.returncode != 0:
            printed = self._printed(begin)
            problem = explain(printed)
            problem.log_end = "\n".join(printed.splitlines()[-15:])
            raise problem

    def _wait(self, child: subprocess.Popen, begin: int) -> None:
        """Wait, and say now and then that something still happens."""
        started = time.monotonic()
        while True:
            try:
                child.wait(timeout=20)
                return
            except subprocess.TimeoutExpired:
                lines = self._printed(begin).split("\n")
                last = next((line.strip() for line in reversed(lines) if line.strip()), "")
                self._say(f"        {time.monotonic() - started:.0f} s: {last[:80]}")

    def _printed(self, begin: int) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode("utf-8", "replace")

    def _key(self, step: Step) -> str:
        project = (self.root / "pyproject.toml").read_bytes()
        config = self.folder / "pyvenv.cfg"
        lines = config.read_text(encoding="utf-8").splitlines() if config.exists() else []
        version = [line for line in lines if line.startswith("version")]
        return hashlib.sha256(repr((project, step, version)).encode()).hexdigest()

    def _read_stamp(self) -> Dict[str, str]:
        try:
            noted = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def _note(self, name: str, key: str) -> None:
        noted = self._read_stamp()
        noted[name] = key
        fresh = self._stamp.with_suffix(".new")
        fresh.write_text(json.dumps(noted, indent=1), encoding="utf-8")
        os.replace(str(fresh), str(self._stamp))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let only one set-up of a checkout run at a time, where the system can lock files."""
        try:
            import fcntl
        except ImportError:
            yield
            return
        with (self.root / "pyproject.toml").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._say("Another set-up of this folder is running; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def qt_problem(printed: str) -> SetupProblem:
    """From what Python printed when Qt could not be loaded to what can be done about it."""
    last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
    library = next((name for name in QT_PACKAGES if name + ":" in printed), None)
    if library is None:
        return SetupProblem(
            "The window's library Qt cannot be loaded: " + last,
            "Delete the folder .venv and run the same command again.",
        )
    return SetupProblem(
        f"The window needs the system library {library}, which is not installed.",
        f"On Debian or Ubuntu: sudo apt install {QT_PACKAGES[library]}"
        f" (on other systems look for the package that holds {library})."
        " Searching works without it: packaging/run.py --cli demo",
    )


def report(problem: SetupProblem, log: Optional[Path] = None) -> int:
    """Print what went wrong and what to do; the exit code."""
    out = sys.stderr
    if problem.log_end and log is not None:
        print(f"\nThe end of {log}:\n{problem.log_end}", file=out)
    print(f"\nPickout could not be set up. {problem.message}\n{problem.hint}", file=out)
    return 1

"""Creates, fills and repairs the virtual environment in ``.venv``.

Standard library only, and nothing newer than Python 3.8, so that an old Python gets as far as the
message that says so.
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
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

from qt_libraries import QT_PROBE, qt_problem
from setup_problem import SetupProblem, explain
from setup_steps import Step, has_compiler

MINIMUM_PYTHON = (3, 11)
FIRST_INSTALL_BYTES = 10_000_000_000
"""Free space needed if torch is not installed: 6.4 GB stay, the rest is for temporary files."""
LATER_INSTALL_BYTES = 1_000_000_000
"""Free space needed if torch is installed."""


class Environment:
    """The virtual environment of one checkout.

    ``setup.json`` in it stores the key of each finished step: a hash of everything the step depends
    on (``pyproject.toml``, the step itself and the Python version). A step with an unchanged key
    is not run again, so the second start is fast.

    Args:
        root: the folder of the checkout.
        report: gets each line of progress.

    Attributes:
        folder: the environment.
        log: file with the output of all commands.
    """

    def __init__(self, root: Path, report: Callable[[str], None] = print) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.log = self.folder / "setup.log"
        self._stamp = self.folder / "setup.json"
        self._report = report

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        if os.name == "nt":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def command(self, script: str) -> List[str]:
        """The command line that starts an installed script."""
        if os.name == "nt":
            return [str(self.folder / "Scripts" / (script + ".exe"))]
        # Through Python, because some systems cut off a long path in the first line of a script.
        return [str(self.python), str(self.folder / "bin" / script)]

    def variables(self, more: Sequence[Tuple[str, str]] = ()) -> Dict[str, str]:
        """This process's environment variables without those that redirect Python or pip.

        Args:
            more: further variables.
        """
        removed = {"PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
        kept = {name: value for name, value in os.environ.items() if name not in removed}
        kept.update(more)
        return kept

    def missing(self, wanted: Sequence[Step]) -> List[Step]:
        """The steps that have not been run, or whose key has changed."""
        if not self.python.exists():
            return list(wanted)
        finished = self._read_stamp()
        return [step for step in wanted if finished.get(step.name) != self._key(step)]

    def prepare(self, wanted: Sequence[Step]) -> None:
        """Run the missing steps.

        Raises:
            SetupProblem: a step failed; finished steps are kept for the next run.
        """
        if not self.missing(wanted):
            return
        self._check_python()
        with self._lock():
            todo = self.missing(wanted)
            if not todo:
                return
            self._check_machine(todo)
            self._report("Setting up Pickout in " + str(self.folder))
            started = time.monotonic()
            for number, step in enumerate(todo, 1):
                self._report(f"Step {number} of {len(todo)}: {step.title} ({step.expect}).")
                self._run(step)
            self._report(f"The set-up took {time.monotonic() - started:.0f} s.")

    def check_qt(self, platform: str) -> None:
        """Check that Qt can load the system libraries it needs; ``setup.json`` stores a success.

        Args:
            platform: "xcb" for a window under X11, else any other word.

        Raises:
            SetupProblem: a library is missing.
        """
        if not sys.platform.startswith("linux"):
            return
        key = "qt-" + platform
        finished = self._read_stamp()
        if finished.get(key) == finished.get("project"):
            return
        probe = subprocess.run(
            [str(self.python), "-c", QT_PROBE, platform],
            env=self.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        if probe.returncode == 0:
            self._record(key, finished.get("project", ""))
            return
        raise qt_problem(probe.stdout)

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
            self._report(f"        This did not work: {problem.message} ({self.log} says more.)")
            self._report(f"        Going on, since {step.skippable}.")
        self._record(step.name, self._key(step))
        self._report(f"        done in {time.monotonic() - started:.0f} s")

    def _make(self) -> None:
        """Keep an environment that works, without half-installed packages; else create it again."""
        if self.python.exists() and self._works():
            # pip writes RECORD last: a package without it was not completely installed.
            for info in list(self._site_packages(("*.dist-info",))):
                if not (info / "RECORD").exists():
                    shutil.rmtree(str(info))
            return
        if self.folder.exists():
            shutil.rmtree(str(self.folder))
        self.folder.mkdir()
        self._call(sys.executable, "-m", "venv", str(self.folder))

    def _works(self) -> bool:
        """Whether the interpreter starts, is new enough and has pip."""
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

    def _wait(self, child: subprocess.Popen[bytes], begin: int) -> None:
        """Wait for the child; every 20 s report the elapsed time and its last line of output."""
        started = time.monotonic()
        while True:
            try:
                child.wait(timeout=20)
                return
            except subprocess.TimeoutExpired:
                lines = self._printed(begin).split("\n")
                last = next((line.strip() for line in reversed(lines) if line.strip()), "")
                self._report(f"        {time.monotonic() - started:.0f} s: {last[:80]}")

    def _printed(self, begin: int) -> str:
        """The output in the log from this byte on."""
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode("utf-8", "replace")

    def _key(self, step: Step) -> str:
        """The hash of everything the step depends on."""
        project = (self.root / "pyproject.toml").read_bytes()
        config = self.folder / "pyvenv.cfg"
        lines = config.read_text(encoding="utf-8").splitlines() if config.exists() else []
        version = [line for line in lines if line.startswith("version")]
        return hashlib.sha256(repr((project, step, version)).encode()).hexdigest()

    def _read_stamp(self) -> Dict[str, str]:
        """The keys in ``setup.json`` by step name; empty if it cannot be read."""
        try:
            finished = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return finished if isinstance(finished, dict) else {}

    def _record(self, name: str, key: str) -> None:
        finished = self._read_stamp()
        finished[name] = key
        temporary = self._stamp.with_suffix(".new")
        temporary.write_text(json.dumps(finished, indent=1), encoding="utf-8")
        os.replace(str(temporary), str(self._stamp))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Allow one set-up of a checkout at a time, where the system can lock files."""
        try:
            import fcntl
        except ImportError:
            yield
            return
        with (self.root / "pyproject.toml").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._report("Another set-up of this folder is running; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

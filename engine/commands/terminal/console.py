"""Console output of the commands: results on stdout, progress and notes on stderr."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any, TextIO, TypeVar

from engine.file_names import shown
from engine.jobs import Job, Progress

T = TypeVar("T")
HOW_TO_GET_MODELS = (
    "“pickout-cli models list” shows the models; get one with “pickout-cli models download NAME”."
)
HOW_TO_RESTORE = "“pickout-cli restore” puts the last backup back, or saves what can be read."
_POLL_S = 0.1
_LINE_EVERY_S = 3.0
"""Least time between progress lines if stderr is not a terminal (a file, a pipe)."""


def plain(text: object) -> str:
    """``text`` with control and other unprintable characters escaped; what is no text at all, in
    names of files, is U+FFFD.

    >>> plain("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in shown(str(text))
    )


def duration(seconds: float) -> str:
    """A duration as text, rounded.

    >>> duration(8), duration(200), duration(7500)
    ('8 s', '3 min', '2 h 5 min')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "photo"), counted(0, "photo"), counted(2, "copy", "copies")
    ('1 photo', '0 photos', '2 copies')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def progress_text(progress: Progress) -> str:
    """The progress as one line of text."""
    parts = [progress.stage or "Working"]
    if progress.total is not None:
        parts.append(f"{progress.done:,}/{progress.total:,}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if progress.per_second:
        parts.append(f"{progress.per_second:.2g}/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.current:
        parts.append(plain(progress.current))
    return "  ".join(parts)


class Console:
    """The two streams of a command. Used by the main thread only."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr
        self._is_terminal = self._err.isatty()
        self._line_open = False
        self._last_progress = ""
        self._last_progress_at_s = float("-inf")

    def print(self, text: str = "") -> None:
        """Write a line of the result to stdout."""
        self._close_line()
        print(text, file=self._out, flush=True)

    def note(self, text: str) -> None:
        """Write a line to stderr that is no part of the result."""
        self._close_line()
        print(text, file=self._err, flush=True)

    def report(self, progress: Progress) -> None:
        """Show progress on stderr: on a terminal one line that is rewritten, else a line every few
        seconds."""
        text = progress_text(progress)
        if text == self._last_progress:
            return
        if self._is_terminal:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._err.write(f"\r\x1b[K{text[:width]}")
            self._err.flush()
            self._line_open = True
        elif time.monotonic() - self._last_progress_at_s < _LINE_EVERY_S:
            return
        else:
            print(text, file=self._err, flush=True)
        self._last_progress, self._last_progress_at_s = text, time.monotonic()

    def follow(self, job: Job[T]) -> T:
        """Wait for a job with its progress shown; cancel it if Ctrl-C interrupts the wait.

        Raises:
            Exception: whatever ended the job.
            KeyboardInterrupt: after asking the job to stop.
        """
        try:
            while True:
                try:
                    return job.result(_POLL_S)
                except TimeoutError:
                    if job.ended:  # the work itself ran out of time, or ended just now
                        return job.result()
                if job.progress != Progress():
                    self.report(job.progress)
        except KeyboardInterrupt:
            job.cancel()
            raise
        finally:
            self._close_line()

    def _close_line(self) -> None:
        if self._line_open:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._line_open = False


def table(rows: list[tuple[Any, ...]], right: frozenset[int] = frozenset()) -> list[str]:
    """Lines of text with aligned columns; ``right`` holds the indices of right-aligned columns."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def confirm(question: str) -> bool:
    """Ask a yes-or-no question on the terminal; False also at the end of the input."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False

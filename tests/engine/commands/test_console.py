"""What commands write, where, and how they wait."""

from __future__ import annotations

import _thread
import io
import threading

import pytest

from engine.commands.terminal.console import Console, counted, duration, plain, progress_text, table
from engine.errors import BadRequest
from engine.jobs import JobState, Lane, Progress


class Terminal(io.StringIO):
    """A stream that counts as a terminal.

    Attributes:
        written_to: set at the first write.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written_to = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written_to.set()
        return super().write(text)


@pytest.fixture
def lane():
    lane = Lane("console-test")
    yield lane
    assert lane.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kätzchen.jpg", "kätzchen.jpg"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("two\nlines", "two\\nlines"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("odd\udcff", "odd\ufffd"),
    ],
)
def test_file_names_cannot_control_the_terminal(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (8.4, "8 s"), (89, "89 s"), (100, "2 min"), (5400, "1 h 30 min")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_counted_and_progress():
    assert (counted(1, "photo"), counted(12_000, "photo")) == ("1 photo", "12,000 photos")
    progress = Progress("Looking", 3, 10, 0.812, 9.0, "a\nb.jpg")
    assert progress_text(progress) == "Looking  3/10  0.81/s  9 s left  a\\nb.jpg"
    assert progress_text(Progress("Scanning", 5)) == "Scanning  5"


def test_table_sets_columns_under_each_other():
    assert table([("n", "name"), (10, "x")], right=frozenset({0})) == [" n  name", "10  x"]


def test_results_and_notes_go_to_different_streams():
    out, err = io.StringIO(), io.StringIO()
    console = Console(out, err)
    console.print("result")
    console.note("note")
    console.report(Progress("Working", 1, 2))
    assert out.getvalue() == "result\n"
    assert err.getvalue() == "note\nWorking  1/2\n"


def test_a_pipe_gets_few_progress_lines():
    err = io.StringIO()
    console = Console(io.StringIO(), err)
    for done in range(1000):
        console.report(Progress("Working", done, 1000))
    assert len(err.getvalue().splitlines()) <= 2


def test_a_terminal_line_is_rewritten_and_cleared_before_a_result():
    out, err = io.StringIO(), Terminal()
    console = Console(out, err)
    console.report(Progress("Working", 1, 2))
    console.report(Progress("Working", 2, 2))
    console.print("done")
    assert "\n" not in err.getvalue()
    assert err.getvalue().count("\r\x1b[K") == 3
    assert err.getvalue().endswith("\r\x1b[K")


def test_follow_gives_the_result_and_shows_the_progress(lane):
    err = Terminal()

    def work(context):
        context.report(Progress("Counting", 7, 9))
        assert err.written_to.wait(10)
        return 42

    assert Console(io.StringIO(), err).follow(lane.submit("count", work)) == 42
    assert "Counting  7/9" in err.getvalue()


@pytest.mark.parametrize(
    "error", [BadRequest("No.", operation="asking"), TimeoutError("of the work itself")]
)
def test_follow_raises_what_the_work_raised(lane, error, caplog):
    def work(_context):
        raise error

    with pytest.raises(type(error)) as caught:
        Console(io.StringIO(), io.StringIO()).follow(lane.submit("fail", work))
    assert caught.value is error


def test_ctrl_c_cancels_the_job(lane):
    err = Terminal()

    def work(context):
        context.report(Progress("Waiting"))
        assert err.written_to.wait(10)
        _thread.interrupt_main()
        assert context.cancel.wait(10)
        context.cancel.raise_if_set()

    job = lane.submit("wait", work)
    with pytest.raises(KeyboardInterrupt):
        Console(io.StringIO(), err).follow(job)
    assert lane.close()
    assert job.state is JobState.CANCELLED

"""The guards of tests/conftest.py, each against a test that breaks its rule."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"

BREACHES = {
    "network": """
        import socket
        def test_it():
            try:
                socket.socket().connect(("192.0.2.1", 80))
            except OSError:
                pass
    """,
    "name look-up": """
        import socket
        def test_it():
            try:
                socket.getaddrinfo("example.org", 443)
            except OSError:
                pass
    """,
    "thread": """
        import threading
        def test_it():
            threading.Thread(target=threading.Event().wait, args=(20,), daemon=True,
                             name="pickout-stray").start()
    """,
    "process": """
        import subprocess, sys
        def test_it():
            global child
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"])
    """,
    "log": """
        import logging
        def test_it():
            logging.getLogger("engine.store").warning("the disk is slow")
    """,
}
MESSAGES = {
    "network": "*tried to reach the network: 192.0.2.1:80*",
    "name look-up": "*tried to reach the network: example.org (name look-up)*",
    "thread": "*thread pickout-stray, since test_breach.py::test_it*",
    "process": "*process * since test_breach.py::test_it*",
    "log": "*WARNING engine.store: the disk is slow*",
}


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    settled = CONFTEST.read_text(encoding="utf-8").replace("_SETTLE_S = 5.0", "_SETTLE_S = 0.2")
    pytester.makeconftest(settled)
    return pytester


@pytest.mark.parametrize("breach", BREACHES)
def test_breach_fails_the_run(suite: pytest.Pytester, breach: str) -> None:
    suite.makepyfile(test_breach=BREACHES[breach])
    result = suite.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([MESSAGES[breach]])


def test_decent_tests_pass(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_decent="""
        import logging, os, pathlib, socket, subprocess, sys, threading

        def test_loopback_is_allowed():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
                server.accept()[0].close()

        def test_joined_thread_and_child():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
            subprocess.run([sys.executable, "-c", ""], check=True)

        def test_expected_warning(caplog):
            logging.getLogger("engine.store").warning("the disk is slow")
            assert "slow" in caplog.text

        def test_home_is_not_the_users():
            assert "pickout-tests-" in str(pathlib.Path.home())
            assert "pickout-tests-" in os.environ["XDG_DATA_HOME"]
        """
    )
    suite.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=4)


def test_gui_marker_comes_by_itself(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_window="""
        def test_with_qt(qapp):
            pass

        def test_without():
            pass
        """
    )
    result = suite.runpytest_subprocess("-m", "not gui", "-p", "no:randomly")
    result.assert_outcomes(passed=1, deselected=1)


def test_slow_tests_come_last_whatever_the_order(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_order="""
        import pytest

        @pytest.mark.slow
        def test_a():
            pass

        def test_b():
            pass

        @pytest.mark.slow
        def test_c():
            pass

        def test_d():
            pass
        """
    )
    suite.makeini("[pytest]\nmarkers = slow")
    result = suite.runpytest_subprocess("-v")
    ran = [line.split("::")[1][5] for line in result.outlines if "PASSED" in line]
    assert len(ran) == 4
    assert set(ran[:2]) == {"b", "d"}


def test_children_receive_ctrl_c_although_the_parent_ignores_it(suite: pytest.Pytester) -> None:
    """As below ``nohup`` or in a shell's background."""
    suite.makepyfile(
        test_signal="""
        import signal
        import subprocess
        import sys

        def test_signal():
            code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
            child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            assert child.stdout.strip() == "False"
        """
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = suite.runpytest_subprocess("-p", "no:randomly")
    finally:
        signal.signal(signal.SIGINT, before)
    result.assert_outcomes(passed=1)

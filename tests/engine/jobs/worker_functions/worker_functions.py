"""Handler factories that the child processes of these tests run; light to import."""

import os
import sys
import threading
import time
from pathlib import Path

from engine.errors import ModelMissing, PhotoUnreadable


def serve():
    return handle


def serve_without_model():
    raise ModelMissing("A model is not installed.", operation="starting", hint="Install it.")


def serve_with_bug():
    raise ZeroDivisionError("no model fits in zero bytes")


def serve_never():
    threading.Event().wait()


def serve_as(answer):
    return lambda request: answer


def handle(request):
    command, *arguments = request
    return globals()[f"do_{command}"](*arguments)


def do_echo(value):
    return value


def do_pid():
    return os.getpid()


def do_ones(shape):
    import numpy as np

    return {"rgb": np.ones(shape, np.uint8), "mask": np.zeros((3, 4), bool).T}


def do_engine_error():
    raise PhotoUnreadable("The file is empty.", operation="reading", path=Path("a.jpg"), hint="x")


def do_bug():
    raise KeyError("a bug")


def do_unpicklable():
    return lambda: None


def do_hang(marker=None):
    if marker is not None:
        Path(marker).write_text(str(os.getpid()))
    threading.Event().wait()


def do_die():
    os._exit(3)


def do_modules():
    return sorted(sys.modules)


def do_environment(name):
    return os.environ.get(name)


def do_allocate(size_bytes):
    return len(bytearray(size_bytes))


def do_spin(marker):
    Path(marker).write_text(str(os.getpid()))
    while True:
        time.time()


def serve_cancellable():
    """A handler for a ``CancellableWorker``, which takes a cancel token."""

    def answer(request, token):
        command, *arguments = request
        if command == "until cancelled":
            Path(arguments[0]).write_text("started")
            while not token.cancelled:
                time.sleep(0.01)
            Path(arguments[0]).write_text("cancelled")
            token.raise_if_set()
        if command == "ignore cancel":
            Path(arguments[0]).write_text("started")
            threading.Event().wait()
        if command == "print":
            print("said in Python", flush=True)
            os.write(1, b"said by native code\n")
            os.write(2, b"complained\n")
        return handle(("pid",)) if command == "print" else handle(request)

    return answer

"""Messages between a parent and its child process: pickles with arrays sent out of band."""

from __future__ import annotations

import pickle
import struct
from multiprocessing.connection import Connection
from typing import Any

PIECE_BYTES = 16 << 20
"""Arrays are sent in pieces of this size: a receiver holds each piece twice for a moment."""


def send(connection: Connection, message: Any) -> None:
    """Send anything that can be pickled. Arrays are sent out of band, without a copy.

    Raises:
        OSError: the other side is gone.
        Exception: as raised by pickling; nothing was sent then.
    """
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    connection.send_bytes(struct.pack(f"<{len(views)}Q", *(view.nbytes for view in views)))
    connection.send_bytes(head)
    for view in views:
        for start in range(0, view.nbytes, PIECE_BYTES):
            connection.send_bytes(view[start : start + PIECE_BYTES])


def receive(connection: Connection) -> Any:
    """Wait for one message. Arrays in it are writable and belong to the caller.

    Raises:
        EOFError, OSError: the other side is gone.
    """
    sizes = connection.recv_bytes()
    head = connection.recv_bytes()
    buffers = []
    for (size,) in struct.iter_unpack("<Q", sizes):
        buffer = bytearray(size)
        for start in range(0, size, PIECE_BYTES):
            connection.recv_bytes_into(buffer, start)
        buffers.append(buffer)
    return pickle.loads(head, buffers=buffers)

"""Photos decoded in a child process: the same pixels, and bad files are errors only."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine.decode.process import DecoderProcess
from engine.decode.reader import read_upright
from engine.errors import Cancelled, PhotoTooLarge, PhotoUnreadable
from engine.jobs import CancelToken


@pytest.fixture
def decoder():
    decoder = DecoderProcess()
    yield decoder
    decoder.close()


def test_good_and_bad_photos_by_the_same_child(decoder, bad_folder):
    direct = read_upright(bad_folder / "good1.jpg", 64)
    photo = decoder.read(bad_folder / "good1.jpg", 64)
    assert np.array_equal(photo.rgb, direct.rgb) and photo.full_size_wh == (96, 64)
    pid = decoder.pid
    with pytest.raises(PhotoUnreadable, match="empty") as caught:
        decoder.read(bad_folder / "empty.jpg")
    assert caught.value.path == bad_folder / "empty.jpg"
    with pytest.raises(PhotoTooLarge, match="20,000 x 20,000"):
        decoder.read(bad_folder / "huge.png")
    photo = decoder.read(bad_folder / "good1.jpg")
    photo.rgb[0, 0] = 0  # the pixels belong to the caller
    assert decoder.pid == pid


def test_a_picture_in_memory_is_read_by_the_same_child(decoder, bad_folder):
    path = bad_folder / "good1.jpg"
    direct, photo = decoder.read(path, 64), decoder.read_encoded(path.read_bytes(), path, 64)
    assert np.array_equal(photo.rgb, direct.rgb) and photo.full_size_wh == (96, 64)
    with pytest.raises(PhotoUnreadable):
        decoder.read_encoded(b"no picture", path)


@pytest.mark.skipif(not Path("/proc").exists(), reason="peak memory is read from /proc")
def test_a_decompression_bomb_needs_no_memory(decoder, bad_folder):
    decoder.read(bad_folder / "good1.jpg")
    with pytest.raises(PhotoTooLarge):
        decoder.read(bad_folder / "huge.png")
    status = Path(f"/proc/{decoder.pid}/status").read_text()
    peak_kb = int(status.split("VmHWM:")[1].split()[0])
    assert peak_kb < 200_000


def test_cancelling_while_the_child_hangs(decoder, bad_folder):
    decoder.read(bad_folder / "good1.jpg")
    pid, cancel = decoder.pid, CancelToken()
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.05, cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        decoder.read(bad_folder / "good2.jpg", cancel=cancel)
    assert time.monotonic() - started < 10  # far from the time limit of the decoder
    assert decoder.read(bad_folder / "good2.jpg").rgb.shape == (64, 96, 3)
    assert decoder.pid != pid

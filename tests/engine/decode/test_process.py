"""Photos decoded in a child process: the same pixels, and bad files are errors only."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.decode.process import DecoderProcess
from engine.decode.reader import read_upright
from engine.errors import Cancelled, PhotoTooLarge, PhotoUnreadable
from engine.jobs import CancelToken

from .test_orientation import needs_heif


@pytest.fixture
def decoder():
    decoder = DecoderProcess()
    yield decoder
    decoder.close()


def peak_bytes(pid: int) -> int:
    """The most memory that a process has held so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


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
    assert peak_bytes(decoder.pid) < 200_000_000


@pytest.mark.skipif(not Path("/proc").exists(), reason="peak memory is read from /proc")
@needs_heif
@pytest.mark.slow
def test_a_large_heic_is_not_copied_while_it_is_reduced(decoder, tmp_path):
    width, height = 6144, 4096
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[: height // 2] = (220, 30, 30)
    options = {"quality": 50, "tile_size": 1024, "enc_params": {"preset": "ultrafast"}}
    Image.fromarray(rgb).save(tmp_path / "large.heic", **options)
    Image.fromarray(rgb[:64, :64].copy()).save(tmp_path / "first.heic")
    decoder.read(tmp_path / "first.heic")
    before = peak_bytes(decoder.pid)
    photo = decoder.read(tmp_path / "large.heic", 1024)
    assert photo.full_size_wh == (width, height) and photo.rgb[10, 10].tolist()[0] > 200
    # libheif holds three bytes a pixel, one and a half more until it has their colours, and some
    # tiles; a Pillow image of all would take four more.
    assert peak_bytes(decoder.pid) - before < 6.5 * width * height


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

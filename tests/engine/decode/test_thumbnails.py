"""Thumbnails are stored; a damaged or missing file is recreated."""

import io
import sqlite3
import threading

import numpy as np
import pytest
from PIL import Image

from engine.decode.thumbnails import ThumbnailCache, make_thumbnail


@pytest.fixture
def cache(tmp_path):
    cache = ThumbnailCache(tmp_path / "thumbnails.sqlite")
    yield cache
    cache.close()


def opened(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as image:
        image.load()
        return image


def test_a_thumbnail_is_small_and_has_no_metadata():
    rgb = np.full((600, 900, 3), (200, 40, 40), np.uint8)
    image = opened(make_thumbnail(rgb))
    assert (image.format, image.size) == ("JPEG", (384, 256))
    assert np.abs(np.asarray(image)[100, 100].astype(int) - (200, 40, 40)).max() < 6
    assert not image.getexif()


def test_a_small_photo_is_not_enlarged():
    assert opened(make_thumbnail(np.zeros((20, 30, 3), np.uint8))).size == (30, 20)
    assert opened(make_thumbnail(np.zeros((3000, 2, 3), np.uint8))).size == (1, 384)


def test_put_get_replace_remove(cache):
    assert cache.get(1) is None
    cache.put(1, b"one")
    cache.put(2, b"two")
    cache.put(1, b"one again")
    assert (cache.get(1), cache.get(2)) == (b"one again", b"two")
    cache.remove([1, 99])
    assert (cache.get(1), cache.get(2)) == (None, b"two")


def test_thumbnails_are_persistent(cache, tmp_path):
    cache.put(7, b"seven")
    cache.close()
    again = ThumbnailCache(tmp_path / "thumbnails.sqlite")
    assert again.get(7) == b"seven"
    again.close()


@pytest.mark.parametrize("damage", ["garbage", "zeros-inside", "cut", "other-table"])
def test_a_damaged_file_is_recreated(tmp_path, damage):
    path = tmp_path / "thumbnails.sqlite"
    cache = ThumbnailCache(path)
    for photo_id in range(200):
        cache.put(photo_id, bytes(500))
    cache.close()
    data = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"this is no database, whatever its name may say" * 99)
    elif damage == "zeros-inside":
        path.write_bytes(data[:200] + bytes(len(data) - 200))
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE thumbnails (something INTEGER)")
        connection.close()
    cache = ThumbnailCache(path)
    for photo_id in range(200):
        assert cache.get(photo_id) in (None, bytes(500))
    cache.put(5, b"five")
    assert cache.get(5) == b"five"
    cache.close()


def test_a_file_that_cannot_be_written_raises_no_error(tmp_path):
    cache = ThumbnailCache(tmp_path / "no such folder" / "thumbnails.sqlite")
    cache.put(1, b"one")
    assert cache.get(1) is None
    cache.close()


def test_after_closing_nothing_is_returned(cache):
    cache.put(1, b"one")
    cache.close()
    cache.put(2, b"two")
    assert cache.get(1) is None


def test_many_threads(cache):
    def work(first):
        for photo_id in range(first, first + 25):
            cache.put(photo_id, str(photo_id).encode())
            assert cache.get(photo_id) == str(photo_id).encode()

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(cache.get(100 * n + k) for n in range(4) for k in range(25))

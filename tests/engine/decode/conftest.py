"""Generated photos, whose corners show their orientation."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 30), (30, 30, 220), (220, 220, 30)
UPRIGHT_WH = (96, 64)


@pytest.fixture
def upright() -> np.ndarray:
    """uint8 (64, 96, 3): red, green / blue, yellow quarters."""
    width, height = UPRIGHT_WH
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2] = RED
    rgb[: height // 2, width // 2 :] = GREEN
    rgb[height // 2 :, : width // 2] = BLUE
    rgb[height // 2 :, width // 2 :] = YELLOW
    return rgb


@pytest.fixture
def bad_folder(tmp_path, upright) -> Path:
    """A folder of five valid photos and five entries that cannot be decoded."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5):
        Image.fromarray(np.roll(upright, number, axis=1)).save(folder / f"good{number}.jpg")
    complete = (folder / "good0.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(complete[: len(complete) * 2 // 3])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("Dear diary, this is no photo.\n" * 20)
    write_huge_png(folder / "huge.png", 20_000, 20_000)
    (folder / "x.jpg").mkdir()
    return folder


def write_huge_png(path: Path, width: int, height: int) -> None:
    """Write a small PNG whose header states a huge size."""
    compressor = zlib.compressobj(1)
    row = b"\0" + bytes(3 * width)
    # A few rows are enough: they are never decoded.
    body = compressor.compress(row * min(height, 64)) + compressor.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )

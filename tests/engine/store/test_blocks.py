"""The binary layouts of a photo's regions: what goes in comes out, and damage is noticed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import numpy as np
import pytest

from engine.errors import StoreDamaged
from engine.paths import LibraryPaths
from engine.records import Rle
from engine.store.blocks import region_block, region_masks
from engine.store.sqlite_store import SqliteStore


def packed(vectors: np.ndarray) -> bytes:
    rows = len(vectors)
    boxes = np.arange(4 * rows, dtype=np.float32).reshape(rows, 4)
    numbers = np.linspace(0, 1, rows, dtype=np.float32)
    return region_block.pack(True, (4000, 3000), boxes, numbers, 1 - numbers, vectors)


@pytest.mark.parametrize("rows", [1, 2, 60])
def test_a_block_holds_numbers_exactly_and_vectors_to_half_a_step(rows: int) -> None:
    vectors = np.random.default_rng(rows).normal(size=(rows, 24)).astype(np.float32)
    vectors[:, 3] = 0
    vectors[:, 5] *= 1e-6
    vectors[:, 7] *= 50
    block = region_block.decode(packed(vectors))
    assert block.outlined and block.size_wh == (4000, 3000)
    assert block.boxes_xyxy.tolist() == np.arange(4.0 * rows).reshape(rows, 4).tolist()
    assert np.array_equal(block.mask_scores, np.linspace(0, 1, rows, dtype=np.float32))
    assert np.array_equal(block.area_fractions, 1 - block.mask_scores)
    error = np.abs(block.vectors() - vectors)
    assert block.vectors().dtype == np.float32
    assert (error <= np.abs(vectors).max(axis=0) / 250 + 1e-7).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:-1],
        lambda b: b + b"\0",
        lambda b: b"\1" + b[1:],
        lambda b: b"\3" + b[1:],
        lambda b: b[:4],
        lambda _: b"",
    ],
)
def test_a_damaged_block_is_noticed(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="block"):
        region_block.decode(damage(packed(np.ones((3, 4), np.float32))))


def test_a_flipped_bit_anywhere_is_noticed_when_a_block_is_verified() -> None:
    block = packed(np.random.default_rng(1).normal(size=(3, 24)))
    assert np.array_equal(
        region_block.verify(block).quantised, region_block.decode(block).quantised
    )
    for at in range(len(block)):
        spoiled = bytearray(block)
        spoiled[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match="block"):
            region_block.verify(bytes(spoiled))


def test_a_block_of_the_layout_without_a_checksum_is_read() -> None:
    block = packed(np.ones((3, 4), np.float32))
    older = b"\1" + block[1:-4]
    assert np.array_equal(
        region_block.verify(older).vectors(), region_block.decode(block).vectors()
    )


RLES = [Rle((4 + i, 70_000), bytes([48 + i]) * (i + 1)) for i in range(5)]


@pytest.mark.parametrize("wanted", [[], [0], [4], [3, 1], [0, 1, 2, 3, 4]])
def test_masks_that_are_wanted_come_out(wanted: list[int]) -> None:
    masks = region_masks.encode(RLES)
    assert region_masks.decode(masks, len(RLES), wanted) == [RLES[i] for i in wanted]
    assert region_masks.encode([]) == b""


@pytest.mark.parametrize("damage", [lambda _: b"", lambda m: m[:20], lambda m: b"y" + m[1:]])
def test_damaged_masks_are_noticed(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="masks"):
        region_masks.decode(damage(region_masks.encode(RLES)), len(RLES), [4])


def test_a_damaged_photo_is_an_error_for_people(
    store: SqliteStore,
    paths: LibraryPaths,
    folder_id: int,
    index_all: Callable[..., dict[str, int]],
) -> None:
    store.files.record_found(folder_id, [("a.jpg", 10, 1)])
    photo_id = index_all()["a.jpg"]
    connection = sqlite3.connect(paths.store)
    connection.execute("UPDATE region_blocks SET block = x'01', masks = x'02'")
    connection.commit()
    connection.close()
    for read in (store.regions.rows, store.regions.of_photos):
        with pytest.raises(StoreDamaged, match="damaged"):
            read([photo_id], 1)


def test_a_flipped_bit_anywhere_is_noticed_when_masks_are_verified() -> None:
    masks = region_masks.encode(RLES)
    region_masks.verify(masks, len(RLES))
    region_masks.verify(b"", 0)
    for at in range(2, len(masks)):  # the first two bytes say how it is deflated
        spoiled = bytearray(masks)
        spoiled[at] ^= 1 << at % 8
        with pytest.raises(ValueError, match="masks"):
            region_masks.verify(bytes(spoiled), len(RLES))

"""Valid photos are decoded; other files raise errors with messages."""

import errno
import hashlib
import os
import pickle
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from engine.decode import formats, reader
from engine.decode.reader import DecodedPhoto, fingerprint, read_upright
from engine.errors import EngineError, PhotoMissing, PhotoTooLarge, PhotoUnreadable


def test_a_folder_of_good_and_bad_files(bad_folder):
    outcomes = {}
    for path in bad_folder.iterdir():
        try:
            outcomes[path.name] = read_upright(path, 1024).full_size_wh
        except EngineError as problem:
            assert problem.path == path and problem.hint
            outcomes[path.name] = (problem.kind, problem.message)
    assert outcomes == {f"good{n}.jpg": (96, 64) for n in range(5)} | {
        "truncated.jpg": ("unreadable", "The file is cut off; its end is missing."),
        "empty.jpg": ("unreadable", "The file is empty (0 bytes)."),
        "text.jpg": ("unreadable", "This is not a photo in a format that can be read."),
        "x.jpg": ("unreadable", "This is a folder, not a photo."),
        "huge.png": (
            "too-large",
            (
                "The photo has 20,000 x 20,000 pixels (400 megapixels); at most 200 megapixels "
                "of its format are read."
            ),
        ),
    }


def test_errors_can_be_pickled(bad_folder):
    with pytest.raises(PhotoUnreadable) as caught:
        read_upright(bad_folder / "empty.jpg")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.message, copy.path, copy.hint, copy.operation) == (
        "The file is empty (0 bytes).",
        bad_folder / "empty.jpg",
        "Restore it from a backup or delete it.",
        "reading the photo",
    )


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path):
    header = tmp_path / "header.bmp"
    Image.new("1", (8, 8)).save(header)
    data = bytearray(header.read_bytes())
    data[18:26] = (60_000).to_bytes(4, "little") * 2
    header.write_bytes(data)
    with pytest.raises(PhotoTooLarge, match="60,000 x 60,000"):
        read_upright(header)


def test_large_valid_photos_raise_no_warning(tmp_path):
    path = tmp_path / "camera.jpg"
    Image.new("L", (14_204, 10_652)).save(path)  # 151 megapixels
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        photo = read_upright(path, 512)
    assert photo.full_size_wh == (14_204, 10_652)
    assert photo.rgb.shape == (384, 512, 3)


def test_the_cap_can_be_set(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    with pytest.raises(PhotoTooLarge):
        read_upright(tmp_path / "a.png", max_pixels=599)
    assert read_upright(tmp_path / "a.png", max_pixels=600).rgb.shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("webp", "WEBP"), ("avif", "AVIF"), ("jp2", "JPEG2000"), ("jxl", "JXL"), ("png", None)],
)
def test_formats_that_need_much_memory_have_limits_of_their_own(tmp_path, monkeypatch, kind, name):
    if name not in (None, *formats.pillow_formats()):
        pytest.skip(f"{name} cannot be read here")
    Image.new("RGB", (300, 200)).save(tmp_path / f"a.{kind}")
    assert read_upright(tmp_path / f"a.{kind}").full_size_wh == (300, 200)
    limits = dict.fromkeys(formats.MOST_PIXELS, 50_000)
    monkeypatch.setattr(formats, "MOST_PIXELS", limits)
    if name is None:
        assert read_upright(tmp_path / f"a.{kind}").full_size_wh == (300, 200)
        return
    with pytest.raises(PhotoTooLarge, match="300 x 200") as caught:
        read_upright(tmp_path / f"a.{kind}", 64)
    assert "JPEG" in caught.value.hint


def test_small_photos_are_not_enlarged(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    assert read_upright(tmp_path / "a.png", 1024).rgb.shape == (20, 30, 3)


def test_a_very_thin_photo_keeps_a_pixel(tmp_path):
    Image.new("RGB", (5000, 2)).save(tmp_path / "thin.png")
    assert read_upright(tmp_path / "thin.png", 100).rgb.shape == (1, 100, 3)


def test_tiles_are_assembled_in_order(tmp_path):
    rows = (np.arange(2500) % 251).astype(np.uint8)
    Image.fromarray(np.repeat(rows[:, None], 3, axis=1)).save(tmp_path / "rows.png")
    assert np.array_equal(read_upright(tmp_path / "rows.png").rgb[:, 1, 2], rows)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16"])
@pytest.mark.parametrize("size_wh", [(1001, 603), (450, 1250)])
@pytest.mark.parametrize("longest_px", [50, 333])
def test_strips_are_reduced_as_pillow_reduces_the_whole(tmp_path, mode, size_wh, longest_px):
    noise = np.random.default_rng(2).integers(0, 256, (size_wh[1] // 20, size_wh[0] // 20, 3))
    rgb = Image.fromarray(noise.astype(np.uint8)).resize(size_wh)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)
    else:
        image = rgb.quantize(64) if mode == "P" else rgb.convert(mode)
    image.save(tmp_path / "a.png", compress_level=1)
    whole = rgb.convert("L").convert("RGB") if mode in ("L", "I;16") else image.convert("RGB")
    target_wh = tuple(max(1, round(side * longest_px / max(size_wh))) for side in size_wh)
    expected = whole.resize(target_wh, Image.Resampling.LANCZOS, reducing_gap=3.0)
    assert np.array_equal(read_upright(tmp_path / "a.png", longest_px).rgb, np.asarray(expected))


def test_a_huge_photo_is_reduced_without_a_visible_difference(tmp_path):
    slope = np.linspace(0, 255, 9000).astype(np.uint8)
    Image.fromarray(np.tile(slope, (8000, 1))).save(tmp_path / "a.png", compress_level=1)
    small = read_upright(tmp_path / "a.png", 900).rgb
    assert small.shape == (800, 900, 3)
    assert np.abs(small[:, :, 1].astype(int) - slope[5::10]).max() <= 1


def test_a_jpeg_read_at_reduced_size_has_the_same_content(tmp_path):
    slope = np.linspace(0, 255, 2000, dtype=np.float32)
    rgb = np.stack([np.tile(slope, (1200, 1))] * 3, axis=2).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "slope.jpg", quality=95)
    small = read_upright(tmp_path / "slope.jpg", 250).rgb
    assert small.shape == (150, 250, 3)
    expected = rgb[4::8, 4::8].astype(int)
    assert np.abs(small.astype(int) - expected).max() <= 4


def from_colour(mode, color, **extra):
    return lambda path: Image.new(mode, (8, 8), color).save(path, **extra)


def from_array(values, dtype):
    return lambda path: Image.fromarray(np.array(values, dtype)).save(path)


def palette_with_a_hole(path):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.putpixel((0, 0), 1)
    image.save(path, transparency=1)


def halves(low, high):
    return [[low] * 4 + [high] * 4] * 8


@pytest.mark.parametrize(
    ("name", "write", "first", "last"),
    [
        # transparent parts become white, half transparent ones pale
        ("a.png", from_colour("RGBA", (0, 0, 0, 0)), (255, 255, 255), (255, 255, 255)),
        (
            "a.webp",
            from_colour("RGBA", (255, 0, 0, 128), lossless=True),
            (255, 127, 127),
            (255, 127, 127),
        ),
        ("a.png", from_colour("LA", (0, 0)), (255, 255, 255), (255, 255, 255)),
        ("a.png", palette_with_a_hole, (255, 255, 255), (200, 0, 0)),
        ("a.gif", palette_with_a_hole, (255, 255, 255), (200, 0, 0)),
        # grey, black and white
        ("a.png", from_colour("L", 90), (90, 90, 90), (90, 90, 90)),
        ("a.png", from_colour("1", 1), (255, 255, 255), (255, 255, 255)),
        ("a.bmp", from_colour("RGB", (1, 2, 3)), (1, 2, 3), (1, 2, 3)),
        # inks: no ink is white, full cyan leaves no red
        ("a.tif", from_colour("CMYK", (255, 0, 0, 0)), (0, 255, 255), (0, 255, 255)),
        # 16-bit values span their full range; wider values span their minimum and maximum
        ("a.png", from_array(halves(0, 257 * 100), np.uint16), (0, 0, 0), (100, 100, 100)),
        ("a.tif", from_array(halves(257, 65535), np.uint16), (1, 1, 1), (255, 255, 255)),
        ("a.tif", from_array(halves(-1.5, 2.5), np.float32), (0, 0, 0), (255, 255, 255)),
        ("a.tif", from_array(halves(0, 200), np.int32), (0, 0, 0), (200, 200, 200)),
    ],
)
def test_modes(tmp_path, name, write, first, last):
    write(tmp_path / name)
    rgb = read_upright(tmp_path / name).rgb
    assert rgb.dtype == np.uint8 and rgb.shape == (8, 8, 3)
    assert np.abs(rgb[0, 0].astype(int) - first).max() <= 1
    assert np.abs(rgb[-1, -1].astype(int) - last).max() <= 1


def test_a_cmyk_jpeg(tmp_path):
    Image.new("CMYK", (64, 64), (0, 255, 255, 0)).save(tmp_path / "inks.jpg", quality=95)
    red, green, blue = read_upright(tmp_path / "inks.jpg", 16).rgb[8, 8].tolist()
    assert red > 240 and green < 15 and blue < 15


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read_upright(tmp_path / "a.gif").rgb[0, 0].tolist() == [255, 0, 0]


def test_a_photo_of_several_pictures(tmp_path, upright):
    first = Image.fromarray(upright)
    first.save(tmp_path / "a.mpo", save_all=True, append_images=[Image.new("RGB", (96, 64))])
    photo = read_upright(tmp_path / "a.mpo", 48)
    assert photo.rgb.shape == (32, 48, 3)
    assert photo.rgb[5, 5, 0] > 150


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
        b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"P6 2 2 255 " + bytes(12),
        b"\xff\xd8\xff\xe0" + bytes(40),
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        b"GIF89a" + bytes(30),
        b"II*\0" + b"\xff" * 64,
        b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24),
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64),
        b"BM" + b"\xff" * 60,
        os.urandom(0) + bytes(range(256)),
    ],
)
def test_files_that_are_no_photos_are_refused(tmp_path, content):
    path = tmp_path / "fake.jpg"
    path.write_bytes(content)
    with pytest.raises((PhotoUnreadable, PhotoTooLarge)) as caught:
        read_upright(path)
    assert caught.value.path == path


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif", "gif", "bmp"])
def test_a_file_truncated_anywhere_is_decoded_or_an_error(tmp_path, upright, kind):
    complete = tmp_path / f"complete.{kind}"
    Image.fromarray(upright).save(complete)
    data, refused = complete.read_bytes(), 0
    cut = tmp_path / f"cut.{kind}"
    for percent in range(1, 100, 7):
        cut.write_bytes(data[: len(data) * percent // 100])
        try:
            read_upright(cut)
        except PhotoUnreadable as problem:
            assert problem.hint
            refused += 1
    assert refused >= 12  # of 15; the last bytes of some formats may be spared


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif", "gif", "heic", "avif"])
def test_flipped_bytes_raise_no_other_error(tmp_path, upright, kind):
    path = tmp_path / f"flipped.{kind}"
    try:
        from engine.decode import formats

        formats.pillow_formats()
        Image.fromarray(upright).save(path)
    except (ValueError, KeyError, OSError):
        pytest.skip(f"{kind} cannot be written here")
    data, rng = path.read_bytes(), np.random.default_rng(7)
    for _ in range(40):
        flipped = bytearray(data)
        for place in rng.integers(0, len(data), 4):
            flipped[place] ^= int(rng.integers(1, 256))
        path.write_bytes(flipped)
        try:
            assert read_upright(path, 64).rgb.ndim == 3
        except EngineError as problem:
            assert problem.path == path


def test_a_missing_file(tmp_path):
    with pytest.raises(PhotoMissing) as caught:
        read_upright(tmp_path / "gone.jpg")
    assert "drive" in caught.value.hint
    with pytest.raises(PhotoMissing):
        fingerprint(tmp_path / "gone" / "deeper.jpg")
    with pytest.raises(PhotoMissing):
        read_upright(tmp_path / "nul\0byte.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoUnreadable, match="not an ordinary file"):
        read_upright(tmp_path / "pipe.jpg")


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, PhotoUnreadable, "not allowed"),
        (errno.EPERM, PhotoUnreadable, "not allowed"),
        (errno.EIO, PhotoUnreadable, "disk reported an error"),
        (errno.ENODEV, PhotoMissing, "no longer there"),
        (errno.ESTALE, PhotoMissing, "no longer there"),
    ],
)
def test_errors_of_the_system_become_messages(tmp_path, number, kind, words):
    problem = reader._error_for_os_error(OSError(number, os.strerror(number)), tmp_path / "a.jpg")
    assert type(problem) is kind and words in problem.message


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this user may read everything"
)
def test_a_file_without_read_permission(tmp_path):
    path = tmp_path / "secret.jpg"
    Image.new("RGB", (8, 8)).save(path)
    path.chmod(0)
    with pytest.raises(PhotoUnreadable, match="not allowed"):
        read_upright(path)


def test_fingerprint(tmp_path):
    path = tmp_path / "a.bin"
    content = os.urandom(3_000_001)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1_600_000_000_123_000_000))
    content_hash, size_bytes, mtime_ns = fingerprint(path)
    assert content_hash == hashlib.blake2b(content, digest_size=20).digest()
    assert (size_bytes, mtime_ns) == (3_000_001, 1_600_000_000_123_000_000)


def test_invalid_arguments_are_refused():
    with pytest.raises(ValueError, match="uint8"):
        DecodedPhoto(np.zeros((2, 2, 3), np.float32), (2, 2))
    with pytest.raises(ValueError, match="longest_px"):
        read_upright("a.jpg", 0)

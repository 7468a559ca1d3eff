"""Some hundred photo files as they should not be, or as nobody expects them, and what they show."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import numpy as np

from tests.fakes.dng_files import write_dng

SIZE_WH = (96, 64)
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 30), (30, 30, 220), (220, 220, 30)
KINDS = ("jpg", "png", "webp", "tif", "bmp", "gif", "heic", "avif", "jp2", "jxl", "dng")


class Outcome(Enum):
    """What reading a file must give."""

    SHOWN = "the quarters of the scene"
    GREY = "the quarters of the scene without their colours"
    OPENED = "some picture"
    REFUSED = "a reason"
    EITHER = "some picture or a reason"


File = tuple[str, bytes, Outcome]
"""Name, content, outcome."""


def scene() -> np.ndarray:
    """uint8 (64, 96, 3): red, green / blue, yellow quarters."""
    width, height = SIZE_WH
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2], rgb[: height // 2, width // 2 :] = RED, GREEN
    rgb[height // 2 :, : width // 2], rgb[height // 2 :, width // 2 :] = BLUE, YELLOW
    return rgb


def write_corpus(folder: Path) -> dict[str, Outcome]:
    """Write all files whose formats can be written here; returns what each must give."""
    from engine.decode import formats

    formats.pillow_formats()  # registers the encoders
    whole = {kind: data for kind in KINDS if (data := _whole(kind, folder)) is not None}
    outcomes = {}
    for source in (
        _modes,
        _sixteen_bits,
        _wrong_suffixes,
        _odd_shapes,
        _odd_structures,
        _no_photos,
        _bombs,
        _truncated,
        _flipped,
        _metadata,
        _names,
    ):
        for name, content, outcome in source(whole):
            assert name not in outcomes, name
            (folder / name).write_bytes(content)
            outcomes[name] = outcome
    return outcomes


def _saved(image, file_format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def _scene_image():
    from PIL import Image

    return Image.fromarray(scene())


def _whole(kind: str, folder: Path) -> bytes | None:
    """A photo of the scene; None if it cannot be written here."""
    if kind == "dng":
        rgb = scene().repeat(2, axis=0).repeat(2, axis=1)
        rgb[60:68] = 255
        path = write_dng(folder / "whole.dng", rgb, preview=scene())
        content = path.read_bytes()
        path.unlink()
        return content
    names = {"jpg": "JPEG", "tif": "TIFF", "heic": "HEIF", "jp2": "JPEG2000"}
    try:
        return _saved(_scene_image(), names.get(kind, kind.upper()), quality=95)
    except (KeyError, OSError, ValueError):
        return None


def _modes(whole: dict[str, bytes]) -> Iterator[File]:
    """Every mode of every format."""
    from PIL import Image

    shown, grey = Outcome.SHOWN, Outcome.GREY
    rgb = _scene_image()
    alike = {
        "RGB": rgb,
        "RGBA": rgb.convert("RGBA"),
        "P": rgb.quantize(16),
        "CMYK": rgb.convert("CMYK"),
        "L": rgb.convert("L"),
        "LA": rgb.convert("LA"),
        "I;16": Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257),
        "I": Image.fromarray(np.asarray(rgb.convert("L")).astype(np.int32)),
        "F": Image.fromarray(np.asarray(rgb.convert("L")).astype(np.float32)),
        "1": rgb.convert("1"),
        "YCbCr": rgb.convert("YCbCr"),
    }
    for mode, image in alike.items():
        for kind, name in {
            "jpg": "JPEG",
            "png": "PNG",
            "webp": "WEBP",
            "tif": "TIFF",
            "bmp": "BMP",
            "gif": "GIF",
            "jp2": "JPEG2000",
        }.items():
            if mode == "I;16" and kind in ("webp", "gif"):
                continue  # written cut off at 255
            try:
                content = _saved(image, name)
            except (OSError, ValueError, KeyError):
                continue
            outcome = grey if mode in ("L", "LA", "I;16", "I") else shown
            outcome = Outcome.OPENED if mode in ("1", "F") else outcome
            yield f"mode {mode.replace(';', '')}.{kind}", content, outcome
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd"):
        try:
            content = _saved(rgb, "TIFF", compression=compression)
        except (OSError, ValueError, KeyError):
            continue
        yield f"compressed {compression}.tif", content, shown
    yield "fax.tif", _saved(rgb.convert("1"), "TIFF", compression="group4"), Outcome.OPENED
    yield "big.tif", _saved(rgb, "TIFF", big_tiff=True), shown
    for subsampling in (0, 1, 2):
        content = _saved(rgb, "JPEG", subsampling=subsampling, quality=95)
        yield f"subsampling {subsampling}.jpg", content, shown
    yield "progressive.jpg", _saved(rgb, "JPEG", progressive=True, quality=95), shown
    yield "restarts.jpg", _saved(rgb, "JPEG", restart_marker_blocks=1, quality=95), shown
    yield "keep rgb.jpg", _saved(rgb, "JPEG", keep_rgb=True, quality=95), shown
    yield "lossless.webp", _saved(rgb, "WEBP", lossless=True), shown
    for bits in (1, 2, 4):
        content = _saved(rgb.quantize(2**bits), "PNG", bits=bits)
        yield f"{bits} bits.png", content, shown if bits > 1 else Outcome.OPENED


def _sixteen_bits(whole: dict[str, bytes]) -> Iterator[File]:
    """Colours of more than eight bits, which Pillow does not write."""
    import cv2

    bgr = scene()[..., ::-1]
    opaque = np.full((*bgr.shape[:2], 1), 65535, np.uint16)
    wide = bgr.astype(np.uint16) * 257
    for kind in ("tif", "png", "jp2"):
        encoded = cv2.imencode(f".{kind}", wide)[1].tobytes()
        yield f"16 bits.{kind}", encoded, Outcome.SHOWN
        encoded = cv2.imencode(f".{kind}", np.dstack([wide, opaque]))[1].tobytes()
        yield f"16 bits and alpha.{kind}", encoded, Outcome.SHOWN
    floats = cv2.imencode(".tif", (bgr / 255).astype(np.float32))[1].tobytes()
    yield "floats in colour.tif", floats, Outcome.REFUSED


def _wrong_suffixes(whole: dict[str, bytes]) -> Iterator[File]:
    """Photos named like another format; telephones do so."""
    for kind, content in whole.items():
        for suffix in ("jpg", "png", "heic", "tif", "webp", "JPEG", "gif"):
            # What looks like TIFF is a raw file only if its name says so.
            outcome = Outcome.EITHER if kind == "dng" else Outcome.SHOWN
            if suffix.lower() != kind:
                yield f"{kind} named.{kind}.{suffix}", content, outcome
    # The byte more makes them other contents, which the library does not know yet.
    yield "jpeg named.nef", whole["jpg"] + b"1", Outcome.SHOWN
    yield "tiff named.nef", whole["tif"] + b"1", Outcome.REFUSED
    yield "png named.cr3", whole["png"] + b"1", Outcome.SHOWN


def _odd_shapes(whole: dict[str, bytes]) -> Iterator[File]:
    from PIL import Image

    for width, height in ((1, 1), (1, 500), (500, 1), (3, 2), (65_500, 1), (1, 65_500)):
        image = Image.new("RGB", (width, height), RED)
        for kind, name in {"jpg": "JPEG", "png": "PNG", "tif": "TIFF", "bmp": "BMP"}.items():
            yield f"{width}x{height}.{kind}", _saved(image, name), Outcome.OPENED
    large = _scene_image().resize((6000, 4000), Image.Resampling.NEAREST)
    yield "24 megapixels.jpg", _saved(large, "JPEG", quality=60), Outcome.SHOWN
    yield "24 megapixels.png", _saved(large, "PNG", compress_level=1), Outcome.SHOWN
    yield "108 megapixels.png", _saved(Image.new("L", (12_000, 9000)), "PNG"), Outcome.OPENED


def _odd_structures(whole: dict[str, bytes]) -> Iterator[File]:
    """Several pictures in a file, and things behind the photo."""
    from PIL import Image

    rgb, black = _scene_image(), Image.new("RGB", SIZE_WH)
    for kind, name in {"gif": "GIF", "webp": "WEBP", "png": "PNG", "tif": "TIFF"}.items():
        content = _saved(rgb, name, save_all=True, append_images=[black] * 20)
        yield f"twenty more.{kind}", content, Outcome.SHOWN
    content = _saved(rgb, "MPO", save_all=True, append_images=[black], quality=95)
    yield "two.mpo", content, Outcome.SHOWN
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100_000)
    for kind in ("jpg", "png", "webp", "gif", "bmp", "tif"):
        yield f"film behind.{kind}", whole[kind] + film, Outcome.SHOWN
    for kind, content in whole.items():
        yield f"zeros behind.{kind}", content + bytes(10_000), Outcome.EITHER
        yield f"line before.{kind}", b"\r\n" + content, Outcome.EITHER
        yield f"twice.{kind}", content * 2, Outcome.EITHER


def _no_photos(whole: dict[str, bytes]) -> Iterator[File]:
    contents = {
        "nothing": b"",
        "one byte": b"\xff",
        "text": b"Dear diary, this is no photo.\n" * 50,
        "page": b"<!DOCTYPE html><html><body>404</body></html>",
        "drawing": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "pdf": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
        "archive": b"PK\x03\x04" + bytes(200),
        "program": b"\x7fELF" + bytes(200),
        "film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(5000),
        "sound": b"ID3\x03" + bytes(500),
        "zeros": bytes(10_000),
        "noise": np.random.default_rng(1).bytes(20_000),
        "icon": b"\0\0\1\0\1\0\x10\x10" + bytes(100),
        "portable": b"P6 2 2 255 " + bytes(12),
        "photoshop": b"8BPS\0\1" + bytes(100),
    }
    for name, content in contents.items():
        for suffix in ("jpg", "dng", "heic"):
            yield f"{name}.{suffix}", content, Outcome.REFUSED
    starts = {
        "jpg": b"\xff\xd8\xff\xe0",
        "png": b"\x89PNG\r\n\x1a\n",
        "gif": b"GIF89a",
        "tif": b"II*\0",
        "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "avif": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
        "bmp": b"BM",
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
        "jxl": b"\xff\x0a",
        "dng": b"MM\0*\0\0\0\x08",
        "cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        "raf": b"FUJIFILMCCD-RAW 0201",
        "orf": b"IIRO\x08\0\0\0",
        "rw2": b"IIU\0\x08\0\0\0",
        "x3f": b"FOVb",
        "mrw": b"\0MRM",
    }
    for kind, start in starts.items():
        yield f"only a start.{kind}", start, Outcome.REFUSED
        yield f"start and zeros.{kind}", start + bytes(4000), Outcome.EITHER
        yield f"start and ones.{kind}", start + b"\xff" * 4000, Outcome.EITHER


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, pixels: bytes, *chunks: bytes, mode: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, mode, 0, 0, 0)
    body = [_chunk(b"IHDR", header), *chunks, _chunk(b"IDAT", pixels), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def _bombs(whole: dict[str, bytes]) -> Iterator[File]:
    """Small files that claim or unpack to far too much."""
    rows = zlib.compress(bytes(1_000_000))
    for side in (20_000, 60_000, 2**31 - 1):
        yield f"{side}.png", _png(side, side, rows), Outcome.REFUSED
    bmp = bytearray(whole["bmp"])
    for side in (20_000, 60_000, 2**31 - 1):
        bmp[18:26] = struct.pack("<ii", side, side)
        yield f"{side}.bmp", bytes(bmp), Outcome.REFUSED
    gif = bytearray(whole["gif"])
    gif[6:10] = b"\xff\xff\xff\xff"
    yield "65535.gif", bytes(gif), Outcome.REFUSED
    jpeg = bytearray(whole["jpg"])
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = b"\xff\xff\xff\xff"
    yield "65535.jpg", bytes(jpeg), Outcome.REFUSED
    tif = whole["tif"]
    for value in (60_000, 2**31 - 1):
        changed = tif
        for tag, side in ((256, SIZE_WH[0]), (257, SIZE_WH[1])):
            old = struct.pack("<HHII", tag, 4, 1, side)
            if old not in changed:
                old = struct.pack("<HHIHH", tag, 3, 1, side, 0)
            assert old in changed
            changed = changed.replace(old, struct.pack("<HHII", tag, 4, 1, value))
        yield f"{value}.tif", changed, Outcome.REFUSED
    if "jp2" in whole:
        jp2 = bytearray(whole["jp2"])
        for start in (jp2.index(b"ihdr") + 4, jp2.index(b"\xff\x4f\xff\x51") + 8):
            jp2[start : start + 8] = struct.pack(">II", 60_000, 60_000)
        yield "60000.jp2", bytes(jp2), Outcome.REFUSED
    # Height of 30 bits: 2 ** 30, and as wide.
    yield "huge.jxl", b"\xff\x0a" + bytes([0b11111110]) + b"\xff" * 20, Outcome.REFUSED
    text = zlib.compress(bytes(200_000_000))
    small = zlib.compress((b"\0" + bytes(3 * 8)) * 8)
    bomb = _chunk(b"zTXt", b"Comment\0\0" + text)
    yield "text.png", _png(8, 8, small, bomb), Outcome.EITHER
    bomb = _chunk(b"iCCP", b"profile\0\0" + text)
    yield "profile.png", _png(8, 8, small, bomb), Outcome.EITHER
    yield "pixels behind.png", _png(8, 8, small + text), Outcome.EITHER
    frames = b"\x21\xf9\x04\0\0\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\x01\0"
    start = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6)
    yield "50000 frames.gif", start + frames * 50_000 + b";", Outcome.OPENED
    comments = b"\xff\xfe\0\x04ab" * 100_000
    yield "100000 comments.jpg", whole["jpg"][:2] + comments + whole["jpg"][2:], Outcome.SHOWN


def _truncated(whole: dict[str, bytes]) -> Iterator[File]:
    for kind, content in whole.items():
        for percent in (1, 3, 10, 25, 50, 75, 90, 97, 99):
            cut = content[: len(content) * percent // 100]
            yield f"cut at {percent}.{kind}", cut, Outcome.EITHER


def _flipped(whole: dict[str, bytes]) -> Iterator[File]:
    rng = np.random.default_rng(11)
    for kind, content in whole.items():
        for number in range(8):
            data = bytearray(content)
            # Half of them in the headers, where it hurts most.
            end = min(len(data), 600) if number % 2 else len(data)
            for place in rng.integers(0, end, 1 + 2 * number):
                data[place] ^= int(rng.integers(1, 256))
            yield f"flipped {number}.{kind}", bytes(data), Outcome.EITHER
        middle = len(content) // 2
        holed = content[: middle // 2] + bytes(middle) + content[middle // 2 + middle :]
        yield f"a hole.{kind}", holed, Outcome.EITHER


def _metadata(whole: dict[str, bytes]) -> Iterator[File]:
    """EXIF, profiles and other notes that are wrong in every way; the pixels are right."""
    tiff = b"II*\0\x08\0\0\0"
    entry: Callable[[int, int, int, int], bytes] = lambda *f: struct.pack("<HHII", *f)  # noqa: E731
    exifs = {
        "empty": b"",
        "garbage": b"\x07" * 500,
        "far": b"II*\0\xff\xff\xff\xff",
        "loop": tiff + struct.pack("<H", 1) + entry(0x8769, 4, 1, 8) + struct.pack("<I", 8),
        "many": tiff + struct.pack("<H", 0xFFFF) + bytes(4000),
        "long": tiff + struct.pack("<H", 1) + entry(0x010F, 2, 0xFFFFFFFF, 26) + bytes(4),
        "orientation 9": tiff + struct.pack("<H", 1) + entry(0x0112, 3, 1, 9) + bytes(4),
        "orientation text": tiff + struct.pack("<H", 1) + entry(0x0112, 2, 2, 0x36) + bytes(4),
        "interoperability": tiff
        + struct.pack("<H", 1)
        + entry(0x8769, 4, 1, 26)
        + struct.pack("<IH", 0, 1)
        + entry(0xA005, 4, 1, 0xFFFFFF)
        + bytes(4),
    }
    rgb = _scene_image()
    for name, exif in exifs.items():
        marked = b"Exif\0\0" + exif
        yield f"exif {name}.jpg", _saved(rgb, "JPEG", exif=marked, quality=95), Outcome.SHOWN
        yield f"exif {name}.webp", _saved(rgb, "WEBP", exif=marked, quality=95), Outcome.SHOWN
        png = whole["png"][:33] + _chunk(b"eXIf", exif) + whole["png"][33:]
        yield f"exif {name}.png", png, Outcome.SHOWN
    for name, icc in {
        "empty": b"\0",
        "garbage": bytes(range(256)) * 4,
        "long": bytes(300_000),
    }.items():
        for kind, file_format in {
            "jpg": "JPEG",
            "png": "PNG",
            "webp": "WEBP",
            "tif": "TIFF",
        }.items():
            content = _saved(rgb, file_format, icc_profile=icc, quality=95)
            yield f"profile {name}.{kind}", content, Outcome.SHOWN
    for name, chunk in {
        "no sum": _chunk(b"tEXt", b"Comment\0x")[:-4] + bytes(4),
        "gamma 0": _chunk(b"gAMA", bytes(4)),
        "white 0": _chunk(b"gAMA", bytes([0, 0, 99, 9])) + _chunk(b"cHRM", bytes(32)),
        "space 255": _chunk(b"cICP", b"\xff\xff\xff\xff"),
        "space cut": _chunk(b"cICP", b"\1"),
        "unknown": _chunk(b"abCd", bytes(100)),
    }.items():
        png = whole["png"][:33] + chunk + whole["png"][33:]
        outcome = Outcome.EITHER if name == "no sum" else Outcome.SHOWN
        yield f"chunk {name}.png", png, outcome


def _names(whole: dict[str, bytes]) -> Iterator[File]:
    for name in (
        "Ünïcödé ☃ 日本語",
        "🐈" * 20,
        "a" * 240,
        "\u202egnp",
        "with\nline",
        "  spaces  ",
        "100%",
        "'quotes'",
        "-rf",
        "~",
        "#",
        "e\u0301",
        "\u00e9",
    ):
        yield f"{name}.jpg", whole["jpg"], Outcome.SHOWN

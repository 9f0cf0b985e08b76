"""A folder of odd and broken images, and whether ``solve`` has a row for each of them.

    python -m benchmarks.odd_images FOLDER [--count 10000] [--seed 0] [--check]

Odd are: shapes, modes, animations, bombs, names, links, and files that are cut short, empty or named wrongly. The
others are rendered captchas as PNG, JPEG, GIF, WebP, BMP and TIFF with bytes changed, removed or exchanged. With
--check, FOLDER is solved, and the number of rows, the exit code, the peak memory and the slowest image, on one core,
are printed.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.odd_names import LINKS, NAMES, write_names
from kerf.classifier.synthesis import synthesize
from kerf.classifier.synthesis.animations import Animation, animate, frames_to_bytes
from kerf.segmenter.errors import KerfError

CLI = Path(__file__).resolve().parent.parent / "cli.py"
SHAPES = [(1, 1), (1, 1000), (2, 8000), (3, 30000), (1, 2_000_000), (2000, 1), (30000, 3), (160_000, 100)]
SHAPES += [(500, 2), (7, 7), (500, 3000), (3000, 500), (1500, 2000), (4000, 4000)]  # rows, columns
BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF", b"BM", b"II*\0", b"MM\0*")
ENCODINGS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp", "TIFF": "tif"}


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def fill(content: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a grey image: constant, noise, or a block in its middle."""
    if content == "noise":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    image = np.full(shape, 200, np.uint8)
    if content == "block":
        image[shape[0] // 4 : -(-shape[0] * 3 // 4), shape[1] // 4 : -(-shape[1] * 3 // 4)] = 20
    return image


def shapes(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    for rows, cols in SHAPES:
        for content in ("constant", "noise", "block"):
            picture = Image.fromarray(fill(content, (rows, cols), rng))
            yield f"{content}_{rows}x{cols}.png", encode(picture, "PNG", compress_level=1)
    for content, rows, cols in (("noise", 500, 16000), ("block", 4000, 4000)):
        picture = Image.fromarray(fill(content, (rows, cols), rng))
        yield f"{content}_{rows}x{cols}.webp", encode(picture, "WEBP", method=0)
        yield f"{content}_{rows}x{cols}.jpg", encode(picture, "JPEG")
    for name, pattern in (("checks", [[0, 1], [1, 0]]), ("dots", [[0, 1], [1, 1]])):
        image = np.tile(np.array(pattern, np.uint8) * 255, (450, 450))
        yield f"{name}.png", encode(Image.fromarray(image), "PNG")


def modes(captcha: Image.Image) -> Iterator[tuple[str, bytes]]:
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr", "LAB", "HSV"):
        if mode == "I;16":
            picture = Image.fromarray(np.asarray(captcha.convert("L"), np.uint16) * 257)
        else:
            picture = captcha.convert("L").convert(mode) if mode in "IF" else captcha.convert(mode)
        for kind, suffix in ENCODINGS.items():
            try:
                yield f"mode_{mode.replace(';', '')}_{kind}.{suffix}", encode(picture, kind)
            except (OSError, ValueError):
                continue
    for name, colour in (("white", 255), ("black", 0)):
        light = Image.merge("LA", [Image.new("L", captcha.size, colour), captcha.convert("L").point(lambda v: 255 - v)])
        yield f"transparent_{name}.png", encode(light, "PNG")


def animations(seed: int) -> Iterator[tuple[str, bytes]]:
    captcha = next(synthesize(1, seed, "clean"))
    for kind in Animation:
        frames = animate(captcha, kind, np.random.default_rng(seed))
        for encoding in ("GIF", "PNG", "WEBP"):
            yield f"{kind}.{ENCODINGS[encoding]}", frames_to_bytes(frames, encoding)
    many = [np.roll(captcha.image, i, axis=1) for i in range(100)]
    gif = frames_to_bytes(many, "GIF")
    body = gif.index(b"!\xf9")
    yield "frames_4000.gif", gif[:body] + gif[body:-1] * 40 + b";"
    large = [np.kron(frame[:40, :40], np.ones((40, 40, 1), np.uint8)) for frame in many[:4]]
    yield "large_frames.gif", frames_to_bytes(large, "GIF")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bombs(captcha: Image.Image) -> Iterator[tuple[str, bytes]]:
    for width, height in ((60000, 60000), (15000, 1000), (2**31 - 1, 1), (0, 5)):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        body = chunk(b"IDAT", zlib.compress(bytes(min((width // 8 + 2) * height, 2**24))))
        yield f"bomb_{width}x{height}.png", b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**26)))
    png = encode(captcha, "PNG")
    yield "bomb_text.png", png[:33] + text * 4 + png[33:]
    gif = bytearray(encode(captcha, "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    yield "bomb_screen.gif", bytes(gif)
    plain = encode(Image.new("P", captcha.size), "GIF")
    frame = b"!\xf9\x04\x08\0\0\0\0,\0\0\0\0" + struct.pack("<HH", 13000, 13000) + b"\0\x02\x02D\x01\0"
    yield "bomb_frame.gif", plain[:-1] + frame * 3 + b";"
    webp = bytearray(encode(captcha.convert("RGBA"), "WEBP", exif=b"x"))
    webp[24:30] = b"\xfe\x3f\0\xfe\x3f\0"
    yield "bomb.webp", bytes(webp)
    for size in ((160, 60), (2000, 2000)):
        jpeg = encode(captcha.resize(size), "JPEG", progressive=True)
        last = jpeg.rindex(b"\xff\xda")
        yield f"scans_{size[0]}.jpg", jpeg[:last] + jpeg[last:-2] * 500 + jpeg[-2:]
    bmp = bytearray(encode(captcha.convert("P").resize((3000, 3000)), "BMP"))
    bmp[30:34] = struct.pack("<I", 1)
    yield "runs.bmp", bytes(bmp)
    yield from tiff_bombs()


def tiff_bombs() -> Iterator[tuple[str, bytes]]:
    """TIFF files that declare more than they hold, and one whose second page is its first."""
    packed = zlib.compress(bytes(2**24))
    for width, height, strips in ((60000, 60000, 1), (4000, 4000, 4000), (3_000_000, 5, 1), (65535, 1, 1)):
        yield f"bomb_{width}x{height}.tif", tiff(width, height, strips, packed)
    yield "pages_in_a_circle.tif", tiff(64, 64, 1, zlib.compress(bytes(64 * 64)), following=8)


def tiff(width: int, height: int, strips: int, packed: bytes, following: int = 0) -> bytes:
    """Write a grey TIFF by hand, deflated, in strips that all are the same bytes; ``following`` is where a page is."""
    entries, count = b"", 9
    after = 8 + 2 + 12 * count + 4
    offsets = struct.pack(f"<{strips}I", *[after + 8 * strips] * strips)
    sizes = struct.pack(f"<{strips}I", *[len(packed)] * strips)
    places = (after, after + 4 * strips) if strips > 1 else (after + 8, len(packed))
    values = [(256, 1, width), (257, 1, height), (258, 1, 8), (259, 1, 8), (262, 1, 1), (273, strips, places[0])]
    values += [(277, 1, 1), (278, 1, -(-height // strips)), (279, strips, places[1])]
    for tag, number, value in values:
        entries += struct.pack("<HHII", tag, 4, number, value)
    directory = struct.pack("<H", count) + entries + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + directory + offsets + sizes + packed


def broken(captcha: Image.Image) -> Iterator[tuple[str, bytes]]:
    yield "empty.png", b""
    yield "text.png", b"file,label\n"
    yield "page.jpg", b"<!doctype html><title>403</title>"
    yield "magic.gif", b"GIF89a"
    yield "zeros.png", bytes(5000)
    for kind, suffix in ENCODINGS.items():
        data = encode(captcha, kind)
        yield f"half.{suffix}", data[: len(data) // 2]
        yield f"trailing.{suffix}", data + bytes(999)
        yield f"really_{kind}.png", data
        yield f"really_{kind}", data


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change bytes, cut the end off, exchange two parts, or begin as another kind; else the first eight bytes stay."""
    changed = bytearray(data)
    first, second = sorted(rng.integers(8, len(data) - 16, 2).tolist())
    way = int(rng.integers(0, 5))
    if way == 0:
        for place in rng.integers(8, len(data), int(rng.integers(1, 20))).tolist():
            changed[place] ^= 1 << int(rng.integers(0, 8))
    elif way == 1:
        for place in rng.integers(8, min(80, len(data)), int(rng.integers(1, 5))).tolist():
            changed[place] = int(rng.integers(0, 256))
    elif way == 2:
        del changed[second:]
    elif way == 3:
        begin = BEGINNINGS[int(rng.integers(0, len(BEGINNINGS)))]
        changed[: len(begin)] = begin
    else:
        changed[first : first + 16] = data[second : second + 16]
        changed[second : second + 16] = data[first : first + 16]
    return bytes(changed)


def mutated(seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield mutated captchas without end: as many stills of each kind, and animations."""
    rng = np.random.default_rng(seed)
    sources: list[tuple[str, bytes]] = []
    for captcha in synthesize(20, seed):
        picture = Image.fromarray(np.ascontiguousarray(captcha.image[:, :, ::-1]))
        sources += [(suffix, encode(picture, kind)) for kind, suffix in ENCODINGS.items()]
        sources.append(("jpg", encode(picture, "JPEG", progressive=True)))
    sources += [(name.split(".")[1], data) for name, data in animations(seed) if len(data) < 100_000]
    while True:
        suffix, data = sources[int(rng.integers(0, len(sources)))]
        yield f"mutated.{suffix}", mutate(data, rng)


def odd(seed: int) -> Iterator[tuple[str, bytes]]:
    image = next(synthesize(1, seed, "clean")).image
    captcha = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
    yield from bombs(captcha)
    yield from animations(seed)
    yield from broken(captcha)
    yield from shapes(np.random.default_rng(seed))
    yield from modes(captcha)


def write(folder: Path, count: int, odd_count: int, seed: int) -> list[Path]:
    """Write so many images and return the paths that are to have a row, in order; fewer odd ones if there are no more.

    Last come all odd names and links, which ``count`` includes.
    """
    folder.mkdir(parents=True)
    files = list(islice(odd(seed), odd_count))
    files += islice(mutated(seed), max(0, count - len(files) - len(NAMES) - len(LINKS)))
    paths = [folder / f"{index:05d}_{name}" for index, (name, _) in enumerate(files)]
    for path, (_, data) in zip(paths, files, strict=True):
        path.write_bytes(data)
    return paths + write_names(folder / "99999", encode(Image.new("L", (60, 30), 200), "PNG"))


def check(folder: Path, paths: list[Path]) -> bool:
    """Solve the folder, print what came of it, and return whether it is as it should be."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(CLI), "solve", str(folder), "--quiet"]
    result = subprocess.run(command, capture_output=True, env=environment, check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rows = list(csv.DictReader(StringIO(result.stdout.decode(errors="surrogateescape"), newline="")))
    in_order = [row["file"] for row in rows] == [str(path) for path in paths]
    print(f"{len(paths)} images, {len(rows)} rows, in order: {in_order}, exit code {result.returncode}")
    print(f"peak {peak:.0f} MB; {dict(Counter(row['status'] for row in rows))}")
    slowest = sorted(((seconds_to_read(path), ascii(path.name)) for path in paths), reverse=True)[:5]
    print("slowest:", ", ".join(f"{seconds:.2f} s {name}" for seconds, name in slowest))
    return in_order and result.returncode not in (0, 1) and peak < 1024 and slowest[0][0] < 1.0


def seconds_to_read(path: Path) -> float:
    """Measure how long loading and cutting an image takes, in seconds of the processor."""
    from kerf.segmenter import segment
    from kerf.segmenter.load import path_to_image

    started = time.process_time()
    with suppress(KerfError):
        segment(path_to_image(path))
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="made, must not exist")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--odd", type=int, default=1000, help="at most so many of them odd")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="solve the folder")
    given = parser.parse_args()
    if given.folder.exists():
        parser.error(f"{given.folder} exists; name a new folder")
    paths = write(given.folder, given.count, given.odd, given.seed)
    if given.check and not check(given.folder, paths):
        sys.exit(1)


if __name__ == "__main__":
    main()

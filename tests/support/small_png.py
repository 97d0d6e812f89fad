"""Makes the PNG files of pictures small: few colours, named by a palette, packed as tightly as zlib can."""

import struct
import zlib
from collections import Counter

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_COLOURS = 256


def smaller(png: bytes) -> bytes:
    """Return the picture *png* (8 bits a channel, not interlaced) with at most 256 colours; the same bytes every time."""
    width, height, rows = _pixels(png)
    colours = Counter(pixel for row in rows for pixel in row)
    chosen = [colour for colour, _ in sorted(colours.items(), key=lambda one: (-one[1], one[0]))][:_MOST_COLOURS]
    index = {colour: at for at, colour in enumerate(chosen)}
    for colour in colours:
        if colour not in index:
            index[colour] = min(range(len(chosen)), key=lambda at: _distance(chosen[at], colour))
    raw = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in rows)
    palette = b"".join(bytes(colour) for colour in chosen)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    made = _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)
    return made if len(made) < len(png) else png


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _pixels(png: bytes) -> tuple[int, int, list[list[tuple[int, int, int]]]]:
    assert png.startswith(_SIGNATURE)
    at, packed, header = len(_SIGNATURE), b"", b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        header = body if kind == b"IHDR" else header
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    assert (depth, interlaced) == (8, 0)
    step = {2: 3, 6: 4}[colour]
    rows, before, raw = [], bytes(width * step), zlib.decompress(packed)
    for number in range(height):
        start = number * (width * step + 1)
        before = _unfiltered(raw[start], raw[start + 1 : start + 1 + width * step], before, step)
        rows.append([(before[i], before[i + 1], before[i + 2]) for i in range(0, width * step, step)])
    return width, height, rows


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """PNG section 9.2."""
    made = bytearray(line)
    for at in range(len(made)):
        left = made[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        up = above[at]
        made[at] = (made[at] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]) & 0xFF
    return bytes(made)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
    return nearest[2]

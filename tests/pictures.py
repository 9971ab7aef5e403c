"""Pictures for tests: a PNG that a browser shows, and the head of a JPEG, of any told size."""

from __future__ import annotations

import struct
import zlib


def png(wide: int, tall: int) -> bytes:
    """Return the head of a PNG of that size."""
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">LLBBBBB", wide, tall, 8, 0, 0, 0, 0))


def shown_png(wide: int = 60, tall: int = 40) -> bytes:
    """Return a whole PNG in grey."""
    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(wide)) for y in range(tall))
    return png(wide, tall) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def jpeg(wide: int, tall: int, *, frame: int = 0xC0, before: bytes = b"") -> bytes:
    """Return a JPEG as far as its frame's head; ``before`` stands in front of it."""
    head = struct.pack(">BHHB", 8, tall, wide, 1) + b"\x01\x11\0"
    tables = segment(0xDB, b"\0" * 65) + segment(0xC4, b"\0" * 17)
    jfif = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
    return b"\xff\xd8" + jfif + before + tables + segment(frame, head) + b"\xff\xda"


def segment(code: int, content: bytes) -> bytes:
    """Return a segment of a JPEG; its length counts itself."""
    return b"\xff" + bytes([code]) + struct.pack(">H", len(content) + 2) + content


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

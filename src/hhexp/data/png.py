"""A PNG's chunks (https://www.w3.org/TR/png-3/#5Chunk-layout)."""

import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT = (b"tRNS", b"eXIf")
"""Chunks that a decoder may pass over, but that matter: transparency, and the orientation."""


def drop_notes(content: bytes) -> bytes:
    """A PNG without its notes: texts, times, colour profiles, and whatever else is no pixel.

    A chunk that matters stays, damaged or not; of those in ``KEPT``, only whole ones.
    """
    kept, start = [SIGNATURE], len(SIGNATURE)
    while start < len(content):
        length = int.from_bytes(content[start : start + 4], "big")
        chunk = content[start : start + 12 + length]
        kind = chunk[4:8]
        whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind[:1].isupper() or (kind in KEPT and whole):  # a capital says that it matters
            kept.append(chunk)
        start += len(chunk)
    return b"".join(kept)

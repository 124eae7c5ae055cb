"""A text in every form in which somebody could read it: as written, as seen, and what is packed into it."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

MOST_BYTES = 20_000_000  # of one packed thing: more is not unpacked
PNG = b"\x89PNG\r\n\x1a\n"
PACKED_TEXTS = (b"zTXt", b"iTXt", b"iCCP")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_SPACED_DIGITS = re.compile(r"(?<!\d)\d(?:[ \u00a0]\d){9}(?!\d)(?! \d)")
_DATA = re.compile(r"data:[\w/+.;=-]*?(;base64)?,([A-Za-z0-9+/=%_.~-]+)")
_ATTRIBUTE = re.compile(r"""=\s*\\?["']([A-Za-z0-9+/]{12,}={0,2})\\?["']""")
_INLINE = re.compile(r"</?(?:a|abbr|b|em|i|small|span|strong|sub|sup|tspan|u|wbr)\b[^>]*>", re.I)
_TAG = re.compile(r"<[^>]+>")


def forms(text: str) -> Iterator[str]:
    """The text as it is written, as a reader sees it, and what is embedded in it."""
    yield text
    seen = unescape(text)
    if "\\u" in seen or "\\x" in seen:
        seen = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), seen)
    seen = seen.replace("\\t", "\t")
    if "<" in seen:
        seen = _TAG.sub("|", _INLINE.sub("", seen))
    if not seen.isascii():
        seen = unicodedata.normalize("NFKC", _INVISIBLE.sub("", seen))
    seen = _SPACED_DIGITS.sub(lambda found: re.sub(r"\D", "", found[0]), seen)
    if seen != text:
        yield seen
    for found in _DATA.finditer(text):
        yield embedded(found[2]) if found[1] else unquote(found[2])
    for found in _ATTRIBUTE.finditer(text):
        yield embedded(found[1])


def embedded(content: str) -> str:
    """Base64 as text, what is packed in it too (a picture's text, gzip, zip); empty if it is not base64."""
    try:
        return unpacked(base64.b64decode(content))
    except (binascii.Error, ValueError):
        return ""


def unpacked(content: bytes) -> str:
    """Bytes as text, and the texts that are packed in them."""
    parts = [content]
    try:
        if content.startswith(PNG):
            parts += _picture_texts(content)
        elif content.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(content)) as packed:
                parts.append(packed.read(MOST_BYTES))
        elif content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                parts += [packed.open(name).read(MOST_BYTES) for name in packed.namelist()]
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile):
        pass  # not what it says it is; its bytes are read as they are
    return "\n".join(part.decode("latin-1") for part in parts)


def _picture_texts(content: bytes) -> Iterator[bytes]:
    """The compressed texts of a PNG; those that are not compressed are in its bytes."""
    at = len(PNG)
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if kind in PACKED_TEXTS and (start := _deflated(body)) is not None:
            yield zlib.decompressobj().decompress(body[start:], MOST_BYTES)
        at += 12 + length


def _deflated(body: bytes) -> int | None:
    """Where the compressed part of a text begins."""
    found = re.search(rb"\x78[\x01\x5e\x9c\xda]", body)
    return found.start() if found else None

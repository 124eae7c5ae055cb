"""Pseudonyms at the door: a person is a keyed hash of the CPR number, and no CPR number goes further than here.

A pseudonym is the first 32 hexadecimal digits of HMAC-SHA-256(key, ten digits). The same is written as SQL, so that
flat files are pseudonymised inside the engine. Modulus 11 is not tested: valid numbers break it (cpr.dk, 2007).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ddns_utils.errors import DataError

HIDDEN = "[CPR]"
KEY_BYTES = 32
# Spaces that do not break or are not seen, and hyphens and dashes that word processors put in the place of a hyphen.
SPACES_AND_DASHES = "\\s\u00a0\u00ad\u2000-\u2015\u202f\u2060\u2212\ufeff-"
BETWEEN = f"[./{SPACES_AND_DASHES}]{{0,3}}"
_WRITTEN = re.compile(rf"(?<!\d)\d{{6}}{BETWEEN}\d{{4}}(?!\d)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_AS_NUMBER = re.compile(r"(?<=[\s:,\[])[1-9](?:0[1-9]|1[0-2])\d{6}(?=(?:\.0)?\s*[,}\]])")
_DIGITS = re.compile(r"\d{10}")
_SQL_WRITTEN = rf"(^|[^0-9])[0-9]{{6}}{BETWEEN}[0-9]{{4}}([^0-9]|$)"
_SQL_DATED = rf"(^|[^0-9])(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])[0-9]{{2}}{BETWEEN}[0-9]{{4}}([^0-9]|$)"
_SQL_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def hide(text: str) -> str:
    """The text with everything that looks like a CPR number replaced; for messages, names of files and quarantine."""
    return _WRITTEN.sub(HIDDEN, text)


def hide_in_json(text: str) -> str:
    """As ``hide``, for JSON: numbers written with escapes, and as a number without the nought in front, are found too.

    Escapes are resolved in texts with a CPR number only.
    """
    plain = _ESCAPE.sub(_sign, text)
    hidden = _AS_NUMBER.sub(HIDDEN, hide(plain))
    return hide(text) if hidden == plain else hidden


def _sign(escape: re.Match) -> str:
    code, letter = escape.groups()
    if letter:
        return escape[0] if letter in '"\\' else letter if letter == "/" else " "
    sign = chr(int(code, 16))
    return sign if sign.isprintable() and sign not in '"\\' else " "


def in_print(text: str) -> str:
    """A name of a file or a message as it can be shown and stored: without CPR numbers, and without signs that are none
    (bytes of another encoding, line breaks, commands to a terminal)."""
    return hide("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text))


def may_hold_cpr(texts: pa.Array) -> bool:
    """Whether any of the texts has what the engine's macro ``without_cpr`` replaces."""
    found = texts.filter(pc.match_substring_regex(texts, _SQL_DATED))
    return not all(re.fullmatch(_SQL_UUID, part) for text in found.to_pylist() for part in text.split("|"))


def without_cpr(texts: pa.Array, engine: duckdb.DuckDBPyConnection) -> pa.Array:
    """As the engine's macro of this name, in half the time: the engine is asked only for texts that may need it."""
    if pa.types.is_dictionary(texts.type):
        return pa.DictionaryArray.from_arrays(texts.indices, without_cpr(texts.dictionary, engine))
    found = pc.fill_null(pc.match_substring_regex(texts, _SQL_DATED), False)
    if not pc.any(found).as_py():
        return texts
    engine.register("found", pa.table({"text": texts.filter(found)}))
    safe = engine.execute("SELECT without_cpr(text) AS text FROM found").to_arrow_table()
    return pc.replace_with_mask(texts, found, safe["text"].combine_chunks())


class Pseudonyms:
    """Pseudonyms under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise DataError(f"The key must have {KEY_BYTES} bytes, written as {2 * KEY_BYTES} hexadecimal digits.")
        padded = key.ljust(64, b"\0")
        self._pads = bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)
        self._inner, self._outer = sha256(self._pads[0]), sha256(self._pads[1])
        self.of = lru_cache(maxsize=1 << 16)(self._of)

    def _of(self, cpr: str) -> str | None:
        """Pseudonym of a CPR number, with or without a hyphen or spaces; None if it is not a possible one."""
        digits = re.sub(f"[{SPACES_AND_DASHES}]", "", cpr)
        return self.hash(digits) if _DIGITS.fullmatch(digits) and _birth_date(digits) else None

    def hash(self, text: str) -> str:
        """Keyed hash of a text; of the ten digits of a possible CPR number, the pseudonym. Half the time of SQL's."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    @property
    def fingerprint(self) -> str:
        """Tells two keys apart and gives neither away."""
        return self.hash("fingerprint of the key")

    def teach(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Give an engine the macros pseudonym(cpr), holds_cpr(value), without_cpr(value) and hide_cpr(text).

        ``pseudonym`` is NULL for an impossible number. ``without_cpr`` replaces a value with a CPR number in it by a
        keyed hash of the value, so that keys still meet; other values and UUIDs stay. Of values separated by | each is
        one of its own.
        """
        inner, outer = ("'" + "".join(f"\\x{byte:02X}" for byte in pad) + "'::BLOB" for pad in self._pads)
        engine.execute(f"""
            CREATE OR REPLACE TEMP MACRO keyed_hash(text) AS
                left(sha256({outer} || unhex(sha256({inner} || encode(text)))), 32);
            CREATE OR REPLACE TEMP MACRO cpr_digits(cpr) AS regexp_replace(cpr, '[{SPACES_AND_DASHES}]', '', 'g');
            CREATE OR REPLACE TEMP MACRO cpr_century(seventh, yy) AS CASE
                WHEN seventh <= 3 THEN 1900
                WHEN seventh IN (4, 9) THEN CASE WHEN yy <= 36 THEN 2000 ELSE 1900 END
                WHEN yy <= 57 THEN 2000 ELSE 1800 END;
            CREATE OR REPLACE TEMP MACRO possible_cpr(digits) AS regexp_full_match(digits, '[0-9]{{10}}') AND TRY_CAST(
                cpr_century(TRY_CAST(digits[7] AS INT), TRY_CAST(digits[5:6] AS INT)) + TRY_CAST(digits[5:6] AS INT)
                || '-' || digits[3:4] || '-' || digits[1:2] AS DATE) IS NOT NULL;
            CREATE OR REPLACE TEMP MACRO pseudonym(cpr) AS
                CASE WHEN possible_cpr(cpr_digits(cpr)) THEN keyed_hash(cpr_digits(cpr)) END;
            CREATE OR REPLACE TEMP MACRO holds_cpr(value) AS length(value) >= 10
                AND regexp_matches(value, '{_SQL_DATED}') AND NOT regexp_full_match(value, '{_SQL_UUID}');
            CREATE OR REPLACE TEMP MACRO without_cpr(value) AS
                CASE WHEN holds_cpr(value) THEN array_to_string(list_transform(string_split(value, '|'),
                    lambda part: CASE WHEN holds_cpr(part) THEN keyed_hash(part) ELSE part END), '|') ELSE value END;
            CREATE OR REPLACE TEMP MACRO hide_once(text) AS
                regexp_replace(text, '{_SQL_WRITTEN}', '\\1{HIDDEN}\\2', 'g');
            CREATE OR REPLACE TEMP MACRO hide_cpr(text) AS hide_once(hide_once(text));
        """)


def read_key(folder: Path) -> bytes:
    """The key: DDNS_KEY (64 hexadecimal digits), else the file DDNS_KEY_FILE, else ``folder/key``.

    The file is made on first use, readable by its owner only. Raises DataError for a file that others can read, for
    something that is no key, and for a lost key where the store has been written with one.
    """
    if text := os.environ.get("DDNS_KEY"):
        return _parse(text, "DDNS_KEY")
    file = Path(os.environ.get("DDNS_KEY_FILE") or folder / "key")
    if not file.exists():
        if _fingerprint_file(folder).exists():
            raise DataError(
                f"The key file {file.name} is missing, and the registers were written with a key. Put the key back, "
                "or set DDNS_KEY or DDNS_KEY_FILE."
            )
        return _make(file)
    if file.stat().st_mode & 0o077:
        raise DataError(f"Others than its owner can read the key file {file.name}. Run: chmod 600 {file.name}")
    return _parse(file.read_text(), file.name)


def project_pseudonyms(person_ids: Iterable[str], project_key: bytes) -> list[str]:
    """Pseudonyms of one project, in the order given: 32 hexadecimal digits of HMAC-SHA-256(project key, person_id).

    Data sets given out under one project key can be linked with each other; with other projects or with the store they
    can be linked only by who has the project key. DataError if the key has not 32 bytes.
    """
    project = Pseudonyms(project_key)
    return [project.hash(person_id) for person_id in person_ids]


def remember_key(folder: Path, pseudonyms: Pseudonyms) -> None:
    """Keep the fingerprint of the key that the store is written with from now on."""
    file = _fingerprint_file(folder)
    written = file.with_suffix(".tmp")
    written.write_text(pseudonyms.fingerprint)
    written.replace(file)


def is_same_key(folder: Path, pseudonyms: Pseudonyms) -> bool:
    """Whether the store was written with this key, or not written yet."""
    file = _fingerprint_file(folder)
    return not file.exists() or file.read_text() == pseudonyms.fingerprint


def require_same_key(folder: Path, pseudonyms: Pseudonyms) -> None:
    """Remember the key's fingerprint the first time; DataError if the store was written with another key."""
    if not _fingerprint_file(folder).exists():
        remember_key(folder, pseudonyms)
    if not is_same_key(folder, pseudonyms):
        raise DataError(
            f"The registers in {folder.name} were written with another key, so the same person would get two "
            "pseudonyms. Use that key, or empty the registers and land every delivery again: ddns intake PATH --new-key"
        )


def _fingerprint_file(folder: Path) -> Path:
    return folder / "key_fingerprint"


def _make(file: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_name(f"{file.name}.new")
    written.unlink(missing_ok=True)
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(key.hex())
    written.rename(file)
    return key


def _parse(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise DataError(
            f"{name} is no key. A key is {2 * KEY_BYTES} hexadecimal digits; to make one: openssl rand -hex 32"
        )
    return key


def _birth_date(digits: str) -> date | None:
    day, month, yy, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if yy <= 36 else 1900
    else:
        century = 2000 if yy <= 57 else 1800
    try:
        return date(century + yy, month, day)
    except ValueError:
        return None

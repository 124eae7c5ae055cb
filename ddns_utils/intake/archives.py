"""Archives of deliveries (zip, tar, tar.gz), unpacked with distrust: nothing leaves the folder, nothing grows endless.

A file packed alone by gzip is one too. Only ordinary files are unpacked; links and devices are left alone. An archive
with a path that leads out of it, two files of one name, or more content than the bounds is refused as a whole. Archives
in archives stay packed.
"""

from __future__ import annotations

import gzip
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

from ddns_utils.errors import DataError
from ddns_utils.intake.account import Landing
from ddns_utils.intake.deliveries import ARCHIVE, DeliveredFile, find, in_order
from ddns_utils.intake.pseudonym import in_print

MOST_BYTES = 200 * 10**9
MOST_FILES = 200_000
SMALL = 50_000_000
MOST_TIMES_LARGER = 200
LONGEST_HEADER = 1_000_000
BLOCK = 1 << 20
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile)


def unpack_all(deliveries: list[DeliveredFile], folder: Path, landing: Landing) -> list[DeliveredFile]:
    """The deliveries with every archive replaced by what is in it, unpacked into ``folder``, in the order to land.

    An archive that is refused, and what is no delivery in one, is noted in ``landing``.
    """
    files = []
    for number, delivery in enumerate(deliveries):
        if delivery.source != ARCHIVE:
            files.append(delivery)
            continue
        inside = folder / f"unpacked-{number}"
        inside.mkdir(mode=0o700)
        try:
            left = unpack(delivery.path, inside)
            found, others = find(inside)
            if not found:
                raise DataError(f"{delivery.name} holds no delivery.")
        except DataError as error:
            landing.refuse(delivery, in_print(str(error)))
            shutil.rmtree(inside)
            continue
        files += [
            replace(file, name=f"{delivery.name}/{file.name}", day=file.day or delivery.day)
            for file in found
            if file.source != ARCHIVE
        ]
        packed = [file.name for file in found if file.source == ARCHIVE]
        landing.others += [f"{delivery.name}/{in_print(name)}" for name in (*others, *packed, *left)]
    return in_order(files)


def unpack(archive: Path, folder: Path) -> list[str]:
    """Unpack an archive into an empty folder; gives the names of links and devices, which are left alone.

    Raises DataError if it cannot be read, holds a path that leads out of it, or is larger than the bounds.
    """
    name = in_print(archive.name)
    left: list[str] = []
    room = _Room(name, archive.stat().st_size)
    try:
        for path, source in _members(archive)(archive, name):
            if source is None:
                left.append(path)
                continue
            target = folder / _inside(path, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            room.next_file()
            with target.open("xb") as out:
                while block := source.read(BLOCK):
                    room.take(len(block))
                    out.write(block)
    except FileExistsError:
        raise DataError(f"{name} holds two files of one name. Send each file once.") from None
    except NotImplementedError:  # Windows packs files over 2 GB by Deflate64
        raise DataError(f"{name} is packed in a way that is not read. Send it as .tar.gz, or the files.") from None
    except (OSError, EOFError, ValueError, RuntimeError, zlib.error, *_BROKEN) as error:
        reason = in_print(str(error).replace(str(folder), "")) or "it ends too early"
        raise DataError(f"{name} cannot be unpacked: {reason}. Send it again.") from None
    return left


class _Room:
    """Counts what has been unpacked, whatever the archive says about itself."""

    def __init__(self, name: str, packed: int) -> None:
        self.name, self.files, self.bytes = name, 0, 0
        self.most = min(MOST_BYTES, max(SMALL, packed * MOST_TIMES_LARGER))

    def next_file(self) -> None:
        self.files += 1
        if self.files > MOST_FILES:
            raise DataError(f"{self.name} holds more than {MOST_FILES:,} files. Send it in parts.")

    def take(self, length: int) -> None:
        self.bytes += length
        if self.bytes > self.most:
            raise DataError(
                f"{self.name} unpacks to more than {self.most:,} bytes: {MOST_TIMES_LARGER} times its size, or "
                f"{MOST_BYTES:,} in all, is the most. Send the files themselves, or several archives."
            )


def _inside(path: str, name: str) -> PurePosixPath:
    """A member's path; DataError unless it is plain and leads into the archive's own folder."""
    plain = PurePosixPath(path)
    odd = "\\" in path or "\0" in path or ":" in path.split("/")[0]
    if plain.is_absolute() or ".." in plain.parts or not plain.parts or odd:
        raise DataError(f"{name} holds a file whose path leads out of the archive. Send plain names.")
    return plain


def _members(archive: Path) -> Callable[[Path, str], Iterator[tuple[str, IO[bytes] | None]]]:
    if archive.suffix.lower() == ".zip":
        return _zip
    return _tar if archive.name.lower().endswith((".tar", ".tgz", ".tar.gz")) else _gz


def _zip(archive: Path, name: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            mode = member.external_attr >> 16
            path = member.filename.replace("\\", "/")  # Windows' own Compress-Archive parts folders so
            if path.endswith("/"):
                continue
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield path, None
                continue
            if member.flag_bits & 1:
                raise DataError(f"{name} is locked with a password. Send it without.")
            with opened.open(member) as source:
                yield path, source


def _gz(archive: Path, _: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    with gzip.open(archive, "rb") as source:
        yield archive.stem, source


def _tar(archive: Path, _: str) -> Iterator[tuple[str, IO[bytes] | None]]:
    # Unzipped by gzip, which gives no more than it is asked for; tarfile's own way unzips whole blocks.
    unzip = Path.open if archive.suffix.lower() == ".tar" else gzip.open
    with unzip(archive, "rb") as plain, tarfile.open(fileobj=plain, mode="r|", tarinfo=_ShortHeader) as opened:
        for member in opened:
            if member.isdir():
                continue
            yield member.name, opened.extractfile(member) if member.isreg() else None
            opened.members = []  # tarfile keeps what it has seen


class _ShortHeader(tarfile.TarInfo):
    """A member whose header is read into memory only if it is short."""

    def _proc_member(self, opened: tarfile.TarFile) -> tarfile.TarInfo:
        if not self.isfile() and self.size > LONGEST_HEADER:
            raise tarfile.ReadError("a header is longer than headers are")
        return super()._proc_member(opened)

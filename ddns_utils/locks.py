"""Locks on a store's folder. They are the kernel's, so that a killed process leaves none behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ddns_utils.errors import DataError


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Nobody else writes to a store meanwhile. Raises DataError if somebody is writing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(
                f"Somebody else is writing to the registers in {folder.name}. Try again when they are done."
            ) from None
        yield


def hold(file: Path) -> int:
    """Open a file that nobody may take away until what is returned is closed; FileNotFoundError if it is gone."""
    held = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        file.stat()  # whoever took it away may have let go of it only now
    except BaseException:
        os.close(held)
        raise
    return held


@contextmanager
def taking_away(file: Path) -> Iterator[bool]:
    """Whether nobody holds a file; if so, nobody can meanwhile."""
    opened = os.open(file, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(opened)

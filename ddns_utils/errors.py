"""Errors a user can act on: each message says what is wrong, what was found and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DdnsError(Exception):
    """Base of every error whose message is meant for the user; the command line prints it without a traceback."""


class DataError(DdnsError):
    """Data cannot be used as they are: a missing column, an unreadable file, a period that is not covered."""


class DefinitionError(DdnsError):
    """A declaration contradicts itself or names something that does not exist."""


class RunError(DdnsError):
    """A run could not start or did not finish."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """A question naming what is most like the word, followed by a space; empty if nothing is like it."""
    nearest = difflib.get_close_matches(str(word), list(known), n=1)
    return f"Did you mean '{nearest[0]}'? " if nearest else ""

"""Errors a user can act on: each message says what is wrong, what was found and what to do."""


class DdnsError(Exception):
    """Base of every error whose message is meant for the user; the command line prints it without a traceback."""


class DataError(DdnsError):
    """Data cannot be used as they are: a missing column, an unreadable file, a period that is not covered."""


class DefinitionError(DdnsError):
    """A declaration contradicts itself or names something that does not exist."""


class RunError(DdnsError):
    """A run could not start or did not finish."""

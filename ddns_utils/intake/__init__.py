"""Deliveries in the wire formats, landed in the store: checked, pseudonymised, accounted for."""

from ddns_utils.intake.landing import Count, Landing, change_key, land
from ddns_utils.intake.pseudonym import project_pseudonyms
from ddns_utils.intake.replacing import read_replacements
from ddns_utils.intake.retry import Retry, retry_quarantine

__all__ = [
    "Count",
    "Landing",
    "Retry",
    "change_key",
    "land",
    "project_pseudonyms",
    "read_replacements",
    "retry_quarantine",
]

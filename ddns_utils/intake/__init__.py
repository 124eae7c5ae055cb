"""Deliveries in the wire formats, landed in the store: checked, pseudonymised, accounted for."""

from ddns_utils.intake.landing import Count, Landing, change_key, land
from ddns_utils.intake.pseudonym import project_pseudonyms

__all__ = ["Count", "Landing", "change_key", "land", "project_pseudonyms"]

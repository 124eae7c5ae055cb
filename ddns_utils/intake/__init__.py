"""Deliveries in the wire formats, landed in the store: checked, pseudonymised, accounted for."""

from ddns_utils.intake.landing import Count, Landing, land

__all__ = ["Count", "Landing", "land"]

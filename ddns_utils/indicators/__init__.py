"""Indicators by theme. A new one is declared in its theme's module and named in that module's INDICATORS."""

from ddns_utils.errors import DefinitionError, did_you_mean
from ddns_utils.indicators import (
    admissions,
    after_admission,
    asthma,
    chronic,
    cross_sector,
    diabetes,
    heart,
    kol,
    kol_hospital,
    quality,
    rehabilitation,
)
from ddns_utils.indicators.declare import Indicator

INDICATORS: dict[str, Indicator] = {
    indicator.id: indicator
    for theme in (
        chronic,
        diabetes,
        kol,
        kol_hospital,
        asthma,
        heart,
        after_admission,
        admissions,
        rehabilitation,
        cross_sector,
        quality,
    )
    for indicator in theme.INDICATORS
}


def indicator_named(name: str) -> Indicator:
    """The indicator with an id; DefinitionError if there is none."""
    if name not in INDICATORS:
        raise DefinitionError(
            f"There is no indicator '{name}'. {did_you_mean(name, INDICATORS)}"
            "docs/indicators.md has them all, and so has ddns_utils.INDICATORS."
        )
    return INDICATORS[name]

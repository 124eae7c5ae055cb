"""Indicators by theme. A new one is declared in its theme's module and named in that module's INDICATORS."""

from ddns_utils.indicators import (
    admissions,
    asthma,
    chronic,
    cross_sector,
    diabetes,
    heart,
    kol,
    quality,
    rehabilitation,
)
from ddns_utils.indicators.declare import Indicator

INDICATORS: dict[str, Indicator] = {
    indicator.id: indicator
    for theme in (chronic, diabetes, kol, asthma, heart, admissions, rehabilitation, cross_sector, quality)
    for indicator in theme.INDICATORS
}

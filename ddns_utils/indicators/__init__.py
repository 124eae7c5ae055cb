"""Indicators by theme. A new one is declared in its theme's module and named in that module's INDICATORS."""

from ddns_utils.indicators import chronic, cross_sector, quality, rehabilitation
from ddns_utils.indicators.declare import Indicator

INDICATORS: dict[str, Indicator] = {
    indicator.id: indicator
    for theme in (chronic, rehabilitation, cross_sector, quality)
    for indicator in theme.INDICATORS
}

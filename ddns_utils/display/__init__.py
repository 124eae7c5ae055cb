"""Figures, tables and words of disclosed results. Nothing else is accepted."""

from ddns_utils.display import verdicts, words
from ddns_utils.display.area_figure import plot_areas
from ddns_utils.display.audit import show_audit
from ddns_utils.display.calendar_figure import plot_calendar, plot_lag
from ddns_utils.display.care_figure import plot_against_standards
from ddns_utils.display.coverage import show_coverage
from ddns_utils.display.definitions import show_definitions
from ddns_utils.display.estimates import show_estimates
from ddns_utils.display.figures import plot_age_sex, plot_indicators, plot_trend
from ddns_utils.display.findings import show_completeness, show_findings, show_findings_by_sender
from ddns_utils.display.funnel_figure import plot_funnel
from ddns_utils.display.show import show_figure, show_text
from ddns_utils.display.smoothed_figure import plot_smoothed
from ddns_utils.display.tables import show_table
from ddns_utils.display.tile_figure import plot_map

__all__ = [
    "plot_against_standards", "plot_age_sex", "plot_areas", "plot_calendar", "plot_funnel", "plot_indicators",
    "plot_lag", "plot_map", "plot_smoothed", "plot_trend", "show_audit", "show_completeness", "show_coverage",
    "show_definitions", "show_estimates", "show_figure", "show_findings", "show_findings_by_sender", "show_table",
    "show_text",
    "verdicts", "words",
]  # fmt: skip

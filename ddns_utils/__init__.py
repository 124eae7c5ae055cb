"""Notebook-driven analytics of Danish care outside hospitals: the names a notebook uses, and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "INDICATORS": "ddns_utils.indicators",
    "Period": "ddns_utils.period",
    "Text": "ddns_utils.language",
    "areas": "ddns_utils.areas",
    "chronic": "ddns_utils.indicators.chronic",
    "cross_sector": "ddns_utils.indicators.cross_sector",
    "disclose": "ddns_utils.disclosure",
    "disclose_coefficients": "ddns_utils.disclosure",
    "disclose_quantiles": "ddns_utils.disclosure",
    "disclose_survival": "ddns_utils.disclosure",
    "open_snapshot": "ddns_utils.registers",
    "peers": "ddns_utils.comparison",
    "plot_against_standards": "ddns_utils.display",
    "plot_age_sex": "ddns_utils.display",
    "plot_areas": "ddns_utils.display",
    "plot_calendar": "ddns_utils.display",
    "plot_funnel": "ddns_utils.display",
    "plot_indicators": "ddns_utils.display",
    "plot_lag": "ddns_utils.display",
    "plot_map": "ddns_utils.display",
    "plot_smoothed": "ddns_utils.display",
    "plot_trend": "ddns_utils.display",
    "quality": "ddns_utils.indicators.quality",
    "rehabilitation": "ddns_utils.indicators.rehabilitation",
    "save": "ddns_utils.runs.saving",
    "show_audit": "ddns_utils.display",
    "show_completeness": "ddns_utils.display",
    "show_coverage": "ddns_utils.display",
    "show_definitions": "ddns_utils.display",
    "show_estimates": "ddns_utils.display",
    "show_figure": "ddns_utils.display",
    "show_findings": "ddns_utils.display",
    "show_findings_by_sender": "ddns_utils.display",
    "show_table": "ddns_utils.display",
    "show_text": "ddns_utils.display",
    "standardised": "ddns_utils.standardisation",
    "verdicts": "ddns_utils.display.verdicts",
    "words": "ddns_utils.display.words",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, so that the command line starts at once."""
    if name not in _WHERE:
        raise AttributeError(f"module 'ddns_utils' has no name '{name}'. It has: {', '.join(__all__)}.")
    module = import_module(_WHERE[name])
    return module if _WHERE[name].endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return list(__all__)

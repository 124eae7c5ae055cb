"""Running analyses: parameter contracts, execution, run folders. Notebooks use ``save`` only."""

from ddns_utils.runs.saving import save

__all__ = ["save"]

"""Nothing small gets out: hide small counts and what would give them away, then attack the result."""

from ddns_utils.disclosure.disclosed import PROTECTS, SMALL, Audit, Disclosed, disclose
from ddns_utils.disclosure.models import (
    SafeEstimates,
    disclose_coefficients,
    disclose_quantiles,
    disclose_survival,
)
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.published import Published

__all__ = [
    "PROTECTS", "SMALL", "Audit", "Disclosed", "Policy", "Published", "SafeEstimates", "disclose",
    "disclose_coefficients", "disclose_quantiles", "disclose_survival",
]  # fmt: skip

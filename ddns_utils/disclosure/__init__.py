"""Nothing small gets out: hide small counts and what would give them away, then attack the result."""

from ddns_utils.disclosure.disclosed import PROTECTS, SMALL, Audit, Disclosed, disclose
from ddns_utils.disclosure.policy import Policy
from ddns_utils.disclosure.published import Published

__all__ = ["PROTECTS", "SMALL", "Audit", "Disclosed", "Policy", "Published", "disclose"]

"""Tables of estimates that may be shown: coefficients, survival, quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from IPython.display import publish_display_data

from ddns_utils.disclosure import SafeEstimates, session
from ddns_utils.display.tables import render
from ddns_utils.errors import DefinitionError
from ddns_utils.language import Text, number, say

HEADS = {
    "coefficients": ("Variable", "Estimate", "95% interval"),
    "survival": ("Time", "Survival", "95% interval"),
    "quantiles": ("Quantile", "Value"),
}


def show_estimates(
    estimates: SafeEstimates,
    *,
    language: str,
    caption: str,
    labels: Mapping[str, Text] | None = None,
    decimals: int = 3,
) -> None:
    """Display estimates with their 95 per cent limits; ``labels`` names a model's terms in words.

    Raises DefinitionError for anything but ``SafeEstimates``.
    """
    if not isinstance(estimates, SafeEstimates):
        raise DefinitionError(
            f"show_estimates() shows estimates that may be shown, but was given {type(estimates).__name__}. "
            "Call disclose_coefficients(), disclose_survival() or disclose_quantiles() first."
        )
    heads = [say(head, language) for head in HEADS[estimates.kind]]
    body = []
    for first, value, *limits in estimates.frame.itertuples(index=False):
        words = (labels or {}).get(str(first))
        name = (
            words[language]
            if words
            else first
            if isinstance(first, str)
            else number(first, language, 2 if first % 1 else 0)
        )
        cells = [number(value, language, decimals)]
        cells += ["–".join(number(side, language, decimals) for side in limits)] if limits else []
        body.append(([str(name)], cells))
    notes = [say("Rests on {persons} persons.", language, persons=number(estimates.persons, language))]
    if estimates.kind == "quantiles":
        notes.append(say("Each is the mean of the persons who are nearest to it.", language))
    html = render(caption, heads[:1], heads[1:], body, notes)
    text = "\n".join([caption, *("  ".join([*row, *cells]) for row, cells in body)])
    made = {"role": "table"} | session.estimated(estimates, caption)
    publish_display_data({"text/html": html, "text/plain": escape(text)}, metadata={"ddns": made})

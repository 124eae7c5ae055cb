"""What is counted, as the declaration itself says it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from IPython.display import publish_display_data

from ddns_utils.display.rows import shown_value
from ddns_utils.display.style import value_label
from ddns_utils.errors import DefinitionError
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import Text, say
from ddns_utils.standardisation import NAMES, POPULATIONS

METHODS = {
    "proportion": Text(da="eksakt (Clopper-Pearson)", en="exact (Clopper-Pearson)"),
    "rate": Text(da="eksakt Poisson", en="exact Poisson"),
    "mean": Text(da="t-fordelingen", en="Student's t"),
}
DOBSON = Text(da="Dobsons metode", en="Dobson's method")
BYAR = Text(da="Byars tilnærmelse", en="Byar's approximation")
CONFIDENCE = {
    "high": Text(da="sikker", en="certain"),
    "medium": Text(da="rimeligt sikker", en="fairly certain"),
    "unverified": Text(da="ikke bekræftet", en="unverified"),
}
DIRECTIONS = {
    "higher is better": Text(da="højere er bedre", en="higher is better"),
    "lower is better": Text(da="lavere er bedre", en="lower is better"),
    "neither": Text(da="hverken høj eller lav er bedst", en="neither high nor low is better"),
}


def show_definitions(indicators: Indicator | Iterable[Indicator], language: str) -> None:
    """Display what each indicator counts, among what, how sure the numbers are, its standard, source and caveats."""
    chosen = list(indicators) if isinstance(indicators, Iterable) else [indicators]
    if not chosen or not all(isinstance(one, Indicator) for one in chosen):
        raise DefinitionError("show_definitions() shows declared indicators. Pass one, or a list of them.")
    html = "\n".join(definition_html(one, language) for one in chosen)
    text = "\n\n".join(
        "\n".join([one.title[language], *(f"{head}: {words}" for head, words in definition(one, language))])
        for one in chosen
    )
    publish_display_data({"text/html": html, "text/plain": text}, metadata={"ddns": {"role": "table"}})


def definition(indicator: Indicator, language: str) -> list[tuple[str, str]]:
    """(heading, words) of everything a reader should know of an indicator."""
    unit = indicator.unit[language]
    source = (
        f"{indicator.source.title} ({indicator.source.retrieved}; {CONFIDENCE[indicator.source.confidence][language]})"
    )
    words = [
        (say("Counted", language), indicator.counted[language]),
        (say("Among: one row is", language), indicator.one_row_is[language]),
        (say("Unit", language), unit),
        (say("95% interval", language), _method(indicator, language)),
    ]
    if indicator.crude is not None:
        words.append((say("Standardised for sex and age to", language), NAMES[indicator.standardised_to][language]))
    words += [(say("Look-back", language), back.words[language]) for back in indicator.look_back]
    if indicator.follow_up_days:
        words.append((say("Follow-up", language), say("{days} days", language, days=indicator.follow_up_days)))
    if indicator.standard is not None:
        words.append((say("Standard", language), shown_value(indicator.standard, indicator, language)))
    words.append((say("Reading", language), DIRECTIONS[indicator.direction][language]))
    words.append((say("Source", language), source))
    words.append((say("Definition version", language), str(indicator.version)))
    return words + [(say("Caveat", language), caveat[language]) for caveat in indicator.caveats]


def _method(indicator: Indicator, language: str) -> str:
    if indicator.standardised_to in POPULATIONS:
        return DOBSON[language]
    if indicator.crude is not None and indicator.kind == "rate":
        return BYAR[language]
    return METHODS[indicator.kind][language]


def definition_html(indicator: Indicator, language: str) -> str:
    """One indicator's definition, folded: a table of headings and words under its title."""
    rows = "".join(
        f'<tr><th scope="row">{escape(head)}</th><td>{escape(words)}</td></tr>\n'
        for head, words in definition(indicator, language)
    )
    title = escape(value_label(indicator, language))
    table = f'<table class="definition">\n<caption>{title}</caption>\n<tbody>\n{rows}</tbody>\n</table>'
    return f"<details>\n<summary>{title}</summary>\n{table}\n</details>"

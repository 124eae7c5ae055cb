"""What a comparison of areas says, in words: who stands out, who probably does not, and where one area is."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ddns_utils import areas
from ddns_utils.comparison import FALSE_DISCOVERIES, Comparison, compare, peers
from ddns_utils.disclosure import Disclosed
from ddns_utils.display.compared import alike, in_the_funnel, left_out
from ddns_utils.display.rows import one_indicator, select, shown_value
from ddns_utils.indicators.declare import Indicator
from ddns_utils.language import number, say

MOST_NAMED = 8


def stands_out(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    level: str = "municipality",
    period: str = "",
) -> str:
    """Who differs from the average, and who only seems to: two or three sentences.

    Those that differ are found with at most 5 per cent mistakes among them, however many are compared.
    """
    compared = compare(disclosed, one_indicator(disclosed, indicator), level, period)
    if compared.frame.empty:
        return say("Too few areas have a value that can be shown and compared.", language)
    many = number(len(compared.frame), language)
    found, perhaps = compared.standing_out, compared.perhaps_chance
    if found.empty:
        sentences = [say("None of the {areas} areas stands out when so many are compared.", language, areas=many)]
    else:
        sentences = [
            say(
                "Of {areas} areas, these stand out, also when so many are compared: {names}.",
                language, areas=many, names="; ".join(_by_side(found, compared, language)),
            )
        ]  # fmt: skip
    if len(perhaps):
        chance = round(FALSE_DISCOVERIES * len(compared.frame))
        sentences.append(
            say(
                "Outside the 95% limits, but probably by chance: {names}. Chance alone would put about {chance} there.",
                language, names=_names(perhaps, language), chance=number(chance, language),
            )
        )  # fmt: skip
    if compared.alike:
        sentences.append(alike(language))
    return " ".join([*sentences, *filter(None, [left_out(compared, language)])])


def finding(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    level: str = "municipality",
    period: str = "",
) -> str:
    """The comparison's finding in a few words, for a title: "3 af 90 skiller sig ud"."""
    compared = compare(disclosed, one_indicator(disclosed, indicator), level, period)
    if compared.frame.empty:
        return say("too few to be compared", language)
    many, out = len(compared.frame), len(compared.standing_out)
    if not out:
        return say("none of {areas} stands out", language, areas=number(many, language))
    return say("{out} of {areas} standing out", language, out=number(out, language), areas=number(many, language))


def standing(
    disclosed: Disclosed,
    indicator: str | Indicator | None = None,
    *,
    language: str,
    area: str,
    period: str = "",
) -> str:
    """Where one area is among its like: its smoothed value and its rank, both with intervals; empty for the country.

    Clusters and health councils are compared with their like, municipalities with municipalities; an area made of
    municipalities gets a sentence for each of them, up to eight.
    """
    known, level = one_indicator(disclosed, indicator), peers(area)
    if areas.level_of(area) == "country":
        return ""
    compared = compare(disclosed, known, level, period)
    codes: Sequence[str] = [area] if areas.level_of(area) == level else areas.within(area)
    return " ".join(_standing(code, compared, language) for code in codes[:MOST_NAMED])


def standards(
    disclosed: Disclosed,
    indicators: Sequence[str | Indicator],
    *,
    language: str,
    area: str = areas.COUNTRY,
    period: str | None = None,
) -> str:
    """How many of the indicators' published standards an area reaches: "3 af 5 standarder nået, 1 ikke, 1 uvist".

    A standard is reached or missed when the whole interval lies on one side of it; else, and where the number is
    hidden, it is uncertain.
    """
    held = [known for known in (one_indicator(disclosed, one) for one in indicators) if known.standard is not None]
    there = set(disclosed.frame.loc[disclosed.frame["area"] == area, "indicator"])
    reached = missed = 0
    for known in (known for known in held if known.id in there):
        row = select(disclosed, indicator=known.id, area=area, period=period).iloc[0]
        if row["status"] != "ok":
            continue
        above, below = row["lower"] >= known.standard, row["upper"] < known.standard
        lower_is_better = known.direction == "lower is better"
        reached += bool(below if lower_is_better else above)
        missed += bool(above if lower_is_better else below)
    if not held:
        return say("no published standards", language)
    uncertain = len(held) - reached - missed
    said = [say("{reached} of {all} standards reached", language, reached=reached, all=len(held))]
    said += [say("{missed} missed", language, missed=missed)] if missed else []
    said += [say("{uncertain} uncertain", language, uncertain=uncertain)] if uncertain else []
    return ", ".join(said)


def _standing(code: str, compared: Comparison, language: str) -> str:
    name = areas.name(code, language)
    if code not in compared.frame.index:
        return say("{area} has no value that can be compared.", language, area=name)
    row, known = compared.frame.loc[code], compared.indicator
    if compared.alike:
        return say(
            "{area}: {value}, {where}.",
            language, area=name, where=in_the_funnel(row["label"], language),
            value=shown_value(row["value"], known, language),
        )  # fmt: skip
    return say(
        "{area}: {value}, smoothed {smoothed} ({lower}–{upper}), {where}. Number {rank} of {areas} counted from the "
        "lowest, but it could as well be anywhere from {first} to {last}.",
        language,
        area=name,
        where=in_the_funnel(row["label"], language),
        value=shown_value(row["value"], known, language),
        smoothed=shown_value(row["smoothed"], known, language, unit=known.kind == "proportion"),
        lower=shown_value(row["lower"], known, language, unit=False),
        upper=shown_value(row["upper"], known, language, unit=False),
        rank=number(row["rank"], language),
        areas=number(len(compared.frame), language),
        first=number(row["rank_lower"], language),
        last=number(row["rank_upper"], language),
    )


def _by_side(found: pd.DataFrame, compared: Comparison, language: str) -> list[str]:
    above = found[found["value"] > found["baseline"]]
    below = found.drop(above.index)
    words = []
    if len(above):
        words.append(say("{names} above the average", language, names=_names(above, language)))
    if len(below):
        words.append(say("{names} below the average", language, names=_names(below, language)))
    return words


def _names(frame: pd.DataFrame, language: str) -> str:
    """Names of areas, those farthest out first."""
    order = frame["z"].abs().sort_values(ascending=False, kind="stable").index
    names = [areas.name(code, language) for code in order[:MOST_NAMED]]
    if len(order) > MOST_NAMED:
        names.append(say("{more} more", language, more=number(len(order) - MOST_NAMED, language)))
    return ", ".join(names)

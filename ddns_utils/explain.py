"""Why one person has a disease, or is in or out of an indicator: rule by rule and row by row.

For whoever makes rules and checks them. It shows rows of one person, so nothing here can be used in a run, and the
command prints to a terminal only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import ibis

from ddns_utils import areas
from ddns_utils.errors import DataError, DefinitionError, did_you_mean
from ddns_utils.indicators.declare import Indicator, Rate
from ddns_utils.indicators.look_back import require_begun
from ddns_utils.language import day, say
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.phenotypes import DISEASES, Disease, Rule
from ddns_utils.snapshot import Snapshot

# Where a table has the code that rules go by, and what else is worth seeing beside it.
CODES = {
    "hospital_diagnosis": ("code", "kind", "retracted"),
    "hospital_procedure": ("code", "kind"),
    "hospital_contact": ("main_diagnosis", "contact_type", "priority", "specialty", "end"),
    "practice_record": ("code", "kind", "value"),
    "practice_service": ("service_code", "specialty", "quantity", "for_child"),
    "specialist_record": ("diagnosis", "specialty"),
    "prescription": ("atc", "ddd", "indication"),
    "lab_result": ("npu", "value", "unit"),
    "referral": ("law", "kind", "status", "first_offer_on"),
}
RULE_COLUMN = {"practice_service": "specialty"}  # the rules on podiatry go by specialty
MOST_ROWS = 40


@dataclass(frozen=True)
class OnePerson(Snapshot):
    """A snapshot with the rows of one person alone, and the days on which all registers begin and end.

    Its engine is its own, so that nothing kept for everybody is taken for this person's.
    """

    whole: Snapshot = field(hash=False, kw_only=True)
    person_id: str = field(kw_only=True)

    def table(self, name: str, include_voided: bool = False) -> ibis.Table:
        """The person's rows of a table; a table that is not about persons is left whole."""
        rows = self.whole.table(name, include_voided, person_id=self.person_id)
        return ibis.memtable(self.whole.engine.to_pyarrow(rows))

    def span(self, name: str) -> tuple[date, date] | None:
        """First and last day of the whole register."""
        return self.whole.span(name)


def explain(
    snapshot: Snapshot,
    person_id: str,
    diseases: Iterable[str] = (),
    indicator: Indicator | None = None,
    period: Period | None = None,
    language: str = "da",
) -> list[str]:
    """Lines that tell which rows led to which disease, and whether and why the person is in an indicator.

    All diseases that the person has, unless some are named or an indicator is asked about. Raises DataError for an
    unknown person, in a run, or where registers begin too late; DefinitionError for an unknown disease, an indicator
    without its period, or one that is not about persons.
    """
    diseases = tuple(diseases)
    if "DDNS_RUN_FOLDER" in os.environ:
        raise DataError("explain shows the rows of one person, so a run cannot use it. Use the command ddns explain.")
    if unknown := [name for name in diseases if name not in DISEASES]:
        raise DefinitionError(
            f"There is no disease '{unknown[0]}'. {did_you_mean(unknown[0], DISEASES)}There are: {', '.join(DISEASES)}."
        )
    if (indicator is None) != (period is None):
        raise DefinitionError("An indicator is explained for a period. Give both, or neither.")
    if indicator and (indicator.category or indicator.rows_about != "persons"):
        raise DefinitionError(f"{indicator.id} is about the quality of data and counts no persons: nobody to explain.")
    one = OnePerson(snapshot.path, snapshot.version, snapshot.tables, whole=snapshot, person_id=person_id)
    if not _rows(one, one.table("person")):
        raise DataError(
            f"Nobody in the registers, version {snapshot.version}, has this pseudonym. A pseudonym is 32 hexadecimal "
            "digits, as person_id in the tables; CPR numbers are not taken. Check that it was copied whole."
        )
    told = list(_person(one, language))
    chosen = [DISEASES[name] for name in diseases] or ([] if indicator else list(DISEASES.values()))
    for disease in chosen:
        known = _rows(one, disease.episodes(one))
        if known or diseases:
            told += ["", *_disease(one, disease, known, language)]
    if indicator and period:
        require_begun(indicator.id, indicator.needs, indicator.look_back, snapshot, period)
        told += ["", *_indicator(one, indicator, period, language)]
    return told


def _person(one: OnePerson, language: str) -> Iterator[str]:
    (person,) = _rows(one, one.table("person").limit(1))
    yield say("Born {day}, sex {sex}", language, day=day(person["birth_date"], language), sex=person["sex"])
    if person["death_date"]:
        yield say("Died {day}", language, day=day(person["death_date"], language))
    homes = one.table("residence")
    for home in _rows(one, homes.order_by(homes.start)):
        yield f"  {home['start']} – {home['end'] or ''}  {areas.name(home['municipality'], language)}"


def _disease(one: OnePerson, disease: Disease, known: list[dict], language: str) -> Iterator[str]:
    yield f"{disease.title[language]} ({disease.id})"
    for rule in disease.rules:
        yield from _rule(one, rule, language)
    if not known:
        yield "  → " + say("no rule knows the disease", language)
    for episode in known:
        since = day(episode["since"], language)
        yield "  → " + say("known since {day} by the rule {rule}", language, day=since, rule=episode["rule"])
    yield f"    {disease.note[language]}"


def _rule(one: OnePerson, rule: Rule, language: str) -> Iterator[str]:
    yield f"  {rule.name}: {rule.finds[language]} ({rule.register}; {', '.join(rule.codes)})"
    time = TABLES[rule.register].time
    column = RULE_COLUMN.get(rule.register, CODES[rule.register][0])
    rows = one.table(rule.register)
    rows = rows.filter(ibis.or_(*(rows[column].startswith(code) for code in rule.codes))).order_by(time)
    found = _rows(one, rows)
    if rule.events is None:
        yield from _lines(rule.register, found, language, dict.fromkeys(map(id, found), " "))
        return
    events = rule.events(one)
    code = column if column in events.columns else None
    counted = {(row["day"], row.get(code)) for row in _rows(one, events)}
    days = sorted({on for on, _ in counted})
    marks = {id(row): "+" if (_day(row[time]), row[code] if code else None) in counted else "–" for row in found}
    yield from _lines(rule.register, found, language, marks)
    if len(days) >= rule.times > 1:
        on = day(days[rule.times - 1], language)
        yield "    " + say(
            "{number} days are needed, and the last of them is {day}", language, number=rule.times, day=on
        )
    elif days and rule.times > 1:
        yield "    " + say("{number} days are needed, and {found} found", language, number=rule.times, found=len(days))


def _indicator(one: OnePerson, indicator: Indicator, period: Period, language: str) -> Iterator[str]:
    yield f"{indicator.title[language]} ({indicator.id}), {period}"
    yield "  " + say("Among: one row is", language) + f" {indicator.one_row_is[language]}"
    yield "  " + say("Counted", language) + f": {indicator.counted[language]}"
    if isinstance(indicator, Rate) and indicator.events is not None:
        rows = indicator.events(one, period)
        counted = _rows(one, rows if "counts" in rows.columns else rows.mutate(counts=ibis.literal(1)))
    else:
        counted = _rows(one, indicator.numerator(indicator.denominator(one, period), one, period))
    yield from _known(one, language)
    if not counted:
        yield "  → " + say("out: none of the person's rows is such a row", language)
    for row in counted:
        more = {name: value for name, value in row.items() if name not in ("person_id", "on", "counts", "municipality")}
        place = row.get("municipality") or _home(one, row["on"])
        where = (
            areas.name(place, language) if place else say("no municipality, since the person lived in none", language)
        )
        yield "  → " + say("in, on {day}, counted in {place}", language, day=day(row["on"], language), place=where)
        for name, value in more.items():
            yield f"      {name}: {_shown(value, language)}"
        yield "      " + _outcome(row["counts"], language)
    yield "  " + say("The person's rows in the registers that it needs", language)
    first = min([period.start, *(back.first_day(period) for back in indicator.look_back if back.refuses)])
    last = period.last_day + timedelta(days=indicator.follow_up_days)
    for table in (name for name in indicator.needs if name in CODES):
        rows, time = one.table(table), TABLES[table].time
        rows = rows.filter(rows[time].cast("date") >= first, rows[time].cast("date") <= last).order_by(time)
        found = _rows(one, rows)
        yield from _lines(table, found, language, dict.fromkeys(map(id, found), " "))


def _known(one: OnePerson, language: str) -> Iterator[str]:
    for disease in DISEASES.values():
        for episode in _rows(one, disease.episodes(one)):
            since = day(episode["since"], language)
            known = say("known since {day} by the rule {rule}", language, day=since, rule=episode["rule"])
            yield f"  {disease.title[language]}: {known}"


def _outcome(counts: object, language: str) -> str:
    if isinstance(counts, bool):
        return say("counted" if counts else "not counted", language)
    return say("counts {number}", language, number=_shown(counts, language))


def _home(one: OnePerson, on: date) -> str | None:
    homes = one.table("residence")
    homes = homes.filter(homes.start <= on, homes.end.isnull() | (homes.end > on))
    return next((row["municipality"] for row in _rows(one, homes)), None)


def _lines(table: str, rows: list[dict], language: str, marks: dict[int, str]) -> Iterator[str]:
    """One line per row: counts (+) or not (–), register, day, code and what stands beside it."""
    time = TABLES[table].time
    for row in rows[:MOST_ROWS]:
        shown = "  ".join(f"{name}={_shown(row[name], language)}" for name in CODES[table] if row[name] is not None)
        yield f"    {marks[id(row)]} {table}  {_shown(_day(row[time]), language)}  {shown}"
    if len(rows) > MOST_ROWS:
        yield "      " + say("and {number} rows more", language, number=len(rows) - MOST_ROWS)


def _shown(value: object, language: str) -> str:
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _rows(one: OnePerson, table: ibis.Table) -> list[dict]:
    return one.engine.to_pyarrow(table).to_pylist()

"""What the themes share: who lives here on a day, and what happens to rows' persons between two days."""

from __future__ import annotations

from datetime import date

import ibis

from ddns_utils.indicators.declare import LookAtRows
from ddns_utils.indicators.look_back import years_before
from ddns_utils.kept import keep
from ddns_utils.period import Period
from ddns_utils.phenotypes import Disease
from ddns_utils.snapshot import Snapshot


def residents(snapshot: Snapshot, on: date) -> ibis.Table:
    """Persons alive and living in a municipality on a day: person_id, on, municipality."""
    return keep(snapshot, f"residents_{on:%Y%m%d}", lambda snapshot: _residents(snapshot, on))


def _residents(snapshot: Snapshot, on: date) -> ibis.Table:
    homes = snapshot.table("residence")
    homes = homes.filter(homes.start <= on, homes.end.isnull() | (homes.end > on))
    person = snapshot.table("person")
    alive = person.filter(person.birth_date <= on, person.death_date.isnull() | (person.death_date > on))
    return homes.semi_join(alive, "person_id").select("person_id", "municipality", on=ibis.literal(on))


def ill_before(snapshot: Snapshot, disease: Disease, before: date, on: date) -> ibis.Table:
    """Residents of a day whose disease began before another: person_id, on, municipality."""
    people = disease.episodes(snapshot)
    return residents(snapshot, on).semi_join(people.filter(people.since < before), "person_id")


def aged(rows: ibis.Table, snapshot: Snapshot, least: int, on: date) -> ibis.Table:
    """The rows of persons who are at least ``least`` years old on a day."""
    person = snapshot.table("person")
    return rows.semi_join(person.filter(person.birth_date <= years_before(on, least)), "person_id")


def within(day: ibis.Value, period: Period) -> ibis.Value:
    """Whether a day lies in a period."""
    return (day >= period.start) & (day < period.end)


def dead_within(days: int) -> LookAtRows:
    """A function that flags a death on day 0 to ``days`` after the row's day."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        deaths = snapshot.table("person").select("person_id", day="death_date")
        return with_any(rows, deaths, rows.on, rows.on + ibis.interval(days=days))

    return look


def with_number(rows: ibis.Table, events: ibis.Table, since: ibis.Value, until: ibis.Value) -> ibis.Table:
    """The rows with ``counts``: how many events their person has from ``since`` to ``until``, both days included.

    ``events`` has person_id and day, and may have quantity, which is summed instead of counting rows.
    """
    rows = rows.mutate(since=since, until=until)
    asked = rows.select("person_id", "since", "until").distinct()
    amount = events.quantity if "quantity" in events.columns else ibis.literal(1)
    events = events.select(who=events.person_id, day=events.day, amount=amount)
    found = asked.inner_join(
        events, [asked.person_id == events.who, events.day >= asked.since, events.day <= asked.until]
    )
    found = found.group_by("person_id", "since", "until").aggregate(found=found.amount.sum())
    rows = rows.left_join(found, ["person_id", "since", "until"], rname="{name}_found")
    return rows.mutate(counts=rows.found.fill_null(0)).drop(
        "since", "until", "found", *(name for name in rows.columns if name.endswith("_found"))
    )


def with_any(rows: ibis.Table, events: ibis.Table, since: ibis.Value, until: ibis.Value) -> ibis.Table:
    """The rows with ``counts``: whether their person has an event from ``since`` to ``until``, both days included."""
    rows = with_number(rows, events, since, until)
    return rows.mutate(counts=rows.counts > 0)

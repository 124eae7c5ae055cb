"""Medicine that is begun and kept up: purchases within some days, and the share of days with medicine at hand."""

from __future__ import annotations

import ibis

from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.look_back import LookBack
from ddns_utils.indicators.rows import with_any, within
from ddns_utils.language import Text
from ddns_utils.period import Period
from ddns_utils.phenotypes.diseases import purchases
from ddns_utils.snapshot import Snapshot

ENOUGH_COVERED = 0.8
FEWEST_PURCHASES = 2
CONVENTION = Source(
    title="Proportion of days covered; 80 per cent by convention", retrieved="2026-11", confidence="unverified"
)


def bought_within(codes: tuple[str, ...], days: int) -> LookAtRows:
    """A function that flags a purchase on day 0 to ``days`` after the row's day."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        bought = purchases(*codes)(snapshot).select("person_id", "day")
        return with_any(rows, bought, rows.on, rows.on + ibis.interval(days=days))

    return look


def bought_before(codes: tuple[str, ...], days: int) -> LookAtRows:
    """A function that flags a purchase on the row's day or in the ``days`` before it."""

    def look(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        bought = purchases(*codes)(snapshot).select("person_id", "day")
        return with_any(rows, bought, rows.on - ibis.interval(days=days), rows.on)

    return look


def buyers(people: FindRows, codes: tuple[str, ...]) -> FindRows:
    """A function that finds those of ``people`` who bought any of the medicine in the period."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        bought = purchases(*codes)(snapshot)
        return people(snapshot, period).semi_join(bought.filter(within(bought.day, period)), "person_id")

    return find


def covered(people: FindRows, codes: tuple[str, ...]) -> FindRows:
    """Those of ``people`` who bought the medicine on two days or more, with ``covered``: the share of days with it.

    From their first purchase of the period to its end. A defined daily dose lasts a day, and what is left at the next
    purchase is used after it.
    """

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        bought = purchases(*codes)(snapshot)
        bought = bought.filter(within(bought.day, period), bought.ddd.notnull())
        days = bought.group_by("person_id", "day").aggregate(doses=bought.ddd.sum())
        so_far = ibis.window(group_by=days.person_id, order_by=days.day, preceding=None, following=0)
        days = days.mutate(
            place=days.day.delta(period.start, unit="day"), before=days.doses.sum().over(so_far) - days.doses
        )
        found = days.group_by("person_id").aggregate(
            purchases=days.count(),
            first=days.place.min(),
            total=days.doses.sum(),
            shift=(days.place - days.before).max(),
        )
        # Medicine bought in all lasts until total + shift, where shift grows by each day on which there was none.
        found = found.filter(found.purchases >= FEWEST_PURCHASES)
        until = ibis.least(found["shift"] + found.total, ibis.literal(period.days))
        found = found.select("person_id", covered=(until - found["shift"]) / (period.days - found["first"]))
        rows = people(snapshot, period)
        return rows.inner_join(found, "person_id").select(*rows.columns, "covered")

    return find


def enough_covered(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
    """Flags 80 per cent of the days or more."""
    return rows.mutate(counts=rows.covered >= ENOUGH_COVERED)


def days_covered(
    id: str,
    disease: Text,
    medicine: Text,
    people: FindRows,
    codes: tuple[str, ...],
    look_back: tuple[LookBack, ...],
    *caveats: Text,
) -> Proportion:
    """The share of buyers of some medicine who have it on 80 per cent of the days from their first purchase."""
    return Proportion(
        id=id,
        title=Text(
            f"Borgere med {disease.da} med {medicine.da} på 80 % af dagene",
            f"People with {disease.en} with {medicine.en} on 80% of days",
        ),
        one_row_is=Text(
            f"en borger med {disease.da}, da perioden begyndte, der købte {medicine.da} mindst to gange",
            f"a person with {disease.en} when the period began who bought {medicine.en} on two days or more",
        ),
        counted=Text(
            "Medicin nok til mindst 80 % af dagene fra første køb",
            "Medicine for at least 80% of days from the first one",
        ),
        denominator=covered(people, codes),
        numerator=enough_covered,
        needs=("prescription",),
        look_back=look_back,
        direction="higher is better",
        source=CONVENTION,
        caveats=(
            Text("En døgndosis regnes som én dag.", "A defined daily dose is taken to last one day."),
            *caveats,
        ),
    )


INHALED = Text(
    "Døgndoser af inhaleret medicin passer ofte dårligt til den dosis, der er ordineret.",
    "Defined daily doses of inhaled medicine often fit the prescribed dose badly.",
)

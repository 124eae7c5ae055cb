"""Contacts → hospital stays → admissions, as the Health Data Authority and Statistics Denmark join them."""

from __future__ import annotations

import ibis

from ddns_utils import codelists
from ddns_utils.kept import kept_in_parts
from ddns_utils.snapshot import Snapshot

LARGEST_GAP_HOURS = 4
SHORTEST_ADMISSION_HOURS = 12
PSYCHIATRIC = codelists.codes("hospital_specialty", group="psychiatric")


@kept_in_parts("hospital_contact")
def hospital_stays(snapshot: Snapshot) -> ibis.Table:
    """Stays: contacts with physical attendance of one person that overlap or follow within 4 hours, across hospitals.

    One row per stay: person_id, start and end (Danish clock time), contacts (number), acute and psychiatric (of the
    contact that began it), admission (12 hours or longer), started_on and discharged_on (days), main_diagnosis (the
    action diagnosis with the longest time in all; of equals the first in the alphabet). An open contact has no length
    yet and is left out. A contact inside an earlier, longer one does not shorten the stay.
    Source: esundhed.dk, Genindlæggelser, Nøgletal; dst.dk, Sygehusbenyttelse.
    """
    contacts = snapshot.table("hospital_contact")
    contacts = contacts.filter(contacts.contact_type == "ALCA00", contacts.end.notnull())
    by_time = {"group_by": contacts.person_id, "order_by": [contacts.start, contacts.end, contacts.contact_id]}
    contacts = contacts.select(
        "person_id",
        "start",
        "end",
        "main_diagnosis",
        acute=(contacts.priority == "ATA1").fill_null(False),
        psychiatric=contacts.specialty.isin(PSYCHIATRIC).fill_null(False),
        place=ibis.row_number().over(**by_time),
        latest_end_before=contacts.end.max().over(ibis.window(**by_time, preceding=(None, 1))),
    )
    gap = ibis.interval(hours=LARGEST_GAP_HOURS)
    begins = contacts.latest_end_before.isnull() | (contacts.start > contacts.latest_end_before + gap)
    so_far = ibis.window(group_by=contacts.person_id, order_by=contacts.place, preceding=None, following=0)
    contacts = contacts.select(
        "person_id",
        "start",
        "end",
        "main_diagnosis",
        acute=begins & contacts.acute,
        psychiatric=begins & contacts.psychiatric,
        seconds=contacts.end.delta(contacts.start, unit="second"),
        stay=begins.cast("int64").sum().over(so_far).cast("int64"),
    )
    of_diagnosis = contacts.group_by("person_id", "stay", "main_diagnosis").aggregate(
        start=contacts.start.min(),
        end=contacts.end.max(),
        contacts=contacts.count(),
        acute=contacts.acute.any(),
        psychiatric=contacts.psychiatric.any(),
        seconds=contacts.seconds.sum().cast("int64"),
    )
    # Compared field by field; engines disagree on where a missing text stands.
    diagnosis = of_diagnosis.main_diagnosis
    first = ibis.struct({"shorter": -of_diagnosis.seconds, "missing": diagnosis.isnull(), "code": diagnosis}).min()
    stays = of_diagnosis.group_by("person_id", "stay").aggregate(
        start=of_diagnosis.start.min(),
        end=of_diagnosis.end.max(),
        contacts=of_diagnosis.contacts.sum().cast("int64"),
        acute=of_diagnosis.acute.any(),
        psychiatric=of_diagnosis.psychiatric.any(),
        main_diagnosis=first,
    )
    stays = stays.drop("stay").mutate(main_diagnosis=stays.main_diagnosis["code"])
    return stays.mutate(
        admission=stays.end >= stays.start + ibis.interval(hours=SHORTEST_ADMISSION_HOURS),
        started_on=stays.start.date(),
        discharged_on=stays.end.date(),
    )


def admissions(snapshot: Snapshot) -> ibis.Table:
    """Hospital stays of 12 hours or longer, with the columns of ``hospital_stays``."""
    stays = hospital_stays(snapshot)
    return stays.filter(stays.admission)


def acute_contacts(snapshot: Snapshot) -> ibis.Table:
    """Stays that began acutely, of any length, with the columns of ``hospital_stays``."""
    stays = hospital_stays(snapshot)
    return stays.filter(stays.acute)


def general_practice_contacts(snapshot: Snapshot) -> ibis.Table:
    """Contacts with general practice: person_id, day, quantity (services marked as contacts in practice_service).

    A service given to a child on the parent's card is left out: it is not the parent's contact.
    """
    services = snapshot.table("practice_service")
    services = services.filter(
        (services.specialty + services.service_code).isin(codelists.codes("practice_service", gp_contact="yes")),
        ~services.for_child,
    )
    return services.select("person_id", "quantity", day="service_date")

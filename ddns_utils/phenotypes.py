"""Disease algorithms: register events → who has a disease, since when and how it is known.

Each algorithm is a list of named rules. A rule gives events; an algorithm turns events into one row per person with
``person_id``, ``since`` (day the disease counts from) and ``type``. Exact RUKS algorithms are not public: rules in
their spirit say what they rest on, and are compared with RUKS's published counts in docs/made_up_denmark.md.
"""

from __future__ import annotations

import ibis

from ddns_utils import codelists
from ddns_utils.registers import Snapshot

HBA1C_DIAGNOSTIC = {"NPU27300": 48.0, "NPU03835": 6.5}
GLP1_AND_SGLT2 = ("A10BJ", "A10BK01", "A10BK03")
INSULIN_WITH_GLP1 = "A10AE56"
METFORMIN = "A10BA02"
PCOS_INDICATIONS = ("0000092", "0000276", "0000781")
PCOS_BELOW_AGE = 40
WEEKS_BEFORE_BIRTH, WEEKS_AFTER_BIRTH = 40, 12
PODIATRY = "54"
INSULIN_SHARE, INSULIN_WITHIN_DAYS = 2 / 3, 180
KOL_PURCHASES = 2


def diabetes(snapshot: Snapshot) -> ibis.Table:
    """People with diabetes by the Open Source Diabetes Classifier: person_id, since, type (``1`` or ``2``).

    A person has diabetes from the day of their second event over three streams: hospital diagnoses, podiatry for
    diabetes, and medicine or HbA1c. Events of different kinds on one day are one event. Source: steno-aarhus/osdc
    v0.11.3 (facts read off; independent implementation); sensitivity and precision as published for it.
    """
    medicine = glucose_lowering_purchases(snapshot)
    events = ibis.union(
        high_hba1c(snapshot), hospital_diabetes_diagnoses(snapshot).select("person_id", "day"),
        podiatry(snapshot), medicine.select("person_id", "day"), distinct=True,
    )  # fmt: skip
    rank = ibis.row_number().over(group_by=events.person_id, order_by=events.day)
    people = events.mutate(rank=rank).filter(lambda rows: rows["rank"] == 1).select("person_id", since="day")
    ones = type_1(snapshot, medicine)
    people = people.left_join(ones.mutate(one=True), "person_id")
    return people.select("person_id", "since", type=ibis.ifelse(people.one.fill_null(False), "1", "2"))


def high_hba1c(snapshot: Snapshot) -> ibis.Table:
    """HbA1c at or above the diagnostic limit (48 mmol/mol or 6.5 per cent), outside pregnancy: person_id, day."""
    results = snapshot.table("lab_result")
    high = [(results.npu == npu) & (results.value >= limit) for npu, limit in HBA1C_DIAGNOSTIC.items()]
    return _outside_pregnancy(snapshot, results.filter(ibis.or_(*high)).select("person_id", day="sampled_at"))


def hospital_diabetes_diagnoses(snapshot: Snapshot) -> ibis.Table:
    """Action and secondary diagnoses DE10–DE14 that are stated not to be retracted: person_id, day, code, contact."""
    diagnoses = snapshot.table("hospital_diagnosis")
    diagnoses = diagnoses.filter(
        diagnoses.code[:4].isin(["DE10", "DE11", "DE12", "DE13", "DE14"]),
        diagnoses.kind.isin(["A", "B"]),
        ~diagnoses.retracted,
    )
    return diagnoses.select("person_id", "contact_id", "kind", "code", day=diagnoses.contact_start.date())


def podiatry(snapshot: Snapshot) -> ibis.Table:
    """Podiatry on the adult's own card: person_id, day."""
    services = snapshot.table("practice_service")
    return services.filter(services.specialty == PODIATRY, ~services.for_child).select("person_id", day="service_date")


def glucose_lowering_purchases(snapshot: Snapshot) -> ibis.Table:
    """Purchases of A10 other than GLP-1 and SGLT2, without metformin for PCOS or in pregnancy.

    Columns: person_id, day, ddd, insulin (A10A without the GLP-1 combination).
    """
    bought = snapshot.table("prescription")
    bought = bought.filter(bought.atc.startswith("A10"), ~ibis.or_(*(bought.atc.startswith(c) for c in GLP1_AND_SGLT2)))
    person = snapshot.table("person").select("person_id", "sex", "birth_date")
    bought = bought.inner_join(person, "person_id")
    birthday = (bought.birth_date.month() * 100 + bought.birth_date.day()) <= (
        bought.dispensed_on.month() * 100 + bought.dispensed_on.day()
    )
    age = bought.dispensed_on.year() - bought.birth_date.year() - ibis.ifelse(birthday, 0, 1)
    young_or_pcos = (age < PCOS_BELOW_AGE) | bought.indication.isin(PCOS_INDICATIONS).fill_null(False)
    bought = bought.filter(~((bought.sex == "F") & (bought.atc == METFORMIN) & young_or_pcos))
    insulin = bought.atc.startswith("A10A") & (bought.atc != INSULIN_WITH_GLP1)
    return _outside_pregnancy(snapshot, bought.select("person_id", "ddd", day="dispensed_on", insulin=insulin))


def type_1(snapshot: Snapshot, medicine: ibis.Table) -> ibis.Table:
    """Those with type 1 among people with diabetes: person_id.

    Only insulin bought and a type 1 action diagnosis from an endocrinology or medical department; or most of the
    type-specific action diagnoses say type 1 (endocrinology's if there are any, else medical), insulin makes up two
    thirds of the doses, and was bought within 180 days of the first medicine.
    """
    hba1c_days = high_hba1c(snapshot).distinct()
    counted = medicine.anti_join(hba1c_days, ["person_id", "day"])
    doses = counted.group_by("person_id").aggregate(
        insulin_ddd=counted.ddd.sum(where=counted.insulin).fill_null(0), all_ddd=counted.ddd.sum().fill_null(0)
    )
    buys = medicine.group_by("person_id").aggregate(
        first=medicine.day.min(),
        first_insulin=medicine.day.min(where=medicine.insulin),
        only_insulin=medicine.insulin.all(),
    )
    contacts = snapshot.table("hospital_contact").select("contact_id", "specialty")
    said = hospital_diabetes_diagnoses(snapshot)
    said = said.filter(said.kind == "A", said.code[:4].isin(["DE10", "DE11"])).inner_join(contacts, "contact_id")
    endocrine = said.specialty.isin(codelists.codes("hospital_specialty", group="endocrinology"))
    medical = said.specialty.isin(codelists.codes("hospital_specialty", group="medical"))
    one, two = said.code[:4] == "DE10", said.code[:4] == "DE11"
    said = said.group_by("person_id").aggregate(
        endocrine_1=(endocrine & one).sum(), endocrine_2=(endocrine & two).sum(),
        medical_1=(medical & one).sum(), medical_2=(medical & two).sum(),
    )  # fmt: skip
    people = said.inner_join(buys, "person_id").left_join(doses, "person_id")
    any_type_1 = (people.endocrine_1 + people.medical_1) > 0
    most_type_1 = ibis.ifelse(
        people.endocrine_1 + people.endocrine_2 > 0,
        people.endocrine_1 > people.endocrine_2,
        people.medical_1 > people.medical_2,
    )
    enough_insulin = (people.all_ddd > 0) & (people.insulin_ddd >= INSULIN_SHARE * people.all_ddd)
    early_insulin = people.first_insulin.delta(people.first, unit="day") <= INSULIN_WITHIN_DAYS
    only = people.only_insulin & any_type_1
    mixed = ~people.only_insulin & most_type_1 & enough_insulin & early_insulin
    return people.filter((only | mixed).fill_null(False)).select("person_id")


def kol(snapshot: Snapshot) -> ibis.Table:
    """People with KOL (COPD): person_id, since, type (empty).

    From the first of: a hospital diagnosis DJ44 (action or secondary, not retracted); an R95 in general practice; the
    second purchase of a long-acting bronchodilator for KOL. In RUKS's spirit; its own algorithm is not public. The
    codes are those of BMC Fam Pract 2018, table 2 (s12875-018-0820-8).
    """
    diagnoses = snapshot.table("hospital_diagnosis")
    diagnoses = diagnoses.filter(
        diagnoses.code.startswith("DJ44"), diagnoses.kind.isin(["A", "B"]), ~diagnoses.retracted.fill_null(False)
    ).select("person_id", day=diagnoses.contact_start.date())
    records = snapshot.table("practice_record")
    records = records.filter(records.kind == "diagnosis", records.code == "R95").select("person_id", day="recorded_on")
    (prefixes,) = codelists.codes("atc", group="COPD in GP record")
    bought = snapshot.table("prescription")
    bought = bought.filter(ibis.or_(*(bought.atc.startswith(prefix) for prefix in prefixes.split("|"))))
    days = bought.select("person_id", day="dispensed_on").distinct()
    rank = ibis.row_number().over(group_by=days.person_id, order_by=days.day)
    repeated = days.mutate(rank=rank).filter(lambda rows: rows["rank"] == KOL_PURCHASES - 1).drop("rank")
    events = ibis.union(diagnoses, records, repeated)
    return events.group_by("person_id").aggregate(since=events.day.min(), type=ibis.literal(""))


def _outside_pregnancy(snapshot: Snapshot, events: ibis.Table) -> ibis.Table:
    """Events without those from 40 weeks before to 12 weeks after the end of a pregnancy, both days included."""
    ends = snapshot.table("hospital_diagnosis")
    (prefixes,) = codelists.codes("sks_diagnosis", group="pregnancy end")
    ends = ends.filter(ibis.or_(*(ends.code.startswith(prefix) for prefix in prefixes.split("|"))))
    ends = ends.select(mother="person_id", birth=ends.contact_start.date()).distinct()
    return events.anti_join(
        ends,
        [
            events.person_id == ends.mother,
            events.day >= ends.birth - ibis.interval(weeks=WEEKS_BEFORE_BIRTH),
            events.day <= ends.birth + ibis.interval(weeks=WEEKS_AFTER_BIRTH),
        ],
    )

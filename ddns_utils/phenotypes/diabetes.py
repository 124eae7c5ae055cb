"""Diabetes by the Open Source Diabetes Classifier, rule by rule.

Source: steno-aarhus/osdc v0.11.3 (facts read off; an independent implementation). Sensitivity and precision are as
published for it. LPR2 and ICD-8 are not in the model, so their rules have no events here.
"""

from __future__ import annotations

from datetime import date

import ibis

from ddns_utils import codelists
from ddns_utils.kept import kept
from ddns_utils.language import Text
from ddns_utils.phenotypes.declare import Disease, FindEvents, Rule
from ddns_utils.phenotypes.diseases import diagnosis_codes, medicine_codes, starts_with
from ddns_utils.snapshot import Snapshot

HBA1C_DIAGNOSTIC = {"NPU27300": 48.0, "NPU03835": 6.5}
GLUCOSE_LOWERING = medicine_codes("glucose lowering (GLD) incl")
NOT_GLUCOSE_LOWERING = medicine_codes("GLD excluded")
INSULIN = medicine_codes("insulin")
INSULIN_WITH_GLP1 = "A10AE56"
(METFORMIN,) = medicine_codes("metformin")
PCOS_INDICATIONS = ("0000092", "0000276", "0000781")
PCOS_BELOW_AGE = 40
WEEKS_BEFORE_BIRTH, WEEKS_AFTER_BIRTH = 40, 12
PODIATRY = "54"
INSULIN_SHARE, INSULIN_WITHIN_DAYS = 2 / 3, 180
EVENTS_NEEDED = 2
STABLE_FROM = date(1998, 1, 1)
OSDC = "steno-aarhus/osdc v0.11.3"


@kept
def diabetes(snapshot: Snapshot) -> ibis.Table:
    """People with diabetes: person_id, since, type (``1`` or ``2``), rule, stable_since.

    ``since`` is the day of the second event over three streams: hospital diagnoses; podiatry; medicine and HbA1c.
    Events of different streams on one day are one event, and so are a purchase and an HbA1c; two diagnoses, two kinds
    of podiatry or two purchases on one day are two. ``rule`` names what was found that day. ``stable_since`` is
    missing before 1998, when obstetric codes were not yet complete.
    """
    streams = {
        "hospital diagnosis": hospital_diabetes_diagnoses(snapshot).select(
            "person_id", "day", once=ibis._.contact_id + ibis._.code + ibis._.kind
        ),
        "podiatry": podiatry(snapshot).select("person_id", "day", once="service_code"),
        "medicine": glucose_lowering_purchases(snapshot).select("person_id", "day", once="purchase"),
        "HbA1c": high_hba1c(snapshot).select("person_id", "day", once=ibis.literal("")),
    }
    events = ibis.union(
        *(
            rows.distinct().mutate(rule=ibis.literal(name), place=ibis.literal(place))
            for place, (name, rows) in enumerate(streams.items())
        )
    )
    days = events.group_by("person_id", "day", "rule", "place").aggregate(number=events.count())
    days = days.group_by("person_id", "day").aggregate(number=days.number.max(), rule=days.rule.argmin(days.place))
    so_far = days.number.sum().over(
        ibis.window(group_by=days.person_id, order_by=days.day, preceding=None, following=0)
    )
    days = days.mutate(so_far=so_far).filter(lambda rows: rows.so_far >= EVENTS_NEEDED)
    people = days.group_by("person_id").aggregate(since=days.day.min(), rule=days.rule.argmin(days.day))
    ones = type_1(snapshot).mutate(one=True)
    people = people.left_join(ones, "person_id")
    return people.select(
        "person_id",
        "since",
        "rule",
        type=ibis.ifelse(people.one.fill_null(False), "1", "2"),
        stable_since=ibis.ifelse(people.since >= STABLE_FROM, people.since, ibis.null("date")),
    )


@kept
def high_hba1c(snapshot: Snapshot) -> ibis.Table:
    """HbA1c at or above the diagnostic limit (48 mmol/mol or 6.5 per cent), outside pregnancy: person_id, day."""
    results = snapshot.table("lab_result")
    high = [(results.npu == npu) & (results.value >= limit) for npu, limit in HBA1C_DIAGNOSTIC.items()]
    days = results.filter(ibis.or_(*high)).select("person_id", day="sampled_at").distinct()
    return _outside_pregnancy(snapshot, days)


def hospital_diabetes_diagnoses(snapshot: Snapshot) -> ibis.Table:
    """Action and secondary diagnoses DE10–DE14 that are stated not to be retracted: person_id, day, code, contact."""
    rows = _stated(snapshot, diagnosis_codes("diabetes any"))
    return rows.select("person_id", "contact_id", "kind", "code", day=rows.contact_start.date())


def podiatry(snapshot: Snapshot) -> ibis.Table:
    """Podiatry on the adult's own card: person_id, day, service_code."""
    services = snapshot.table("practice_service")
    services = services.filter(services.specialty == PODIATRY, ~services.for_child)
    return services.select("person_id", "service_code", day="service_date")


@kept
def glucose_lowering_purchases(snapshot: Snapshot) -> ibis.Table:
    """Purchases of A10 other than GLP-1 and SGLT2, without metformin for PCOS or in pregnancy.

    Columns: person_id, day, atc, ddd, insulin (A10A without the GLP-1 combination), purchase (what tells two
    purchases of one day apart: ATC, doses and indication).
    """
    bought = snapshot.table("prescription")
    bought = bought.filter(starts_with(bought.atc, GLUCOSE_LOWERING), ~starts_with(bought.atc, NOT_GLUCOSE_LOWERING))
    person = snapshot.table("person").select("person_id", "sex", "birth_date")
    bought = bought.inner_join(person, "person_id")
    birthday = (bought.birth_date.month() * 100 + bought.birth_date.day()) <= (
        bought.dispensed_on.month() * 100 + bought.dispensed_on.day()
    )
    age = bought.dispensed_on.year() - bought.birth_date.year() - ibis.ifelse(birthday, 0, 1)
    young_or_pcos = (age < PCOS_BELOW_AGE) | bought.indication.isin(PCOS_INDICATIONS).fill_null(False)
    bought = bought.filter(~((bought.sex == "F") & (bought.atc == METFORMIN) & young_or_pcos))
    insulin = starts_with(bought.atc, INSULIN) & (bought.atc != INSULIN_WITH_GLP1)
    purchase = bought.atc + "/" + bought.ddd.cast("string").fill_null("") + "/" + bought.indication.fill_null("")
    rows = bought.select("person_id", "atc", "ddd", day="dispensed_on", insulin=insulin, purchase=purchase).distinct()
    return _outside_pregnancy(snapshot, rows)


def type_1(snapshot: Snapshot) -> ibis.Table:
    """Those with type 1 among people with diabetes: person_id.

    Only insulin doses bought, and a type 1 action diagnosis from an endocrinology or medical department; or most of the
    type-specific action diagnoses say type 1 (endocrinology's if there are any, else medical), insulin makes up two
    thirds of the doses, and was bought within 180 days of the first medicine. Purchases on the day of a high HbA1c are
    left out of what is bought.
    """
    counted = glucose_lowering_purchases(snapshot).anti_join(high_hba1c(snapshot), ["person_id", "day"])
    buys = counted.group_by("person_id").aggregate(
        insulin_ddd=counted.ddd.sum(where=counted.insulin).fill_null(0),
        all_ddd=counted.ddd.sum().fill_null(0),
        first=counted.day.min(),
        first_insulin=counted.day.min(where=counted.insulin),
    )
    contacts = snapshot.table("hospital_contact").select("contact_id", "specialty")
    said = hospital_diabetes_diagnoses(snapshot)
    said = said.filter(said.kind == "A").inner_join(contacts, "contact_id")
    endocrine = said.specialty.isin(codelists.codes("hospital_specialty", group="endocrinology"))
    medical = said.specialty.isin(codelists.codes("hospital_specialty", group="medical"))
    one, two = said.code[:4] == "DE10", said.code[:4] == "DE11"
    said = said.group_by("person_id").aggregate(
        endocrine_1=(endocrine & one).sum(), endocrine_2=(endocrine & two).sum(),
        medical_1=(medical & one).sum(), medical_2=(medical & two).sum(),
    )  # fmt: skip
    people = said.inner_join(buys, "person_id")
    any_type_1 = (people.endocrine_1 + people.medical_1) > 0
    most_type_1 = ibis.ifelse(
        people.endocrine_1 + people.endocrine_2 > 0,
        people.endocrine_1 > people.endocrine_2,
        people.medical_1 > people.medical_2,
    )
    only_insulin = (people.insulin_ddd >= 1) & (people.insulin_ddd == people.all_ddd)
    enough_insulin = (people.all_ddd > 0) & (people.insulin_ddd >= INSULIN_SHARE * people.all_ddd)
    early_insulin = people.first_insulin.delta(people.first, unit="day") <= INSULIN_WITHIN_DAYS
    only = only_insulin & any_type_1
    mixed = ~only_insulin & most_type_1 & enough_insulin & early_insulin
    return people.filter((only | mixed).fill_null(False)).select("person_id")


def _stated(snapshot: Snapshot, prefixes: tuple[str, ...]) -> ibis.Table:
    """Action and secondary diagnoses stated not to be retracted; where nothing is stated they do not count."""
    rows = snapshot.table("hospital_diagnosis")
    return rows.filter(starts_with(rows.code, prefixes), rows.kind.isin(["A", "B"]), ~rows.retracted)


def _outside_pregnancy(snapshot: Snapshot, events: ibis.Table) -> ibis.Table:
    """Events without those from 40 weeks before to 12 weeks after the end of a pregnancy, both days included."""
    ends = _stated(snapshot, diagnosis_codes("pregnancy end"))
    ends = ends.select(mother="person_id", birth=ends.contact_start.date()).distinct()
    return events.anti_join(
        ends,
        [
            events.person_id == ends.mother,
            events.day >= ends.birth - ibis.interval(weeks=WEEKS_BEFORE_BIRTH),
            events.day <= ends.birth + ibis.interval(weeks=WEEKS_AFTER_BIRTH),
        ],
    )


def of_type(type_: str) -> FindEvents:
    """Episodes of one type of diabetes."""

    def find(snapshot: Snapshot) -> ibis.Table:
        people = diabetes(snapshot)
        return people.filter(people.type == type_).select(
            "person_id", "since", "rule", disease=ibis.literal(f"type_{type_}_diabetes")
        )

    return find


def _rule(name: str, register: str, da: str, en: str, codes: tuple[str, ...], **more: object) -> Rule:
    return Rule(
        name=name, register=register, finds=Text(da=da, en=en), codes=codes, source=OSDC, confidence="high", **more
    )


RULES = (
    _rule(
        "hospital diagnosis", "hospital_diagnosis",
        "Aktions- eller bidiagnose, angivet som ikke afkræftet",
        "An action or secondary diagnosis, stated not to be retracted",
        diagnosis_codes("diabetes any"), events=hospital_diabetes_diagnoses,
    ),
    _rule(
        "podiatry", "practice_service", "Fodterapi på egen sygesikring", "Podiatry on the adult's own card",
        (PODIATRY,), events=podiatry,
    ),
    _rule(
        "medicine", "prescription",
        "Køb af glukosesænkende medicin undtagen " + ", ".join(NOT_GLUCOSE_LOWERING),
        "Purchase of glucose-lowering medicine other than " + ", ".join(NOT_GLUCOSE_LOWERING),
        GLUCOSE_LOWERING, events=glucose_lowering_purchases,
    ),
    _rule(
        "HbA1c", "lab_result", "HbA1c på 48 mmol/mol (6,5 %) eller mere", "HbA1c of 48 mmol/mol (6.5%) or more",
        tuple(HBA1C_DIAGNOSTIC), events=high_hba1c,
    ),
    _rule(
        "pregnancy", "hospital_diagnosis",
        "Medicin og HbA1c fra 40 uger før til 12 uger efter en graviditets afslutning tæller ikke",
        "Medicine and HbA1c from 40 weeks before to 12 weeks after the end of a pregnancy do not count",
        diagnosis_codes("pregnancy end"), role="excludes",
    ),
    _rule(
        "PCOS", "prescription",
        "Metformin til kvinder under 40 år eller med indikation for PCOS tæller ikke",
        "Metformin of women under 40, or with an indication of PCOS, does not count",
        (METFORMIN, *PCOS_INDICATIONS), role="excludes",
    ),
    _rule(
        "type 1", "prescription",
        "Kun insulin og mindst én type 1-aktionsdiagnose fra endokrinologisk eller medicinsk afdeling; eller flest "
        "type 1-diagnoser, mindst to tredjedele af doserne insulin og insulin inden for 180 dage efter første medicin",
        "Only insulin, and a type 1 action diagnosis of an endocrinology or medical department; or most diagnoses "
        "type 1, at least two thirds of the doses insulin, and insulin within 180 days of the first medicine",
        INSULIN, role="decides type",
    ),
)  # fmt: skip
SECOND_EVENT = Text(
    da="Fra dagen for den anden hændelse. Hændelser af forskellig slags på én dag tæller som én.",
    en="From the day of the second event. Events of different kinds on one day count as one.",
)
TYPE_1, TYPE_2 = (
    Disease(
        id=f"type_{number}_diabetes",
        title=Text(da=f"Type {number}-diabetes", en=f"Type {number} diabetes"),
        rules=RULES, note=SECOND_EVENT, find=of_type(number),
    )
    for number in ("1", "2")
)  # fmt: skip

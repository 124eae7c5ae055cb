"""Chronic diseases by simple rules in the spirit of RUKS: certainty before completeness.

RUKS's own algorithms are not public, so these say what they rest on and are compared with its published counts.
Codes come from the code lists ``sks_diagnosis`` and ``atc``, which keep the source and confidence of each.
"""

from __future__ import annotations

from types import MappingProxyType

import ibis

from ddns_utils import codelists
from ddns_utils.language import Text
from ddns_utils.phenotypes.declare import Disease, FindEvents, Rule
from ddns_utils.snapshot import Snapshot

PURCHASES = 2
OWN_RULE = Text(
    da="Egen regel i RUKS' ånd; RUKS' egen algoritme er ikke offentliggjort.",
    en="Our own rule in RUKS's spirit; RUKS's own algorithm is not public.",
)


def hospital_diagnoses(*prefixes: str) -> FindEvents:
    """Events: action or secondary diagnoses with these prefixes that are not stated to be retracted."""

    def find(snapshot: Snapshot) -> ibis.Table:
        rows = snapshot.table("hospital_diagnosis")
        rows = rows.filter(
            starts_with(rows.code, prefixes), rows.kind.isin(["A", "B"]), ~rows.retracted.fill_null(False)
        )
        return rows.select("person_id", "contact_id", "code", "kind", day=rows.contact_start.date())

    return find


def purchases(*prefixes: str, without: tuple[str, ...] = ()) -> FindEvents:
    """Events: purchases of medicine with these ATC prefixes, of people who never get the diseases in ``without``."""

    def find(snapshot: Snapshot) -> ibis.Table:
        rows = snapshot.table("prescription")
        rows = rows.filter(starts_with(rows.atc, prefixes))
        for disease in without:
            rows = rows.anti_join(BY_ID[disease].episodes(snapshot), "person_id")
        return rows.select("person_id", "atc", "ddd", day="dispensed_on")

    return find


def starts_with(code: ibis.Value, prefixes: tuple[str, ...]) -> ibis.Value:
    """Whether a code starts with any of the prefixes."""
    return ibis.or_(*(code.startswith(prefix) for prefix in prefixes))


def diagnosis_codes(group: str, set_: str = "chronic") -> tuple[str, ...]:
    """The SKS prefixes of a group of the code list ``sks_diagnosis``."""
    return _codes(_listed("sks_diagnosis", group, set_))


def medicine_codes(*groups: str) -> tuple[str, ...]:
    """The ATC prefixes of groups of the code list ``atc``."""
    return tuple(code for group in groups for code in _codes(_listed("atc", group)))


def _listed(name: str, group: str, set_: str | None = None) -> MappingProxyType[str, str]:
    (row,) = (row for row in codelists.rows(name) if row["group"] == group and set_ in (None, row.get("set")))
    return row


def _codes(row: MappingProxyType[str, str]) -> tuple[str, ...]:
    return tuple(row["code"].split("|"))


def _at_hospital(group: str) -> Rule:
    row = _listed("sks_diagnosis", group, "chronic")
    return Rule(
        name="hospital diagnosis",
        register="hospital_diagnosis",
        finds=Text(
            da="Aktions- eller bidiagnose på sygehus, ikke afkræftet",
            en="An action or secondary diagnosis at a hospital, not retracted",
        ),
        codes=_codes(row),
        source=row["source"],
        confidence=row["confidence"],
        events=hospital_diagnoses(*_codes(row)),
    )


def _in_practice(group: str, confidence: str = "unverified") -> Rule:
    codes = tuple(_listed("sks_diagnosis", group, "chronic")["icpc2"].split("|"))

    def find(snapshot: Snapshot) -> ibis.Table:
        rows = snapshot.table("practice_record")
        rows = rows.filter(rows.kind == "diagnosis", rows.code.isin(codes))
        return rows.select("person_id", "code", day="recorded_on")

    return Rule(
        name="general practice",
        register="practice_record",
        finds=Text(da="Diagnose (ICPC-2) i almen praksis", en="A diagnosis (ICPC-2) in general practice"),
        codes=codes,
        source="ICPC-2; code list sks_diagnosis, column icpc2",
        confidence=confidence,
        events=find,
    )


def _bought(*groups: str, without: tuple[str, ...] = ()) -> Rule:
    rows = [_listed("atc", group) for group in groups]
    codes = medicine_codes(*groups)
    unless_da = " af borgere uden: " + ", ".join(BY_ID[disease].title.da for disease in without) if without else ""
    unless_en = " by people without: " + ", ".join(BY_ID[disease].title.en for disease in without) if without else ""
    return Rule(
        name="medicine",
        register="prescription",
        finds=Text(
            da=f"{PURCHASES} køb på forskellige dage{unless_da}",
            en=f"{PURCHASES} purchases on different days{unless_en}",
        ),
        codes=codes,
        source="; ".join(dict.fromkeys(row["source"] for row in rows)),
        confidence="unverified" if any(row["confidence"] == "unverified" for row in rows) else "medium",
        events=purchases(*codes, without=without),
        times=PURCHASES,
    )


BY_ID: dict[str, Disease] = {}


def _declare(id: str, da: str, en: str, *rules: Rule) -> Disease:
    BY_ID[id] = Disease(id=id, title=Text(da=da, en=en), rules=rules, note=OWN_RULE)
    return BY_ID[id]


KOL = _declare(
    "kol", "KOL", "COPD",
    _at_hospital("KOL (COPD)"), _in_practice("KOL (COPD)", "high"), _bought("COPD in GP record"),
)  # fmt: skip
ASTHMA = _declare(
    "asthma", "Astma", "Asthma",
    _at_hospital("astma"), _in_practice("astma"), _bought("ICS", "LABA+ICS", without=("kol",)),
)  # fmt: skip
HEART_FAILURE = _declare(
    "heart_failure", "Hjertesvigt", "Heart failure", _at_hospital("hjertesvigt"), _in_practice("hjertesvigt")
)
ATRIAL_FIBRILLATION = _declare(
    "atrial_fibrillation",
    "Atrieflimren",
    "Atrial fibrillation",
    _at_hospital("atrieflimren"),
    _in_practice("atrieflimren"),
)
ISCHAEMIC_HEART_DISEASE = _declare(
    "ischaemic_heart_disease", "Iskæmisk hjertesygdom", "Ischaemic heart disease",
    _at_hospital("iskaemisk hjertesygdom"), _in_practice("iskaemisk hjertesygdom", "medium"),
)  # fmt: skip
HYPERTENSION = _declare(
    "hypertension", "Forhøjet blodtryk", "Hypertension",
    _at_hospital("hypertension"), _in_practice("hypertension", "high"),
    _bought("hypertension (any)", without=("heart_failure", "atrial_fibrillation", "ischaemic_heart_disease")),
)  # fmt: skip
OSTEOPOROSIS = _declare(
    "osteoporosis", "Osteoporose", "Osteoporosis",
    _at_hospital("osteoporose"), _in_practice("osteoporose"), _bought("bisphosphonates etc."),
)  # fmt: skip
RHEUMATOID_ARTHRITIS = _declare(
    "rheumatoid_arthritis", "Leddegigt", "Rheumatoid arthritis", _at_hospital("leddegigt"), _in_practice("leddegigt")
)
DEMENTIA = _declare(
    "dementia", "Demens", "Dementia", _at_hospital("demens"), _in_practice("demens"), _bought("anti-dementia")
)
SCHIZOPHRENIA = _declare(
    "schizophrenia", "Skizofreni", "Schizophrenia", _at_hospital("skizofreni"), _in_practice("skizofreni")
)

"""The flat registers we read: which tables each fills, and how a field becomes a column where a plain cast will not do.

A column without an expression here is its source field (``REGISTER.FIELD`` in the model), cast to its type. An
expression is DuckDB SQL in which {FIELD} is the field as trimmed text, NULL when empty, and {FIELD:day} and so on the
field cast to a type. Sources of the rules: facts on LPR3, SSSY, LMDB, laboratory data and BEF in the registers guide
of Steno Diabetes Center Aarhus, and the field lists of Statistics Denmark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from ddns_utils import codelists


@dataclass(frozen=True, kw_only=True)
class Flat:
    """A flat register.

    ``person`` is the field with the CPR number; ``optional`` the fields a file may lack; ``columns`` the expressions;
    ``lenient`` the columns that may stay empty where their field says something; ``refuse`` further reasons to refuse
    a row, with their SQL condition; ``words`` the sender's words for values of a field.
    """

    tables: tuple[str, ...]
    person: str = ""
    optional: tuple[str, ...] = ()
    lenient: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)


def _recode(field_name: str, words: dict[str, str], otherwise: str = "NULL") -> str:
    cases = " ".join(f"WHEN '{given}' THEN '{word}'" for given, word in words.items())
    return f"CASE lower({{{field_name}}}) {cases} ELSE {otherwise} END"


# A zero in front is lost where a code is stored as a number; a code that is too long is no code.
_MUNICIPALITY = "CASE WHEN length({KOM}) = 4 AND {KOM} LIKE '0%' THEN right({KOM}, 3) ELSE {KOM} END"
_SPECIALTY = (
    "CASE WHEN length({SPECIALE}) IN (5, 6) AND regexp_full_match({SPECIALE}, '[0-9]+') "
    "THEN lpad({SPECIALE}, 6, '0') END"
)
_YYWW = "CASE WHEN length({HONUGE}) <= 4 THEN lpad({HONUGE}, 4, '0') END"
_WEEK = f"CASE WHEN {_YYWW} >= '9000' THEN '19' ELSE '20' END || left({_YYWW}, 2) || '-W' || right({_YYWW}, 2)"
_MONDAY = f"try_strptime({_WEEK} || '-1', '%G-W%V-%u')::DATE"


def _converted(column: str, code: str, number: str, unit: str) -> str:
    """The value or the unit after conversion to the unit of the analysis code, where the list says so."""
    # Cases in cases, because the engine works out every part of an AND for every row.
    codes = []
    for npu, rows in groupby(codelists.rows("lab_conversion"), itemgetter("npu")):
        units = []
        for row in rows:
            value = f"round({{{number}}} * {row['factor']} + {row['offset']}, {row['decimals']})"
            then = value if column == "value" else f"'{row['unit']}'"
            plausible = f"{{{number}}} BETWEEN {row['least']} AND {row['most']}"
            units.append(f"WHEN '{row['from_unit']}' THEN CASE WHEN {plausible} THEN {then} END")
        codes.append(f"WHEN '{npu}' THEN CASE {{{unit}:lower}} {' '.join(units)} END")
    converted = f"CASE {{{code}}} {' '.join(codes)} END"
    return f"coalesce({converted}, {{{number if column == 'value' else unit}}})"


_LAB = ("ANALYSISCODE", "VALUE:result", "UNIT")
_AIM = ("KODE", "VAERDI:decimal", "ENHED")
# Contacts converted from LPR2 are in LPR_A too; kept together with LPR3's own they would count twice.
_CONVERTED = {"converted from an older register": "upper({LPRINDBERETNINGSSYSTEM}) <> 'LPR3'"}

_KINDS = {"diagnose": "diagnosis", "måling": "measurement", "årskontrol": "care_plan_contact"}
_ICPC2, _NPU, _SKS = "[A-Z-][0-9][0-9]", "(NPU|DNK)[0-9]+", "D[A-Z][0-9][0-9][0-9A-Z]*"
_MEASURED = "lower({ART}) IN ('måling', 'measurement')"


def _measurements(condition: str) -> str:
    """A condition on DDNS measurements, with the code list's columns of a measurement in {{ }}."""
    cases = [f"WHEN '{row['code']}' THEN {condition.format_map(row)}" for row in codelists.rows("practice_measurement")]
    return f"{{KODESYSTEM}} = 'DDNS' AND CASE {{KODE}} {' '.join(cases)} END"


_SYSTEM = "upper({SYSTEM})"  # one system must not become two senders by how it is spelt
_DDNS_CODES = ", ".join(f"'{code}'" for code in codelists.codes("practice_measurement"))
# Rules of AIM beside the contract of its table; the words are explained in the reporting guide.
_AIM_RULES = {
    "measurement without a value": f"{_MEASURED} AND {{VAERDI}} IS NULL",
    "unreadable value": "{VAERDI} IS NOT NULL AND {VAERDI:decimal} IS NULL",
    "code system of another kind": f"CASE WHEN {_MEASURED} THEN {{KODESYSTEM}} IN ('ICPC-2', 'SKS') "
    f"WHEN lower({{ART}}) IN ({', '.join(map(repr, [*_KINDS, *_KINDS.values()]))}) "
    "THEN {KODESYSTEM} IN ('NPU', 'DDNS') END",
    "unknown code": f"CASE {{KODESYSTEM}} WHEN 'DDNS' THEN {{KODE}} NOT IN ({_DDNS_CODES}) "
    f"WHEN 'ICPC-2' THEN NOT regexp_full_match({{KODE}}, '{_ICPC2}') "
    f"WHEN 'NPU' THEN NOT regexp_full_match({{KODE}}, '{_NPU}') "
    f"WHEN 'SKS' THEN NOT regexp_full_match({{KODE}}, '{_SKS}') END",
    "implausible value": _measurements("{{VAERDI:decimal}} NOT BETWEEN {least} AND {most}"),
    "another unit": _measurements("{{ENHED}} <> '{unit}'"),
}
_SENTINEL_RULES = {
    "unknown code": f"NOT regexp_full_match({{DIAGNOSE}}, '{_SKS}')",
    "unknown specialty": "NOT regexp_full_match({SPECIALE}, '[0-9][0-9]?')",
}

REGISTERS: dict[str, Flat] = {
    "BEF": Flat(
        tables=("residence", "person"),
        person="PNR",
        optional=("DOED_DAG",),
        columns={
            "municipality": _MUNICIPALITY,
            "sex": _recode("KOEN", {row["short"]: row["code"] for row in codelists.rows("sex")}),
        },
    ),
    # Field names as in record 001 of CPR's own extracts; the file of changes itself is our format (unverified).
    "CPR": Flat(
        tables=("number_change",),
        person="PNRGAELD",
        optional=("STATUSHAENSTART",),
        columns={"former_person_id": "{PNR:other_pseudonym}"},
    ),
    "LPR_A_KONTAKT": Flat(
        tables=("hospital_contact",),
        person="PNR",
        optional=("LPRINDBERETNINGSSYSTEM",),
        columns={"specialty": "lower({KONT_ANS_HOVEDSPEC})"},
        refuse=_CONVERTED,
    ),
    "LPR_A_DIAGNOSE": Flat(tables=("hospital_diagnosis",)),
    "LPR_A_PROCREGISTRERING": Flat(tables=("hospital_procedure",)),
    "SSSY": Flat(
        tables=("practice_service",),
        person="PNR",
        optional=("BEHANDLINGSDATO",),
        columns={
            "service_date": f"CASE WHEN {{BEHANDLINGSDATO}} IS NULL THEN {_MONDAY} ELSE {{BEHANDLINGSDATO:day}} END",
            "settled_week": f"strftime({_MONDAY}, '%G-W%V')",
            "specialty": f"left({_SPECIALTY}, 2)",
            "service_code": f"right({_SPECIALTY}, 4)",
        },
    ),
    "LMDB": Flat(
        tables=("prescription",),
        person="PNR",
        lenient=("ddd",),
        columns={"ddd": "{VOLUME:decimal} * {APK:decimal}"},
    ),
    "LAB": Flat(
        tables=("lab_result",),
        person="PNR",
        lenient=("value", "comparator", "value_text", "unit"),
        columns={
            "value": _converted("value", *_LAB),
            "unit": _converted("unit", *_LAB),
            "comparator": "CASE WHEN {VALUE:result} IS NOT NULL THEN nullif(replace(replace("
            "regexp_extract({VALUE}, '^([<>]=?|[≤≥])'), '≤', '<='), '≥', '>='), '') END",
            "value_text": "CASE WHEN {VALUE:result} IS NULL THEN {VALUE} END",
        },
    ),
    "AIM": Flat(
        tables=("practice_record",),
        person="CPR",
        optional=("SYSTEM",),
        columns={
            "system": _SYSTEM,
            "kind": _recode("ART", _KINDS, otherwise="{ART}"),
            "value": _converted("value", *_AIM),
            "unit": _converted("unit", *_AIM),
        },
        lenient=("value", "unit"),
        refuse=_AIM_RULES,
        words={"ART": _KINDS},
    ),
    "SENTINEL": Flat(
        tables=("specialist_record",),
        person="CPR",
        optional=("SYSTEM",),
        columns={
            "specialty": "CASE WHEN length({SPECIALE}) = 1 THEN '0' || {SPECIALE} ELSE {SPECIALE} END",
            "system": _SYSTEM,
        },
        refuse=_SENTINEL_RULES,
    ),
}

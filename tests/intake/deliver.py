"""Small hand-made deliveries for the tests of intake. The CPR numbers are made up and do not meet modulus 11."""

import json
from pathlib import Path

import duckdb

from ddns_utils.intake import land
from ddns_utils.period import Period
from ddns_utils.registers import Registers

KEY = bytes(range(32))
ANNA, BO, CARL = "0101801234", "0203451112", "1502779995"
SOR_HOLBAEK = "451000016003"

BEF = {
    "PNR": ANNA,
    "KOEN": "2",
    "FOED_DAG": "1980-01-01",
    "KOM": "101",
    "REG": "84",
    "BOP_VFRA": "1980-01-01",
    "BOP_VTIL": "",
    "DOED_DAG": "",
}
NUMBER_CHANGE = {"PNR": BO, "PNRGAELD": ANNA, "STATUSHAENSTART": "2024-05-01"}
CONTACT = {
    "PNR": ANNA,
    "DW_EK_KONTAKT": "k1",
    "DW_EK_FORLOEB": "f1",
    "KONT_STARTTIDSPUNKT": "2025-03-01 10:00:00",
    "KONT_SLUTTIDSPUNKT": "2025-03-02 12:00:00",
    "KONT_TYPE": "ALCA00",
    "PRIORITET": "ATA1",
    "ADIAG": "DJ440",
    "KONT_ANS_HOVEDSPEC": "Intern Medicin",
    "KONT_ANS": "391111000016003",
}
DIAGNOSIS = {
    "DW_EK_KONTAKT": "k1",
    "DIAG_KODE": "DJ440",
    "DIAG_KODE_TYPE": "A",
    "DIAG_PARENT_KODE": "",
    "SENERE_AFKRAEFTET": "Nej",
}
PROCEDURE = {
    "DW_EK_KONTAKT": "k1",
    "PROC_KODE": "BGDA0",
    "PROC_KODE_TYPE": "P",
    "PROC_STARTTIDSPUNKT": "2025-03-01 11:00:00",
}
SERVICE = {
    "PNR": ANNA,
    "YDERNR": "012345",
    "SPECIALE": "800101",
    "YDLANT": "1",
    "HONUGE": "2507",
    "BARNMAK": "0",
    "BEHANDLINGSDATO": "2025-02-03",
}
DISPENSING = {
    "PNR": ANNA,
    "EKSD": "2025-01-05",
    "ATC": "A10BA02",
    "VNR": "123456",
    "APK": "2",
    "VOLUME": "50,5",
    "INDO": "0000092",
}
RESULT = {
    "pnr": ANNA,
    "samplingdate": "2025-01-05",
    "analysiscode": "NPU27300",
    "value": "48",
    "unit": "mmol/mol",
    "laboratorium_idcode": "KPLL",
}
AIM = {
    "REGISTRERING_ID": "a1",
    "CPR": ANNA,
    "DATO": "2025-01-05",
    "YDERNR": "012345",
    "ART": "måling",
    "KODE": "NPU27300",
    "KODESYSTEM": "NPU",
    "VAERDI": "48,5",
    "ENHED": "mmol/mol",
}
SENTINEL = {
    "REGISTRERING_ID": "s1",
    "CPR": ANNA,
    "DATO": "2025-01-05",
    "SPECIALE": "19",
    "YDERNR": "012345",
    "DIAGNOSE": "DH259",
}
FILES = {
    "BEF": BEF,
    "CPR": NUMBER_CHANGE,
    "LPR_A_KONTAKT": CONTACT,
    "LPR_A_DIAGNOSE": DIAGNOSIS,
    "LPR_A_PROCREGISTRERING": PROCEDURE,
    "SSSY": SERVICE,
    "LMDB": DISPENSING,
    "LAB": RESULT,
    "AIM": AIM,
    "SENTINEL": SENTINEL,
}


def write_csv(folder, name, rows, separator=";"):
    """A CSV file of a register with the fields of the first row."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [separator.join(rows[0]), *(separator.join(str(value) for value in row.values()) for row in rows)]
    file = folder / f"{name}.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def write_parquet(folder, name, query):
    """A Parquet file of a register from a DuckDB query."""
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({query}) TO '{folder / name}.parquet'")


def write_reports(file, *bundles):
    """An NDJSON file of delivery reports."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(bundle, ensure_ascii=False) + "\n" for bundle in bundles), encoding="utf-8")


def report(*resources, timestamp="2025-03-10T12:00:00Z", cpr=ANNA, custodian=SOR_HOLBAEK):
    """A §140 delivery report about one citizen."""
    citizen = {
        "resourceType": "Patient",
        "id": "citizen",
        "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": cpr}],
        "deceasedBoolean": False,
        "managingOrganization": {"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": custodian}},
    }
    profile = "http://fhir.kl.dk/rehab/StructureDefinition/klgateway-140-delivery-report"
    return {
        "resourceType": "Bundle",
        "id": "report",
        "meta": {"profile": [profile]},
        "type": "collection",
        "timestamp": timestamp,
        "entry": [{"resource": resource} for resource in (citizen, *resources)],
    }


def care_plan(id_="plan", status="active", activity="in-progress", **more):
    """A §140 care plan."""
    coding = [{"system": "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes", "code": "f15b2663-94d9-4d0c-a5de-d8bd8e1e4ebb"}]  # fmt: skip
    return {
        "resourceType": "CarePlan",
        "id": id_,
        "meta": {"profile": ["http://fhir.kl.dk/rehab/StructureDefinition/klgateway-140-care-plan"]},
        "status": status,
        "intent": "plan",
        "category": [{"coding": coding}],
        "period": {"start": "2025-03-01"},
        "activity": [{"detail": {"status": activity}}],
    } | more


def landed(path: Path, registers: Registers, **replaces: str):
    """Land with the tests' key; ``replaces`` are periods by register."""
    return land(path, registers, KEY, replaces={name: Period.parse(period) for name, period in replaces.items()})


def rows(registers: Registers, table: str, include_voided=False):
    """All rows of a table as dicts."""
    snapshot = registers.snapshot()
    return snapshot.engine.to_pyarrow(snapshot.table(table, include_voided)).to_pylist()


def content(registers: Registers):
    """Everything in the store, comparable."""
    return {
        table: sorted(map(repr, rows(registers, table, include_voided=True))) for table in registers.snapshot().tables
    }

"""A small made-up Denmark lands whole: nothing refused, nothing lost, nothing invented."""

import itertools
import json

import duckdb
import pytest
from intake.deliver import landed, rows

from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.registers import Registers
from ddns_utils.synthetic import synthesize

KEPT_ONCE = {"SSSY": "practice_service", "LMDB": "prescription", "LAB": "lab_result", "AIM": "practice_record"}
RESOURCES = {"ServiceRequest": "referral", "Encounter": "encounter", "Condition": "condition", "Goal": "goal"}


@pytest.fixture(scope="module")
def denmark(tmp_path_factory):
    top = tmp_path_factory.mktemp("denmark")
    synthesize(top / "delivered", citizens=800, years=1, seed=7)
    registers = Registers(top / "registers")
    return top / "delivered", registers, landed(top / "delivered", registers)


def test_every_file_lands_and_no_row_is_in_quarantine(denmark):
    _, _, landing = denmark
    assert (landing.refused, landing.known) == ({}, [])
    assert landing.others == ["README.txt", "notice.txt", "truth.json"]
    assert [count for count in landing.counts if count.quarantined] == []
    assert {count.table for count in landing.counts} >= {t for flat in REGISTERS.values() for t in flat.tables}


def rows_in(file):
    """How many rows a delivered file has: of reports every resource but those that others are read with."""
    if file.suffix != ".ndjson":
        return duckdb.sql(f"SELECT count(*) FROM '{file}'").fetchone()[0]
    entries = [entry for line in file.read_text(encoding="utf-8").splitlines() for entry in json.loads(line)["entry"]]
    return sum(entry["resource"]["resourceType"] not in ("Patient", "Organization") for entry in entries)


def test_the_counts_of_every_delivery_add_up_to_the_rows_in_its_file(denmark):
    delivered, registers, landing = denmark
    deliveries = rows(registers, "delivery")
    assert len(deliveries) == len({count.delivery_id for count in landing.counts})
    for row in deliveries:
        fates = row["rows_kept"] + row["rows_quarantined"] + row["rows_superseded"]
        assert row["rows_read"] == fates == rows_in(delivered / row["file"]) > 0, row["file"]


@pytest.mark.parametrize("register", KEPT_ONCE)
def test_a_table_has_as_many_rows_as_were_delivered(register, denmark):
    delivered, registers, _ = denmark
    files = str(delivered / "registers" / "*" / f"{register}*.parquet")
    (expected,) = duckdb.sql(f"SELECT count(*) FROM read_parquet('{files}')").fetchone()
    assert len(rows(registers, KEPT_ONCE[register])) == expected


def test_every_resource_of_every_report_is_in_its_table_once(denmark):
    delivered, registers, _ = denmark
    reported = {table: set() for table in RESOURCES.values()}
    for file in (delivered / "kl_gateway").rglob("*.ndjson"):
        for line in file.read_text(encoding="utf-8").splitlines():
            resources = [entry["resource"] for entry in json.loads(line)["entry"]]
            (citizen,) = (r for r in resources if r["resourceType"] == "Patient")
            custodian = citizen["managingOrganization"]["identifier"]["value"]
            for resource in resources:
                if table := RESOURCES.get(resource["resourceType"]):
                    reported[table].add((custodian, resource["id"]))
    for table, expected in reported.items():
        found = [(row["custodian"], row[f"{table}_id"]) for row in rows(registers, table, include_voided=True)]
        assert sorted(found) == sorted(expected), table


def test_everybody_in_a_table_is_in_the_population(denmark):
    _, registers, _ = denmark
    people = {row["person_id"] for row in rows(registers, "person")}
    for table in ("hospital_contact", "hospital_diagnosis", "prescription", "referral", "encounter"):
        assert {row["person_id"] for row in rows(registers, table)} <= people


def test_planted_changes_of_number_are_found_again_each_person_whole(denmark):
    delivered, registers, _ = denmark
    truth = json.loads((delivered / "truth.json").read_text(encoding="utf-8"))
    changes = {row["former_person_id"]: row["person_id"] for row in rows(registers, "number_change")}
    assert len(changes) == truth["number_changes"]["persons"] >= 4
    persons = {row["person_id"]: row for row in rows(registers, "person")}
    assert not changes.keys() & persons.keys()
    snapshot = registers.snapshot()
    told = snapshot.engine.to_pyarrow(snapshot.table("person", as_delivered=True)).to_pylist()
    former = [row for row in told if row["person_id"] in changes]
    assert 0 < len(former) == len(told) - len(persons) < len(changes)  # the others changed before BEF first came
    assert all(row["sex"] != persons[changes[row["person_id"]]]["sex"] for row in former)
    told_homes = [(row["person_id"], row["start"], row["end"]) for row in rows(registers, "residence")]
    homes = sorted(told_homes, key=lambda home: home[:2])
    stays = [pair for pair in itertools.pairwise(homes) if pair[0][0] == pair[1][0] in changes.values()]
    assert all(end is not None and end <= start for (_, _, end), (_, start, _) in stays)
    services = snapshot.table("practice_service", as_delivered=True).select("person_id").distinct()
    under = set(snapshot.engine.to_pyarrow(services)["person_id"].to_pylist())
    assert under & changes.keys()
    assert under & set(changes.values())

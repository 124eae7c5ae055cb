"""Large files of registers with a key are written at once, and what other rows have a say in is taken back."""

import random

import pytest
from intake.deliver import AIM, ANNA, BEF, BO, CONTACT, content, landed, rows, write_csv

from ddns_utils.intake import at_once
from ddns_utils.intake.staging import Staging
from ddns_utils.registers import Registers

NEVER = 10**9


@pytest.fixture(autouse=True)
def _large(monkeypatch):
    """Ten rows are a large file."""
    monkeypatch.setattr(at_once, "FEW_ROWS", 10)


@pytest.fixture
def staged(monkeypatch):
    """How many good rows are staged at a time, after having been written or instead of it."""
    numbers = []
    stage_good = Staging.stage_good

    def noted(self, table, given, *more):
        numbers.append(len(given))
        stage_good(self, table, given, *more)

    monkeypatch.setattr(Staging, "stage_good", noted)
    return numbers


def contact(number, year=2024, **more):
    start, end = f"{year}-03-01 10:00", f"{year}-03-02 12:00"
    of = {"DW_EK_KONTAKT": f"k{number}", "KONT_STARTTIDSPUNKT": start, "KONT_SLUTTIDSPUNKT": end}
    return CONTACT | of | more


def priorities(registers):
    return {row["contact_id"]: row["priority"] for row in rows(registers, "hospital_contact")}


def files(registers):
    return {file.name for file in (registers.path / "tables" / "hospital_contact").rglob("*.parquet")}


def test_rows_whose_keys_are_theirs_alone_are_never_staged(staged, folder, registers):
    bad = contact(99, PNR="1")
    write_csv(folder, "LPR_A_KONTAKT", [bad, *(contact(n, 2023 + n % 2) for n in range(40))])
    (count,) = landed(folder, registers).counts
    assert (count.kept, count.quarantined, count.superseded) == (40, 1, 0)
    assert staged == []
    assert len(files(registers)) == 2
    assert len(rows(registers, "hospital_contact")) == 40
    assert {str(row["first_received_on"]) for row in rows(registers, "hospital_contact")} == {"2025-04-01"}
    (delivery,) = rows(registers, "delivery")
    assert (str(delivery["first_day"]), str(delivery["last_day"])) == ("2023-03-01", "2024-03-01")


def test_of_two_rows_in_one_file_the_later_stands_and_only_their_year_is_taken_back(staged, folder, registers):
    given = [contact(n, 2023 + n % 2) for n in range(40)]
    # Sorted by person the later row comes first.
    pnr, other = sorted((ANNA, BO), key=lambda each: each == ANNA)
    write_csv(
        folder, "LPR_A_KONTAKT", [contact(1, PNR=pnr), *given[2:], given[0], contact(1, PNR=other, PRIORITET="ATA3")]
    )
    (count,) = landed(folder, registers).counts
    assert (count.kept, count.superseded) == (40, 1)
    assert staged == [21]
    assert priorities(registers) == {f"k{n}": "ATA3" if n == 1 else "ATA1" for n in range(40)}


def test_a_later_file_of_the_landing_and_a_later_landing_correct_what_was_written(folder, registers):
    corrected = [contact(1, PRIORITET="ATA3"), *(contact(n) for n in range(20, 40))]
    write_csv(folder, "LPR_A_KONTAKT", [contact(n) for n in range(20)])
    write_csv(folder, "LPR_A_KONTAKT_2", corrected)
    first, second = sorted(landed(folder, registers).counts, key=lambda count: count.file)
    assert (first.kept, first.superseded, second.kept, second.superseded) == (19, 1, 21, 0)
    later = folder.parent / "2025-05-01"
    write_csv(later, "LPR_A_KONTAKT", [contact(2, PRIORITET="ATA3"), *(contact(n) for n in range(40, 60))])
    (third,) = landed(later, registers).counts
    assert (third.kept, third.superseded) == (21, 0)
    assert priorities(registers) == {f"k{n}": "ATA3" if n in (1, 2) else "ATA1" for n in range(60)}
    (row,) = (row for row in rows(registers, "hospital_contact") if row["contact_id"] == "k2")
    assert str(row["first_received_on"]) == "2025-04-01"


def test_a_large_file_corrects_a_small_one_of_the_same_day_before_it(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [contact(1, PRIORITET="ATA3")])
    write_csv(folder, "LPR_A_KONTAKT_2", [contact(n) for n in range(20)])
    first, second = sorted(landed(folder, registers).counts, key=lambda count: count.file)
    assert (first.kept, first.superseded, second.kept, second.superseded) == (0, 1, 20, 0)
    assert priorities(registers)["k1"] == "ATA1"


def test_an_earlier_delivery_that_lands_late_replaces_nothing(folder, registers):
    landed(write_csv(folder.parent / "2025-05-01", "LPR_A_KONTAKT", [contact(1, PRIORITET="ATA3")]), registers)
    (count,) = landed(write_csv(folder, "LPR_A_KONTAKT", [contact(n) for n in range(20)]), registers).counts
    assert (count.kept, count.superseded) == (19, 1)
    assert priorities(registers)["k1"] == "ATA3"
    (row,) = (row for row in rows(registers, "hospital_contact") if row["contact_id"] == "k1")
    assert str(row["first_received_on"]) == "2025-04-01"


def test_the_clinic_system_is_known_of_rows_that_were_written(folder, registers):
    given = [AIM | {"REGISTRERING_ID": f"a{n}", "SYSTEM": "Novax"} for n in range(20)]
    landed(write_csv(folder, "AIM", given), registers)
    assert [row["sender"] for row in rows(registers, "delivery")] == ["NOVAX"]


@pytest.mark.parametrize("alike", [False, True])
def test_the_store_is_the_same_as_if_every_row_had_been_staged(alike, monkeypatch, tmp_path):
    """Also if all keys seem to be alike, as two keys in 10^19 are."""
    drawn = random.Random(1)
    for day in ("2025-04-01", "2025-03-01", "2025-05-01"):
        for part in ("", "_2", "_3"):
            folder = tmp_path / day / day
            write_csv(
                folder,
                f"LPR_A_KONTAKT{part}",
                [
                    contact(
                        drawn.randrange(90), drawn.choice((2023, 2024)), PRIORITET=drawn.choice(("ATA1", "ATA3", "odd"))
                    )
                    for _ in range(drawn.choice((3, 12, 20)))
                ],
            )
            write_csv(
                folder,
                f"BEF{part}",
                [
                    BEF
                    | {
                        "PNR": f"{1 + drawn.randrange(28):02}0180{drawn.randrange(1000, 1004)}",
                        "KOM": drawn.choice(("101", "851")),
                    }
                    for _ in range(drawn.choice((3, 12, 20)))
                ],
            )
    stores = {few: Registers(tmp_path / f"registers-{few}") for few in (10, NEVER)}
    counts = {}
    for few, store in stores.items():
        monkeypatch.setattr(at_once, "FEW_ROWS", few)
        if alike and few != NEVER:
            monkeypatch.setattr(at_once, "hash_of_key", lambda model: "0")
        counts[few] = [
            sorted(map(repr, landed(tmp_path / day, store).counts))
            for day in ("2025-04-01", "2025-03-01", "2025-05-01")
        ]
    written, compared = (content(store) for store in stores.values())
    assert written == compared
    assert counts[10] == counts[NEVER]

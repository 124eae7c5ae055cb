"""Made-up deliveries: the same every time, in the layout that intake reads, of people who cannot be real."""

import hashlib
import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from ddns_utils import codelists, model
from ddns_utils.errors import DataError
from ddns_utils.synthetic import denmark as made
from ddns_utils.synthetic import synthesize
from ddns_utils.synthetic.people import CPR_WEIGHTS, cpr_numbers
from ddns_utils.synthetic.reading import reports

FIELDS = {
    "LPR_A_KONTAKT", "LPR_A_DIAGNOSE", "LPR_A_PROCREGISTRERING", "SSSY", "LMDB", "LAB", "BEF", "CPR", "AIM", "SENTINEL",
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    synthesize(folder, 1_500, 2, seed=7)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def frame(folder: Path, name: str, day: str = "*") -> pd.DataFrame:
    """All delivered rows of one register as a data frame, from every delivery or one."""
    files = sorted((folder / "registers").glob(f"{day}/{name}*"))
    parts = [
        pa_csv.read_csv(file, parse_options=pa_csv.ParseOptions(delimiter=";"), convert_options=_text())
        if file.suffix == ".csv" else pq.read_table(file)
        for file in files
    ]  # fmt: skip
    return pd.concat([part.to_pandas() for part in parts], ignore_index=True)


def _text() -> pa_csv.ConvertOptions:
    return pa_csv.ConvertOptions(column_types=dict.fromkeys(("PNR", "PNRGAELD", "CPR", "KOM"), pa.string()))


def test_the_same_numbers_and_seed_give_the_same_files_byte_for_byte(small, tmp_path):
    synthesize(tmp_path / "again", 1_500, 2, seed=7)
    assert hashes(tmp_path / "again") == hashes(small)


def test_another_seed_gives_other_people(small, tmp_path):
    synthesize(tmp_path / "other", 1_500, 2, seed=8)
    other, same = hashes(tmp_path / "other"), hashes(small)
    assert other["registers/2026-05-01/BEF.csv"] != same["registers/2026-05-01/BEF.csv"]


def test_a_large_country_is_made_in_chunks_that_together_are_one(monkeypatch, tmp_path):
    monkeypatch.setattr(made, "CHUNK", 1_000)
    told = []
    synthesize(tmp_path, 2_500, 1, on_progress=lambda what, done, total: told.append((done, total)))
    people = frame(tmp_path, "BEF", "2026-05-01")
    assert sorted(file.name for file in (tmp_path / "registers" / "2026-05-01").glob("BEF*")) == [
        "BEF_1.csv", "BEF_2.csv", "BEF_3.csv"]  # fmt: skip
    born_before = people[people["FOED_DAG"] < date(2025, 1, 1)]
    assert born_before["PNR"].nunique() == 2_500
    assert frame(tmp_path, "LPR_A_KONTAKT")["DW_EK_KONTAKT"].is_unique
    ids = [bundle["id"] for bundle in reports(tmp_path)]
    assert len(ids) == len(set(ids))
    assert told[-1] == (12, 12)


def test_a_folder_with_deliveries_is_not_written_into_again(small):
    with pytest.raises(DataError, match="already has deliveries"):
        synthesize(small, 100, 1)


@pytest.mark.parametrize(("citizens", "years"), [(0, 4), (100, 0)])
def test_nobody_or_no_time_is_refused(citizens, years, tmp_path):
    with pytest.raises(DataError, match="at least 1 citizen and 1 year"):
        synthesize(tmp_path, citizens, years)


def test_there_is_a_delivery_each_january_and_one_at_the_extraction(small):
    days = sorted(folder.name for folder in (small / "registers").iterdir())
    assert days == ["2025-01-15", "2026-01-15", "2026-05-01"]
    files = (small / "registers" / "2026-05-01").iterdir()
    assert {re.sub("(AIM|SENTINEL)_.*", r"\1", file.stem) for file in files} == FIELDS


def test_every_delivered_column_that_the_model_names_is_there(small):
    for table in model.TABLES.values():
        for column in table.columns.values():
            register, _, field = column.source.partition(".")
            if register in FIELDS:
                columns = [name.upper() for name in frame(small, register, "2026-05-01").columns]
                assert field in columns


def test_reports_lie_by_day_sent_and_four_digit_municipality(small):
    files = list((small / "kl_gateway").rglob("*.ndjson"))
    assert {file.stem[0] for file in files} == {"0"}
    assert {file.stem[1:] for file in files} <= set(codelists.codes("municipality"))
    assert all(date.fromisoformat(file.parent.name) < date(2026, 5, 1) for file in files)


def test_the_record_keeper_of_a_file_is_the_municipality_it_is_named_after(small):
    keepers = {row["code"]: row["municipality"] for row in codelists.rows("municipal_organization")}
    for file in sorted((small / "kl_gateway").rglob("*.ndjson"))[:200]:
        for line in file.read_text(encoding="utf-8").splitlines():
            patient = json.loads(line)["entry"][0]["resource"]
            assert keepers[patient["managingOrganization"]["identifier"]["value"]] == file.stem[1:]


def test_no_made_up_cpr_number_meets_modulus_11_and_each_says_birthday_and_sex(small):
    people = frame(small, "BEF", "2026-05-01").drop_duplicates("PNR")
    for number, born, sex in zip(people["PNR"], people["FOED_DAG"], people["KOEN"], strict=True):
        assert len(number) == 10
        assert sum(int(d) * w for d, w in zip(number, CPR_WEIGHTS, strict=True)) % 11 != 0
        assert number[:6] == f"{born:%d%m%y}"
        assert int(number[9]) % 2 == int(sex) % 2
        assert (int(number[6]) >= 4) == (born.year >= 2000)


def test_made_up_cpr_numbers_do_not_run_into_those_of_another_chunk():
    born = np.full(40, 3_000.0)
    numbers = [cpr_numbers(born, np.zeros(40, dtype=bool), chunk, 40) for chunk in range(40)]
    assert len(set(np.concatenate(numbers).tolist())) == 1_600


def test_more_births_on_a_day_than_numbers_is_refused():
    with pytest.raises(DataError, match="41 births of one sex on one day"):
        cpr_numbers(np.full(41, 3_000.0), np.ones(41, dtype=bool), 0, 40)


def test_nothing_happens_to_anyone_before_birth_or_after_death(small):
    people = frame(small, "BEF", "2026-05-01").drop_duplicates("PNR").set_index("PNR")
    present = frame(small, "CPR").set_index("PNR")["PNRGAELD"].to_dict()
    for register, who, when in (
        ("SSSY", "PNR", "BEHANDLINGSDATO"), ("LMDB", "PNR", "EKSD"), ("LAB", "PNR", "SAMPLINGDATE"),
        ("AIM", "CPR", "DATO"), ("SENTINEL", "CPR", "DATO"),
    ):  # fmt: skip
        rows = frame(small, register)
        about = people.loc[rows[who].replace(present)]
        assert (rows[when].to_numpy() >= about["FOED_DAG"].to_numpy()).all()
        dead = about["DOED_DAG"].notna().to_numpy()
        assert (rows[when].to_numpy()[dead] <= about["DOED_DAG"].to_numpy()[dead]).all()


def test_homes_follow_each_other_without_overlap(small):
    homes = frame(small, "BEF", "2026-05-01").sort_values(["PNR", "BOP_VFRA"])
    following = homes.groupby("PNR")["BOP_VFRA"].shift(-1)
    again = following.notna()
    assert again.any()
    assert (homes.loc[again, "BOP_VTIL"] == following[again]).all()
    assert (homes.loc[~again, "BOP_VTIL"].isna() == homes.loc[~again, "DOED_DAG"].isna()).all()


def test_each_population_delivery_is_the_full_state_and_knows_nothing_of_the_future(small):
    early = frame(small, "BEF", "2025-01-15")
    assert early["PNR"].nunique() >= 1_500
    assert early["BOP_VFRA"].max() < date(2025, 1, 15)
    assert early["DOED_DAG"].dropna().max() < date(2025, 1, 15)


def test_every_diagnosis_and_procedure_has_its_contact_in_the_same_delivery(small):
    for day in ("2025-01-15", "2026-01-15", "2026-05-01"):
        contacts = set(frame(small, "LPR_A_KONTAKT", day)["DW_EK_KONTAKT"])
        for register in ("LPR_A_DIAGNOSE", "LPR_A_PROCREGISTRERING"):
            assert set(frame(small, register, day)["DW_EK_KONTAKT"]) <= contacts


def test_every_contact_has_one_action_diagnosis_and_no_diagnosis_twice(small):
    diagnoses = frame(small, "LPR_A_DIAGNOSE")
    contacts = frame(small, "LPR_A_KONTAKT")
    assert not diagnoses.duplicated(["DW_EK_KONTAKT", "DIAG_KODE", "DIAG_KODE_TYPE"]).any()
    assert (diagnoses["DIAG_KODE_TYPE"] == "A").sum() == len(contacts)
    assert contacts["DW_EK_KONTAKT"].is_unique


def test_nobody_lies_in_two_hospitals_at_once(small):
    contacts = frame(small, "LPR_A_KONTAKT")
    contacts = contacts[(contacts["KONT_TYPE"] == "ALCA00") & contacts["KONT_SLUTTIDSPUNKT"].notna()]
    contacts = contacts.sort_values(["PNR", "KONT_STARTTIDSPUNKT"])
    before = contacts.groupby("PNR")["KONT_SLUTTIDSPUNKT"].shift()
    assert (contacts["KONT_STARTTIDSPUNKT"][before.notna()] >= before[before.notna()]).all()


def test_registers_have_the_oddities_that_real_ones_have(small):
    contacts, diagnoses, results = (frame(small, name) for name in ("LPR_A_KONTAKT", "LPR_A_DIAGNOSE", "LAB"))
    assert contacts["KONT_SLUTTIDSPUNKT"].isna().any()
    assert set(contacts["KONT_TYPE"]) == {"ALCA00", "ALCA03", "ALCA10"}
    assert set(diagnoses["SENERE_AFKRAEFTET"].fillna("not stated")) == {"Ja", "Nej", "not stated"}
    assert set(diagnoses["DIAG_KODE_TYPE"]) == {"A", "B", "+"}
    assert results["VALUE"].str.contains(",").any()
    assert set(frame(small, "SSSY")["BARNMAK"]) == {0, 1}
    assert frame(small, "SSSY")["YDLANT"].max() > 1
    assert results["VALUE"].str.startswith("<").any()
    assert frame(small, "LMDB")["INDO"].isna().mean() > 0.1


def test_every_row_was_reported_before_the_delivery_that_has_it(small):
    for day in ("2025-01-15", "2026-01-15", "2026-05-01"):
        assert frame(small, "LMDB", day)["EKSD"].max() < date.fromisoformat(day)
        assert frame(small, "LPR_A_KONTAKT", day)["KONT_STARTTIDSPUNKT"].max().date() < date.fromisoformat(day)


def test_medicines_for_asthma_and_for_copd_are_kept_apart():
    atc = {row["disease"]: set() for row in codelists.rows("medicine_regimen")}
    for row in codelists.rows("medicine_regimen"):
        atc[row["disease"]].add(row["code"][:5])
    assert atc["asthma"] & atc["copd"] == {"R03AC"}
    assert {row["code"] for row in codelists.rows("medicine_regimen") if row["disease"] == "asthma"} >= {"R03AC02"}

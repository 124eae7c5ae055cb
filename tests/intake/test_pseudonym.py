"""Pseudonyms: stable, keyed, the same in Python and SQL; the key is guarded."""

import hmac
import re

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.deliver import ANNA, BO, CONTACT, KEY, landed, rows, write_csv

from ddns_utils.errors import DataError
from ddns_utils.intake import change_key, land, project_pseudonyms
from ddns_utils.intake.pseudonym import HIDDEN, Pseudonyms, hide, may_hold_cpr, read_key, require_same_key

PSEUDONYMS = Pseudonyms(KEY)
ENGINE = duckdb.connect()
PSEUDONYMS.teach(ENGINE)


def in_sql(macro, text):
    return ENGINE.execute(f"SELECT {macro}($1)", [text]).fetchone()[0]


def test_a_pseudonym_is_32_digits_of_hmac_sha_256():
    assert PSEUDONYMS.of(ANNA) == hmac.new(KEY, ANNA.encode(), "sha256").hexdigest()[:32]


@pytest.mark.parametrize(
    "written",
    [
        "0101801234",
        "010180-1234",
        "010180 1234",
        " 010180-1234 ",
        "010180–1234",
        "010180\u00a01234",
        "\ufeff010180\u200b1234",
    ],
)
def test_a_number_has_one_pseudonym_however_it_is_written(written):
    assert PSEUDONYMS.of(written) == in_sql("pseudonym", written) == PSEUDONYMS.of(ANNA)


def test_another_key_gives_another_pseudonym():
    assert Pseudonyms(bytes(32)).of(ANNA) != PSEUDONYMS.of(ANNA)


@pytest.mark.parametrize(
    ("cpr", "possible"),
    [
        ("1502779995", True),  # modulus 11 is not met
        ("2902001234", False),  # 1900 was no leap year
        ("2902004234", True),  # 2000 was
        ("2902005234", True),
        ("2902585234", False),  # 1858
        ("2902565234", True),  # 2056
        ("3104801234", False),
        ("0013801234", False),
        ("010180123", False),
        ("01018012345", False),
        ("010180A234", False),
        ("", False),
    ],
)
def test_an_impossible_date_has_no_pseudonym_and_modulus_11_does_not_matter(cpr, possible):
    assert (PSEUDONYMS.of(cpr) is not None, in_sql("pseudonym", cpr) is not None) == (possible, possible)


@given(st.from_regex(r"[0-3][0-9][01][0-9]{3}[- –\u00a0]?[0-9]{4}", fullmatch=True))
def test_python_and_sql_agree_on_every_number(cpr):
    assert PSEUDONYMS.of(cpr) == in_sql("pseudonym", cpr)


@given(
    st.lists(st.from_regex(r"[0-3][0-9][01][0-9]{3}[-/ ]?[0-9]{4}", fullmatch=True), min_size=1),
    st.sampled_from(", ;x-"),
)
def test_no_number_is_left_in_a_text_where_numbers_were_hidden(numbers, between):
    text = between.join(numbers)
    for hidden in (hide(text), in_sql("hide_cpr", text)):
        assert not re.search(r"(?<!\d)\d{6}[-\s./]{0,3}\d{4}(?!\d)", hidden)
        assert HIDDEN in hidden


@pytest.mark.parametrize(
    "value", ["451000016003", "1037801000016003", "152a1f8f-db33-4fa4-b5ea-c6f4e5cebd22", "k1", None]
)
def test_keys_that_are_no_cpr_number_stay_as_they_are(value):
    assert in_sql("without_cpr", value) == value
    assert not may_hold_cpr(pa.array([value], pa.string()))


@pytest.mark.parametrize("between", ["", "-", "/", ".", " ", "\u00a0", "\u202f", "\u00ad", "\u200b", "\u2009", "\u2060", "‐", "‑", "–", "—", "−", " – "])  # fmt: skip
def test_a_number_is_found_whatever_stands_before_its_last_four_digits(between):
    text = f"ring 010180{between}1234"
    assert hide(text) == in_sql("hide_cpr", text) == f"ring {HIDDEN}"
    assert in_sql("without_cpr", text) != text


@pytest.mark.parametrize("value", [ANNA, "010180-1234", f"id-{ANNA}", f"ring {ANNA}x"])
def test_a_value_with_a_cpr_number_becomes_a_keyed_hash_that_still_meets_itself(value):
    assert in_sql("without_cpr", value) == in_sql("without_cpr", value) != value
    assert re.fullmatch("[0-9a-f]{32}", in_sql("without_cpr", value))
    assert may_hold_cpr(pa.array(["k1", value]))


@given(st.from_regex(r"[0-9a-f]{0,8}[-x]?[0-3][0-9][01][0-9]{3}[-/ ]?[0-9]{4}[-0-9a-f]{0,12}", fullmatch=True))
def test_texts_that_may_hold_a_number_are_those_that_are_replaced(text):
    assert may_hold_cpr(pa.array([text])) == (in_sql("without_cpr", text) != text)


def test_the_key_is_made_on_first_use_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.delenv("DDNS_KEY", raising=False)
    monkeypatch.delenv("DDNS_KEY_FILE", raising=False)
    key = read_key(tmp_path)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert read_key(tmp_path) == key
    assert len(key) == 32


def test_a_key_that_others_can_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("DDNS_KEY", raising=False)
    monkeypatch.setenv("DDNS_KEY_FILE", str(tmp_path / "shared-key"))
    (tmp_path / "shared-key").write_text(KEY.hex())
    (tmp_path / "shared-key").chmod(0o640)
    with pytest.raises(DataError, match="Others than its owner can read the key file shared-key"):
        read_key(tmp_path)


def test_the_environment_gives_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("DDNS_KEY", KEY.hex())
    assert read_key(tmp_path) == KEY
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("text", ["secret", "abcd", "0" * 63])
def test_something_that_is_no_key_is_refused_and_not_repeated(text, tmp_path, monkeypatch):
    monkeypatch.setenv("DDNS_KEY", text)
    with pytest.raises(DataError, match="DDNS_KEY is no key") as caught:
        read_key(tmp_path)
    assert text not in str(caught.value)


def test_a_store_refuses_another_key_than_its_own(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    landed(folder, registers)
    with pytest.raises(DataError, match="were written with another key"):
        land(folder, registers, bytes(32))
    assert len(rows(registers, "hospital_contact")) == 1


def test_a_lost_key_is_not_replaced_by_a_new_one(tmp_path, monkeypatch):
    monkeypatch.delenv("DDNS_KEY", raising=False)
    monkeypatch.delenv("DDNS_KEY_FILE", raising=False)
    require_same_key(tmp_path, PSEUDONYMS)
    with pytest.raises(DataError, match="The key file key is missing"):
        read_key(tmp_path)


def test_a_new_key_empties_the_registers_in_a_new_version_and_everything_lands_again(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    landed(folder, registers)
    change_key(registers, bytes(32))
    assert {name: rows(registers, name) for name in registers.snapshot().tables} == {
        "hospital_contact": [],
        "delivery": [],
    }
    with pytest.raises(DataError, match="were written with another key"):
        landed(folder, registers)
    land(folder, registers, bytes(32))
    (contact,) = rows(registers, "hospital_contact")
    assert contact["person_id"] == Pseudonyms(bytes(32)).of(ANNA)
    before = registers.snapshot(1)
    assert before.engine.to_pyarrow(before.table("hospital_contact"))["person_id"].to_pylist() == [PSEUDONYMS.of(ANNA)]


def test_the_same_key_given_as_a_new_one_changes_nothing(folder, registers):
    write_csv(folder, "LPR_A_KONTAKT", [CONTACT])
    landed(folder, registers)
    change_key(registers, KEY)
    assert registers.latest_version == 1


def test_a_project_key_gives_the_projects_own_pseudonyms():
    ids = [PSEUDONYMS.of(ANNA), PSEUDONYMS.of(BO), PSEUDONYMS.of(ANNA)]
    ours = project_pseudonyms(ids, KEY)
    assert ours == [hmac.new(KEY, id_.encode(), "sha256").hexdigest()[:32] for id_ in ids]
    assert not set(ours) & (set(ids) | set(project_pseudonyms(ids, bytes(32))))


def test_a_project_key_of_another_length_is_refused():
    with pytest.raises(DataError, match="must have 32 bytes"):
        project_pseudonyms([], b"short")

"""What is asked of the rows of a flat file, by quick ways and slow ones."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake.deliver import ANNA, CONTACT, KEY

from ddns_utils.intake import flat_text
from ddns_utils.intake.answers import DIFFERENT, answer, forget_persons
from ddns_utils.intake.flat_rows import fields_of, questions
from ddns_utils.intake.pseudonym import Pseudonyms

TIDY = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=3)
ODD = st.sampled_from(["k 2", " k3", "k4 ", "\u00a0k5", "k\u00f8", "\t", " ", "", f"{ANNA}-1", None])
TEXTS = st.tuples(st.lists(TIDY, min_size=1, max_size=4), st.lists(ODD, max_size=2)).map(lambda each: each[0] + each[1])


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as engine:
        flat_text.teach(engine)
        Pseudonyms(KEY).teach(engine)
        yield engine


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.booleans(), st.integers(0, 3), st.booleans())
def test_texts_are_trimmed_whether_or_not_they_are_looked_at_one_by_one(engine, texts, encoded, skipped, as_one):
    """``contact_id`` of some rows, sliced out of more of them, as texts or as numbers into a dictionary."""
    ids = pa.array(["before"] * skipped + texts, pa.string())
    ids = (ids.dictionary_encode() if encoded else ids).slice(skipped)
    fields = fields_of("LPR_A_KONTAKT")
    rows = pa.table({f: ids if f == "DW_EK_KONTAKT" else pa.array([CONTACT.get(f)] * len(ids)) for f in fields})
    kinds = {name: (name, "VARCHAR") for name in fields}
    asked = questions("LPR_A_KONTAKT", "2025-04-01-0", "hospital_contact", kinds, DIFFERENT, as_one)
    forget_persons(engine)
    columns, broken = answer(asked, rows, engine, Pseudonyms(KEY))
    expected = [engine.execute("SELECT without_cpr(trimmed($1::VARCHAR))", [text]).fetchone()[0] for text in texts]
    assert columns["contact_id"].to_pylist() == expected
    assert broken.tolist() == [text is None for text in expected]

"""Diagnoses and procedures follow their contact when a later delivery corrects its person or its start."""

from __future__ import annotations

import ibis

from ddns_utils.intake.settle import WITH_CONTACT
from ddns_utils.intake.staging import Staging
from ddns_utils.model import TABLES
from ddns_utils.registers import Writer


def follow_contacts(staged: Staging, writer: Writer) -> None:
    """Give the stored diagnoses and procedures of contacts that have just changed their new person and start.

    Called when the contacts of a landing have been settled. Rows keep the delivery that brought them.
    """
    snapshot = writer.snapshot
    if "hospital_contact" not in snapshot.tables:
        return
    standing = f"SELECT contact_id, person_id, start FROM {staged.rows('hospital_contact')} WHERE stands"
    new = ibis.memtable(staged.engine.execute(standing).to_arrow_table())
    old = snapshot.table("hospital_contact").select("contact_id", was="person_id", began="start")
    both = new.inner_join(old, "contact_id")
    moved = snapshot.engine.to_pyarrow(
        both.filter((both.person_id != both.was) | (both.start != both.began)).select(
            "contact_id", "person_id", "start"
        )
    )
    if not len(moved):
        return
    contact = ibis.memtable(moved.rename_columns(["contact_id", "new_person_id", "new_contact_start"]))
    for table, filled in WITH_CONTACT.items():
        if table in snapshot.tables:
            rows = snapshot.table(table).inner_join(contact, "contact_id")
            rows = rows.mutate(**{column: rows[f"new_{column}"] for column in filled})
            writer.merge(table, snapshot.engine.to_pyarrow(rows.select(*TABLES[table].columns)))

"""Diagnoses and procedures follow their contact when a later delivery corrects its person or its start."""

from __future__ import annotations

from ddns_utils.intake.settle import WITH_CONTACT
from ddns_utils.registers import Writer


def follow_contacts(writer: Writer) -> None:
    """Give the stored diagnoses and procedures of contacts that have just changed their new person and start.

    Called when the contacts of a landing have been settled. Rows keep the delivery that brought them.
    """
    contacts = writer.files("hospital_contact")
    if not contacts.committed or not contacts.changed:
        return
    writer.engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE moved AS
        SELECT contact_id, new.person_id, new.start AS contact_start
        FROM {writer.scan("hospital_contact", contacts.added)} AS new
        JOIN {writer.scan_before("hospital_contact")} AS old USING (contact_id)
        WHERE new.person_id <> old.person_id OR new.start <> old.start""")
    if writer.engine.execute("SELECT count(*) FROM moved").fetchone() == (0,):
        return
    for table, filled in WITH_CONTACT.items():
        changes = ", ".join(f"moved.{column} AS {column}" for column in filled)
        writer.engine.execute(f"""
            CREATE OR REPLACE TEMP TABLE followed AS
            SELECT stored.* REPLACE ({changes}) FROM {writer.scan(table)} AS stored JOIN moved USING (contact_id)""")
        writer.put(table, "followed", writer.holding(table, "followed"))

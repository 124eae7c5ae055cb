"""Hospital contacts, diagnoses and procedures, in the shape of LPR3."""

from ddns_utils.language import Text
from ddns_utils.model.columns import delivery_id, first_received_on, person_id
from ddns_utils.model.declare import Column, Table


class HospitalContact(Table):
    """Contacts with hospitals. A contact without an end is still open."""

    name = "hospital_contact"
    one_row_is = Text(da="en sygehuskontakt", en="a hospital contact")
    origin = "LPR_A"
    key = ("contact_id",)
    time = "start"
    happened = ("start", "end")
    event = "end"  # a contact is reported when it ends
    forward = (("start", "end"),)

    contact_id = Column(
        type="text", da="Kontaktens nøgle", en="Key of the contact", source="LPR_A_KONTAKT.DW_EK_KONTAKT"
    )
    person_id = person_id("LPR_A_KONTAKT.PNR")
    start = Column(
        type="moment", da="Kontaktens start", en="Start of the contact", source="LPR_A_KONTAKT.KONT_STARTTIDSPUNKT"
    )
    end = Column(
        type="moment",
        nullable=True,
        da="Kontaktens slut; mangler, mens kontakten er åben",
        source="LPR_A_KONTAKT.KONT_SLUTTIDSPUNKT",
        en="End of the contact; missing while it is open",
    )
    contact_type = Column(
        type="text", codes="contact_type", da="Kontakttype", en="Kind of contact", source="LPR_A_KONTAKT.KONT_TYPE"
    )
    priority = Column(
        type="text", nullable=True, codes="priority", da="Prioritet", en="Priority", source="LPR_A_KONTAKT.PRIORITET"
    )
    main_diagnosis = Column(
        type="text",
        nullable=True,
        da="Aktionsdiagnose (SKS, med D foran)",
        en="Action diagnosis (SKS, with its leading D)",
        source="LPR_A_KONTAKT.ADIAG",
    )
    specialty = Column(
        type="text",
        nullable=True,
        da="Ansvarlig enheds hovedspeciale, små bogstaver",
        source="LPR_A_KONTAKT.KONT_ANS_HOVEDSPEC",
        en="Main specialty of the responsible unit, lower case",
    )
    unit = Column(
        type="text",
        nullable=True,
        da="Ansvarlig enhed (SOR)",
        en="Responsible unit (SOR)",
        source="LPR_A_KONTAKT.KONT_ANS",
    )
    course_id = Column(
        type="text", nullable=True, da="Forløbets nøgle", en="Key of the course", source="LPR_A_KONTAKT.DW_EK_FORLOEB"
    )
    delivery_id = delivery_id()
    first_received_on = first_received_on()


class HospitalDiagnosis(Table):
    """Diagnoses on hospital contacts, with the person and start of their contact."""

    name = "hospital_diagnosis"
    one_row_is = Text(da="en diagnose på en sygehuskontakt", en="a diagnosis on a hospital contact")
    origin = "LPR_A"
    key = ("contact_id", "code", "kind")
    time = "contact_start"

    contact_id = Column(
        type="text", da="Kontaktens nøgle", en="Key of the contact", source="LPR_A_DIAGNOSE.DW_EK_KONTAKT"
    )
    person_id = person_id("LPR_A_KONTAKT.PNR")
    contact_start = Column(
        type="moment", da="Kontaktens start", en="Start of the contact", source="LPR_A_KONTAKT.KONT_STARTTIDSPUNKT"
    )
    code = Column(
        type="text",
        da="Diagnose (SKS, med D foran)",
        en="Diagnosis (SKS, with its leading D)",
        source="LPR_A_DIAGNOSE.DIAG_KODE",
    )
    kind = Column(
        type="text",
        codes="diagnosis_kind",
        da="Diagnosetype",
        en="Kind of diagnosis",
        source="LPR_A_DIAGNOSE.DIAG_KODE_TYPE",
    )
    parent_code = Column(
        type="text",
        nullable=True,
        da="Den diagnose, en tillægskode hører til",
        en="The diagnosis that an addition belongs to",
        source="LPR_A_DIAGNOSE.DIAG_PARENT_KODE",
    )
    retracted = Column(
        type="yes_no",
        nullable=True,
        da="Senere afkræftet; mangler, hvis det ikke er oplyst",
        source="LPR_A_DIAGNOSE.SENERE_AFKRAEFTET",
        en="Retracted later; missing if not stated",
    )
    delivery_id = delivery_id()


class HospitalProcedure(Table):
    """Procedures on hospital contacts."""

    name = "hospital_procedure"
    one_row_is = Text(da="en procedure på en sygehuskontakt", en="a procedure on a hospital contact")
    origin = "LPR_A"
    key = ("contact_id", "code", "start")
    time = "start"
    happened = ("start",)

    contact_id = Column(
        type="text", da="Kontaktens nøgle", en="Key of the contact", source="LPR_A_PROCREGISTRERING.DW_EK_KONTAKT"
    )
    person_id = person_id("LPR_A_KONTAKT.PNR")
    code = Column(type="text", da="Procedure (SKS)", en="Procedure (SKS)", source="LPR_A_PROCREGISTRERING.PROC_KODE")
    kind = Column(
        type="text",
        allowed=("P", "+"),
        da="Proceduretype",
        en="Kind of procedure",
        source="LPR_A_PROCREGISTRERING.PROC_KODE_TYPE",
    )
    start = Column(
        type="moment",
        da="Procedurens start",
        en="Start of the procedure",
        source="LPR_A_PROCREGISTRERING.PROC_STARTTIDSPUNKT",
    )
    delivery_id = delivery_id()

"""General and specialist practice, medicines and laboratories."""

from ddns_utils.language import Text
from ddns_utils.model.columns import delivery_id, first_received_on, person_id, system
from ddns_utils.model.declare import Column, Table


class PracticeService(Table):
    """Services settled with general and specialist practice. Sum ``quantity``; do not count rows."""

    name = "practice_service"
    one_row_is = Text(da="en afregnet ydelse", en="a settled service")
    origin = "SSSY"
    time = "service_date"
    happened = ("service_date",)
    event = "service_date"

    person_id = person_id("SSSY.PNR")
    service_date = Column(
        type="day",
        da="Behandlingsdato; før 2021 mandagen i afregningsugen",
        source="SSSY.BEHANDLINGSDATO",
        en="Day of treatment; before 2021 the Monday of the settlement week",
    )
    settled_week = Column(
        type="text",
        da="Afregningsuge som ISO-år og -uge (2025-W07)",
        en="Settlement week as ISO year and week (2025-W07)",
        source="SSSY.HONUGE",
    )
    specialty = Column(
        type="text",
        da="Speciale: de to første cifre (80 almen praksis, 54 fodterapi)",
        source="SSSY.SPECIALE",
        en="Specialty: the first two digits (80 general practice, 54 podiatry)",
    )
    service_code = Column(
        type="text",
        da="Ydelsesnummer: de fire sidste cifre",
        en="Service number: the last four digits",
        source="SSSY.SPECIALE",
    )
    provider = Column(type="text", nullable=True, da="Ydernummer", en="Provider number", source="SSSY.YDERNR")
    quantity = Column(
        type="whole",
        least=-99,
        most=999,
        da="Antal ydelser",
        en="Number of services",
        unit="services",
        source="SSSY.YDLANT",
    )
    for_child = Column(
        type="yes_no",
        da="Ydelsen er givet til et barn på forælderens kort",
        source="SSSY.BARNMAK",
        en="The service was given to a child on the parent's card",
    )
    delivery_id = delivery_id()


class PracticeRecord(Table):
    """Coded entries from general practice systems."""

    name = "practice_record"
    one_row_is = Text(da="en kodet registrering i almen praksis", en="a coded entry from general practice")
    origin = "AIM"
    key = ("system", "record_id")
    time = "recorded_on"
    happened = ("recorded_on",)
    event = "recorded_on"
    sent_by = "system"

    record_id = Column(type="text", da="Registreringens nøgle", en="Key of the entry", source="AIM.REGISTRERING_ID")
    person_id = person_id("AIM.CPR")
    recorded_on = Column(type="day", da="Registreringsdato", en="Day of the entry", source="AIM.DATO")
    clinic = Column(
        type="text", nullable=True, da="Klinikkens ydernummer", en="The clinic's provider number", source="AIM.YDERNR"
    )
    system = system("AIM.SYSTEM")
    kind = Column(
        type="text",
        allowed=("diagnosis", "measurement", "care_plan_contact"),
        source="AIM.ART",
        da="Art: diagnose, måling eller årskontrol",
        en="Kind: diagnosis, measurement or care-plan contact",
    )
    code = Column(type="text", da="Kode", en="Code", source="AIM.KODE")
    code_system = Column(
        type="text",
        allowed=("ICPC-2", "SKS", "NPU", "DDNS"),
        da="Kodesystem",
        en="Code system",
        source="AIM.KODESYSTEM",
    )
    value = Column(
        type="decimal", nullable=True, da="Målt værdi", en="Measured value", unit="as in unit", source="AIM.VAERDI"
    )
    unit = Column(type="text", nullable=True, da="Værdiens enhed", en="Unit of the value", source="AIM.ENHED")
    delivery_id = delivery_id()
    first_received_on = first_received_on()


class SpecialistRecord(Table):
    """Contacts in specialist practice with their diagnoses."""

    name = "specialist_record"
    one_row_is = Text(
        da="en diagnose ved en kontakt i speciallægepraksis", en="a diagnosis at a contact in specialist practice"
    )
    origin = "SENTINEL"
    key = ("system", "record_id")
    time = "contact_on"
    happened = ("contact_on",)
    event = "contact_on"
    sent_by = "system"

    record_id = Column(
        type="text", da="Registreringens nøgle", en="Key of the entry", source="SENTINEL.REGISTRERING_ID"
    )
    person_id = person_id("SENTINEL.CPR")
    contact_on = Column(type="day", da="Kontaktdato", en="Day of the contact", source="SENTINEL.DATO")
    specialty = Column(
        type="text",
        da="Speciale (to cifre som i SSSY)",
        en="Specialty (two digits as in SSSY)",
        source="SENTINEL.SPECIALE",
    )
    provider = Column(type="text", nullable=True, da="Ydernummer", en="Provider number", source="SENTINEL.YDERNR")
    system = system("SENTINEL.SYSTEM")
    diagnosis = Column(
        type="text", nullable=True, da="Diagnose (SKS)", en="Diagnosis (SKS)", source="SENTINEL.DIAGNOSE"
    )
    delivery_id = delivery_id()
    first_received_on = first_received_on()


class Prescription(Table):
    """Redeemed prescriptions."""

    name = "prescription"
    one_row_is = Text(da="en indløst recept", en="a redeemed prescription")
    origin = "LMDB"
    time = "dispensed_on"
    happened = ("dispensed_on",)
    event = "dispensed_on"

    person_id = person_id("LMDB.PNR")
    dispensed_on = Column(type="day", da="Ekspeditionsdato", en="Day of dispensing", source="LMDB.EKSD")
    atc = Column(type="text", da="ATC-kode", en="ATC code", source="LMDB.ATC")
    product = Column(type="text", nullable=True, da="Varenummer", en="Product number", source="LMDB.VNR")
    packs = Column(
        type="decimal", least=0, most=9999, da="Antal pakninger", en="Number of packs", unit="packs", source="LMDB.APK"
    )
    ddd = Column(
        type="decimal",
        nullable=True,
        least=0,
        most=99999,
        da="Definerede døgndoser i alt (VOLUME × APK)",
        source="LMDB.VOLUME",
        en="Defined daily doses in all (VOLUME × APK)",
        unit="DDD",
    )
    indication = Column(
        type="text",
        nullable=True,
        da="Indikationskode; mangler ofte",
        en="Indication code; often missing",
        source="LMDB.INDO",
    )
    delivery_id = delivery_id()


class LabResult(Table):
    """Laboratory results."""

    name = "lab_result"
    one_row_is = Text(da="et laboratoriesvar", en="a laboratory result")
    origin = "LAB"
    time = "sampled_at"
    happened = ("sampled_at",)
    event = "sampled_at"

    person_id = person_id("LAB.PNR")
    sampled_at = Column(type="day", da="Prøvetagningsdato", en="Day of sampling", source="LAB.SAMPLINGDATE")
    npu = Column(
        type="text",
        da="Analysekode (NPU, DNK eller lokal)",
        en="Analysis code (NPU, DNK or local)",
        source="LAB.ANALYSISCODE",
    )
    value = Column(
        type="decimal",
        nullable=True,
        da="Svarets tal; mangler, hvis svaret ikke er et tal",
        unit="as in unit",
        source="LAB.VALUE",
        en="The result as a number; missing if it is not one",
    )
    comparator = Column(
        type="text",
        nullable=True,
        allowed=("<", "<=", ">", ">="),
        da="Sammenligningstegn foran tallet",
        source="LAB.VALUE",
        en="Comparison sign before the number",
    )
    value_text = Column(
        type="text",
        nullable=True,
        da="Svaret, som det er leveret, hvis det ikke er et tal",
        source="LAB.VALUE",
        en="The result as delivered, if it is not a number",
    )
    unit = Column(type="text", nullable=True, da="Enhed", en="Unit", source="LAB.UNIT")
    laboratory = Column(
        type="text", nullable=True, da="Laboratorium", en="Laboratory", source="LAB.LABORATORIUM_IDCODE"
    )
    delivery_id = delivery_id()

"""The linked data model: one declaration per table and per column, from which everything else is derived."""

from ddns_utils.model.bookkeeping import Delivery, Finding, Quarantine
from ddns_utils.model.declare import SQL_TYPES, Column, Table
from ddns_utils.model.hospital import HospitalContact, HospitalDiagnosis, HospitalProcedure
from ddns_utils.model.municipal import CarePlan, Condition, Encounter, FollowUp, Goal, Intervention, Referral
from ddns_utils.model.municipal_care import CompletedIntervention, Observation
from ddns_utils.model.population import NumberChange, Person, Residence
from ddns_utils.model.practice import LabResult, PracticeRecord, PracticeService, Prescription, SpecialistRecord

TABLES: dict[str, type[Table]] = {
    table.name: table
    for table in (
        Person,
        NumberChange,
        Residence,
        HospitalContact,
        HospitalDiagnosis,
        HospitalProcedure,
        PracticeService,
        PracticeRecord,
        SpecialistRecord,
        Prescription,
        LabResult,
        Referral,
        CarePlan,
        Intervention,
        Encounter,
        Condition,
        Goal,
        FollowUp,
        CompletedIntervention,
        Observation,
        Delivery,
        Finding,
        Quarantine,
    )
}

__all__ = ["SQL_TYPES", "TABLES", "Column", "Table"]

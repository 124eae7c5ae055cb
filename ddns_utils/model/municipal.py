"""Municipal records as the KL Gateway delivers them: referrals, care plans, interventions, encounters, conditions.

Each resource keeps its latest reported state; ``reported_at`` says when that report was put together. A resource
that its sender has marked entered-in-error is kept as ``voided`` and never shown.
"""

from ddns_utils.language import Text
from ddns_utils.model.columns import delivery_id, first_received_on, municipality, person_id
from ddns_utils.model.declare import Column, Table

REQUEST_STATUS = ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")
ACTIVITY_STATUS = (
    "not-started",
    "scheduled",
    "in-progress",
    "on-hold",
    "completed",
    "cancelled",
    "stopped",
    "unknown",
    "entered-in-error",
)
ENCOUNTER_STATUS = (
    "planned",
    "arrived",
    "triaged",
    "in-progress",
    "onleave",
    "finished",
    "cancelled",
    "entered-in-error",
    "unknown",
)
GOAL_STATUS = (
    "proposed",
    "planned",
    "accepted",
    "active",
    "on-hold",
    "completed",
    "cancelled",
    "entered-in-error",
    "rejected",
)
OBSERVATION_STATUS = (
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
)
CLINICAL_STATUS = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
VERIFICATION_STATUS = ("unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error")


class MunicipalResource(Table):
    """What every municipal table has."""

    person_id = person_id("Patient.identifier")
    custodian = Column(
        type="text",
        da="Den journalførende enhed (SOR)",
        en="The record-keeping organisation (SOR)",
        source="Patient.managingOrganization",
    )
    municipality = municipality("Patient.managingOrganization", nullable=True)
    law = Column(type="text", codes="law", da="Lovgrundlag", en="Law", source="Bundle.meta.profile")
    reported_at = Column(
        type="moment",
        da="Hvornår rapporten blev dannet (dansk tid)",
        en="When the report was put together (Danish time)",
        source="Bundle.timestamp",
    )
    voided = Column(
        type="yes_no",
        da="Trukket tilbage af afsenderen (entered-in-error)",
        en="Withdrawn by its sender (entered-in-error)",
        source="status",
    )
    delivery_id = delivery_id()


class Referral(MunicipalResource):
    """Rehabilitation plans (§140) and prevention referrals (§119) as the municipality received them."""

    name = "referral"
    one_row_is = Text(da="en genoptræningsplan eller henvisning", en="a rehabilitation plan or referral")
    origin = "KL Gateway ServiceRequest"
    key = ("custodian", "referral_id")
    time = "received_on"
    order = "reported_at"
    voided_by = "voided"

    referral_id = Column(type="text", da="Henvisningens id", en="Id of the referral", source="ServiceRequest.id")
    kind = Column(
        type="text",
        nullable=True,
        allowed=("general", "specialised", "specialised_level"),
        source="ServiceRequest.category",
        da="Type: almen, specialiseret eller rehabilitering på specialiseret niveau; mangler ved §119",
        en="Kind: general, specialised, or rehabilitation at specialised level; missing for §119",
    )
    level = Column(
        type="text",
        nullable=True,
        allowed=("basic", "advanced"),
        da="Niveau af almen genoptræning, sat af kommunen",
        en="Level of general rehabilitation, set by the municipality",
        source="ServiceRequest.category",
    )
    status = Column(type="text", allowed=REQUEST_STATUS, da="Status", en="Status", source="ServiceRequest.status")
    status_reason = Column(
        type="text",
        nullable=True,
        codes="referral_status_reason.short",
        da="Hvorfor der ikke sker noget",
        en="Why nothing happens",
        source="ServiceRequest.extension[statusReason]",
    )
    received_on = Column(
        type="day",
        nullable=True,
        da="Modtaget i kommunen, ellers afsendt",
        en="Received by the municipality, else sent",
        source="ServiceRequest.authoredOn",
    )
    discharged_on = Column(
        type="day",
        nullable=True,
        da="Udskrevet fra sygehus",
        en="Discharged from hospital",
        source="ServiceRequest.extension[dischargeDate]",
    )
    first_offer_on = Column(
        type="day",
        nullable=True,
        da="Dato for den første tilbudte kontakt, også hvis den blev aflyst",
        source="ServiceRequest.occurrencePeriod.start",
        en="Day of the first contact offered, even if it was cancelled",
    )
    main_diagnosis = Column(
        type="text",
        nullable=True,
        da="Henvisningens første diagnose (SKS)",
        en="First diagnosis of the referral (SKS)",
        source="ServiceRequest.reasonReference",
    )
    requester = Column(
        type="text",
        nullable=True,
        da="Henvisende enhed (SOR)",
        en="Referring unit (SOR)",
        source="ServiceRequest.requester",
    )
    replaces = Column(
        type="text",
        nullable=True,
        da="Den henvisning, denne erstatter",
        en="The referral this one replaces",
        source="ServiceRequest.replaces",
    )


class CarePlan(MunicipalResource):
    """Municipal courses under §119 and §140."""

    name = "care_plan"
    one_row_is = Text(da="et kommunalt forløb", en="a municipal course")
    origin = "KL Gateway CarePlan"
    key = ("custodian", "care_plan_id")
    time = "start"
    order = "reported_at"
    voided_by = "voided"

    care_plan_id = Column(type="text", da="Forløbets id", en="Id of the course", source="CarePlan.id")
    category = Column(
        type="text",
        nullable=True,
        codes="care_plan_category.short",
        da="Forløbstype",
        en="Kind of course",
        source="CarePlan.category",
    )
    status = Column(type="text", allowed=REQUEST_STATUS, da="Status", en="Status", source="CarePlan.status")
    activity_status = Column(
        type="text",
        nullable=True,
        allowed=ACTIVITY_STATUS,
        da="Aktivitetsstatus",
        en="Activity status",
        source="CarePlan.activity.detail.status",
    )
    cancellation_reason = Column(
        type="text",
        nullable=True,
        codes="cancellation_reason.short",
        da="Hvorfor forløbet stoppede",
        en="Why the course stopped",
        source="CarePlan.activity.detail.statusReason",
    )
    start = Column(type="moment", nullable=True, da="Bevilget fra", en="Granted from", source="CarePlan.period.start")
    end = Column(
        type="moment",
        nullable=True,
        da="Planlagt slut; faktisk slut, når forløbet er afsluttet",
        source="CarePlan.period.end",
        en="Planned end; actual end once the course is completed",
    )
    referral_id = Column(
        type="text",
        nullable=True,
        da="Henvisningen bag",
        en="The referral behind it",
        source="CarePlan.extension[basedOnServiceRequest]",
    )
    performer = Column(
        type="text",
        nullable=True,
        da="Udførende enhed (SOR)",
        en="Performing unit (SOR)",
        source="CarePlan.activity.detail.performer",
    )


class Intervention(MunicipalResource):
    """Granted FSIII interventions: home care §83, nursing §138, prevention §119, rehabilitation §140."""

    name = "intervention"
    one_row_is = Text(da="en bevilget indsats", en="a granted intervention")
    origin = "KL Gateway CarePlan"
    key = ("custodian", "intervention_id")
    time = "start"
    order = "reported_at"
    voided_by = "voided"

    intervention_id = Column(type="text", da="Indsatsens id", en="Id of the intervention", source="CarePlan.id")
    code = Column(
        type="text",
        nullable=True,
        codes="fsiii_intervention",
        da="Indsats (FSIII); mangler, hvis kun en lokal kode er givet",
        en="Intervention (FSIII); missing if only a local code is given",
        source="CarePlan.activity.detail.code",
    )
    local_code = Column(
        type="text",
        nullable=True,
        da="Lokal indsatskode",
        en="Local code of the intervention",
        source="CarePlan.activity.detail.code",
    )
    status = Column(type="text", allowed=REQUEST_STATUS, da="Status", en="Status", source="CarePlan.status")
    activity_status = Column(
        type="text",
        nullable=True,
        allowed=ACTIVITY_STATUS,
        da="Aktivitetsstatus",
        en="Activity status",
        source="CarePlan.activity.detail.status",
    )
    delivery_types = Column(
        type="text",
        nullable=True,
        da="Leveringsformer, adskilt af |",
        en="Forms of delivery, separated by |",
        source="CarePlan.activity.detail.extension[deliveryType]",
    )
    start = Column(type="moment", nullable=True, da="Bevilget fra", en="Granted from", source="CarePlan.period.start")
    end = Column(
        type="moment",
        nullable=True,
        da="Planlagt eller faktisk slut",
        en="Planned or actual end",
        source="CarePlan.period.end",
    )
    care_plan_id = Column(
        type="text",
        nullable=True,
        da="Forløbet indsatsen hører til",
        en="The course it belongs to",
        source="CarePlan.basedOn",
    )
    referral_id = Column(
        type="text",
        nullable=True,
        da="Henvisningen bag",
        en="The referral behind it",
        source="CarePlan.extension[basedOnServiceRequest]",
    )
    performer = Column(
        type="text",
        nullable=True,
        da="Udførende enhed (SOR)",
        en="Performing unit (SOR)",
        source="CarePlan.activity.detail.performer",
    )


class Encounter(MunicipalResource):
    """Meetings with municipal staff."""

    name = "encounter"
    one_row_is = Text(
        da="en kommunal kontakt, holdt eller planlagt", en="a meeting with municipal staff, held or planned"
    )
    origin = "KL Gateway Encounter"
    key = ("custodian", "encounter_id")
    time = "start"
    order = "reported_at"
    voided_by = "voided"
    event = "start"

    encounter_id = Column(type="text", da="Kontaktens id", en="Id of the encounter", source="Encounter.id")
    status = Column(type="text", allowed=ENCOUNTER_STATUS, da="Status", en="Status", source="Encounter.status")
    encounter_class = Column(
        type="text", nullable=True, da="Kontaktform", en="Form of encounter", source="Encounter.class"
    )
    encounter_type = Column(
        type="text",
        nullable=True,
        da="Kontakttyper (hjemmepleje og sygepleje), adskilt af |",
        source="Encounter.type",
        en="Kinds of encounter (home care and nursing), separated by |",
    )
    start = Column(
        type="moment", nullable=True, da="Start (dansk tid)", en="Start (Danish time)", source="Encounter.period.start"
    )
    end = Column(
        type="moment", nullable=True, da="Slut (dansk tid)", en="End (Danish time)", source="Encounter.period.end"
    )
    based_on = Column(
        type="text",
        nullable=True,
        da="Id på de forløb eller indsatser, mødet hører til, adskilt af |",
        source="Encounter.extension[basedOnCarePlan]",
        en="Ids of the courses or interventions it belongs to, separated by |",
    )
    first_received_on = first_received_on()


class Condition(MunicipalResource):
    """FSIII conditions, and the diagnoses that referrals came with."""

    name = "condition"
    one_row_is = Text(da="en tilstand eller henvisningsdiagnose", en="a condition or referral diagnosis")
    origin = "KL Gateway Condition"
    key = ("custodian", "condition_id")
    time = "recorded_on"
    order = "reported_at"
    voided_by = "voided"

    condition_id = Column(type="text", da="Tilstandens id", en="Id of the condition", source="Condition.id")
    role = Column(
        type="text",
        allowed=("condition", "referral_diagnosis"),
        da="Tilstand eller henvisningsdiagnose",
        en="Condition or referral diagnosis",
        source="Condition.meta.profile",
    )
    code = Column(
        type="text",
        nullable=True,
        da="Kode (FSIII, SKS eller ICPC-2)",
        en="Code (FSIII, SKS or ICPC-2)",
        source="Condition.code",
    )
    code_system = Column(
        type="text",
        nullable=True,
        allowed=("FSIII", "SKS", "ICPC-2"),
        da="Kodesystem",
        en="Code system",
        source="Condition.code",
    )
    severity = Column(
        type="whole",
        nullable=True,
        least=0,
        most=9,
        da="Funktionsniveau 0–4, 9 ikke relevant",
        en="Severity 0–4, 9 not relevant",
        source="Condition.severity",
    )
    clinical_status = Column(
        type="text",
        nullable=True,
        allowed=CLINICAL_STATUS,
        da="Klinisk status",
        en="Clinical status",
        source="Condition.clinicalStatus",
    )
    verification_status = Column(
        type="text",
        nullable=True,
        allowed=VERIFICATION_STATUS,
        da="Verifikationsstatus; mangler betyder bekræftet",
        en="Verification status; missing means confirmed",
        source="Condition.verificationStatus",
    )
    in_focus = Column(
        type="yes_no",
        da="Kommunen arbejder med tilstanden",
        en="The municipality works on the condition",
        source="Condition.category",
    )
    recorded_on = Column(type="day", nullable=True, da="Registreret", en="Recorded", source="Condition.recordedDate")


class Goal(MunicipalResource):
    """Expected severity of home care conditions."""

    name = "goal"
    one_row_is = Text(da="et forventet funktionsniveau", en="an expected severity")
    origin = "KL Gateway Goal"
    key = ("custodian", "goal_id")
    time = "start"
    order = "reported_at"
    voided_by = "voided"

    goal_id = Column(type="text", da="Målets id", en="Id of the goal", source="Goal.id")
    status = Column(type="text", allowed=GOAL_STATUS, da="Status", en="Status", source="Goal.lifecycleStatus")
    condition_id = Column(
        type="text", nullable=True, da="Tilstanden målet gælder", en="The condition it is for", source="Goal.addresses"
    )
    expected_severity = Column(
        type="whole",
        nullable=True,
        least=0,
        most=9,
        da="Forventet funktionsniveau 0–4, 9 ikke relevant",
        en="Expected severity 0–4, 9 not relevant",
        source="Goal.target.detailCodeableConcept",
    )
    start = Column(type="day", nullable=True, da="Sat den", en="Set on", source="Goal.startDate")


class FollowUp(MunicipalResource):
    """Results of follow-up on conditions and interventions."""

    name = "follow_up"
    one_row_is = Text(da="et opfølgningsresultat", en="a result of follow-up")
    origin = "KL Gateway Observation"
    key = ("custodian", "follow_up_id")
    time = "followed_up_at"
    order = "reported_at"
    voided_by = "voided"

    follow_up_id = Column(type="text", da="Opfølgningens id", en="Id of the follow-up", source="Observation.id")
    status = Column(type="text", allowed=OBSERVATION_STATUS, da="Status", en="Status", source="Observation.status")
    subject_ids = Column(
        type="text",
        nullable=True,
        da="Id på det, der blev fulgt op på, adskilt af |",
        en="Ids of what was followed up, separated by |",
        source="Observation.focus",
    )
    result = Column(
        type="text",
        nullable=True,
        codes="follow_up_result.short",
        da="Resultat (E1–E4)",
        en="Result (E1–E4)",
        source="Observation.value",
    )
    followed_up_at = Column(
        type="moment", nullable=True, da="Hvornår", en="When", source="Observation.effectiveDateTime"
    )

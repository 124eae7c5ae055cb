"""What only home care and nursing report: unplanned interventions already delivered, and observations."""

from ddns_utils.language import Text
from ddns_utils.model.declare import Column
from ddns_utils.model.municipal import OBSERVATION_STATUS, MunicipalResource

PROCEDURE_STATUS = (
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
)


class CompletedIntervention(MunicipalResource):
    """Interventions delivered without having been planned, such as acute ones. Planned ones are in ``intervention``."""

    name = "completed_intervention"
    one_row_is = Text(da="en leveret, ikke planlagt indsats", en="a delivered intervention that was not planned")
    origin = "KL Gateway Procedure"
    key = ("custodian", "completed_intervention_id")
    time = "performed_at"
    order = "reported_at"
    voided_by = "voided"

    completed_intervention_id = Column(
        type="text", da="Indsatsens id", en="Id of the intervention", source="Procedure.id"
    )
    code = Column(
        type="text",
        nullable=True,
        codes="fsiii_intervention",
        da="Indsats (FSIII); mangler, hvis kun en lokal kode er givet",
        en="Intervention (FSIII); missing if only a local code is given",
        source="Procedure.code",
    )
    local_code = Column(
        type="text",
        nullable=True,
        da="Lokal indsatskode",
        en="Local code of the intervention",
        source="Procedure.code",
    )
    status = Column(type="text", allowed=PROCEDURE_STATUS, da="Status", en="Status", source="Procedure.status")
    performed_at = Column(
        type="moment",
        nullable=True,
        da="Udført (dansk tid)",
        en="Performed (Danish time)",
        source="Procedure.performedDateTime",
    )
    condition_ids = Column(
        type="text",
        nullable=True,
        da="Id på de tilstande, der var grunden, adskilt af |",
        en="Ids of the conditions that were the reason, separated by |",
        source="Procedure.reasonReference",
    )


class Observation(MunicipalResource):
    """The citizen's own view of a condition, and areas that were looked into. On their way out of the wire format."""

    name = "observation"
    one_row_is = Text(
        da="borgerens vurdering af en tilstand eller et oplyst område",
        en="a citizen's view of a condition, or an area that was looked into",
    )
    origin = "KL Gateway Observation"
    key = ("custodian", "observation_id")
    time = "observed_at"
    order = "reported_at"
    voided_by = "voided"

    observation_id = Column(type="text", da="Observationens id", en="Id of the observation", source="Observation.id")
    about = Column(
        type="text",
        allowed=("performance", "importance", "area"),
        da="Borgerens udførelse (C) eller oplevede begrænsning (D), eller et område",
        en="The citizen's performance (C) or experienced limitation (D), or an area",
        source="Observation.code",
    )
    area = Column(
        type="text",
        nullable=True,
        codes="fsiii_condition",
        da="Område (FSIII); mangler ved borgerens vurdering",
        en="Area (FSIII); missing for the citizen's view",
        source="Observation.code",
    )
    status = Column(type="text", allowed=OBSERVATION_STATUS, da="Status", en="Status", source="Observation.status")
    subject_ids = Column(
        type="text",
        nullable=True,
        da="Id på den tilstand eller det område, vurderingen gælder, adskilt af |",
        en="Ids of the condition or area the view is about, separated by |",
        source="Observation.focus",
    )
    value = Column(
        type="text",
        nullable=True,
        codes="citizen_view.short",
        da="Vurdering; ved et område kun, at det ikke længere er relevant",
        en="The view; of an area only that it is no longer relevant",
        source="Observation.value",
    )
    at_risk = Column(
        type="yes_no",
        da="Der er risiko for en tilstand på området",
        en="A condition in the area is a risk",
        source="Observation.extension[findingContextAtRisk]",
    )
    observed_at = Column(
        type="moment",
        nullable=True,
        da="Hvornår (dansk tid)",
        en="When (Danish time)",
        source="Observation.effectiveDateTime",
    )

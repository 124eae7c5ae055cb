"""Rules of the delivery reports' own profiles: what a breach means, and where each rule comes from.

A rule's name is the key of the invariant in its implementation guide, or our own where the guide has the rule in
words only. A breach is a finding on the sender's quality report; ``severity`` says whether the row is kept with it
or goes to quarantine. A resource entered in error breaks no rule, and a row with other faults is not asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from ddns_utils import codelists
from ddns_utils.intake.contract import SEPARATOR
from ddns_utils.language import Text

REHAB, PREVENTION, CARE = "kl.dk.fhir.rehab 2.2.0", "kl.dk.fhir.prevention 2.1.1", "kl.dk.fhir.gateway 1.2.0"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. ``broken`` is SQL over a row of ``table``; empty for the two that need the whole report."""

    name: str
    table: str
    broken: str
    says: Text
    source: str
    severity: str = "finding"


def _codes(**where: str) -> str:
    return ", ".join(f"'{code}'" for code in codelists.codes("care_plan_need", **where))


def _reason_rule(law: str, source: str) -> Rule:
    return Rule(
        name=f"klgateway-{law}-care-plan-1",
        table="care_plan",
        broken=f"law = '{law}' AND (cancellation_reason IS NOT NULL) "
        "<> coalesce(activity_status IN ('cancelled', 'stopped'), false)",
        says=Text(
            da="En årsag til ophør følger med, netop når forløbet er aflyst eller stoppet",
            en="A care plan has a reason for stopping exactly when it is cancelled or stopped",
        ),
        source=source,
    )


def _plan_rules(law: str, source: str) -> tuple[Rule, Rule]:
    # With a local code beside the national one the guides' own expressions do not fire.
    alone = f"law = '{law}' AND local_code IS NULL AND"
    return (
        Rule(
            name=f"klgateway-{law}-intervention-1",
            table="intervention",
            broken=f"{alone} code IN ({_codes(law=law, care_plan='required')}) AND care_plan_id IS NULL",
            says=Text(
                da="En behandlende indsats hører til et forløb", en="A treatment intervention belongs to a care plan"
            ),
            source=source,
        ),
        Rule(
            name=f"klgateway-{law}-intervention-2",
            table="intervention",
            broken=f"{alone} code IN ({_codes(law=law, care_plan='forbidden')}) AND care_plan_id IS NOT NULL",
            says=Text(
                da="En udredende eller koordinerende indsats står uden for forløb",
                en="An assessing or coordinating intervention stands outside care plans",
            ),
            source=source,
        ),
    )


def _forward_rule(table: str) -> Rule:
    return Rule(
        name=f"per-1-{table.replace('_', '-')}",
        table=table,
        broken='"end"::DATE < start::DATE',
        says=Text(da="En periode slutter ikke, før den begynder", en="A period does not end before it begins"),
        source="FHIR R4 4.0.1, Period, per-1",
        severity="quarantine",
    )


def _value_rule() -> Rule:
    fits = " OR ".join(
        f"about = '{row['about']}' AND value = '{row['short']}'" for row in codelists.rows("citizen_view")
    )
    return Rule(
        name="klgateway-citizen-observation-code-and-value-must-match",
        table="observation",
        broken=f"about <> 'area' AND NOT coalesce({fits}, false)",
        says=Text(
            da="Borgerens vurdering har en værdi af den slags, som dens kode beder om",
            en="The citizen's view has a value of the kind that its code asks for",
        ),
        source=f"{CARE}; read for codes in either form",
        severity="quarantine",
    )


DECEASED = Rule(
    name="data-about-deceased-citizen-warning",
    table="Patient",
    broken="",
    says=Text(da="Der indberettes ikke om afdøde borgere", en="Nothing is reported about citizens who are dead"),
    source=CARE,
)
UNRESOLVED = Rule(
    name="reference-in-report",
    table="",
    broken="",
    says=Text(
        da="En ressource, der henvises til, er med i rapporten", en="A resource that is referred to is in the report"
    ),
    source=f"aggregation bundled in the profiles of {REHAB}, {PREVENTION} and {CARE}",
)
RULES: tuple[Rule, ...] = (
    Rule(
        name="gateway-140-service-request-1",
        table="referral",
        broken="law = '140' AND kind IS NULL",
        says=Text(
            da="En genoptræningsplan er almen, specialiseret eller rehabilitering på specialiseret niveau",
            en="A rehabilitation plan is general, specialised, or rehabilitation at specialised level",
        ),
        source=REHAB,
    ),
    Rule(
        name="on-hold-with-reason",
        table="referral",
        broken="law = '140' AND status = 'on-hold' AND status_reason IS NULL",
        says=Text(
            da="En henvisning, der er sat på hold, har en årsag", en="A referral that is on hold comes with a reason"
        ),
        source=f"{REHAB}, klgateway-140-servicerequest, statusReason (must support)",
    ),
    _reason_rule("140", REHAB),
    _reason_rule("119", PREVENTION),
    *_plan_rules("140", REHAB),
    *_plan_rules("119", PREVENTION),
    *map(_forward_rule, ("care_plan", "intervention", "encounter")),
    Rule(
        name="klgateway-severity-mandatory-in-home-care-not-allowed-in-nursing",
        table="condition",
        broken="role = 'condition' AND law IN ('83', '138') AND (severity IS NOT NULL) <> (law = '83')",
        says=Text(
            da="Netop tilstande i hjemmeplejen har et funktionsniveau",
            en="Conditions in home care, and only they, have a severity",
        ),
        source=CARE,
    ),
    Rule(
        name="klgateway-adresses-must-be-home-care-condition",
        table="goal",
        broken="law <> '83' OR condition_id IS NULL",
        says=Text(da="Et mål gælder en tilstand i hjemmeplejen", en="A goal addresses a condition in home care"),
        source=CARE,
    ),
    Rule(
        name="gateway-care-follow-up-1",
        table="follow_up",
        broken="status <> 'final'",
        says=Text(
            da="En opfølgning er endelig eller trukket tilbage", en="A follow-up is final or entered in error"
        ),
        source=CARE,
    ),
    _value_rule(),
    DECEASED,
    UNRESOLVED,
)  # fmt: skip


def rules_of(table: str) -> tuple[Rule, ...]:
    """The rules that a row of a table can break."""
    return tuple(rule for rule in RULES if rule.table == table and rule.broken)


def broken_rules(table: str, severity: str | None = None) -> str:
    """SQL for the names of the rules that a row breaks, as words separated by |; of one severity if that is given."""
    cases = [
        f"CASE WHEN NOT voided AND ({rule.broken}) THEN '{rule.name}' END"
        for rule in rules_of(table)
        if severity in (None, rule.severity)
    ]
    return f"nullif(concat_ws('{SEPARATOR}', {', '.join(cases or ['NULL'])}), '')"


def severity_of(rule: str) -> str:
    """SQL for the severity of the rule whose name is in a column."""
    forbidding = ", ".join(f"'{each.name}'" for each in RULES if each.severity == "quarantine")
    return f"CASE WHEN {rule} IN ({forbidding}) THEN 'quarantine' ELSE 'finding' END"

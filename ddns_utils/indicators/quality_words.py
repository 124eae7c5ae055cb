"""What the indicators of data quality say in common: sources, whom numbers belong to, and names of registers' rows."""

from ddns_utils.deliveries import KL_GATEWAY
from ddns_utils.indicators.declare import Source
from ddns_utils.language import Text

KAHN = Source(
    title="Kahn m.fl. 2016, 10.13063/2327-9214.1244; OHDSI DataQualityDashboard", retrieved="2026-11", confidence="high"
)
DUE = Source(
    title="Samlet indsats for data: indberetning dagligt, senest 14 dage efter månedens udløb", retrieved="2026-11",
    confidence="medium",
)  # fmt: skip
SENT_BY = Text(
    da="Tallene tilhører den kommune, der har sendt rækken, uanset hvor borgeren bor.",
    en="Numbers belong to the municipality that sent the row, wherever the person lives.",
)
LIVES_IN = Text(
    da="Tallene tilhører den kommune, hvor borgeren bor; rækker om personer uden bopæl i Danmark indgår ikke.",
    en="Numbers belong to the municipality where the person lives; rows about persons with no home in Denmark are left "
    "out.",
)
SENT_FROM = Text(
    da="Tallene tilhører hele landet og det lægesystem, der har sendt rækken, hvor leverancen oplyser det.",
    en="Numbers belong to the country, and to the clinic system that sent the row where the delivery tells.",
)
FIRST_RECEIPT = Text(
    da="En række tæller fra den dag, den først blev modtaget, også når den senere er rettet. En rettelse under en ny "
    "nøgle er en ny række.",
    en="A row counts from the day on which it was first received, also if it has been corrected since. A correction "
    "under a new key is a new row.",
)
NAMES = {
    "LPR_A": Text(da="sygehuskontakter", en="hospital contacts"),
    "SSSY": Text(da="ydelser i praksissektoren", en="services in practice"),
    "AIM": Text(da="registreringer fra almen praksis", en="entries from general practice"),
    "SENTINEL": Text(da="kontakter med speciallæge", en="contacts with specialist practice"),
    "LMDB": Text(da="indløste recepter", en="redeemed prescriptions"),
    "LAB": Text(da="laboratoriesvar", en="laboratory results"),
    KL_GATEWAY: Text(da="kommunale kontakter", en="municipal encounters"),
}

"""What intake writes about its own work: deliveries, and rows that were refused."""

from ddns_utils.language import Text
from ddns_utils.model.columns import delivery_id
from ddns_utils.model.declare import Column, Table


class Delivery(Table):
    """Every delivered file."""

    name = "delivery"
    one_row_is = Text(da="en leveret fil", en="a delivered file")
    origin = "intake"
    key = ("delivery_id",)

    delivery_id = delivery_id()
    source = Column(type="text", da="Kilde", en="Source")
    sender = Column(type="text", nullable=True, da="Afsender (SOR eller register)", en="Sender (SOR or register)")
    file = Column(type="text", da="Filens navn", en="Name of the file")
    sha256 = Column(type="text", da="Filens SHA-256", en="SHA-256 of the file")
    received_at = Column(
        type="moment",
        da="Modtaget: dagen i filens sti (kl. 0), ellers da filens seneste rapport blev dannet, ellers da filen sidst "
        "blev ændret",
        unit="Danish time",
        en="When it arrived: the day in its path (at 0:00), else when the latest report in it was put together, else "
        "when the file was last changed",
    )
    reported_at = Column(
        type="moment",
        nullable=True,
        da="Hvornår filens seneste rapport blev dannet; mangler for flade filer",
        unit="Danish time",
        en="When the latest report in it was put together; missing for flat files",
        source="Bundle.timestamp",
    )
    refused_because = Column(
        type="text",
        nullable=True,
        da="Hvorfor intet af filen er med; mangler, hvis den blev modtaget",
        en="Why nothing of the file is in; missing if it landed",
    )
    first_day = Column(type="day", nullable=True, da="Første dag med data", en="First day with data")
    last_day = Column(type="day", nullable=True, da="Sidste dag med data", en="Last day with data")
    replaces_first_day = Column(
        type="day",
        nullable=True,
        da="Første dag i den periode, som filen er det hele af; mangler, hvis den ikke erstattede en periode",
        en="First day of the period that the file is all of; missing if it replaced no period",
    )
    replaces_last_day = Column(type="day", nullable=True, da="Sidste dag i den periode", en="Last day of that period")
    rows_read = Column(type="whole", least=0, da="Læste rækker", en="Rows read", unit="rows")
    rows_kept = Column(type="whole", least=0, da="Rækker lagt i registre", en="Rows put in registers", unit="rows")
    rows_quarantined = Column(type="whole", least=0, da="Rækker i karantæne", en="Rows in quarantine", unit="rows")
    rows_superseded = Column(
        type="whole",
        least=0,
        da="Rækker, der blev erstattet af en senere udgave eller allerede var modtaget",
        unit="rows",
        en="Rows that a later version replaced or that were already received",
    )


class Quarantine(Table):
    """Rows that broke a rule, with their reasons. CPR numbers are replaced before a row comes here."""

    name = "quarantine"
    one_row_is = Text(da="en afvist række", en="a refused row")
    origin = "intake"

    delivery_id = delivery_id()
    person_id = Column(
        type="text",
        nullable=True,
        da="Pseudonym for personen, hvis rækken selv siger, hvem den handler om",
        en="Pseudonym of the person, if the row itself tells whom it is about",
        source="intake",
    )
    table = Column(type="text", da="Tabel i datamodellen", en="Table of the data model")
    source_row = Column(
        type="whole",
        least=0,
        da="Rækkens nummer i filen (den første er 1)",
        en="Number of the row in the file (the first is 1)",
    )
    reasons = Column(type="text", da="Årsager, adskilt af |", en="Reasons, separated by |")
    content = Column(type="text", da="Rækken som JSON, pseudonymiseret", en="The row as JSON, pseudonymised")


class Finding(Table):
    """Breaches of the wire format's own rules in municipal reports, for the sender's quality report.

    One row is a rule that a resource broke when ``reported_at`` was its latest report. If the resource's own row has
    a later ``reported_at``, the sender has put it right, or withdrawn it.
    """

    name = "finding"
    one_row_is = Text(da="et brud på en regel i en ressource", en="a rule that a resource breaks")
    origin = "intake"
    key = ("custodian", "table", "resource_id", "rule")
    time = "reported_at"
    order = "reported_at"

    delivery_id = delivery_id()
    custodian = Column(
        type="text",
        da="Afsenderen: den journalførende enhed (SOR); tom, hvis rapporten ikke oplyser den",
        en="The sender: the record-keeping organisation (SOR); empty if the report does not tell",
        source="intake",
    )
    table = Column(
        type="text",
        da="Tabel i datamodellen, eller Patient for borgeren selv",
        en="Table of the data model, or Patient for the citizen",
    )
    resource_id = Column(
        type="text",
        da="Ressourcens id; tom, hvis den ikke har noget",
        en="Id of the resource; empty if it has none",
    )
    rule = Column(type="text", da="Reglens navn", en="Name of the rule")
    severity = Column(
        type="text",
        allowed=("finding", "quarantine"),
        da="Om rækken blev beholdt med et fund, eller kom i karantæne",
        en="Whether the row was kept with a finding, or went to quarantine",
    )
    reported_at = Column(
        type="moment",
        nullable=True,
        da="Hvornår rapporten blev dannet (dansk tid)",
        en="When the report was put together (Danish time)",
        source="Bundle.timestamp",
    )
    source_row = Column(
        type="whole",
        least=0,
        da="Rapportens nummer i filen (den første er 1)",
        en="Number of the report in the file (the first is 1)",
    )

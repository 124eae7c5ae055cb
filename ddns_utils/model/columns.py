"""Columns that several tables share."""

from ddns_utils.model.declare import Column


def person_id(source: str) -> Column:
    """The person a row is about, as a pseudonym."""
    return Column(
        type="text",
        da="Pseudonym for personen: nøglet HMAC-SHA-256 af CPR-nummeret, 32 hexadecimale tegn",
        en="Pseudonym of the person: keyed HMAC-SHA-256 of the CPR number, 32 hexadecimal digits",
        source=source,
    )


def delivery_id() -> Column:
    """The delivery that brought a row's present content."""
    return Column(
        type="text",
        da="Den leverance, som rækkens nuværende indhold kom med",
        en="The delivery that brought the row's present content",
        source="intake",
    )


def first_received_on() -> Column:
    """The first day on which a row was received, so that corrections do not make its sender late."""
    return Column(
        type="day",
        nullable=True,
        da="Første dag, rækken blev modtaget, på eller efter hændelsen; mangler for rækker fra før kolonnen fandtes",
        en="First day on which the row was received, on or after its event; missing for rows from before the column",
        source="intake",
    )


def system(source: str) -> Column:
    """The clinic system that sent a row."""
    return Column(
        type="text",
        nullable=True,
        da="Lægesystemet, der har sendt rækken, med store bogstaver",
        en="The clinic system that sent the row, in capitals",
        source=source,
    )


def municipality(source: str, nullable: bool = False) -> Column:
    """A three-digit municipality code."""
    return Column(
        type="text",
        nullable=nullable,
        codes="municipality",
        da="Kommune (tre cifre)",
        en="Municipality (three digits)",
        source=source,
    )

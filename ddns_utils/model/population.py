"""Persons and where they live, from the population register."""

from ddns_utils.language import Text
from ddns_utils.model.columns import delivery_id, municipality, person_id
from ddns_utils.model.declare import Column, Table


class Person(Table):
    """Every person who has lived in Denmark in the time covered."""

    name = "person"
    one_row_is = Text(da="en person", en="a person")
    origin = "BEF"
    key = ("person_id",)
    happened = ("birth_date", "death_date")
    forward = (("birth_date", "death_date"),)

    person_id = person_id("BEF.PNR")
    sex = Column(type="text", codes="sex", da="Køn", en="Sex", source="BEF.KOEN")
    birth_date = Column(type="day", da="Fødselsdato", en="Date of birth", source="BEF.FOED_DAG")
    death_date = Column(type="day", nullable=True, da="Dødsdato", en="Date of death", source="BEF.DOED_DAG")
    delivery_id = delivery_id()


class NumberChange(Table):
    """CPR numbers that another one has replaced, as pseudonyms. Readers see all of a person under the present one."""

    name = "number_change"
    one_row_is = Text(da="et personnummer, der er afløst af et andet", en="a CPR number that another one has replaced")
    origin = "CPR"
    key = ("former_person_id",)

    former_person_id = Column(
        type="text",
        da="Pseudonym for det tidligere personnummer",
        en="Pseudonym of the former CPR number",
        source="CPR.PNR",
    )
    person_id = person_id("CPR.PNRGAELD")
    changed_on = Column(
        type="day",
        nullable=True,
        da="Hvornår nummeret blev ændret",
        en="When the number was changed",
        source="CPR.STATUSHAENSTART",
    )
    delivery_id = delivery_id()


class Residence(Table):
    """Where a person lived, without overlaps; a gap is a stay abroad."""

    name = "residence"
    one_row_is = Text(da="en persons ophold i én kommune", en="a person's stay in one municipality")
    origin = "BEF"
    key = ("person_id", "start")
    time = "start"
    forward = (("start", "end"),)

    person_id = person_id("BEF.PNR")
    municipality = municipality("BEF.KOM")
    start = Column(type="day", da="Første dag i kommunen", en="First day in the municipality", source="BEF.BOP_VFRA")
    end = Column(
        type="day",
        nullable=True,
        da="Første dag derefter; mangler, mens opholdet varer",
        source="BEF.BOP_VTIL",
        en="First day after; missing while the stay lasts",
    )
    delivery_id = delivery_id()

"""What the reporting guide says beside the declarations: examples, rules in words and what senders get back."""

from ddns_utils.language import Text

CPR_PLACE = "ddmmååxxxx"

ABOUT = {
    "AIM": Text(
        da="Kodede registreringer i almen praksis om de fem kroniske områder: diagnoser, årskontroller og målinger.",
        en="Coded entries from general practice about the five chronic areas: diagnoses, care-plan contacts and "
        "measurements.",
    ),
    "SENTINEL": Text(
        da="Kontakter i speciallægepraksis med speciale og diagnose. En kontakt med flere diagnoser er flere rækker.",
        en="Contacts in specialist practice with specialty and diagnosis. A contact with several diagnoses is several "
        "rows.",
    ),
}

_AIM = ("REGISTRERING_ID", "CPR", "DATO", "YDERNR", "SYSTEM", "ART", "KODE", "KODESYSTEM", "VAERDI", "ENHED")
_SENTINEL = ("REGISTRERING_ID", "CPR", "DATO", "SPECIALE", "YDERNR", "SYSTEM", "DIAGNOSE")
EXAMPLES: dict[str, tuple[dict[str, str], ...]] = {
    "AIM": tuple(
        dict(zip(_AIM, row, strict=True))
        for row in (
            ("1001", CPR_PLACE, "2026-11-02", "012345", "ALFA", "diagnose", "R95", "ICPC-2", "", ""),
            ("1002", CPR_PLACE, "2026-11-02", "012345", "ALFA", "årskontrol", "R95", "ICPC-2", "", ""),
            ("1003", CPR_PLACE, "2026-11-02", "012345", "ALFA", "måling", "FEV1", "DDNS", "62", "%"),
            ("1004", CPR_PLACE, "2026-11-02", "012345", "ALFA", "måling", "INHAL", "DDNS", "1", "category"),
            ("1005", CPR_PLACE, "2026-11-02", "012345", "ALFA", "måling", "NPU27300", "NPU", "48,0", "mmol/mol"),
        )
    ),
    "SENTINEL": tuple(
        dict(zip(_SENTINEL, row, strict=True))
        for row in (
            ("2001", CPR_PLACE, "2026-11-02", "19", "054321", "BETA", "DH360"),
            ("2002", CPR_PLACE, "2026-11-02", "19", "054321", "BETA", "DE113"),
        )
    ),
}  # fmt: skip

# Reasons of single registers, with the same words as in flat_registers.
RULES = {
    "measurement without a value": Text(
        da="En måling skal have en værdi i VAERDI.", en="A measurement must have a value in VAERDI."
    ),
    "unreadable value": Text(da="VAERDI er et tal.", en="VAERDI is a number."),
    "code system of another kind": Text(
        da="Diagnoser og årskontroller kodes i ICPC-2 eller SKS, målinger i NPU eller DDNS.",
        en="Diagnoses and care-plan contacts are coded in ICPC-2 or SKS, measurements in NPU or DDNS.",
    ),
    "unknown code": Text(
        da="ICPC-2 som R95, SKS med D foran som DJ449, NPU- og DNK-koder som NPU27300, DDNS-koder fra listen nedenfor.",
        en="ICPC-2 as R95, SKS with its leading D as DJ449, NPU and DNK codes as NPU27300, DDNS codes from the list "
        "below.",
    ),
    "implausible value": Text(
        da="Værdien af en DDNS-måling skal ligge mellem mindst og højst på listen.",
        en="The value of a DDNS measurement must lie between least and most in the list.",
    ),
    "another unit": Text(
        da="Enheden af en DDNS-måling er listens; den kan udelades.",
        en="The unit of a DDNS measurement is that of the list; it may be left out.",
    ),
    "unknown specialty": Text(
        da="Speciale er to cifre som i sygesikringen.",
        en="Specialty is two digits as in the health insurance register.",
    ),
}

# Reasons that every register shares.
REASONS = {
    "missing …": Text(da="Feltet er tomt. Udfyld det.", en="The field is empty. Fill it in."),
    "unreadable …": Text(
        da="Feltet er hverken dato eller tal, det kan læses på to måder, eller det var en kode, som et regneark har "
        "gjort til et tal (3,91111E+14). Skriv 2026-11-02 og 1234,5, og gør kolonner med koder til tekst.",
        en="The field is no date or number, can be read in two ways, or was a code that a spreadsheet has made a "
        "number (3,91111E+14). Write 2026-11-02 and 1234,5, and make columns of codes text.",
    ),
    "unknown …": Text(
        da="Værdien er ikke på listen over tilladte.", en="The value is not in the list of allowed ones."
    ),
    "… too small, … too large": Text(da="Tallet er uden for grænserne.", en="The number is outside its bounds."),
    "… in the future": Text(da="Dagen ligger efter leverancen.", en="The day lies after that of the delivery."),
    "… too long": Text(da="Teksten er på over 10.000 tegn.", en="The text has more than 10,000 characters."),
    "CPR number in …": Text(
        da="Der står et CPR-nummer, hvor der skal stå et tal.", en="There is a CPR number in the place of a number."
    ),
    "impossible CPR number": Text(
        da="CPR-nummeret har ikke ti cifre eller ikke en mulig dato. Modulus 11 kræves ikke. Et regneark fjerner "
        "nullet foran: gør kolonnen til tekst.",
        en="The CPR number does not have ten digits or a possible date. Modulus 11 is not required. A spreadsheet "
        "takes away the nought in front: make the column text.",
    ),
    "wrong number of fields": Text(
        da="Linjen har ikke lige så mange felter som den første. Sæt tekst med skilletegn i anførselstegn.",
        en="The line has not as many fields as the first. Put text with separators in quotes.",
    ),
    "unreadable line": Text(
        da="Et anførselstegn begynder eller slutter forkert, eller et bogstav er ikke i filens tegnsæt.",
        en="A quotation mark begins or ends in a wrong place, or a letter is not in the file's encoding.",
    ),
    "line too long": Text(da="Linjen er på over en million tegn.", en="The line has more than a million characters."),
}

TITLE = Text(da="Indberetningsvejledning", en="Reporting guide")
HOW = Text(
    da="""Formatet er vores eget, indtil AIM's og Sentinels formater er offentlige.

- Send én fil pr. register og dag: `AIM.csv` eller `SENTINEL.csv` i en mappe med dagens dato, fx `2026-11-03/AIM.csv`.
  Flere dele hedder `AIM_1.csv`, `AIM_2.csv`. Parquet (`.parquet`) og SAS (`.sas7bdat`) modtages også, og alt må pakkes
  i én `.zip`, `.tar` eller `.tar.gz`.
- CSV er i UTF-8 eller Windows-1252 (Latin-1) med semikolon eller komma mellem felterne og feltnavne i første linje.
  Store og små bogstaver i feltnavne er ens. Felter, vi ikke kender, læses ikke.
- Datoer skrives `2026-11-02`, `02-11-2026`, `02.11.2026` eller `20261102`. Decimaltal skrives `1234,5`, `1.234,5` eller
  `1234.5`.
- Skriv i `SYSTEM`, hvilket lægesystem rækken kommer fra, og i `YDERNR`, hvilken klinik. Send én fil for hvert system,
  fx `AIM_ALFA.csv`: systemet er afsenderen, og leverancer, forsinkelse og fund opgøres for det. Store og små bogstaver
  er ens. En fil med rækker fra flere systemer modtages, men dens leverancer kan ikke opgøres for hvert af dem.
- Indberet hver dag og senest 14 dage efter månedens udløb.
- `REGISTRERING_ID` er entydigt inden for et `SYSTEM`. Nummererer klinikkerne selv, så sæt `YDERNR` foran. En rettelse
  er samme `REGISTRERING_ID` fra samme `SYSTEM` i en senere leverance: den seneste dag gælder. Samme fil to gange ændrer
  intet.
- CPR-nummeret bliver til et pseudonym ved modtagelsen. Skriv ikke CPR-numre i andre felter.""",
    en="""The format is our own until those of AIM and Sentinel are public.

- Send one file a register and day: `AIM.csv` or `SENTINEL.csv` in a folder with the date of the day, such as
  `2026-11-03/AIM.csv`. More parts are called `AIM_1.csv`, `AIM_2.csv`. Parquet (`.parquet`) and SAS (`.sas7bdat`) are
  taken too, and all of it may be packed in one `.zip`, `.tar` or `.tar.gz`.
- CSV is in UTF-8 or Windows-1252 (Latin-1) with semicolon or comma between fields and their names in the first line.
  Upper and lower case in names are the same. Fields that we do not know are not read.
- Days are written `2026-11-02`, `02-11-2026`, `02.11.2026` or `20261102`. Decimal numbers are written `1234,5`,
  `1.234,5` or `1234.5`.
- Write in `SYSTEM` which clinic system the row comes from, and in `YDERNR` which clinic. Send one file for each system,
  such as `AIM_ALFA.csv`: the system is the sender, for which deliveries, lag and findings are told. Capital letters
  make no difference. A file with rows of several systems lands, but its deliveries cannot be told for each of them.
- Report every day and at the latest 14 days after the month.
- `REGISTRERING_ID` is unique within a `SYSTEM`. If clinics number by themselves, put `YDERNR` in front. A correction is
  the same `REGISTRERING_ID` from the same `SYSTEM` in a later delivery: the latest day stands. The same file twice
  changes nothing.
- The CPR number becomes a pseudonym at the door. Write no CPR numbers in other fields.""",
)
BACK = Text(
    da="""Hver leverance får et regnskab: læste rækker = modtagne + i karantæne + erstattede af en senere. Rækker i
karantæne tælles efter grund, og grunden nævner vores navn for feltet (se tabellerne ovenfor). Ret dem, og send dem
igen. En fil, der ikke kan læses eller mangler et felt, afvises i sin helhed med en besked; de andre filer modtages.""",
    en="""Every delivery gets an account: rows read = kept + in quarantine + superseded by a later one. Rows in
quarantine are counted by reason, and the reason has our name of the field (see the tables above). Correct them and
send them again. A file that cannot be read or lacks a field is refused as a whole, with a message; others land.""",
)
WORDS = {
    "field": Text(da="felt", en="field"),
    "our name": Text(da="vores navn", en="our name"),
    "type": Text(da="type", en="type"),
    "required": Text(da="skal udfyldes", en="required"),
    "what it says": Text(da="indhold", en="what it says"),
    "values": Text(da="værdier", en="values"),
    "yes": Text(da="ja", en="yes"),
    "reason": Text(da="grund", en="reason"),
    "what to do": Text(da="hvad den betyder", en="what it means"),
    "rules": Text(da="Regler", en="Rules"),
    "example": Text(da="Eksempel", en="Example"),
    "measurements": Text(da="Målinger med DDNS-koder", en="Measurements with DDNS codes"),
    "areas": Text(da="De fem kroniske områder", en="The five chronic areas"),
    "back": Text(da="Hvad afsenderen får tilbage", en="What a sender gets back"),
    "code": Text(da="kode", en="code"),
    "unit": Text(da="enhed", en="unit"),
    "least": Text(da="mindst", en="least"),
    "most": Text(da="højst", en="most"),
    "area": Text(da="område", en="area"),
    "text": Text(da="tekst", en="text"),
    "decimal": Text(da="decimaltal", en="decimal number"),
    "day": Text(da="dato", en="day"),
    "cpr": Text(da="CPR-nummer, ti cifre", en="CPR number, ten digits"),
}

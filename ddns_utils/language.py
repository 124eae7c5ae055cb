"""Danish and English words: declared texts, one gettext catalogue, numbers and dates as each language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from ddns_utils.errors import DefinitionError

LANGUAGES = ("da", "en")
CATALOGUE = Path(__file__).parent / "locale" / "da.po"


@dataclass(frozen=True)
class Text:
    """The same words in Danish and English. Both must be given."""

    da: str
    en: str

    def __post_init__(self) -> None:
        if not self.da or not self.en:
            raise DefinitionError(f"A text needs both Danish and English words, but one of {self!r} is empty.")

    def __getitem__(self, language: str) -> str:
        return getattr(self, require_language(language))

    def inside(self, language: str) -> str:
        """The words inside a sentence: the first letter is small, and abbreviations such as KOL stay."""
        words = self[language]
        return words if words[:2].isupper() else words[0].lower() + words[1:]


def require_language(language: str) -> str:
    """Return ``language`` if it is one we have words in; DefinitionError otherwise."""
    if language not in LANGUAGES:
        raise DefinitionError(f"There is no language '{language}'. Choose one of: {', '.join(LANGUAGES)}.")
    return language


@cache
def _danish() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {message.id: message.string for message in read_po(file, locale="da") if message.id}


def say(message: str, language: str, **values: object) -> str:
    """The catalogue's words for an English ``message``, with ``{name}`` places filled in.

    Raises DefinitionError for a message that the Danish catalogue lacks, so that no page mixes languages.
    """
    if require_language(language) == "da":
        words = _danish().get(message)
        if not words:
            raise DefinitionError(
                f"The Danish catalogue {CATALOGUE.name} has no words for '{message}'. Add them there."
            )
    else:
        words = message
    return words.format(**values) if values else words


def number(value: float, language: str, decimals: int = 0) -> str:
    """A number with a fixed count of decimals as the language writes it: 1.234,5 in Danish, 1,234.5 in English."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=require_language(language))


def percent_sign(language: str) -> str:
    """What follows a number of per cent: a space that does not break and % in Danish, % in English."""
    return {"da": "\u00a0%", "en": "%"}[require_language(language)]


def month(value: date, language: str) -> str:
    """The month of a date in words: marts 2025 in Danish, March 2025 in English."""
    return format_date(value, "MMMM y", locale=require_language(language))


def day(value: date | datetime, language: str) -> str:
    """A date in words: 1. marts 2025 in Danish, 1 March 2025 in English."""
    return format_date(value, "d. MMMM y" if require_language(language) == "da" else "d MMMM y", locale=language)

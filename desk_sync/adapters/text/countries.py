"""Country codes that a mapping may use (ISO 3166-1 alpha-2, and XK, in common use for Kosovo), and their names.

Names are read in the languages of the partners.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from desk_sync.adapters.text.fold import fold
from desk_sync.adapters.text.languages import LANGUAGES

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""

COUNTRIES = frozenset(_CODES.split())

# Codes that are written by mistake; the codes that are meant.
MISTAKEN_CODES: Mapping[str, str] = {"UK": "GB", "EL": "GR", "TP": "TL", "BU": "MM", "SU": "RU", "YU": "RS"}

# Everyday names that Babel's lists of countries lack.
_EVERYDAY_NAMES: dict[str, str] = {
    "usa": "US",
    "u.s.a": "US",
    "united states of america": "US",
    "great britain": "GB",
    "england": "GB",
    "korea": "KR",
    "republic of korea": "KR",
    "russian federation": "RU",
    "viet nam": "VN",
    "brunei darussalam": "BN",
    "holland": "NL",
    "uae": "AE",
    "u.k": "GB",
    "britain": "GB",
    "czech republic": "CZ",
    "turkey": "TR",
    "ivory coast": "CI",
    "hong kong": "HK",
    "macau": "MO",
    "macedonia": "MK",
    "bosnia": "BA",
    "ksa": "SA",
    "kingdom of saudi arabia": "SA",
    "swaziland": "SZ",
    "burma": "MM",
    "palestine": "PS",
    "vatican": "VA",
    "korea, republic of": "KR",
    "iran, islamic republic of": "IR",
    "moldova, republic of": "MD",
    "tanzania, united republic of": "TZ",
    "bolivia, plurinational state of": "BO",
    "venezuela, bolivarian republic of": "VE",
    "taiwan, province of china": "TW",
}


def country_code(written: str) -> str | None:
    """Return the code of a country, given as a code or as its name in a language of the partners; None if unknown."""
    text = " ".join(written.split())
    code = text.upper()
    if code in COUNTRIES:
        return code
    name = _folded(text)
    if not name:
        return None
    names = (name, name.removeprefix("the "))
    return MISTAKEN_CODES.get(code) or next((known for each in names if (known := _code_of(each))), None)


def _code_of(name: str) -> str | None:
    return _by_name().get(name) or _own_names().get(name)


@cache
def _by_name() -> Mapping[str, str]:
    named = (item for language in LANGUAGES for item in Locale.parse(language).territories.items())
    known = {_folded(name): code for code, name in named if code in COUNTRIES}
    return known | {_folded(name): code for name, code in _EVERYDAY_NAMES.items()}


@cache
def _own_names() -> Mapping[str, str]:
    """Return the countries by their names in their own official languages, such as Polska, Sverige, Danmark."""
    names = ((code, language) for code in COUNTRIES for language in get_official_languages(code))
    return {_folded(name): code for code, language in names if (name := _name_in(language, code))}


def _name_in(language: str, code: str) -> str | None:
    try:
        return Locale.parse(language).territories.get(code)
    except UnknownLocaleError:
        return None


def _folded(name: str) -> str:
    """Return the name for comparison: without case, accents and a full stop at the end."""
    return fold(name).rstrip(".")

"""The states of the USA: ISO 3166-2 codes for names and codes as people write them (used by R40)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas,
KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi,
MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York,
NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington,
WV West Virginia, WI Wisconsin, WY Wyoming
"""
_STATES = [each.split(maxsplit=1) for each in _NAMES.split(",")]


def _letters(written: str) -> str:
    return re.sub("[^a-z]", "", written.lower())


_CODES: Mapping[str, str] = {
    _letters(written): f"US-{code}" for code, name in _STATES for written in (code, f"US-{code}", name)
} | {"washingtondc": "US-DC"}

US_STATES = frozenset(_CODES.values())


def state_code(country: str | None, written: str | None) -> str | None:
    """Return the ISO 3166-2 code of a state of the USA, from its code or English name; None for anything else."""
    if country != "US" or written is None:
        return None
    return _CODES.get(_letters(written))

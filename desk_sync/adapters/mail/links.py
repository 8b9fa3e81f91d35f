"""Links in mails: the target of a link, also of one that a mail filter has rewritten.

A rewritten link leads to the filter's host; of its parameters only the target counts. The others can hold the address
of the mail's recipient.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

MAILTO = "mailto:"
_LONGEST_LINK = 4_000
_MOST_PARAMETERS = 50
_REWRITTEN_TWICE = 2
_TARGETS = frozenset(
    {"url", "u", "q", "a", "target", "dest", "destination", "redirect", "redirect_url", "goto", "link"}
)
_BEFORE_TARGET, _BEHIND_TARGET = "/v3/__", "__;"
_URL_DEFENSE_2 = re.compile(r"-([0-9A-Fa-f]{2})")


def target_of(link: str) -> str:
    """Return the target: `mailto:` and an address, or a web address as it is written; "" if there is none."""
    written = link.strip()[:_LONGEST_LINK]
    if written[: len(MAILTO)].lower() == MAILTO:
        return MAILTO + unquote(written[len(MAILTO) :].partition("?")[0])
    for _ in range(_REWRITTEN_TWICE):
        written = _inner(written) or written
    return target_of(written) if written[: len(MAILTO)].lower() == MAILTO else written


def _inner(link: str) -> str | None:
    """Return the link inside a rewritten one."""
    _, before, behind = link.partition(_BEFORE_TARGET)
    target, _, _ = behind.partition(_BEHIND_TARGET)
    if before and target:
        return target
    try:
        parts = urlsplit(link)
        parameters = parse_qsl(parts.query, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return None
    for name, value in parameters:
        if name.lower() in _TARGETS:
            target = _decoded(value) if "urldefense" in parts.netloc else value
            if target[: len(MAILTO)].lower() == MAILTO or target.lower().startswith(("http://", "https://")):
                return target
    return None


def _decoded(value: str) -> str:
    """Return a target in the second form of URL Defense: "https-3A__host_path"."""
    return unquote(_URL_DEFENSE_2.sub(r"%\1", value).replace("_", "/"))

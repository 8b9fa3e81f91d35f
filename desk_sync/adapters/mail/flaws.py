"""Why an address in a text is not the customer's: what it is, and what the words beside it say of it."""

from __future__ import annotations

import re
from enum import StrEnum

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.text.fold import fold


class AddressFlaw(StrEnum):
    """The reason why an address in a text is not the customer's."""

    PIECE = "a piece of a longer word"
    WEB = "part of a web address"
    MESSAGE_ID = "the id of a message"
    REPOSITORY = "a path on a host"
    MACHINE = "the address of a machine"
    NOT_TO_USE = "named in order not to be used"
    EXAMPLE = "only an example"
    OTHER_LABEL = "behind another label"
    UNSURE = "asked about or assumed, not stated"
    COLLEAGUE = "of somebody who is to be copied or answered"
    NOTICE = "in the notice of a mail program or a list"


NO_ADDRESS = frozenset({AddressFlaw.PIECE, AddressFlaw.WEB, AddressFlaw.MESSAGE_ID, AddressFlaw.REPOSITORY})
"""The text with an `@` is no address at all."""

COUNTED_FLAWS = frozenset({AddressFlaw.EXAMPLE})
"""An example is not taken, but the address beside it is not the only one."""


_MACHINE = re.compile(
    r"(?:no|do[._-]?not|non|nao|not|kein|keine|nicht|ne-?pas|niet)[._-]?(?:repl(?:y|ies)|responder?|responda|repondre"
    r"|reponse"
    r"|rispondere|risposta|antwort(?:en)?|beantwoorden|contest[ae]r?|resposta|respuesta)[\w.+-]*"
    r"|mailer-?daemon|postmaster|notifications?|newsletter|bounces?(?:[._+=-].*)?|.+-bounces?|listserv|majordomo|(?:auto"
    r"|automatic)-?(?:reply|responder)"
    r"|(?:srs[01]|prvs|btv1)[=+-].*|(?:git|hg|svn)|undisclosed.*|unsubscribe[\w.+-]*"
)
_PICTURE = re.compile(r".+\.(?:png|jpe?g|gif|bmp|svg)")
_MOST_DIGITS = 10
_LONGEST_PLAIN = 40
_UNIQUE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}.*")
_RESERVED = re.compile(
    r"[^@]++@(?:[^@]*\.)?example\.(?:com|net|org)|(?:name|user|email|mail|nombre|nome|nom|john\.?doe"
    r"|max\.mustermann)@(?:company|domain|firma|empresa|email|domain|entreprise|beispiel|ejemplo|exemplo"
    r"|exemple)\.[^@]++"
    r"|(?:x+|test|abc|none|null|na|asdf|a)@(?:x+|test|abc|none|null|na|asdf|a)\.[a-z]++"
)
_SUCH_AS = re.compile(
    r"(?<![a-z])(?:e\. ?g\.?|for example|for instance|such as|z\. ?b\.?|zum beispiel|beispiel|beispielsweise|p\."
    r" ?ej\.?|por ejemplo"
    r"|ejemplo|tal(?:es)? como|p\. ?ex\.?|por exemplo|exemplo|ex\.?|par ex(?:emple|\.)?|exemple|comme|tel(?:le)?s? que"
    r"|per esempio|ad esempio|es\.|bijv\.?|例|例えば|たとえば)[\s:：,(<\"'“„]*+\Z"
)
_USE = (
    r"(?:us(?:e[drs]?|ing)|writ(?:e|ing)|send|contact|valid|reach|verwend\w*|benutz\w*|nutz\w*|schreib\w*|gultig"
    r"|utiliz\w*"
    r"|usar|use|usen|usem|escrib\w*|escrev\w*|valid[ao]|utilis\w*|ecri\w*|valable|valide|usare|usate|scriv\w*"
    r"|gebruik\w*|geldig)"
)
_NOT = (
    r"(?:not|n't|never|no longer|any ?more|nicht(?: mehr)?|kein\w*|nie|niemals|no|ya no|nunca|nao|ja nao|ne|n'|non|pas"
    r"|plus|jamais|niet|geen)"
)
_CUSTOMER = r"(?:customers?|kunden?|clientes?|clients?|klant(?:en)?|super ?-?admin\w*)"
_NOT_TO_USE_BEFORE = re.compile(
    rf"(?<![a-z']){_NOT}(?:\s++(?:e|es|ist|est|is))?(?:[\s-]++(?:the|der|das|die|den|o|a|el|la|le|il|de|our|unser|nosso|nuestro"
    rf"|notre))?[\s-]++{_CUSTOMER}(?![a-z])[^.;:]{{0,40}}[:：]?\s?\Z|"
    rf"(?<![a-z']){_NOT}(?:\s++[\w']++){{0,2}}?\s++{_USE}(?![a-z])"
    rf"|(?<![a-z]){_USE}(?:\s++\w++){{0,2}}?\s++(?:nicht|pas|plus|jamais|niet)(?![a-z])"
    r"|(?<![a-z])(?:instead of|rather than|except|anstelle|anstatt|statt|au lieu de|en lugar de|en vez de|em vez"
    r" de|ao inves de"
    rf"|in plaats van|invece di|{mail_words.WITHDRAWN})(?![a-z])(?:\s++[\w'-]++){{0,5}}[\s:(<\"]*+\Z|(?:旧"
    r"|以前の)\S{0,20}\Z"
)
_ASKED_BEFORE = re.compile(
    r"\W*(?:(?:and|but|or|und|aber|y|e|et|mais|mas)\s++)?(?:is|are|was|were|could|might|may|would|ist|sind|war|ware|es|sera"
    r"|seria|e|sao|est|sont|est-ce|serait|son|sono|sarebbe|zou)\s"
)
_ASKED_AFTER = re.compile(r"[>)\"'”’\]*]*+\s?[?？]")
_OF_ACCOUNTS = frozenset({"customer", "super admin", "admin"})
_ASSUMED = re.compile(mail_words.ASSUMED)
# Words behind an address that take it back, also in the next sentence.
_RETRACTED = (
    r"(?:(?:[.;–—-]\s?)?(?:sorry,? )?(?:(?:that|this|which|it|das|dies|der|eso|esto|isso|isto|ca|cela|ce) )?"
    r"(?:is|was|were|has been|ist|war|era|fue|foi|es|est|etait|sera|was given) (?:(?:the|an?|die|der|das|la|le|el|o) )?"
    r"(?:wrong|incorrect|mistaken|outdated|obsolete|falsch|veraltet|ein fehler|error|mistake|errad[ao]|incorret[ao]"
    r"|incorrect[ao]|equivocad[ao]|incorrecte|fausse|faux|errone|erronee|une erreur|um erro|un error)"
    r"|by mistake|in error|aus versehen|versehentlich|irrtumlich|por error|por engano|por erro|par erreur|per errore"
    r"|は?(?:間違い|誤り))(?![a-z])"
)
_NOT_TO_USE_AFTER = re.compile(
    r"[>)\"”\]]*+\s*+(?:(?:is|ist|es|e|est|esta|ya|ja|darf|soll|should|must|may|can|are)\s++)?(?:bitte\s++)?"
    rf"{_NOT}(?:\s++\w++){{0,3}}?\s++(?:{_USE}|{_CUSTOMER}(?![a-z]))"
    r"|[>)\"”\]]*+\s*+(?:は|を)?(?:もう)?(?:使わない|使用しない|使えません|無効)|[>)\"”\]]*+\s*+(?:は|では|じゃ)(?:あり|な[いく])"
    rf"|[>)\"”\]]*+[\s,]*+{_RETRACTED}"
    r"|[>)\"”\]]*+\s*+(?:has left|left the|hat (?:das|die|den) \w+ verlassen|ist ausgeschieden|saiu d|ya no trabaja"
    r"|nao trabalha mais|ne travaille plus|a quitte|non lavora piu|werkt niet meer|は?退職)"
)


def flaw_of(value: str, before: str, clause: str, after: str) -> AddressFlaw | None:
    local_part, _, _ = value.partition("@")
    folded = fold(before)
    if _MACHINE.fullmatch(local_part):
        return AddressFlaw.MACHINE
    if _PICTURE.fullmatch(local_part) or _is_id_of_message(local_part, folded, after):
        return AddressFlaw.MESSAGE_ID
    if _SUCH_AS.search(folded) or _RESERVED.fullmatch(value):
        return AddressFlaw.EXAMPLE
    if _NOT_TO_USE_BEFORE.search(fold(clause)) or _NOT_TO_USE_AFTER.match(fold(after)):
        return AddressFlaw.NOT_TO_USE
    is_asked = bool(_ASKED_AFTER.match(after)) and bool(_ASKED_BEFORE.match(fold(clause)))
    is_assumed = bool(_ASSUMED.search(fold(clause))) and bool(_OF_ACCOUNTS & mail_words.groups_in(clause))
    return AddressFlaw.UNSURE if is_asked or is_assumed else None


def _is_id_of_message(local_part: str, before: str, after: str) -> bool:
    digits = sum(map(str.isdigit, local_part))
    if digits >= _MOST_DIGITS or len(local_part) > _LONGEST_PLAIN or _UNIQUE.fullmatch(local_part):
        return True
    bracketed = before.endswith("<") and after.startswith(">")
    return bool(_HEADER_OF_IDS.search(before)) or (bracketed and bool(_ENDS_WITH_ID.search(before)))


_HEADER_OF_IDS = re.compile(r"(?:message-?ids?|in-reply-to|references|content-id) ?[:：]")
_ENDS_WITH_ID = re.compile(r"(?<![a-z])ids?\W{0,3}\Z")


# People of the writer's side, and lines that no person wrote.

_COLLEAGUE_BEFORE = re.compile(
    r"(?<![a-z])(?:my|our|meine?[mnr]?|unsere?[mnr]?|mi|nuestr[oa]|meu|minha|noss[oa]|mon|ma|notre|mi[oa]|nostr[oa]|mijn|onze)"
    r"\s(?:colleagues?|kollege|kollegen|kollegin|colegas?|companer[oa]|collegues?|collega|colleghi|consultant|berater(?:in)?"
    r"|boss|chef|manager|jefe|chefe)(?:\s++[^\W\d][\w.'-]*+){0,2}[\s:(<,\"]*+\Z"
    r"|(?:please|kindly) (?:also )?(?:copy|cc|inform)(?:\s++[\w.'-]++){0,2}[\s:(<\"]*+\Z"
    r"|(?:弊社|当社)\S{0,20}\Z|(?<!様の)(?<!ご)担当の\S{0,10}\Z"
)
_COLLEAGUE_AFTER = re.compile(
    r"[)>\"\]]*+\s?(?:in|on|en|em|ins?) (?:the )?(?:copy|cc|copia|copie|kopie)(?![a-z])"
    r"|[)）>]*+\s?(?:まで|宛)\S{0,6}(?:お願い|連絡|返信)"
)
_EXTERNAL = r"(?:extern\w*|outside|phishing|fora d|fuera d|exterieur|外部)"
_NOTICE = re.compile(
    r"\W*+(?:caution|warning|attention|achtung|vorsicht|cuidado|atencion|atencao|attenzione|let op|注意|警告)"
    rf"\W.{{0,120}}?{_EXTERNAL}"
    rf"|\W*+(?:external|externe?[rs]?|externo|esterna) (?:e-?)?"
    r"(?:mail|message|sender|nachricht|absender|correo|expediteur)"
    r"|\W*+(?:to|um|para|pour|per|om|if you|wenn sie|si vous|si no|se voce|se nao)(?![a-z])"
    r".{0,80}?(?:unsubscribe|abbestell|abmeld|abzubestell|abzumeld|desabonn|desinscri"
    r"|(?:cancel|anul)ar (?:a |la |su |sua )?(?:suscripcion|inscricao|assinatura)"
    r"|disiscri|uitschrijv)"
)
_SCANNED = re.compile(
    r"(?<![a-z])(?:e-?mail|message|nachricht|correo|mensaje|mensagem|courriel|messaggio|bericht)(?![a-z])[^.]{0,40}?"
    r"(?:checked|scanned|gepruft|verificad[oa]|analizad[oa]|analysee?|verifiee?|controllat[oa]|gescand)[^.]{0,40}?(?:virus|malware)"
)
_LONGEST_NOTICE = 400


def is_of_colleague(clause: str, after: str) -> bool:
    """Return True if the words around an address say that somebody beside the writer is to be copied or answered."""
    return bool(_COLLEAGUE_BEFORE.search(fold(clause)) or _COLLEAGUE_AFTER.match(fold(after)))


def is_notice(line: str) -> bool:
    """Return True for a banner about external mail, the line of a virus scanner, and the way out of a list."""
    folded = fold(line[:_LONGEST_NOTICE]).strip()
    return bool(_NOTICE.match(folded) or _SCANNED.search(folded))

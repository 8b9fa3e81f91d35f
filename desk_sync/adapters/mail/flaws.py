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
    COLLEAGUE = "of the writer, or of somebody who is to be copied or answered"
    NOTICE = "in the notice of a mail program or a list"
    COMPARED = "of another case, which is only compared"
    CORRESPONDENT = "the sender or the recipient of a mail that the text is about"
    THIRD_PARTY = "of a third party, such as a supplier"
    DATA = "a value in a record, a log, or a piece of code"


NO_ADDRESS = frozenset({AddressFlaw.PIECE, AddressFlaw.WEB, AddressFlaw.MESSAGE_ID, AddressFlaw.REPOSITORY})
"""The text with an `@` is no address at all."""

STRANGERS = frozenset({AddressFlaw.COMPARED, AddressFlaw.CORRESPONDENT, AddressFlaw.THIRD_PARTY, AddressFlaw.DATA})
"""The text gives the address to somebody beside the customer."""

COUNTED_FLAWS = frozenset({AddressFlaw.EXAMPLE})
"""An example is not taken, but the address beside it is not the only one."""


_MACHINE = re.compile(
    r"(?:no|do[._-]?not|non|nao|not|kein|keine|nicht|ne-?pas|niet)[._-]?(?:repl(?:y|ies)|responder?|responda|repondre"
    r"|reponse"
    r"|rispondere|risposta|antwort(?:en)?|beantwoorden|contest[ae]r?|resposta|respuesta)[\w.+-]*"
    r"|mailer-?daemon|postmaster|notifications?|newsletter|bounces?(?:[._+=-].*)?|.+-bounces?|listserv|majordomo|(?:auto"
    r"|automatic)-?(?:reply|responder)"
    r"|(?:srs[01]|prvs|btv1)[=+-].*|(?:git|svn)|undisclosed.*|unsubscribe[\w.+-]*"
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
    r"\W*(?:(?:and|but|or|und|aber|y|e|et|mais|mas)\s++)?"
    r"(?:is|are|was|were|could(?! you)|might|may|would(?! you)|ist|sind|war|ware|es|sera"
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

_OPENS = r"[\s(<\"'“„«]*\Z"
_CLOSES = r"[)>\"'”»\]]*+\s*+"
_MINE = r"(?:my|our|meine?|unsere?|mi|nuestr[oa]|meu|minha|noss[oa]|mon|ma|notre|mio|mia|mijn)"
_OWN_ADDRESS = (
    r"(?:\s(?:new|second|other|private|personal|own|direct|neue|zweite|andere|private|personliche|eigene|direkte|outr[oa]"
    r"|nov[oa]|segund[oa]|pessoal|otr[oa]|nuev[oa]|autre|nouvelle|nouveau|deuxieme|seconde|personnelle|propre)){0,2}"
    r"\s(?:e-?mail-?)?(?:e-?mail|mail|address|adresse|mailbox|postfach|correo|direccion|endereco|courriel)(?:\s(?:address|adresse))?"
)
_OWN_BEFORE = re.compile(
    rf"(?<![a-z]){_MINE}{_OWN_ADDRESS}(?:\s(?:is|ist|lautet|es|e|est|now|jetzt|agora|ahora|maintenant)){{0,2}}:?{_OPENS}"
    rf"|(?:私|当方|弊社)の(?:メール)?アドレス(?:は|:|：)?{_OPENS}"
)
_OWN_AFTER = re.compile(
    rf"{_CLOSES}(?:is|ist|es|e|est)\s(?:also |auch |tambien |tambem |aussi )?{_MINE}{_OWN_ADDRESS}(?![a-z])"
)
_DIRECTLY = (
    r"(?:\s(?:please|directly|also|back|instead|here|bitte|direkt|auch|gerne?|immer|diretamente|directamente|tambem|tambien"
    r"|directement|aussi)){0,3}"
)
_REACHED_AT = re.compile(
    rf"(?<![a-z])(?:reach|contact|write(?: to)?|answer|reply(?: to)?|e-?mail|respond to)"
    rf"\s(?:me|us){_DIRECTLY}(?:\s(?:at|on|under|via|by))?:?{_OPENS}"
    r"|(?<![a-z])(?:erreich|kontaktier|schreib|antwort)[a-z]{1,4}\s(?:sie\s|du\s|ihr\s)?(?:mich|mir|uns)"
    rf"{_DIRECTLY}\s(?:unter|an|per|uber){_OPENS}"
    rf"|(?<![a-z])(?:mich|uns|ich|wir)(?:\s\w+){{0,2}}\serreich(?:en|bar)(?:\s\w+){{0,2}}\s(?:unter|per){_OPENS}"
    rf"|(?<![a-z])(?:fal(?:ar|e)|contat(?:o|ar|e)) (?:comigo|conosco){_DIRECTLY}\s(?:em|por|pelo|no){_OPENS}"
    rf"|(?<![a-z])(?:escrev[a-z]{{1,3}}|respond[a-z]{{1,2}}|contact[a-z]{{1,2}})-(?:me|nos){_DIRECTLY}\s(?:em|para|a|no){_OPENS}"
    rf"|(?<![a-z])(?:escrib[a-z]{{1,3}}|respond[a-z]{{1,3}}|contact[a-z]{{1,3}})(?:me|nos){_DIRECTLY}\s(?:a|en|al){_OPENS}"
    rf"|(?<![a-z])(?:me|nous)\s(?:joindre|contacter|ecrire|repondre){_DIRECTLY}\s(?:a|sur|au|par|via){_OPENS}"
    rf"|(?<![a-z])(?:ecrivez|repondez|contactez)-(?:moi|nous){_DIRECTLY}\s(?:a|sur|au|par|via){_OPENS}"
)
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
    """Return True if the words around an address say that it is the writer's, or a colleague's."""
    before, behind = fold(clause), fold(after)
    if _COLLEAGUE_BEFORE.search(before) or _COLLEAGUE_AFTER.match(behind):
        return True
    return bool(_OWN_BEFORE.search(before) or _REACHED_AT.search(before) or _OWN_AFTER.match(behind))


def is_doubtful(line: str, address: str) -> bool:
    """Return True if the value of a field is an address that is assumed, asked about, or still to be confirmed."""
    before, _, after = fold(line).partition(address)
    return bool(_ASSUMED.search(before) or _TO_CONFIRM.search(fold(line)) or _ASKED_AFTER.match(after))


_TO_CONFIRM = re.compile(
    r"(?<![a-z])(?:to be (?:confirmed|determined|checked)|tb[cd]|not (?:yet )?confirmed|unconfirmed"
    r"|wird (?:noch )?(?:geklart|gepruft)"
    r"|noch zu (?:klaren|bestatigen|prufen)|noch unklar|a confirmar|por confirmar|sin confirmar|a verificar|a confirmer"
    r"|a verifier|non confirme|da confermare)(?![a-z])|未確認|確認中|要確認"
)


def is_notice(line: str) -> bool:
    """Return True for a banner about external mail, the line of a virus scanner, and the way out of a list."""
    folded = fold(line[:_LONGEST_NOTICE]).strip()
    return bool(_NOTICE.match(folded) or _SCANNED.search(folded))


# Addresses that a text without labels names as those of others. They are left to a person.


def stranger(line: str, before: str, clause: str, after: str) -> AddressFlaw | None:
    """Return the flaw of an address that the words or the marks beside it give to somebody beside the customer."""
    folded, behind = fold(clause), fold(after)
    if _is_data(line, before, folded, after):
        return AddressFlaw.DATA
    if _COMPARED_BEFORE.search(folded) or _HAPPENED.search(folded) or _COMPARED_AFTER.match(behind):
        return AddressFlaw.COMPARED
    if _ANOTHER_CUSTOMER.search(folded) and _WORKS.match(behind):
        return AddressFlaw.COMPARED
    if _is_correspondent(folded, behind):
        return AddressFlaw.CORRESPONDENT
    # Between commas, the words before the first one are those beside the address.
    beside = fold(before).rstrip(", ") if behind.startswith(",") else folded
    return AddressFlaw.THIRD_PARTY if _THIRD_PARTY.search(beside) else None


def ends_with_field(line: str) -> bool:
    """Return True if a line ends with the word for a field of a form, such as before its name and its value."""
    return bool(_ENDS_WITH_FIELD.search(fold(line[-_LONGEST_END:])))


def _is_data(line: str, before: str, clause: str, after: str) -> bool:
    """Return True for a row of values, the line of a mail server, a quoted value of code, and a value in a field."""
    short = line[:_LONGEST_NOTICE]
    coded = _BEFORE_CODED.search(before[-_LONGEST_END:]) and _AFTER_CODED.match(after)
    return bool(coded or _ROW.fullmatch(short.strip()) or _OF_SERVER.search(fold(short)) or _IN_FIELD.search(clause))


def _is_correspondent(clause: str, after: str) -> bool:
    if _REQUEST.search(clause):  # We are to write to the address ourselves.
        return False
    if _TO_RECIPIENT.search(clause) or (_SENDS_TO.search(clause) and _SENDS_AFTER.match(after)):
        return True
    if _UNWANTED_FROM.search(clause) or (_MAIL_FROM.search(clause) and _ARRIVES.match(after)):
        return True
    return bool(_MAIL_AFTER.match(after))


_LONGEST_END = 80
_COMPARED_BEFORE = re.compile(
    r"(?<![a-z])(?:same|identical|similar|comparable)(?![a-z]).{0,60}?\s(?:as|to)\s(?:\w+\s){0,4}?(?:at|with|in|of|from|by)"
    rf"(?:\s(?:the|our|another|customer|client|user)){{0,3}}{_OPENS}"
    rf"|(?<![a-z])(?:same|identical|similar)(?![a-z]).{{0,60}}?\s(?:as|to)\sfor(?:\s(?:the|our|another|customer)){{0,3}}{_OPENS}"
    rf"|\A\W*+(?:just |exactly )?(?:as|like|unlike)\s(?:\w+\s){{0,3}}?(?:at|with|for|in|by){_OPENS}"
    r"|(?<![a-z])(?:gleich|dasselb|derselb|dieselb|selb|identisch|ahnlich)[a-z]*+.{0,60}?\swie\s(?:\w+\s){0,4}?(?:bei|mit|von|zu)"
    rf"(?:\s(?:dem|unserem|kunden)){{0,2}}{_OPENS}"
    rf"|\A\W*+(?:genau )?(?:so )?(?:wie|anders als|im gegensatz)\s(?:\w+\s){{0,4}}?(?:bei|mit|von|zu){_OPENS}"
    r"|(?<![a-z])(?:mesm[oa]|igual|identic[oa]|parecid[oa]|semelhante|similar|mism[oa]|semejante)(?![a-z]).{0,60}?\s(?:que|ao?|al|como)"
    rf"\s(?:\w+\s){{0,4}}?(?:em|com|de|d[oa]|n[oa]|en|con|del)(?:\scliente)?{_OPENS}"
    rf"|\A\W*+(?:assim )?como\s(?:\w+\s){{0,4}}?(?:em|com|en|con|n[oa]){_OPENS}"
    rf"|(?<![a-z])(?:ao contrario|diferente(?:mente)?|a diferencia|contrairement)\s(?:d[eoa]|a){_OPENS}"
    r"|(?<![a-z])(?:meme|identique|similaire|pareil|semblable)(?![a-z]).{0,60}?\s(?:que|a|au|comme)\s(?:\w+\s){0,4}?(?:chez|pour|avec|de|du)"
    rf"(?:\s(?:le|client)){{0,2}}{_OPENS}"
    rf"|\A\W*+comme\s(?:\w+\s){{0,4}}?(?:chez|avec|pour){_OPENS}"
)
_HAPPENED = re.compile(
    r"(?<![a-z])(?:had|hatten?|tivemos|tive|teve|tuvimos|tuve|tuvo|avons eu|avions|a eu|solved|fixed|happened"
    r"|gelost|behoben|passierte?"
    r"|aconteceu|resolveu|resolveram|paso|ocurrio|resolvio|arrive)\s(?:\w+\s){0,3}?"
    r"(?:same|identical|similar|gleiche[nrs]?|ahnliche[nrs]?|selbe[nrs]?|dasselbe|mesm[oa]|mism[oa]|meme)(?![a-z]).{0,60}?"
    rf"\s(?:at|with|for|to|bei|mit|com|em|con|en|a|chez|avec){_OPENS}"
)
_COMPARED_AFTER = re.compile(rf"{_CLOSES}(?:の\S{{0,10}})?と(?:同じ|同様|似|違)")
_ANOTHER_CUSTOMER = re.compile(
    r"(?<![a-z])(?:another|other|different|ander(?:e[nmrs]?)|outr[oa]s?|otr[oa]s?|autres?)\s"
    rf"(?:customer|client|account|kunde[n]?|cliente|konto|conta|cuenta|compte)s?{_OPENS}|(?:別|他)の(?:お客様|顧客)[\s(（]*\Z"
)
_WORKS = re.compile(
    rf"{_CLOSES}[,;:]?\s?(?:it |there |everything |all |es |alles |tudo |todo |tout |ca |cela )*+"
    r"(?:works|is fine|funktioniert|geht|lauft|funciona|marche|fonctionne)(?!\s(?:not|nicht|no|nao|pas|auch nicht))"
    r"|[)）]?\s?(?:では|は)\S{0,10}(?:問題な|正常)"
)
_MAILS = (
    r"(?:e-?)?mails?|messages?|campaigns?|newsletters?|invitations?|notifications?|nachrichten?|kampagnen?|einladung(?:en)?"
    r"|benachrichtigung(?:en)?|mensage(?:m|ns)|convites?|campanhas?|notificac(?:ao|oes)|correos?|mensajes?|invitacion(?:es)?"
    r"|campanas?|notificacion(?:es)?|courriels?|campagnes?|invoices?|reminders?|repl(?:y|ies)|answers?|rechnung(?:en)?"
    r"|antwort(?:en)?|erinnerung(?:en)?|faturas?|respostas?|lembretes?|facturas?|respuestas?|recordatorios?|factures?|reponses?"
)
_REQUEST = re.compile(
    r"(?<![a-z])(?:please|kindly|bitte|por favor|favor|veuillez|merci de|(?:could|can) you"
    r"|(?:konnen|konnten|wurden) sie|pode(?:m|ria|riam)?|pueden?|podrian?|(?:pouvez|pourriez)-vous)(?![a-z])"
)
_ADDRESSED = r"(?:\s(?:the|die|den|o|a|la|el|l'|address|adresse|endereco|direccion)){0,2}"
_TO_RECIPIENT = re.compile(
    rf"(?<![a-z])(?:{_MAILS})(?![a-z])(?:\s[\w'-]++){{0,5}}?\s(?:to|an|para|a|ao|vers){_ADDRESSED}{_OPENS}"
    rf"|(?<![a-z])(?:send(?:s|ing)?|sent|deliver(?:y|ed|s|ing)?|forward(?:s|ed|ing)?)\s(?:\w+\s){{0,3}}?to{_ADDRESSED}{_OPENS}"
    rf"|(?<![a-z])(?:recipients?|empfanger|destinatari[oa]s?|destinataires?)(?:\s\w+){{0,3}}?:?{_OPENS}"
)
_SENDS_TO = re.compile(rf"(?<![a-z])an{_ADDRESSED}{_OPENS}")
_SENDS_AFTER = re.compile(rf"{_CLOSES}(?:ge)?(?:send|schick|schreib|versend|versand|verschick)")
_UNWANTED_FROM = re.compile(
    rf"(?<![a-z])(?:spam|junk|phishing|scam|werbung|publicidad|publicidade|publicite)[\w-]{{0,20}}(?:\s\w+){{0,3}}?\s(?:from|von|de|desde){_OPENS}"
)
_MAIL_FROM = re.compile(rf"(?<![a-z])(?:{_MAILS})(?![a-z])(?:\s\w+){{0,2}}?\s(?:from|von|de|desde){_OPENS}")
_ARRIVES = re.compile(
    rf"{_CLOSES}(?:do |does |are |is |never |not |no |nao |n'|ne |kommen |landen |werden )*+"
    r"(?:arriv|deliver|receiv|reach|com(?:e|ing)|land|nicht an|im spam|cheg|lleg|arrivent)"
)
_MAIL_AFTER = re.compile(rf"{_CLOSES}(?:へ|宛て?|から)(?:の)?\s?\S{{0,6}}?(?:メール|送信|迷惑|スパム)")
_THIRD_PARTIES = (
    r"suppliers?|vendors?|developers?|agency|contractors?|subcontractors?|accountants?|auditors?|lawyers?|prospects?|leads?"
    r"|freelancers?|integrators?|competitors?|third[- ]party|lieferant(?:en|in)?|dienstleisters?|entwicklers?|agentur"
    r"|steuerberaters?|interessent(?:en|in)?|subunternehmers?|drittanbieters?|wettbewerbers?|fornecedora?|desenvolvedora?"
    r"|agencia|contador(?:a|es)?|contabilista|prestadora?|prospectos?|proveedora?|desarrolladora?|contable|fournisseurs?"
    r"|prestataires?|developpeu(?:r|se)|agence|comptable"
)
# The address is in apposition: a preposition before it would make it the owner of what is named.
_THIRD_PARTY = re.compile(
    rf"(?<![a-z])(?:{_THIRD_PARTIES})(?![a-z])(?:\s(?:of|for|der|des|fur|d[aeo]s?|del|du|d')(?:\s(?:the|la|el|le|l'|our|a|o))?\s[\w-]++)?{_OPENS}"
    r"|(?:開発会社|業者|仕入先|取引先|委託先|ベンダー|見込み客)(?:の|:|：|\s)?[(（<\s]*\Z"
)
_ROW = re.compile(r"[^\s,;][^,;]*+(?:,[^\s,][^,]*+){2,}+|[^\s,;][^,;]*+(?:;[^\s;][^;]*+){2,}+")
_OF_SERVER = re.compile(
    r"(?<!\d)[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}(?!\d)|recipient address rejected|status=(?:bounced|deferred|sent)"
    r"|(?<![a-z])(?:to|from|orig_to|sender|recipient)=<|(?:rcpt to|mail from):\s?<"
)
_BEFORE_CODED = re.compile(r"[\"']\s?[:=]\s?[\"']\Z|\w\s?=\s?[\"']\Z|[,\[]\s?[\"']\Z|\w\(\s?[\"']\Z|<[\w:.-]++>\Z")
_AFTER_CODED = re.compile(r"[\"']\s?(?:[,;)}\]]|\Z)|</[\w:.-]++>")
_FIELDS = (
    r"(?:fields?|feld|felder|campos?|champs?|columns?|spalte|columna|coluna|colonne|record|datensatz|registro|fiche)"
)
_IN_FIELD = re.compile(
    rf"(?<![a-z]){_FIELDS}(?:\s\S++){{0,3}}?\s(?:holds?|contains?|shows?|has|enthalt|zeigt|steht|contem|mostra|contiene|muestra"
    rf"|contient|affiche){_OPENS}"
    rf"|(?<![a-z])(?:records?|datensatz|registro|fiche)\s(?:of|von|de|do|du){_OPENS}"
    rf"|(?<![a-z])(?:duplicates?|dubletten?|duplicados?|doublons?)\s(?:for|of|fur|von|de|para|pour){_OPENS}"
)
_ENDS_WITH_FIELD = re.compile(rf"(?<![a-z]){_FIELDS}\s*+\Z|(?:項目|フィールド|欄)[のがを]?\s*+\Z")

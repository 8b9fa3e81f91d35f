"""The words of the mail template (programme, section 5) in English, German, Portuguese, Spanish, French and Japanese.

Words are folded: lower case, no accents. `stem*` matches every word with that beginning. Partners translate, shorten
and reorder the labels, so a label is recognised by its words: each word belongs to one or more groups, and the groups
together give the part of the template. A line with a word that is in no group is not a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

from desk_sync.adapters.text.fold import fold


class LabelPart(StrEnum):
    """The part of the template that a label begins.

    `CUSTOMER`: only the customer, by a name or an address. `OTHER`: its value is not kept, or is read by other code.
    """

    CUSTOMER_EMAIL = "customer_email"
    CUSTOMER = "customer"
    CUSTOMER_DOMAIN = "customer_domain"
    SUPER_ADMIN = "super_admin"
    REQUEST_TYPE = "request_type"
    REPRODUCIBLE = "reproducible"
    PRODUCT = "product"
    DESCRIPTION = "description"
    STEPS = "steps"
    OTHER = "other"


GROUPS: Mapping[str, str] = {
    "numbered id": "zuid zoid zgid",
    "id": "id ids userid kennung identificador identifiant identifiants",
    "user": "user* benutzer* nutzer usuari* utilizador* utilisateur* ユーザー ユーザ",
    "organisation": "org organi* 組織",
    "mail": "mail mails mailadresse mailadressen mailadres email emails emailadresse emailaddress correo correos"
    " courriel correio correios messagerie electronique electronica eletronica eletronico"
    " courriels kundenmail kundenemail kundenmailadresse kundenemailadresse メール メールアドレス 電子メール",
    "customer": "customer customers client clients cliente clientes kunde kunden kundin endkunde endkunden klant"
    " klanten"
    " kundendomain kundendomane kundenmail kundenemail kundenmailadresse kundenemailadresse"
    " お客様 お客さま 顧客 クライアント エンドユーザー エンドユーザー様 エンドユーザ エンドユーザ様",
    "domain": "domain domains domane domanen kundendomain kundendomane dominio dominios domaine domaines ドメイン",
    "super": "super",
    "super admin": "superadmin* superutilis* superammin* superbeheerder スーパー管理者 スーパーアドミン 特権管理者",
    "admin": "admin* amministrat* beheerder 管理者",
    "type": "type* typ art tipo* anfrageart anfragetyp* 種類 種別 タイプ 区分",
    "request": "request* anfrage* supportanfrage* solicit* demand* requete*"
    " リクエスト 依頼 ご依頼 お問い合わせ 問い合わせ",
    "reproducible": "reproduc* reproduz* reprodui* reproduk* reproduct* 再現 再現性 再現可能 再現します 再現しますか",
    "product": "product* produkt* produt* produit* 製品 製品名 プロダクト サービス名",
    "service": "service* servic* servico* サービス",
    "support": "support suporte soporte assistance kundens* kundendienst kundenbetreuung kundenberatung サポート",
    "naming": "zoho name nome nombre nom namens names",
    "description": "descri* beschreib* problembeschreib* fehlerbeschreib* 説明 内容 詳細 概要",
    "problem": "problem* issue* question* frage* pregunta* pergunta* incident* anliegen 問題 質問 ご質問",
    "steps": "step* schritt* etapa* passo* paso* etape* mesure* medida* massnahme* action* acoes accion*"
    " troubleshoot* fehlerbehebung* depannage*"
    " 手順 対処 対応 トラブルシューティング 切り分け",
    "attachment": "screenshot* captura* capture* bildschirm* anhang anhange attachment* anexo* adjunto* jointe*"
    " recording* screen pantalla tela ecran ecrans gravac* grabac*"
    " スクリーンショット 添付 添付ファイル",
    "detail": "date* time datum* fecha* data hora uhrzeit* heure*"
    " access* zugriff* acesso acceso acces customi*"
    " anpassung* personaliz* personnalis* workflow* 日時 日付 アクセス カスタマイズ",
    "filler": "the of a an and or to for in on is was be been can it this do does did you if any your our so far have"
    " has with e y o d l s da das dos de del della des du der die den dem und oder zu zur zum von vom im fur bei kann"
    " werden wird ist es wurde wurden ihr ihre em na no nas para por ou um uma foi pode ser se que la las el los"
    " en al puede ha le les un une est et pour peut sur ce cette primary principal* principais primar* primair* haupt"
    " main end final finale finaux finais account accounts konto compte comptes cuenta conta login"
    " hauptadresse address* adress* direccion endereco enderecos electroni* eletroni* technical"
    " possible possivel posible moglich lasst sich sie haben il ont ete avez vous sido han"
    " foram feitas hechos faites menees bisherige bisher jusqu ici performed taken tried done already made"
    " executed completed durchgefuhrt* bereits unternommen* ergriffen* versucht* realizad* efetuad* executad*"
    " tomad* efectuad* ejecutad* effectue* prise* realise* entreprise* deja solucao solucion resolucao resolucion"
    " resolution losung problemlosung afetado affected concerned betroffen* afectado concerne* related yes ja sim"
    " si oui nein nao non details brief kurze breve detailed detaillierte"
    " の は が を に で と か です ですか ます でき できます 可能 名 名前 主要 主な プライマリ プライマリー メイン"
    " lautet lauten indirizzo adres van"
    " ご利用 利用 対象 発生 実施 した 行った 試した 済み または アドレス",
}

# The first row whose groups are all present decides; None: a line of a signature.
LABELS: tuple[tuple[frozenset[str], LabelPart | None], ...] = (
    (frozenset({"numbered id"}), LabelPart.OTHER),
    (frozenset({"id", "user"}), LabelPart.OTHER),
    (frozenset({"id", "organisation"}), LabelPart.OTHER),
    (frozenset({"steps", "reproducible"}), LabelPart.OTHER),
    (frozenset({"customer", "domain"}), LabelPart.CUSTOMER_DOMAIN),
    (frozenset({"super admin"}), LabelPart.SUPER_ADMIN),
    (frozenset({"super", "admin"}), LabelPart.SUPER_ADMIN),
    (frozenset({"admin", "mail"}), LabelPart.SUPER_ADMIN),
    (frozenset({"customer", "mail", "request"}), LabelPart.CUSTOMER_EMAIL),
    (frozenset({"customer", "support"}), None),
    (frozenset({"customer", "service"}), None),
    (frozenset({"customer", "mail"}), LabelPart.CUSTOMER_EMAIL),
    (frozenset({"user", "mail"}), LabelPart.OTHER),
    (frozenset({"reproducible"}), LabelPart.REPRODUCIBLE),
    (frozenset({"attachment"}), LabelPart.OTHER),
    (frozenset({"steps"}), LabelPart.STEPS),
    (frozenset({"description"}), LabelPart.DESCRIPTION),
    (frozenset({"type", "request"}), LabelPart.REQUEST_TYPE),
    (frozenset({"product"}), LabelPart.PRODUCT),
    (frozenset({"service", "naming"}), LabelPart.PRODUCT),
    (frozenset({"type"}), LabelPart.REQUEST_TYPE),
    (frozenset({"detail"}), LabelPart.OTHER),
    (frozenset({"problem"}), LabelPart.DESCRIPTION),
    (frozenset({"customer"}), LabelPart.CUSTOMER),
)

# The nine presets (R11): the value must contain a word of each line; the word can be part of a compound.
REQUEST_TYPES: Mapping[str, tuple[str, ...]] = {
    "TECHNICAL_SUPPORT": ("techni tecnic assist テクニカル 技術", "support suporte soporte assist サポート 支援"),
    "PAYMENTS_RENEWAL": ("pay zahlung pago pagament paiement 支払", "renew renov renouv verlanger erneuer 更新"),
    "TRIAL_EXTENSION": (
        "trial test prueba teste essai 試用 トライアル",
        "exten verlanger prorrog prolong ampli 延長",
    ),
    "STORE_RELATED": ("store shop loja tienda boutique ストア",),
    "UPGRADES": ("upgrade atualizac actualizac niveau アップグレード",),
    "INVOICE_CHANGES": ("invoice rechnung fatura factura facture 請求書",),
    "COMMISSION_PAYMENT": ("commission provisionsz provisionen comissao comissoes comision 手数料 コミッション",),
    "PRODUCT_MANAGEMENT_RELATED": (
        "product produkt produt produit プロダクト 製品",
        "manag gest マネジメント マネージメント 管理",
    ),
    "SALES_DISCUSSIONS": ("sales verkauf vertrieb venda venta commercial 営業",),
}

YES = (
    "yes ja sim si oui always immer sempre siempre toujours jederzeit"
    " はい 毎回 常に 可能 再現可能 できます でき 再現します"
)
NO = "no nein nao non never nie nunca jamais いいえ 不可 できません できない 再現しません"
NEITHER = (
    "no aplic|nao se aplic|nao aplic|non applic|no siempre|nem sempre|no se sabe|nao sei|nao sab|no lo se"
    "|no disponible|no probado|nao testa|non teste|no tengo|no hemos"
)
AND = "and und e y et ou or oder o"

NONE: Mapping[str, str] = {
    "none": "none no nothing na n/a nil keine keiner keines nichts nein entfallt"
    " nenhum nenhuma nada nao ninguno ninguna ningun"
    " aucun aucune rien neant non なし 無し 特になし 未実施 ありません いいえ 該当なし",
    "filler": "yet so far at the moment applicable noch bisher bislang derzeit anwendbar ate agora momento ainda por"
    " ahora hasta el se aplica aplicavel aplicable pour l instant encore applicable applica a n d de"
    " step* schritt* etapa* passo* paso* etape* taken performed realizad* effectue* durchgefuhrt*"
    " 特に 現時点 で は 今のところ",
}

SIGN_OFFS = (
    "regards|best regards|kind regards|warm regards|best wishes|sincerely|best|cheers|thanks|many thanks|thank you"
    "|mit freundlichen grussen|mit freundlichem gruss|mit besten grussen|freundliche grusse|beste grusse|viele grusse"
    "|liebe grusse|herzliche grusse|schone grusse|danke|vielen dank|besten dank|mfg|vg|lg|bg|br|kr|rgds|brgds"
    "|cdt|cdlt|slds|att|atte"
    "|atenciosamente|atentamente|cordialmente|obrigad[oa]|muito obrigad[oa]|cumprimentos|melhores cumprimentos"
    "|abracos?"
    "|gracias|muchas gracias|saludos|un saludo|saludos cordiales|cordiales saludos|reciba un cordial saludo"
    "|cordialement|bien cordialement|merci|bien a vous|salutations|meilleures salutations|sinceres salutations"
    "|met vriendelijke groet(?:en)?|vriendelijke groet(?:en)?|hartelijke groet(?:en)?|mvg|groet(?:en|jes)?"
    "|bedankt|alvast bedankt"
    "|(?:porgo |porgiamo )?(?:i miei |i nostri )?(?:piu )?(?:cordiali|distinti) saluti|saluti"
    "|un (?:cordiale |caro )?saluto"
    "|grazie(?: mille)?|buona giornata"
    "|med vanlig(?:a)? h(?:a|ae)lsning(?:ar)?|vanliga halsningar|hilsen|med venlig hilsen|mvh|tack|takk|tak"
    "|z powazaniem|pozdrawiam(?: serdecznie)?|dziekuje|s pozdravem|dekuji|ystavallisin terveisin|udvozlettel"
    "|cu stima|saygilarimla|tesekkurler|с уважением|спасибо|με εκτιμηση|此致|谢谢|謝謝|감사합니다"
    "|(?:何卒)?(?:どうぞ)?(?:よろしく|宜しく)(?:お願い|御願い)\\w*|以上(?:です)?|敬具"
)
SENT_FROM = (
    "sent from my|gesendet von|von meinem|enviado do meu|enviado desde mi|envoye de mon|iphoneから|inviato da"
    "|verzonden vanaf"
    "|skickat fran|get outlook for"
)

# A legal notice below a mail.
LEGAL_NOTICE = (
    "(?:not|nicht)(?: the| an?| der| ein)? (?:\\w{1,15} ){0,2}(?:recipient|addressee|adressat|empfanger)"
    "|(?:n'etes pas|pas|nao e|nao for|no es|non e|non siete)(?: l[ea']| o| el| il| un)? ?(?:\\w{1,15}"
    " ){0,2}destinat(?:ario|aire|ari)"
    "|(?:confidential|vertraulich|confidencia|confidentiel|riservat|vertrouwelijk|poufn|konfidenti)[^.]{0,60}"
    "(?:mail|message|nachricht|mensa|messag|bericht|information|inhalt|privileged)"
    "|(?:mail|message|nachricht|mensagem|mensaje|messaggio|bericht|information|wiadomosc)[^.]{0,60}"
    "(?:confidential|vertraulich|confidencia|confidentiel|riservat|vertrouwelijk|poufn|konfidenti)"
    "|(?:rgpd|gdpr|dsgvo|lgpd|avg|cnil)[^.]{0,160}(?:droits?\\b|rights?\\b|rechte?\\b|derechos?|direitos?|diritti|dpo@|dsb@)"
    "|(?:本メール|このメール|本電子メール).{0,40}(?:機密|秘密|受信者|名宛人)"
)

POSTSCRIPT = r"p\.? ?s\.?|p\.? ?d\.?|n\.?b\.?|追伸"

# Words that mark the next identifier as the writer's, not the customer's.
OWN = (
    "my own|my|mein|meine|mi|meu|minha|mon|ma|mio|mia|mijn|私の|our own|our|own"
    "|partner org|partner organization|partner|partner's|unsere|unser|eigene|nossa|nosso|nuestra|nuestro|notre"
    "|弊社|弊社の|当社|当社の|自社|自社の"
)

# Words that make a statement an assumption.
ASSUMED = (
    r"(?<![a-z])(?:probably|perhaps|maybe|presumably|possibly|supposedly|apparently"
    r"|(?:i|we) (?:think|guess|believe|suppose|assume)|not sure|unsure|might be|may be|could be|vermutlich|vielleicht"
    r"|wahrscheinlich|moglicherweise|wohl|eventuell|angeblich|ich glaube|wir glauben|wir vermuten|ich vermute"
    r"|provavelmente|talvez|acho que|achamos que|creio que|probablemente|quizas?|tal vez|creo que|creemos que"
    r"|supongo que|probablement|peut-etre|sans doute|je pense que|nous pensons que|je crois|forse|probabilmente"
    r"|credo che|waarschijnlijk|misschien)(?![a-z])|おそらく|たぶん|多分|かもしれ"
)

# Words that many companies have in their names and addresses: they tell none from another.
ROLES = (
    "support suporte soporte supporto hilfe aide aiuto hulp ayuda ajuda mesa help helpdesk desk team info admin service"
    " services servicio servicos office sales vendas ventas group gruppe grupo groupe gruppo groep holding consult"
    " consulting consultoria consultores consulenza conseil beratung advies advisory solutions soluciones solucoes"
    " losungen soluzioni solution digital digitale digitali software systems system sistemas tech technology tecnologia"
    " technologies cloud partner partners global international internet online business company agency agentur media"
    " marketing data network hosting mail customer customers cliente clientes kunde kunden client clients"
)
TITLES = "prof ing dipl mag mrs mme sra dra phd dott dottssa sig sigra avv arch geom herr frau dhr mevr"


def words(text: str) -> list[str]:
    """Return the words of a folded text; Japanese is split at the known words, an unknown character is a word."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(text)]


def part_of(label: str) -> LabelPart | None:
    """Return the part of the template that a label begins."""
    if names_no_customer(label):
        return None
    present: set[str] = set()
    for word in words(fold(label)):
        if not (groups := _groups(word)):
            return None
        present |= groups
    return next((part for needed, part in LABELS if needed <= present), None)


# Words that say of an address that it no longer is, or never was, the customer's.
WITHDRAWN = (
    "previous|former|formerly|earlier|outdated|obsolete|old|wrong|incorrect|invalid|mistaken|deprecated|inactive"
    "|deactivated|deleted|fruhere[nrs]?|vorherige[nrs]?|bisherige[nrs]?|ehemalige[nrs]?|veraltete[nrs]?|alte[nrs]?"
    "|falsche[nrs]?|ungultige[nrs]?|geloschte[nrs]?|anterior(?:es)?|antigu[ao]s?|antig[ao]s?|viej[ao]|velh[ao]"
    "|errad[ao]|incorret[ao]|incorrect[ao]|equivocad[ao]|invalid[ao]|precedente?s?|anciens?|anciennes?|vieil(?:le)?"
    "|erronee?|obsolete|incorrecte|fausse|faux|vecchi[ao]|precedente|sbagliat[ao]|oude|vorige|verkeerde|onjuiste"
)

_WITHDRAWN = re.compile(
    rf"(?<![a-z])(?:{WITHDRAWN})(?![a-z])|(?:以前|旧|過去|誤)の?"
    r"|to be (?:deleted|removed|replaced)|zu loschen|a (?:eliminar|excluir|supprimer|borrar)"
    r"|^\W*(?:not|non|nicht|kein\w{0,2}|no|nao|pas|ne|niet|geen)[\s-]{1,3}(?:(?:the|der|die|das|el|la|le|o|a|our|de)\s)?"
    r"(?:primary\s|main\s)?(?:customer|client|kunde|klant)"
)
_NO_CUSTOMER = re.compile(
    r"(?<![a-z])(?<!adresse )(?<!adresse e-)(?<!adresse e )(?:e ?-? ?)?mails?[ -]clients?(?![a-z])"
    r"|(?<![a-z])client[ei]? (?:de|di|da|per la) (?:correo|e-? ?mails?|mail|messagerie|posta)(?![a-z])"
    r"|(?:customer|client)(?:'s|s'| s) (?:customer|client)"
    r"|(?:customer|client)s? of (?:the|our|their) (?:customer|client)"
    r"|kunden? (?:des|unsere[rs]|der|ihre[rs]|seiner?s?) kunden"
    r"|clientes? (?:del|do|de nuestro|de nosso|do nosso|di un) cliente"
    r"|clients? (?:de|du) (?:notre |leur )?client|(?:顧客|お客様)の(?:顧客|お客様)"
)


def names_no_customer(label: str) -> bool:
    """Return True for "E-mail client", the customer's own customers, and an address that is withdrawn or denied."""
    folded = fold(label)
    if _NO_CUSTOMER.search(folded):
        return True
    return bool(_WITHDRAWN.search(folded) and groups_in(folded) & _OF_ADDRESSES)


def names_address_and_id(label: str) -> bool:
    """Return True for a label of both, such as "Customer e-mail / ZUID"."""
    return {"numbered id", "customer", "mail"} <= groups_in(label)


_OF_ADDRESSES = frozenset({"customer", "mail", "super admin", "admin"})


def address_part(label: str) -> LabelPart | None:
    """Return the part if a label names the address of the customer or of the super admin."""
    part = part_of(label)
    return part if part in (LabelPart.CUSTOMER_EMAIL, LabelPart.SUPER_ADMIN) else None


def is_known(word: str) -> bool:
    """Return True if labels are made of this folded word."""
    return bool(_groups(word))


def groups_in(text: str) -> set[str]:
    """Return the groups of all words of a text; unknown words have none."""
    return {group for word in words(fold(text)) for group in _groups(word)}


def means_none(text: str) -> bool:
    """Return True if the words of a value mean "none". False for an empty value."""
    found = words(fold(text))
    return any(_holds(NONE["none"], word) for word in found) and all(
        any(_holds(group, word) for group in NONE.values()) for word in found
    )


def request_types_in(text: str) -> list[str]:
    """Return the presets that a text names (R11)."""
    folded = fold(text).replace("_", " ")
    return [
        name
        for name, needed in REQUEST_TYPES.items()
        if all(any(word in folded for word in group.split()) for group in needed)
    ]


@lru_cache(maxsize=4096)
def _groups(word: str) -> frozenset[str]:
    return frozenset(name for name, group in GROUPS.items() if _holds(group, word))


@lru_cache(maxsize=4096)
def _holds(group: str, word: str) -> bool:
    return any(word.startswith(each[:-1]) if each.endswith("*") else word == each for each in group.split())


def _japanese(groups: Iterable[str]) -> str:
    """Return a pattern of all words outside ASCII, the longest first."""
    known = {word for group in groups for word in group.split() if not word.isascii()}
    return "|".join(sorted(known, key=lambda word: (-len(word), word)))


# Longer than all words above. The caches keep no more of a word.
_LONGEST_WORD = 40
_WORD = re.compile(f"n/a|[a-z]+|{_japanese([*GROUPS.values(), *NONE.values(), YES, NO])}|[^\\W_]")

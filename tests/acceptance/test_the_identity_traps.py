"""Traps on the way from a ticket's text to its account, on a real store: no wrong match, and every account is found.

Each trap is a ticket as Desk shows it: a description, perhaps fields and a sender; `leads_to` is the account that a
careful person would name, or None where that person would ask the partner. `suggests` is the account that such a person
would ask about: weak evidence leads to it, and never acts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk_sync.adapters.desk.payload import read_ticket
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.upgrade import migrate
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.domain.account.identity import choose, readings
from tests.adapters.desk import portal
from tests.adapters.desk.portal import make_raw
from tests.support.makers import NOW, POLICY, make_account

SAMPLE = read_accounts(Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv").accounts
PARTNER = "help@partner.example"
VOCABULARY = replace(
    portal.VOCABULARY,
    fields={"customer_primary_email": "cf_customer_primary_email_address", "service_org_id": "cf_org"},
    issue_types={},
    request_types={},
)


def account(account_id: str, email: str, **facts: Any) -> Any:
    domain = facts.pop("domain", email.rpartition("@")[2])
    return make_account(account_id=account_id, super_admin_email=email, domain=domain, **facts)


ACCOUNTS = (
    account("large", "admin@large.example", zoids=("76006415",), zgids=("76006420",), zuids=("76006430",)),
    account("other", "boss@other.example", zoids=("76007415",), zgids=("76007420",), zuids=("76007430",)),
    account("sales", "sales@shared.example", zoids=("76008001",)),
    account("ops", "ops@shared.example", zoids=("76008002",)),
    account("merged-1", "a@merged-one.example", zoids=("76009000", "76009001")),
    account("merged-2", "b@merged-two.example", zoids=("76009000",)),
    account("crossed-1", "a@crossed-one.example", zoids=("76010000",)),
    account("crossed-2", "b@crossed-two.example", zuids=("76010000",)),
    account("idn", "it@xn--mller-l-f1a2c.example"),
    account("ja", "it@xn--r8jz45g.example"),
    account("sharp", "it@xn--strae-oqa.example"),
    account("parent", "it@parent.example"),
    account("daughter", "it@de.parent.example"),
    account("tagged", "it+zoho@tagged.example"),
    account("roofer", "ortiz@gmail.com", domain=None),
    account("own", "boss@partner.example"),
)

FIELD = "Customer Primary Email Address"


class Trap:
    """A ticket with something in it that could mislead."""

    def __init__(
        self,
        description: str = "",
        leads_to: str | None = None,
        *,
        suggests: str | None = None,
        sender: str = PARTNER,
        **fields: str,
    ) -> None:
        self.description = description
        self.leads_to = leads_to
        self.suggests = suggests
        self.sender = sender
        self.fields = {VOCABULARY.fields[name]: value for name, value in fields.items()}


TRAPS = {
    # Addresses.
    "the super admin": Trap(f"{FIELD}: admin@large.example", "large"),
    "in capitals": Trap(f"{FIELD}: ADMIN@LARGE.EXAMPLE", "large"),
    "full width": Trap(f"{FIELD}：ａｄｍｉｎ＠ｌａｒｇｅ．ｅｘａｍｐｌｅ", "large"),
    "zero-width characters": Trap(f"{FIELD}: ad\u200bmin@lar\u200dge.exam\ufeffple", "large"),
    "a soft hyphen": Trap(f"{FIELD}: admin@lar\u00adge.example", "large"),
    "a Cyrillic letter in the mailbox": Trap(f"{FIELD}: \u0430dmin@unknown.example", None),
    "a Cyrillic letter in the domain": Trap(f"{FIELD}: admin@l\u0430rge.example", None),
    "a Greek letter in the domain": Trap(f"{FIELD}: admin@large.examp\u03b9e", None),
    "a digit for a letter": Trap(f"{FIELD}: admin@1arge.example", None),
    "a domain that goes on": Trap(f"{FIELD}: admin@large.example.evil.example", None),
    "a domain that ends alike": Trap(f"{FIELD}: admin@verylarge.example", None),
    "a domain with a hyphen more": Trap(f"{FIELD}: admin@large-.example", None),
    "umlauts, where the data have punycode": Trap(f"{FIELD}: IT@Müller-Öl.example", "idn"),
    "punycode": Trap(f"{FIELD}: it@XN--MLLER-L-F1A2C.example", "idn"),
    "umlauts as two characters": Trap(f"{FIELD}: it@mu\u0308ller-o\u0308l.example", "idn"),
    "umlauts spelt out are another domain": Trap(f"{FIELD}: it@mueller-oel.example", None),
    "Japanese letters": Trap("お客様のメールアドレス：it@例え.example", "ja"),
    "a sharp s": Trap(f"{FIELD}: it@straße.example", "sharp"),
    "a sharp s is not two": Trap(f"{FIELD}: it@strasse.example", None),
    "with its plus tag": Trap(f"{FIELD}: IT+Zoho@tagged.example", "tagged"),
    "an ordinary user of a domain": Trap(f"{FIELD}: jo@large.example", "large"),
    "an ordinary user of a shared domain": Trap(f"{FIELD}: jo@shared.example", None),
    "a super admin of a shared domain": Trap(f"{FIELD}: ops@shared.example", "ops"),
    "a shared domain, and a ZOID": Trap(f"{FIELD}: jo@shared.example\nZOID: 76008001", "sales"),
    "the parent company's": Trap(f"{FIELD}: it@parent.example", "parent"),
    "the daughter's": Trap(f"{FIELD}: it@de.parent.example", "daughter"),
    "a user of the daughter": Trap(f"{FIELD}: jo@de.parent.example", "daughter"),
    "a daughter without an account": Trap(f"{FIELD}: jo@fr.parent.example", None),
    "a customer at a free-mail provider": Trap(f"{FIELD}: ortiz@gmail.com", "roofer"),
    "another person there": Trap(f"{FIELD}: baker@gmail.com", None),
    "a dot more there": Trap(f"{FIELD}: or.tiz@gmail.com", None),
    "the sender writes from there": Trap(f"{FIELD}: admin@large.example", "large", sender="ada@gmail.com"),
    "the sender's own address there": Trap("I am ortiz@gmail.com", None, sender="ortiz@gmail.com"),
    "only the domain": Trap("Customer domain: Large.example", "large"),
    "only the domain, in German": Trap("Domain des Kunden: müller-öl.example", "idn"),
    "only a shared domain": Trap("Domínio do cliente: shared.example", None),
    "only the partner's domain": Trap("Customer domain: partner.example", None),
    "only a free-mail provider's domain": Trap("Customer domain: gmail.com", None),
    "two domains": Trap("Customer domain: large.example\nCustomer domain: other.example", None),
    "a domain against a ZOID": Trap("Customer domain: large.example\nZOID: 76007415", "other"),
    "spelt out": Trap(f"{FIELD}: admin (at) large.example", "large"),
    "a comma for a dot": Trap(f"{FIELD}: admin@large,example", None),
    # Whose address it is.
    "the partner's signature": Trap(f"{FIELD}: admin@large.example\n\nRegards\nAda\nboss@other.example", "large"),
    "only the partner's signature": Trap("It fails.\n\nRegards\nAda\nboss@other.example", None),
    "a signature delimiter": Trap("It fails.\n-- \nAda | boss@other.example", None),
    "a help desk's signature": Trap("It fails.\n\nRegards\nCustomer Support\nboss@other.example", None),
    "a German help desk's signature": Trap("Es geht nicht.\n\nViele Grüße\nKundenservice\nboss@other.example", None),
    "the partner's own account": Trap(f"{FIELD}: boss@partner.example", None),
    "Zoho's address": Trap("As partner-support@zohocorp.com wrote, admin@large.example cannot log in.", "large"),
    "two customers": Trap("Neither admin@large.example nor boss@other.example can log in.", None),
    "two customers, one label each": Trap(f"{FIELD}: admin@large.example\n{FIELD}: boss@other.example", None),
    "two behind one label": Trap(f"{FIELD}: admin@large.example, boss@other.example", None),
    "a user and the super admin": Trap("User email: jo@other.example\nSuper admin: admin@large.example", "large"),
    "a disclaimer": Trap(
        f"{FIELD}: admin@large.example\n\nRegards\nAda\nNot for you? Tell boss@other.example", "large"
    ),
    "a name, no identifier": Trap("Our customer Large Ltd cannot log in.", None),
    "an address of a page": Trap("See https://large.example/login", None),
    # Quotes.
    "quoted only": Trap("Please help.\n\n> My account is admin@large.example", suggests="large"),
    "a quoted user's domain": Trap("Please help.\n\n> From jo@large.example", None),
    "quoted and fresh": Trap(f"{FIELD}: admin@large.example\n\n> {FIELD}: boss@other.example", "large"),
    "a fresh one that is unknown": Trap(f"{FIELD}: new@new.example\n\n> {FIELD}: boss@other.example", None),
    "a forwarded mail": Trap(
        "Please help.\n\n-------- Forwarded message -------\nFrom: A <admin@large.example>\nTo: x\nSubject: y\n\nHi",
        suggests="large",
    ),
    "two in a forwarded mail": Trap(
        "Please help.\n\n-----Original Message-----\nFrom: admin@large.example\n\nand boss@other.example", None
    ),
    "who else read a forwarded mail": Trap(
        "Please help.\n\nFrom: A <admin@large.example>\nSent: today\nTo: help@partner.example\nCc: boss@other.example\n"
        "Subject: y\n\nHi",
        suggests="large",
    ),
    "a ticket's number in a quote": Trap("Thanks.\n\n> Your ticket is 76006415", None),
    "a quoted ZOID": Trap("See below.\n\n> ZOID: 76006415", suggests="large"),
    # Numbers.
    "a ZOID": Trap("ZOID: 76006415", "large"),
    "a ZGID": Trap("ZGID: 76006420", "large"),
    "a ZUID": Trap("ZUID: 76006430", "large"),
    "in groups": Trap("ZOID: 76 006 415", "large"),
    "with dots": Trap("Organisations-ID (ZOID): 76.006.415", "large"),
    "full-width digits": Trap("組織ID：７６００６４１５", "large"),
    "a ZGID behind a label for either": Trap("ID da organização [ZOID ou ZGID]: 76006420", "large"),
    "a ZUID behind a ZOID's label": Trap("ZOID: 76006430", None),
    "digits that are one's ZOID and another's ZUID": Trap("ZOID: 76010000", "crossed-1"),
    "the same digits as a ZUID": Trap("ZUID: 76010000", "crossed-2"),
    "the same digits without a label": Trap(service_org_id="76010000"),
    "merged accounts": Trap("ZOID: 76009000", None),
    "what is only in one of the merged accounts": Trap("ZOID: 76009001", "merged-1"),
    "a telephone": Trap("Call 76006415 or +76 006 415", None),
    "a telephone behind a label": Trap("ZUID: +49 76006430", None),
    "an order": Trap("Order number 76006415, invoice 76006420", None),
    "a record that begins alike": Trap("ZOID: 760064150000000001", None),
    "a record in a link": Trap("https://crm.zoho.eu/crm/tab/Leads/76006415", None),
    "an organisation in a link": Trap(
        "https://crm.zoho.eu/crm/org76006420/tab/Leads/760064150000000001", suggests="large"
    ),
    "an organisation in another host's link": Trap("https://crm.zoho.eu.evil.example/crm/org76006420/tab", None),
    "the partner's own number": Trap("Our ZOID: 76006415", None),
    "a number in a signature": Trap("It fails.\n\nRegards\nAda, account 76006415, user id in file", None),
    "two ZOIDs": Trap("ZOID: 76006415\nZOID: 76007415", None),
    "an id on the next line": Trap("Org ID (ZOID):\n\n76006415", "large"),
    # What contradicts.
    "an address against a ZOID": Trap(f"{FIELD}: admin@large.example\nZOID: 76007415", None),
    "an address against a ZUID": Trap(f"{FIELD}: admin@large.example\nZUID: 76007430", None),
    "an unknown address and a known ZOID": Trap(f"{FIELD}: jo@elsewhere.example\nZOID: 76006415", "large"),
    "all of one account": Trap(
        f"{FIELD}: admin@large.example\nZOID: 76006415\nZGID: 76006420\nZUID: 76006430", "large"
    ),
    "the field against the text": Trap(
        f"{FIELD}: boss@other.example", "large", customer_primary_email="admin@large.example"
    ),
    "the field against the other field": Trap(
        customer_primary_email="admin@large.example", service_org_id="76007415", leads_to=None
    ),
    "the partner in the field": Trap("ZOID: 76006415", "large", customer_primary_email=PARTNER),
    "words in the field": Trap("ZOID: 76006415", "large", customer_primary_email="see below"),
    "a number in the field of the organisation": Trap(leads_to="large", service_org_id="76006430"),
    # HTML.
    "only in a link": Trap(f'<p>{FIELD}: <a href="mailto:admin@large.example?subject=x">them</a></p>', "large"),
    "the link says another address than its text": Trap(
        f'<p>{FIELD}: <a href="mailto:boss@other.example">admin@large.example</a></p>', None
    ),
    "in a comment": Trap(f"<p>Hello</p><!-- {FIELD}: boss@other.example -->", None),
    "in a hidden style": Trap("<style>.x{content:'boss@other.example'}</style><p>Hello</p>", None),
    "cut by markup": Trap(f"<p>{FIELD}: ad<b>min</b>@large<wbr>.example</p>", "large"),
    "entities": Trap(f"<p>{FIELD}&#58; admin&#64;large&period;example</p>", "large"),
    "cells with paragraphs": Trap(
        f"<table><tr><td><p>{FIELD}</p></td><td><p>admin@large.example</p></td></tr></table>", "large"
    ),
    "a quote in HTML": Trap(
        f"<div>{FIELD}: admin@large.example</div><blockquote>{FIELD}: boss@other.example</blockquote>", "large"
    ),
    "an address as a tag": Trap(f"<p>{FIELD}: <admin@large.example></p>", "large"),
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The subscription data of these accounts, and of the sample's."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('traps') / 'store.sqlite3'}")
    migrate(engine)
    subscriptions = SqlSubscriptions(engine)
    subscriptions.replace([*ACCOUNTS, *SAMPLE], source="file", as_of=None, now=NOW, freshness=POLICY.licences.freshness)
    yield subscriptions
    engine.dispose()


def looked_up(store, trap):
    """Return what the account is, for a ticket in Desk's form."""
    raw = make_raw(description=trap.description, email=trap.sender, cf=EMPTY | trap.fields)
    evidence = read_ticket(raw, VOCABULARY).evidence
    return choose(evidence, store.find(readings(evidence)), store.current()[0])


def found(store, trap):
    """Return the id of the account that the ticket leads to; None without one."""
    account = looked_up(store, trap).account
    return account.account_id if account else None


def suggested(store, trap):
    """Return the ids of the accounts that a person may choose from, strongest first."""
    return [each.account.account_id for each in looked_up(store, trap).candidates]


EMPTY = dict.fromkeys(VOCABULARY.fields.values())


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_leads_to_the_account_that_a_careful_person_would_name(store, name):
    assert found(store, TRAPS[name]) == TRAPS[name].leads_to


@pytest.mark.parametrize("name", [name for name, trap in TRAPS.items() if trap.suggests])
def test_weak_evidence_suggests_the_account_first(store, name):
    assert suggested(store, TRAPS[name])[0] == TRAPS[name].suggests


FORMS = {
    "e-mail": lambda one: [f"{FIELD}: {one.super_admin_email.upper()}"],
    "a user on its domain": lambda one: [f"{FIELD}: somebody@{one.domain}"] if one.domain else [],
    "ZOID": lambda one: [f"Die Organisations-ID (ZOID) lautet {number}." for number in one.zoids],
    "ZGID": lambda one: [f"ID de l'organisation (ZGID) : {number}" for number in one.zgids],
    "ZUID": lambda one: [f"ユーザーID（ZUID）：{number}" for number in one.zuids],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_account_of_the_sample_is_found(store, form):
    unique = [one for one in SAMPLE if form != "a user on its domain" or is_alone(one)]
    named = [(text, one.account_id) for one in unique for text in FORMS[form](one)]

    assert len(named) >= 39
    assert [found(store, Trap(text)) for text, _ in named] == [account_id for _, account_id in named]


def is_alone(one):
    return sum(other.domain == one.domain for other in SAMPLE) == 1


def test_no_match_is_wrong_and_the_coverage_is_printed(store, capsys):
    answers = {name: found(store, trap) for name, trap in TRAPS.items()}
    wrong = [name for name, answer in answers.items() if answer not in (None, TRAPS[name].leads_to)]
    known = [name for name, trap in TRAPS.items() if trap.leads_to]
    hit = [name for name in known if answers[name] == TRAPS[name].leads_to]
    with capsys.disabled():
        print(f"\nidentity traps: {len(TRAPS)}, {len(wrong)} wrong matches, {len(hit)} of {len(known)} accounts found")

    assert wrong == []
    assert len(TRAPS) >= 60

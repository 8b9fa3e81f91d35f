"""Answers that sources have given, or may give: the right count, a reason why it is not known, or a refusal.

Each is read by a pull, by a look-up, and by a pull that was interrupted once at each of its calls. Never is a wrong
count taken for certain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.subscriptions.billing import BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PAGE, PartnerStore
from desk_sync.domain.account.entitlement import entitle, licence_bounds
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import DeskSyncError, TemporaryError
from tests.support.billing_answers import ADMIN, LISTED, RECORD, BillingAnswers
from tests.support.fake_checkpoints import FakeCheckpoints, FakeUnits
from tests.support.zoho_host import Reply

LICENCES = mapping_file.load("partner_support").policy.licences
CONTEXT = {"has_more_page": False}


@dataclass(frozen=True)
class Expected:
    """What an answer gives: a count, words of the reason why there is none, or words of the refusal."""

    count: int | None = None
    unknown: str = ""
    refused: str = ""
    left_out: str = ""
    pull_only: bool = False


def counts(number: int, **facts: Any) -> Expected:
    return Expected(count=number, **facts)


def unknown(words: str, **facts: Any) -> Expected:
    return Expected(unknown=words, **facts)


def refused(words: str, **facts: Any) -> Expected:
    return Expected(refused=words, **facts)


def left_out(words: str) -> Expected:
    return Expected(left_out=words, pull_only=True)


@dataclass
class Interrupted(FakeCheckpoints):
    """Checkpoints of a pull whose process dies at one call."""

    at: int = 0
    kept: list[Any] = field(default_factory=list)
    calls: int = 0

    def work(self) -> None:
        self.calls += 1
        if self.calls == self.at:
            raise TemporaryError("killed here")


def check(accounts, problems, expected):
    """Check the account of the super admin."""
    own = [each for each in accounts if each.super_admin_email == ADMIN]
    if expected.left_out:
        assert own == []
        assert expected.left_out in " ".join(map(str, problems))
        return
    [account] = own
    bounds = licence_bounds(account, LICENCES)
    if expected.unknown:
        words = " ".join(map(str, entitle(account, LICENCES).reasons))
        assert bounds.low != bounds.high, words
        assert expected.unknown in words
        return
    assert (bounds.low.total(), bounds.high.total()) == (expected.count, expected.count)


def pull_and_check(make, expected):
    """Pull, whole and interrupted once at each call."""
    whole = Interrupted()
    outcome(make, whole, expected)
    for at in range(1, min(whole.calls, 12) + 1):
        checkpoints = Interrupted(at=at)
        with pytest.raises(DeskSyncError):
            list(make().pull(checkpoints).accounts)
        outcome(make, checkpoints, expected)


def outcome(make, checkpoints, expected):
    if expected.refused:
        with pytest.raises(DeskSyncError, match=expected.refused) as raised:
            list(make().pull(checkpoints).accounts)
        assert "killed here" not in str(raised.value)
        return
    pulled = make().pull(checkpoints)
    check(list(pulled.accounts), pulled.problems, expected)


def look_up_and_check(source, identifier, expected):
    if expected.pull_only:
        return
    if expected.refused:
        with pytest.raises(DeskSyncError, match=expected.refused):
            source.ask(identifier)
    else:
        check(source.ask(identifier), [], expected)


def plan(**facts):
    return lambda billing: billing.records["S1"]["plan"].update(facts)


def without_plan(key):
    return lambda billing: billing.records["S1"]["plan"].pop(key)


def record(**facts):
    return lambda billing: billing.records["S1"].update(facts)


def addons(*given):
    return record(addons=[{"addon_code": code, "name": code, "quantity": number} for code, number in given])


def more(value):
    def change(billing):
        billing.context = lambda path, _, context: (
            context if path in ("plans", "addons") else None if value is None else context | {"has_more_page": value}
        )

    return change


def no_more(billing):
    billing.context = lambda path, _, context: context if path in ("plans", "addons") else {"page": 1}


def many(billing):
    """Two hundred other customers come before ours."""
    others = [{"customer_id": f"{n}", "email": f"e{n}@e.example"} for n in range(100, 300)]
    billing.rows["customers"][:0] = others


def twice(billing):
    billing.rows["subscriptions"].append(dict(LISTED))
    billing.rows["customers"].append(dict(billing.rows["customers"][0]))


def ended_and_live(billing):
    billing.rows["subscriptions"].insert(0, LISTED | {"status": "cancelled"})


def repeats(billing):
    """The list of subscriptions repeats its only page for ever."""
    billing.context = lambda path, _, context: context | {"has_more_page": path == "subscriptions"}
    page = dict(LISTED)
    billing.replies["subscriptions"] = lambda _: Reply(
        {"code": 0, "subscriptions": [page], "page_context": {"has_more_page": True}}
    )


def gone(billing):
    """The only subscription is deleted between the list and its record; a new one replaces it."""
    del billing.records["S1"]
    billing.records["S2"] = RECORD | {"subscription_id": "S2"}
    calls = []

    def listed(asked):
        calls.append(asked)
        first = len(calls) == 1 and "customer_id" in asked.query
        wanted = "S1" if first or "customer_id" not in asked.query else "S2"
        return Reply({"code": 0, "subscriptions": [LISTED | {"subscription_id": wanted}], "page_context": CONTEXT})

    billing.replies["subscriptions"] = listed


def listed_and_missing(billing):
    del billing.records["S1"]


def reply(path, body, status=200, **facts):
    return lambda billing: billing.replies.update({path: lambda _: Reply(body, status=status, **facts)})


def together(*changes):
    def change(billing):
        for each in changes:
            each(billing)

    return change


BILLING = [
    pytest.param(plan(), counts(30), id="as documented"),
    pytest.param(plan(quantity=25.0), counts(30), id="25.0"),
    pytest.param(plan(quantity="25"), counts(30), id="text 25"),
    pytest.param(plan(quantity="25.00"), counts(30), id="text 25.00"),
    pytest.param(plan(quantity="25.000"), counts(30), id="text 25.000 is no thousand"),
    pytest.param(plan(quantity=1.125), unknown('"1.125" is not a whole number'), id="1.125"),
    pytest.param(plan(quantity="1.125"), unknown('"1.125" is not a whole number'), id="text 1.125"),
    pytest.param(plan(quantity="1,050"), unknown('"1,050" is not a whole number'), id="text 1,050"),
    pytest.param(plan(quantity=-5), unknown('"-5" is not a whole number'), id="fewer than none"),
    pytest.param(plan(quantity=True), unknown('"True" is not a whole number'), id="true is no number"),
    pytest.param(plan(quantity=10**15), unknown("is not a whole number"), id="more than any"),
    pytest.param(plan(quantity="many"), unknown('"many" is not a whole number'), id="a word"),
    pytest.param(plan(quantity={"value": 25}), unknown("is not a whole number"), id="an object"),
    pytest.param(plan(quantity=None), unknown("the data do not say how many"), id="null is not none"),
    pytest.param(plan(quantity=""), unknown("the data do not say how many"), id="empty is not none"),
    pytest.param(without_plan("quantity"), unknown("the data do not say how many"), id="missing is not none"),
    pytest.param(plan(quantity=0), counts(5), id="none is none"),
    pytest.param(record(plan=None), unknown("may count"), id="no plan"),
    pytest.param(
        together(plan(name=None), lambda billing: billing.records["S1"].pop("plan_name", None)),
        unknown("complimentary"),
        id="a plan without a name may be free",
    ),
    pytest.param(plan(name="CRM Free"), counts(0), id="a free plan"),
    pytest.param(addons(("more", 5), ("more", 5)), counts(30), id="an add-on twice, identical"),
    pytest.param(addons(("more", 5), ("more", 7)), unknown("S1"), id="an add-on twice, different"),
    pytest.param(addons(("crm", 5)), unknown("unit missing"), id="an add-on has not the unit of a plan of its code"),
    pytest.param(addons(("storage", 5)), counts(30), id="two name spaces: add-on storage is users"),
    pytest.param(plan(plan_code="storage"), counts(5), id="two name spaces: plan storage is GB"),
    pytest.param(addons(("new", 5)), unknown("unit missing"), id="a code that no list has"),
    pytest.param(record(addons="none"), unknown("unreadable"), id="add-ons that are no list"),
    pytest.param(record(addons=[]), counts(25), id="no add-ons"),
    pytest.param(record(subscription_id="S9"), unknown("another subscription instead of S1"), id="another record"),
    pytest.param(record(customer={"customer_id": "9"}), unknown("another customer's"), id="a stranger's record"),
    pytest.param(reply("subscriptions/S1", {"code": 1002, "message": "odd"}), unknown("code 1002, odd"), id="its code"),
    pytest.param(
        reply("subscriptions/S1", {"code": 9, "message": "x"}, 500), unknown("code 9, x"), id="500 and a code"
    ),
    pytest.param(reply("subscriptions/S1", "", 503), refused("503 to /billing/v1/subscriptions/S1"), id="503"),
    pytest.param(reply("subscriptions/S1", {"code": 57}, 400), refused("code 57"), id="no permission"),
    pytest.param(reply("subscriptions/S1", {"code": 45}, 400), refused("code 45"), id="the day's calls are spent"),
    pytest.param(listed_and_missing, unknown("404"), id="listed, and never there"),
    pytest.param(gone, counts(30), id="gone, and another one instead"),
    pytest.param(more(None), refused("no page_context"), id="no page_context"),
    pytest.param(no_more, refused("no has_more_page"), id="more is missing"),
    pytest.param(more("false"), refused("neither true nor false"), id="more is a text"),
    pytest.param(more(0), refused("neither true nor false"), id="more is a number"),
    pytest.param(more(True), refused("announces more"), id="empty pages for ever"),
    pytest.param(repeats, refused("announces more"), id="one page for ever"),
    pytest.param(many, counts(30), id="on the second page"),
    pytest.param(twice, counts(30), id="everything is listed twice"),
    pytest.param(ended_and_live, counts(30), id="listed as ended and as live"),
    pytest.param(record(status="odd"), unknown("status odd is not known"), id="an odd status"),
    pytest.param(reply("customers", {"code": 1000, "message": "Odd"}), refused("code 1000, Odd"), id="no list"),
]


@pytest.mark.parametrize(("change", "expected"), BILLING)
def test_billing(host, api, change, expected):
    def make():
        return BillingSource(api, units=FakeUnits())

    def script():
        billing = BillingAnswers()
        change(billing)
        host.answers[:] = [
            billing.reply,
        ]

    def scripted():
        script()
        return make()

    pull_and_check(scripted, expected)
    script()
    look_up_and_check(make(), Identifier(IdentifierKind.EMAIL, ADMIN), expected)


def row(**facts):
    return {
        "subscription_id": "S1",
        "status": "active",
        "email_id": ADMIN,
        "org_id": "100055000",
        "service_name": "Workplace",
        "plan_name": "Mail Flexible Plan",
        "addons": [{"addon_name": "Standard User", "value": 25}],
    } | facts


def users(value):
    return [row(addons=[{"addon_name": "Standard User", "value": value}])]


FULL = [row(subscription_id=f"{n}", email_id=f"e{n}@e.example", org_id="") for n in range(PAGE)]

STORE = [
    pytest.param([[row()]], {}, counts(25), id="as documented"),
    pytest.param([users("25.00")], {}, counts(25), id="text 25.00"),
    pytest.param([users("2.5")], {}, unknown('"2.5" is not a whole number'), id="half a user"),
    pytest.param([users(None)], {}, unknown("do not say how many"), id="null is not none"),
    pytest.param([[row(addons=None)]], {}, unknown("add-ons, which count the users, are missing"), id="no add-ons"),
    pytest.param([[row(addons=[])]], {}, counts(0), id="an empty list of add-ons"),
    pytest.param([[row(plan_name=None)]], {}, unknown("complimentary"), id="no plan is not a free plan"),
    pytest.param([[row(), row()]], {}, counts(25), id="twice, identical"),
    pytest.param([[row()], users(30)], {}, unknown("S1"), id="twice, different"),
    pytest.param([[row(subscription_id=None)]], {}, unknown("without an id"), id="no id"),
    pytest.param([[row(), row(subscription_id="S2", email_id=None)]], {}, counts(50), id="no address, a known ZOID"),
    pytest.param([[row(email_id=None, org_id=None)]], {}, left_out("neither a valid address"), id="no owner"),
    pytest.param([FULL, [row()]], {}, counts(25), id="the header does not say; a full page"),
    pytest.param([[row()], [row(subscription_id="S2")]], {}, counts(50), id="the header does not say; a short page"),
    pytest.param([[row()], [row(subscription_id="S2")]], {"X-More": "true"}, counts(50), id="the header says it"),
    pytest.param([[row()]], {"X-More": "maybe"}, refused("does not say if there are more: maybe"), id="an odd header"),
]


@pytest.mark.parametrize(("pages", "headers", "expected"), STORE)
def test_the_partner_store(host, api, pages, headers, expected):
    def answer(asked):
        number = int(asked.query["page"])
        sent = dict(headers)
        if headers.get("X-More") == "true":
            sent = {"X-More": "true" if number < len(pages) else "false"}
        return Reply(pages[number - 1] if number <= len(pages) else [], headers=sent)

    host.answers[:] = [answer]
    pull_and_check(lambda: PartnerStore(api), expected)


MAIL = [
    pytest.param({}, counts(25), id="as documented"),
    pytest.param({"licenseCount": "25.00"}, counts(25), id="text 25.00"),
    pytest.param({"licenseCount": 25.5}, unknown("25.5"), id="half a licence"),
    pytest.param({"licenseCount": None}, unknown("do not say how many"), id="missing is not none"),
    pytest.param({"planType": None}, unknown("complimentary"), id="not said if it is paid"),
    pytest.param({"zoid": "999999"}, refused("another organisation instead of 100055000"), id="another one"),
]


@pytest.mark.parametrize(("facts", "expected"), MAIL)
def test_the_mail_partner(host, api, facts, expected):
    organisation = {
        "zoid": "100055000",
        "superAdmin": ADMIN,
        "primaryDomainName": "large.example",
        "licenseCount": 25,
        "planType": "Paid",
        "basePlan": "Mail Premium",
    }
    host.answers[:] = [lambda _: Reply({"status": {"code": 200}, "data": organisation | facts})]

    def make():
        return MailPartner(api, zoids=lambda: ["100055000"])

    pull_and_check(make, expected)
    look_up_and_check(make(), Identifier(IdentifierKind.ZOID, "100055000"), expected)


SQL = [
    pytest.param("INTEGER", [25], counts(25), id="INTEGER"),
    pytest.param("NUMERIC(12,0)", [Decimal(25)], counts(25), id="NUMERIC(12,0)"),
    pytest.param("NUMERIC(12,3)", [Decimal("25.000")], counts(25), id="NUMERIC(12,3) is no thousands"),
    pytest.param("NUMERIC(12,3)", [Decimal("1.125")], unknown("is not a whole number"), id="NUMERIC 1.125"),
    pytest.param("REAL", [25.0], counts(25), id="REAL"),
    pytest.param("REAL", [1.125], unknown('"1.125" is not a whole number'), id="REAL 1.125"),
    pytest.param("TEXT", ["25.000"], counts(25), id="text 25.000"),
    pytest.param("TEXT", ["1.050,5"], unknown("is not a whole number"), id="text 1.050,5"),
    pytest.param("INTEGER", [None], unknown("do not say how many"), id="NULL is not none"),
    pytest.param("FLOAT", [25.0], counts(25), id="FLOAT"),
    pytest.param("DOUBLE PRECISION", [1.125], unknown('"1.125" is not a whole number'), id="DOUBLE PRECISION 1.125"),
    pytest.param("INTEGER", [25, 25], counts(25), id="twice, identical"),
    pytest.param("INTEGER", [25, 40], unknown("S1"), id="twice, different"),
]
_NAMES = (
    "super_admin_email_norm",
    "subscription_id",
    "service",
    "plan_code",
    "item_kind",
    "unit",
    "status",
    "quantity",
)
_ROW = (ADMIN, "S1", "Zoho CRM", "crm", "plan", "users", "live")


@pytest.mark.parametrize(("kind", "quantities", "expected"), SQL)
def test_sql(warehouse, kind, quantities, expected):
    exact = warehouse.owner.dialect.name != "sqlite"
    rows = [(*_ROW, each if exact or not isinstance(each, Decimal) else float(each)) for each in quantities]
    warehouse.fill(_NAMES, rows, kind)
    source = warehouse.source()

    pulled = source.pull(FakeCheckpoints())

    check(list(pulled.accounts), pulled.problems, expected)
    look_up_and_check(source, Identifier(IdentifierKind.EMAIL, ADMIN), expected)

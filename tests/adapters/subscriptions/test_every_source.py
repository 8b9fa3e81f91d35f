"""The contract of every source, on recorded samples served over real HTTP, in a file or in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.subscriptions.account_file import FileSource
from desk_sync.adapters.subscriptions.billing import BillingSource
from desk_sync.adapters.subscriptions.mail_partner import MailPartner
from desk_sync.adapters.subscriptions.partner_store import PartnerStore
from desk_sync.domain.account.entitlement import ItemStanding, judge
from desk_sync.domain.account.identity import Identifier, IdentifierKind, identifiers_of
from desk_sync.errors import DeskSyncError, PermanentError, TemporaryError
from tests.adapters.subscriptions.conftest import UNITS, at, northwind, sample
from tests.adapters.subscriptions.test_sql_table import ROWS, fill
from tests.support.fake_checkpoints import FakeCheckpoints, FakeUnits
from tests.support.zoho_host import Reply

ACCOUNTS = Path(__file__).parents[2] / "cases" / "accounts" / "accounts.csv"
LICENCES = mapping_file.load("partner_support").policy.licences
NORTHWIND = "it.admin+zoho@northwind-labs.example"
KUMO = "admin@kumo-studio.example"
MAIL = "/api/organization"


@dataclass
class Offered:
    """A source with its sample, one of its accounts with its licences, and ways to break it."""

    source: Any
    admin: str
    licences: int
    identifier: Identifier | None = None
    goes_down: Callable[[], object] | None = None
    answers_by_half: Callable[[], object] | None = None


def billing(host, api, **_):
    host.answers.extend((*UNITS, northwind))
    return Offered(
        BillingSource(api, units=FakeUnits()),
        NORTHWIND,
        88,
        Identifier(IdentifierKind.EMAIL, NORTHWIND),
        goes_down=lambda: host.answers.insert(0, lambda _: Reply("", status=503)),
        answers_by_half=lambda: host.answers.insert(0, at("/billing/v1/customers", {"code": 0, "customers": []})),
    )


def store(host, api, **_):
    host.answers.append(at("/api/v1/partner/subscriptions", sample("partner_store_subscriptions")))
    return Offered(
        PartnerStore(api),
        KUMO,
        55,
        goes_down=lambda: host.answers.insert(0, lambda _: Reply("", status=503)),
        answers_by_half=lambda: host.answers.insert(0, lambda _: Reply({"error": "half"})),
    )


def mail(host, api, **_):
    host.answers.append(at(f"{MAIL}/90000046000", sample("mail_partner_organization")))
    return Offered(
        MailPartner(api, zoids=lambda: ["90000046000"]),
        KUMO,
        55,
        Identifier(IdentifierKind.ZOID, "90000046000"),
        goes_down=lambda: host.answers.insert(0, lambda _: Reply("", status=503)),
        answers_by_half=lambda: host.answers.insert(0, lambda _: Reply({"status": {"code": 200}})),
    )


def sql(engine, **_):
    return Offered(fill(engine, ROWS), "admin@large.example", 88, Identifier(IdentifierKind.ZOID, "100055000"))


def file(tmp_path, **_):
    path = tmp_path / "export.csv"
    path.write_bytes(ACCOUNTS.read_bytes())
    return Offered(
        FileSource(path),
        "admin@banksia-legal.example",
        49,
        goes_down=path.unlink,
        answers_by_half=lambda: path.write_bytes(path.read_bytes()[:-90]),
    )


EVERY = (billing, store, mail, sql, file)
sources_with_look_ups = pytest.mark.parametrize("offered", [billing, mail, sql], indirect=True)
sources_that_can_fail = pytest.mark.parametrize("offered", [billing, store, mail, file], indirect=True)


@pytest.fixture(params=EVERY, ids=lambda make: make.__name__)
def offered(request, host, api, tmp_path):
    engine = request.getfixturevalue("sqlite_warehouse") if request.param is sql else None
    return request.param(host=host, api=api, tmp_path=tmp_path, engine=engine)


def pulled(source, checkpoints=None):
    return {each.super_admin_email: each for each in source.pull(checkpoints or FakeCheckpoints()).accounts}


def counted(account):
    return sum(item.quantity for item in account.items if judge(item, LICENCES).standing is ItemStanding.COUNTED)


def test_a_source_gives_the_super_admin_and_the_licences_of_an_account(offered):
    assert counted(pulled(offered.source)[offered.admin]) == offered.licences


def test_a_source_gives_the_same_accounts_twice(offered):
    assert pulled(offered.source) == pulled(offered.source)


def test_every_account_has_an_id_of_its_own(offered):
    accounts = list(offered.source.pull(FakeCheckpoints()).accounts)

    assert len({each.account_id for each in accounts}) == len(accounts)


@sources_with_look_ups
def test_a_look_up_gives_the_same_account_as_a_pull(offered):
    [account] = offered.source.ask(offered.identifier)

    assert offered.identifier in set(identifiers_of(account))
    assert account == pulled(offered.source)[offered.admin]


@sources_with_look_ups
def test_an_identifier_that_a_source_does_not_have_leads_to_no_account(offered):
    absent = {IdentifierKind.EMAIL: "nobody@nowhere.example", IdentifierKind.ZOID: "999999"}[offered.identifier.kind]

    found = offered.source.ask(Identifier(offered.identifier.kind, absent))

    assert [each for each in found if Identifier(offered.identifier.kind, absent) in set(identifiers_of(each))] == []


@sources_that_can_fail
def test_a_source_that_is_down_raises(offered):
    offered.goes_down()

    with pytest.raises(DeskSyncError) as raised:
        pulled(offered.source)

    assert isinstance(raised.value, TemporaryError) or offered.source.__class__ is FileSource


@sources_that_can_fail
def test_half_an_answer_is_no_answer(offered):
    offered.answers_by_half()

    with pytest.raises(DeskSyncError) as raised:
        pulled(offered.source)

    assert not isinstance(raised.value, TemporaryError)
    assert isinstance(raised.value, PermanentError) or offered.source.__class__ is FileSource

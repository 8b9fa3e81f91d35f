"""One row of an export: a subscription, its account, and its licence items.

Quantities are whole numbers of the unit; an empty one is None: the file does not say how many. Columns without a name
of ours are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from sys import intern

from desk_sync.adapters.subscriptions.tables import cells
from desk_sync.adapters.subscriptions.tables.table_file import TablePlace, TableRow
from desk_sync.adapters.text.json_text import read_json_text
from desk_sync.domain.account.subscription import LicenceItem
from desk_sync.errors import Problem

REQUIRED = (
    "account_id",
    "super_admin_email",
    "subscription_id",
    "service_name",
    "plan_name",
    "plan_quantity",
    "plan_unit",
    "status",
    "is_paid",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """The values of one row. Rows are equal if their values are, at any position, `hidden` in the sheet or not."""

    table: TablePlace = field(compare=False)
    line: int = field(compare=False)
    hidden: bool = field(compare=False)
    subscription_id: str
    account_id: str
    super_admin_email: str
    items: tuple[LicenceItem, ...]
    as_of: date | None
    started: date | None
    country: str
    region: str
    data_center: str
    domain: str | None
    zoid: str | None
    zgid: str | None
    zuid: str | None
    partner_domain: str | None
    tagged: bool

    @property
    def file(self) -> str:
        return self.table.file

    def problem(self, where: str, message: str, hint: str | None = None) -> Problem:
        """Return a problem of the cell in the column `where` of this row."""
        return self.table.problem(message, where=where, line=self.line, hint=hint)


def read_subscription(row: TableRow) -> SubscriptionRow:
    """Return the subscription of a row. An invalid cell is added to the row's problems and is empty here."""
    subscription_id = row.key("subscription_id")
    return SubscriptionRow(
        table=row.table,
        line=row.line,
        hidden=row.hidden,
        subscription_id=subscription_id,
        account_id=row.key("account_id"),
        super_admin_email=row.identify("super_admin_email", cells.email, ""),
        items=tuple(_items(row, subscription_id)),
        as_of=row.take("as_of_date", cells.day, None),
        started=row.take("start_date", cells.day, None),
        country=row.text("country_code").upper(),
        region=row.text("region"),
        data_center=row.text("data_center").upper(),
        domain=row.identify("customer_domain", cells.customer_domain, None),
        zoid=row.identify("zoid", cells.number, None),
        zgid=row.identify("service_org_id", cells.number, None),
        zuid=row.identify("super_admin_zuid", cells.number, None),
        partner_domain=row.identify("partner_domain", cells.domain, None),
        tagged=row.text("partner_tag_status").casefold() != "untagged",
    )


def _items(row: TableRow, subscription_id: str) -> Iterator[LicenceItem]:
    """Yield the plan, then its add-ons."""
    plan = _Part(
        name=row.named("plan_name"),
        code=row.text("plan_code"),
        quantity=row.take("plan_quantity", cells.quantity, None),
        unit=row.text("plan_unit"),
    )
    edition, status = intern(f"{plan.name} {plan.code}".strip()), row.text("status")
    service, paid = row.named("service_name"), row.take("is_paid", cells.truth, True)
    nothing: tuple[_Part, ...] = ()
    for part in (plan, *row.take("addons", _addons, nothing)):
        yield LicenceItem(
            subscription_id=subscription_id,
            service=service,
            name=part.name,
            code=part.code,
            quantity=part.quantity,
            unit=part.unit,
            status=status,
            edition=edition,
            paid=paid,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The plan of a subscription, or one of its add-ons."""

    name: str
    code: str
    quantity: int | None
    unit: str


def _addons(text: str) -> tuple[_Part, ...]:
    if text in ("", "[]"):
        return ()
    addons = read_json_text(text)
    if not isinstance(addons, list) or not all(isinstance(addon, dict) for addon in addons):
        raise ValueError("must be a list of add-ons, each with name, quantity and unit")
    return tuple(_addon(addon) for addon in addons)


def _addon(addon: Mapping[str, object]) -> _Part:
    words = {
        key: "" if addon.get(key) is None else str(addon[key]).strip() for key in ("name", "code", "quantity", "unit")
    }
    if not words["name"]:
        raise ValueError("an add-on has no name")
    return _Part(name=words["name"], code=words["code"], quantity=cells.quantity(words["quantity"]), unit=words["unit"])

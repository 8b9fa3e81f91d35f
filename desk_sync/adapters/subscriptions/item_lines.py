"""The lines of one subscription: each plan and add-on once. Plans and add-ons have codes of their own.

A line that comes twice and says the same is one line. If it says something else, each of the lines may be true, and
all of them together: a person decides if it matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desk_sync.adapters.subscriptions.lenient import Raw, quantity
from desk_sync.domain.account.licence_policy import plain
from desk_sync.domain.account.subscription import ContestedSubscription, LicenceItem
from desk_sync.ports.subscriptions import SourceProblem

NOT_STATED = "a unit that is not stated"
"""The unit of an unknown number of something: it may be users."""
UNREADABLE = "unreadable"
"""The status of a subscription that could not be read."""
FREE_WORDS = frozenset(("free", "trial"))


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A line of a subscription; `kind` is "plan" or "addon"."""

    kind: str
    item: LicenceItem

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.item.code or plain(self.item.name)


@dataclass(frozen=True, slots=True)
class SubscriptionLines:
    """The items of a subscription, or what may be true of it."""

    items: tuple[LicenceItem, ...] = ()
    contested: tuple[ContestedSubscription, ...] = ()


def each_once(subscription_id: str, lines: Iterable[ItemLine]) -> SubscriptionLines:
    """Return every line of the subscription once."""
    by_key: dict[tuple[str, str], dict[LicenceItem, None]] = {}
    for line in lines:
        by_key.setdefault(line.key, {}).setdefault(line.item)
    alternatives = [list(items) for items in by_key.values()]
    most = max(map(len, alternatives), default=0)
    if most <= 1:
        return SubscriptionLines(tuple(items[0] for items in alternatives))
    readings = [tuple(items[number % len(items)] for items in alternatives) for number in range(most)]
    together = tuple(item for items in alternatives for item in items)
    contested = ContestedSubscription(subscription_id=subscription_id, readings=(*readings, together))
    return SubscriptionLines(contested=(contested,))


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """A quantity of a source: None if it is not known, because it is missing or because of a `fault`."""

    number: int | None
    fault: str = ""

    def named(self, name: str) -> str:
        """Return the name of the item, with the fault."""
        return f"{name} ({self.fault})" if self.fault else name

    def problems(self, account: str, subscription: str, field: str) -> Sequence[SourceProblem]:
        """Return the problem of this number, if it has one."""
        if not self.fault:
            return ()
        return (SourceProblem(account=account, subscription=subscription, field=field, message=self.fault),)


def stated_number(raw: Raw, key: str) -> StatedNumber:
    """Return the number under the key; one that is no number of licences is not known."""
    try:
        return StatedNumber(quantity(raw, key))
    except ValueError as error:
        return StatedNumber(None, str(error))


def unreadable(subscription_id: str, message: str) -> LicenceItem:
    """Return what stands for a subscription that could not be read: any number of licences of any service."""
    return LicenceItem(
        subscription_id=subscription_id,
        service=f"subscription {subscription_id or 'without an id'}",
        name=message,
        quantity=None,
        unit=NOT_STATED,
        status=UNREADABLE,
    )


def is_free(*names: str) -> bool:
    """Return True if a name of a plan has the word "free" or "trial"."""
    return not FREE_WORDS.isdisjoint(word for name in names for word in plain(name).split())

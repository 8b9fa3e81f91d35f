"""A lone address acts only if it can be the customer's: not if the text gives it to others (programme §0)."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk_sync.adapters.mail.flaws import STRANGERS
from desk_sync.adapters.mail.read import read_mail

CASES = Path(__file__).parents[2] / "cases" / "strangers"
HEAD = "From: Jana Vogt <support@partner.example>\nSubject: Question\nContent-Type: text/plain; charset=utf-8\n\n"


def texts(name):
    return (CASES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def read(text, *, above="Hello,\n\n", below="\n\nJana\n"):
    return read_mail((HEAD + above + text.replace("~", "\n") + below).encode())


@pytest.mark.parametrize("text", texts("others"))
def test_an_address_that_the_text_gives_to_others_does_not_act(text):
    facts = read(text)

    assert not facts.acts
    assert facts.customer_email is None or facts.is_earlier, "a copied chat is earlier mail: a suggestion"


@pytest.mark.parametrize("text", texts("writers"))
def test_an_address_that_the_writer_calls_their_own_does_not_act(text):
    facts = read(f"Saving fails. {text}")

    assert (facts.acts, facts.customer_email) == (False, None)


@pytest.mark.parametrize("text", texts("customers"))
def test_an_address_that_can_be_the_customers_acts(text):
    facts = read(text)

    assert facts.acts
    assert facts.customer_email in text


@pytest.mark.parametrize("text", [each for each in texts("others") if "~" not in each])
def test_the_customer_beside_it_acts(text):
    facts = read(text, above="Hello,\n\nthe user kim@lakeview.example of our customer cannot save.\n\n")

    assert (facts.acts, facts.customer_email) == (True, "kim@lakeview.example")


@pytest.mark.parametrize("text", texts("others"))
def test_a_label_makes_it_the_customers_all_the_same(text):
    named = next(each.address.value for each in read(text).verdicts)
    facts = read(text, below=f"\n\nCustomer Primary Email Address: {named}\nProduct: Zoho CRM\n")

    assert (facts.acts, facts.customer_email) == (True, named)


def test_a_person_is_shown_the_address_and_why_it_does_not_act():
    [verdict] = read("The supplier (dev@vendor.example) says it is Zoho.").verdicts

    assert (str(verdict.weight), str(verdict.reason)) == ("weak", "of a third party, such as a supplier")


@pytest.mark.parametrize("flaw", sorted(STRANGERS))
def test_each_kind_occurs_among_the_cases(flaw):
    assert any(each.reason is flaw for text in texts("others") for each in read(text).verdicts)


def test_a_mail_that_was_forwarded_without_a_mark_is_not_the_writers_text():
    letter = "Please help.\n\nHello Jana,\nthe login fails.\nBob\nbob@cust.example\n"
    forwarded = read_mail(HEAD.replace("Subject: ", "Subject: Fwd: ") + letter)

    assert (forwarded.customer_email, forwarded.acts) == ("bob@cust.example", False)
    assert read_mail(HEAD + letter).acts
    labelled = f"Customer email: admin@cust.example\nProduct: CRM\n\n{letter}"
    assert read_mail(HEAD.replace("Subject: ", "Subject: Fwd: ") + labelled).acts

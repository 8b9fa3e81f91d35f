"""Identifiers have one normal form, in whatever form they are written."""

from __future__ import annotations

from importlib import resources

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.text.identifiers import domain, email, is_public_mail, number


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        pytest.param("admin@banksia-legal.example", "admin@banksia-legal.example", id="already normal"),
        pytest.param("  Admin@Banksia-Legal.EXAMPLE\n", "admin@banksia-legal.example", id="case and blanks"),
        pytest.param("it.admin+Zoho@x.example", "it.admin+zoho@x.example", id="the plus tag is kept"),
        pytest.param("IT@Grünwald-Käserei.example", "it@xn--grnwald-kserei-eib09a.example", id="umlauts"),
        pytest.param("IT@xn--grnwald-kserei-eib09a.example", "it@xn--grnwald-kserei-eib09a.example", id="punycode"),
        pytest.param(
            "it@Gru\u0308nwald-Ka\u0308serei.example", "it@xn--grnwald-kserei-eib09a.example", id="decomposed"
        ),
        pytest.param("a@straße.example", "a@xn--strae-oqa.example", id="IDNA 2008 keeps the sharp s"),
        pytest.param("ａｄｍｉｎ＠ｘ．ｅｘａｍｐｌｅ", "admin@x.example", id="full-width"),
        pytest.param("ad\u200bmin@\ufeffx.exa\u00admple", "admin@x.example", id="invisible characters"),
        pytest.param("jörg@x.example", "jörg@x.example", id="a mailbox outside ASCII"),
        pytest.param("admin@x.test", "admin@x.test", id="another reserved top level"),
        pytest.param("admin@x.example.", "admin@x.example", id="the root's dot"),
        pytest.param("", None, id="empty"),
        pytest.param("admin", None, id="no domain"),
        pytest.param("@x.example", None, id="no mailbox"),
        pytest.param("a b@x.example", None, id="a blank inside"),
        pytest.param("a@b@x.example", None, id="two at signs"),
        pytest.param("a..b@x.example", None, id="two dots"),
        pytest.param("admin@localhost", None, id="one label"),
        pytest.param("admin@10.0.0.1", None, id="a number is no domain"),
        pytest.param("admin@x_y.example", None, id="an underscore in the domain"),
        pytest.param("a" * 65 + "@x.example", None, id="a mailbox longer than 64"),
        pytest.param("<admin@x.example>", None, id="brackets are removed elsewhere"),
    ],
)
def test_an_address_has_one_normal_form(written, normal):
    assert email(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        pytest.param("Banksia-Legal.example", "banksia-legal.example", id="case"),
        pytest.param("grünwald-käserei.example", "xn--grnwald-kserei-eib09a.example", id="umlauts"),
        pytest.param("x\ufe0f.example", "x.example", id="a variation selector"),
        pytest.param("x。example", "x.example", id="ideographic full stop"),
        pytest.param("", None, id="empty"),
        pytest.param("example", None, id="one label"),
        pytest.param("x..example", None, id="an empty label"),
        pytest.param("xn--a.example", None, id="punycode of nothing"),
        pytest.param("-x.example", None, id="a hyphen in front"),
        pytest.param("https://x.example/", None, id="an address of a page"),
        pytest.param("a." * 130 + "example", None, id="too long"),
    ],
)
def test_a_domain_has_one_normal_form(written, normal):
    assert domain(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        pytest.param("100004", "100004", id="6 digits, the fewest"),
        pytest.param(" 60000007000 ", "60000007000", id="11 digits, the most"),
        pytest.param("１０００５５０００", "100055000", id="full-width"),
        pytest.param("1000\u200b55000", "100055000", id="an invisible character"),
        pytest.param("12345", None, id="5 digits"),
        pytest.param("903000000055001", None, id="15 digits: a record"),
        pytest.param("100055000.0", None, id="a spreadsheet's number"),
        pytest.param("١٠٠٠٥٥٠٠٠", None, id="other digits are not folded"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_number_has_one_normal_form(written, normal):
    assert number(written) == normal


@pytest.mark.parametrize("normal_form", [email, domain, number])
@given(text=st.text() | st.emails() | st.emails().map(str.swapcase) | st.from_regex(r"\A.{1,9}@\w{1,9}\.example\Z"))
def test_a_normal_form_is_its_own(normal_form, text):
    once = normal_form(text)

    assert once is None or normal_form(once) == once


@pytest.mark.parametrize(
    "written",
    ["ΣΊΣΥΦΟΣ@x.example", "a@İ.example", "\u03ab\u0301@x.example", "ﬀ@x.example", "a@ﬀ.example", "ẞ@ẞ.example"],
)
def test_letters_that_fold_to_several_letters_have_a_stable_form(written):
    once = email(written)

    assert once is not None
    assert email(once) == once


def test_a_public_mail_provider_is_no_customers_domain():
    assert is_public_mail("gmail.com")
    assert not is_public_mail("banksia-legal.example")


def test_every_listed_provider_is_in_normal_form():
    lines = (
        resources.files("desk_sync.adapters.text").joinpath("public_mail_domains.txt").read_text("utf-8").splitlines()
    )
    listed = [line for line in lines if not line.startswith("#")]

    assert [domain(line) for line in listed] == listed
    assert len(listed) == len(set(listed))


@given(
    text=st.from_regex(r"\A[a-zA-Z0-9-]{1,66}(\.[a-z0-9-]{1,9}){0,3}\.?\Z")
    | st.emails().map(lambda address: address.rpartition("@")[2])
    | st.from_regex(r"\Axn--[a-z0-9]{1,9}\.de\Z")
)
def test_a_domain_is_what_idna_makes_of_it(text):
    try:
        encoded = idna.encode(text.lower().removesuffix("."), uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        encoded = ""
    _, dot, top_level = encoded.rpartition(".")

    assert domain(text) == (encoded if dot and not top_level.isdigit() else None)

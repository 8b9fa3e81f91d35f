"""The parts of the template that a description lacks, and the language of a ticket."""

from __future__ import annotations

import pytest

from desk_sync.adapters.desk.payload import read_ticket
from desk_sync.adapters.desk.template import language
from desk_sync.domain.ticket.template import TemplatePart
from tests.adapters.desk.portal import VOCABULARY, make_raw

FILLED = """<div>Customer Primary Email Address: admin@large.example</div>
<div>Type of support request: Technical Support</div>
<div>Is the issue reproducible? Yes</div>
<div>User ID (ZUID): 100021002</div>
<div>Zoho Product Name: Zoho CRM</div>
<div>Description of the issue: Saving a record fails for all users since this morning.</div>
<div>Troubleshooting steps performed:</div><div>- Another browser</div>"""


def read(description, **facts):
    return read_ticket(make_raw(description=description, **facts), VOCABULARY)


def test_a_filled_template_lacks_nothing():
    ticket = read(FILLED)

    assert (ticket.missing, ticket.description_words) == (frozenset(), 10)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Customer Primary Email Address: admin@large.example", TemplatePart.SUPER_ADMIN_EMAIL),
        ("Type of support request: Technical Support", TemplatePart.REQUEST_TYPE),
        ("User ID (ZUID): 100021002", TemplatePart.USER_ID),
        ("Zoho Product Name: Zoho CRM", TemplatePart.PRODUCT),
    ],
)
def test_each_line_that_is_left_out_is_missing(line, part):
    assert read(FILLED.replace(f"<div>{line}</div>", "")).missing == {part}


def test_the_user_is_missing_only_if_the_problem_can_be_reproduced():
    text = FILLED.replace("<div>User ID (ZUID): 100021002</div>", "").replace("reproducible? Yes", "reproducible? No")

    assert read(text).missing == frozenset()


def test_a_ticket_without_a_description_lacks_everything_but_the_user():
    ticket = read(None)

    assert (ticket.missing, ticket.description_words) == (frozenset(TemplatePart) - {TemplatePart.USER_ID}, None)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("English", "en"),
        ("German", "de"),
        ("Portuguese (Brazil)", "pt"),
        ("Português", "pt"),
        ("pt-BR", "pt"),
        ("Español", "es"),
        ("French", "fr"),
        ("日本語", "ja"),
        ("Finnish", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_known_as_desk_names_it(written, code):
    assert language(written) == code


def test_the_language_of_a_ticket_is_read():
    assert read("text", language="Japanese").language == "ja"

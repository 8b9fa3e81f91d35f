"""Which rules of a style sheet hide the text of a mail."""

from __future__ import annotations

import pytest

from desk_sync.adapters.mail.body import read_html


@pytest.mark.parametrize(
    ("sheet", "element", "seen"),
    [
        pytest.param(".h{display:none}", '<p class="h">', False, id="a class"),
        pytest.param("/* .x{} */ p.h , .y {display: none}", '<p class="a H">', False, id="one class of several"),
        pytest.param("#h{visibility:hidden}", '<p id="h">', False, id="an id"),
        pytest.param("<!-- body .h{text-decoration:line-through} -->", '<p class="h">', False, id="struck out"),
        pytest.param("span.h{display:none}", '<p class="h">', True, id="a class of another element"),
        pytest.param("@media print{.h{display:none}}", '<p class="h">', True, id="only for some screens"),
        pytest.param("@import url(x);.h{display:none}", '<p class="h">', False, id="after a statement"),
        pytest.param("u + .gmail .h{display:none}", '<p class="h">', True, id="only in one program"),
        pytest.param(".h{color:red}", '<p class="h">', True, id="only a colour"),
    ],
)
def test_a_text_is_hidden_by_the_mails_own_style_sheet(sheet, element, seen):
    page = f"<html><head><title>.h</title><style>{sheet}</style></head><body>{element}Ada</p></body></html>"

    assert ("Ada" in read_html(page).fresh) is seen


def test_a_style_sheet_in_the_body_counts_from_there_on():
    page = "<style>.h{display:none}</style><p class=h>Ada</p><p>Kern</p>"

    assert "".join(read_html(page).fresh).strip() == "Kern"

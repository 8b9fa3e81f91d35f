"""The parts of the mail template, as comments name them."""

from __future__ import annotations

import re

from desk_sync.domain.ticket.template import TemplatePart


def test_each_part_fits_a_list_in_a_comment_and_names_its_rules_last():
    for part in TemplatePart:
        assert re.fullmatch(r"[a-z][^()]*\(R\d+(, (R\d+|[a-z ]+))*\)", part), part


def test_no_rule_of_the_template_is_without_a_part():
    named = {rule for part in TemplatePart for rule in re.findall(r"R\d+", part)}

    assert {"R11", "R12", "R13", "R14", "R15"} <= named

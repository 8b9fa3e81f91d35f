"""The words of the note, by the department's language."""

from __future__ import annotations

import pytest

from desk_sync.domain.plan.note_policy import NotePolicy

POLICY = NotePolicy(
    texts={"en": {"todo": "To do: {text}"}, "de": {"todo": "Zu tun: {text}"}}, language="en", languages={"7": "de"}
)


@pytest.mark.parametrize(("department", "said"), [("7", "Zu tun: {x}"), ("8", "To do: {x}")])
def test_a_department_has_its_language_and_values_stay_as_they_are(department, said):
    assert POLICY.words(department).say("todo", text="{x}") == said


def test_a_text_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        POLICY.words("7").say("nothing")

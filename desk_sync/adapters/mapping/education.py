"""The section `education` of the mapping file, and the texts that are part of the product."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import Field, TypeAdapter

from desk_sync.adapters.mapping.types import Duration, Text
from desk_sync.adapters.text.languages import Language
from desk_sync.adapters.yaml.problems import MappingSection
from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.domain.plan.education import EducationOccasion, EducationPolicy


class ReplyTexts(MappingSection):
    no_identifier: Text | None = None
    public_mail: Text | None = None


class EducationSection(MappingSection):
    reply: bool = False
    every: Duration | None = None
    shortest_description: Annotated[int, Field(ge=1)] = 150
    language: Language = "en"
    texts: dict[Language, ReplyTexts] = {}


_EVERY = timedelta(days=30)
_Texts = dict[str, dict[EducationOccasion, str]]
_TEXTS: TypeAdapter[_Texts] = TypeAdapter(_Texts)


def education_policy(section: EducationSection) -> EducationPolicy:
    """Return the policy, with the admin's texts where there are any, and the product's texts elsewhere."""
    own = _TEXTS.validate_python({name: each.model_dump(exclude_none=True) for name, each in section.texts.items()})
    return EducationPolicy(
        reply=section.reply,
        every=section.every or _EVERY,
        shortest_description=section.shortest_description,
        language=section.language,
        texts={language: texts | own.get(language, {}) for language, texts in _shipped().items()},
    )


@cache
def _shipped() -> _Texts:
    text = resources.files("desk_sync.adapters.mapping").joinpath("education.yaml").read_text(encoding="utf-8")
    return _TEXTS.validate_python(read_tree(text).value)

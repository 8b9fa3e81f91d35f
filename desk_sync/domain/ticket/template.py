"""The parts of the mail template (R10-R15)."""

from __future__ import annotations

from enum import StrEnum


class TemplatePart(StrEnum):
    """A part of the template that a ticket may lack. The value is its name in a comment, with its rule."""

    SUPER_ADMIN_EMAIL = "the super admin's e-mail address (R12, R51)"
    REQUEST_TYPE = "the type of support request (R11)"
    REPRODUCIBLE = "whether the problem can be reproduced (R12)"
    USER_ID = "the user's ID, as the problem can be reproduced (R12)"
    PRODUCT = "the product (R13)"
    DESCRIPTION = "a description (R14)"
    STEPS = "the steps that were tried (R5, R15)"

"""Long histories are folded: a version that does not know this would count the rounds of such a ticket from one again.

The tables stay as they are. Memories of before are folded by the next look at their tickets.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

revision = "0025"
down_revision = "0024"

_FOLDED = sa.text('SELECT count(*) FROM tickets WHERE CAST(memory AS TEXT) LIKE \'%"past":{"until%\'')


def upgrade() -> None:
    """Change nothing: the number alone keeps older versions away."""


def downgrade() -> None:
    """Change nothing."""


def losses(connection: sa.Connection) -> Sequence[str]:
    folded = connection.scalar(_FOLDED)
    return [f"the older rounds of {folded} long conversations: they are counted from one again"] if folded else []

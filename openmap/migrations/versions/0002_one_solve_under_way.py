"""One calculation under way per edition.

Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    # Two people who asked at the same instant could each start one: the newest is kept.
    op.execute(
        sa.text(
            """
            UPDATE solves
            SET state = 'lost',
                started_at = COALESCE(started_at, requested_at),
                ended_at = COALESCE(beat_at, requested_at),
                message = :message
            WHERE state IN ('queued', 'running')
              AND id NOT IN (
                  SELECT MAX(id) FROM solves WHERE state IN ('queued', 'running') GROUP BY edition_id
              )
            """
        ).bindparams(message='Un calcul plus récent a été demandé pour cette édition : celui-ci a été interrompu.')
    )
    op.create_index(
        'uq_solves_one_under_way',
        'solves',
        ['edition_id'],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )


def downgrade() -> None:
    op.drop_index('uq_solves_one_under_way', table_name='solves')

"""What organisers settle about wishes.

Revision 0009, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('wish_settings',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('both_must', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_wish_settings_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('edition_id', name=op.f('pk_wish_settings'))
    )
    op.create_table('wish_permits',
    sa.Column('participation_id', sa.Integer(), nullable=False),
    sa.Column('allowed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['participation_id'], ['participations.id'], name=op.f('fk_wish_permits_participation_id_participations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('participation_id', name=op.f('pk_wish_permits'))
    )


def downgrade() -> None:
    op.drop_table('wish_permits')
    op.drop_table('wish_settings')

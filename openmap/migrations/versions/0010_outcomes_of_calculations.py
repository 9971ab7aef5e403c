"""What came of a calculation: figures of what-if runs, and what was decided.

Revision 0010, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('solve_outcomes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('solve_id', sa.Integer(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('document', sa.JSON(), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("decision IN ('kept', 'dropped', 'adopted')", name=op.f('ck_solve_outcomes_decision_known')),
    sa.CheckConstraint('(decision IS NULL) = (decided_at IS NULL)', name=op.f('ck_solve_outcomes_decided_when_dated')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_solve_outcomes_person_id_people'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['solve_id'], ['solves.id'], name=op.f('fk_solve_outcomes_solve_id_solves'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_solve_outcomes')),
    sa.UniqueConstraint('solve_id', name=op.f('uq_solve_outcomes_solve_id'))
    )
    with op.batch_alter_table('solve_outcomes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_solve_outcomes_person_id'), ['person_id'], unique=False)


def downgrade() -> None:
    op.drop_table('solve_outcomes')

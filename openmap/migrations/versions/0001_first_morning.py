"""First morning.

Revision 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('editions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('trade', sa.String(length=200), nullable=False),
    sa.Column('held_on', sa.Date(), nullable=False),
    sa.Column('timezone', sa.String(length=60), nullable=False),
    sa.Column('venue', sa.String(length=200), nullable=False),
    sa.Column('address', sa.String(length=300), nullable=False),
    sa.Column('contact_email', sa.String(length=254), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('source_digest', sa.String(length=64), nullable=True),
    sa.CheckConstraint('length(slug) > 0', name=op.f('ck_editions_slug_given')),
    sa.CheckConstraint('length(title) > 0', name=op.f('ck_editions_title_given')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_editions')),
    sa.UniqueConstraint('slug', name=op.f('uq_editions_slug'))
    )
    op.create_table('organisations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('siret', sa.String(length=14), nullable=True),
    sa.Column('city', sa.String(length=120), nullable=False),
    sa.Column('activity', sa.String(length=500), nullable=False),
    sa.Column('is_invented', sa.Boolean(), nullable=False),
    sa.CheckConstraint("type IN ('buyer', 'structure')", name=op.f('ck_organisations_type_known')),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_organisations_name_given')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisations')),
    sa.UniqueConstraint('siret', name=op.f('uq_organisations_siret')),
    sa.UniqueConstraint('type', 'name', name=op.f('uq_organisations_type_name'))
    )
    op.create_table('buyers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['organisations.id'], name=op.f('fk_buyers_id_organisations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_buyers'))
    )
    op.create_table('calendar_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_slug', sa.String(length=80), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=120), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('cancelled', sa.Boolean(), nullable=False),
    sa.Column('stamped_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('end', sa.DateTime(timezone=True), nullable=False),
    sa.Column('summary', sa.String(length=300), nullable=False),
    sa.Column('place', sa.String(length=700), nullable=False),
    sa.CheckConstraint('"end" > "start"', name=op.f('ck_calendar_entries_ends_after_start')),
    sa.CheckConstraint('sequence >= 0', name=op.f('ck_calendar_entries_sequence_not_negative')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_calendar_entries_organisation_id_organisations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_entries')),
    sa.UniqueConstraint('uid', name=op.f('uq_calendar_entries_uid'))
    )
    with op.batch_alter_table('calendar_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calendar_entries_edition_slug'), ['edition_slug'], unique=False)
        batch_op.create_index(batch_op.f('ix_calendar_entries_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('plans',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('objectives', sa.JSON(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.Column('problem_digest', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("status IN ('optimal', 'feasible')", name=op.f('ck_plans_status_known')),
    sa.CheckConstraint('version >= 1', name=op.f('ck_plans_version_positive')),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_plans_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plans')),
    sa.UniqueConstraint('edition_id', 'version', name=op.f('uq_plans_edition_id_version'))
    )
    op.create_table('programme_items',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('end', sa.DateTime(timezone=True), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('room', sa.String(length=120), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.CheckConstraint('"end" > "start"', name=op.f('ck_programme_items_ends_after_start')),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_programme_items_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_programme_items'))
    )
    with op.batch_alter_table('programme_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_programme_items_edition_id'), ['edition_id'], unique=False)

    op.create_table('slots',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('start', sa.DateTime(timezone=True), nullable=False),
    sa.Column('end', sa.DateTime(timezone=True), nullable=False),
    sa.Column('block', sa.String(length=60), nullable=False),
    sa.CheckConstraint('"end" > "start"', name=op.f('ck_slots_ends_after_start')),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_slots_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slots')),
    sa.UniqueConstraint('edition_id', 'code', name=op.f('uq_slots_edition_id_code')),
    sa.UniqueConstraint('edition_id', 'start', name=op.f('uq_slots_edition_id_start'))
    )
    op.create_table('stands',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_stands_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stands')),
    sa.UniqueConstraint('edition_id', 'name', name=op.f('uq_stands_edition_id_name'))
    )
    op.create_table('structures',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.CheckConstraint("kind IN ('ei', 'ai', 'aci', 'etti', 'eiti', 'geiq', 'ea', 'eatt', 'esat', 'association', 'cooperative', 'ess')", name=op.f('ck_structures_kind_known')),
    sa.ForeignKeyConstraint(['id'], ['organisations.id'], name=op.f('fk_structures_id_organisations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_structures'))
    )
    op.create_table('tables',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_tables_edition_id_editions'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tables')),
    sa.UniqueConstraint('edition_id', 'code', name=op.f('uq_tables_edition_id_code'))
    )
    op.create_table('needs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('buyer_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('quarter', sa.String(length=7), nullable=True),
    sa.CheckConstraint("quarter IS NULL OR quarter LIKE '____-T_'", name=op.f('ck_needs_quarter_shape')),
    sa.CheckConstraint('length(title) > 0', name=op.f('ck_needs_title_given')),
    sa.ForeignKeyConstraint(['buyer_id'], ['buyers.id'], name=op.f('fk_needs_buyer_id_buyers'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_needs')),
    sa.UniqueConstraint('buyer_id', 'title', name=op.f('uq_needs_buyer_id_title'))
    )
    with op.batch_alter_table('needs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_needs_buyer_id'), ['buyer_id'], unique=False)

    op.create_table('participations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('side', sa.String(length=20), nullable=False),
    sa.Column('delegates', sa.Integer(), nullable=False),
    sa.Column('min_meetings', sa.Integer(), nullable=False),
    sa.Column('max_meetings', sa.Integer(), nullable=True),
    sa.Column('max_run', sa.Integer(), nullable=True),
    sa.Column('table_id', sa.Integer(), nullable=True),
    sa.Column('pitches', sa.Boolean(), nullable=False),
    sa.CheckConstraint("side IN ('buyer', 'structure')", name=op.f('ck_participations_side_known')),
    sa.CheckConstraint('delegates >= 1', name=op.f('ck_participations_delegates_positive')),
    sa.CheckConstraint('max_meetings IS NULL OR max_meetings >= min_meetings', name=op.f('ck_participations_max_above_min')),
    sa.CheckConstraint('max_run IS NULL OR max_run >= 1', name=op.f('ck_participations_run_positive')),
    sa.CheckConstraint('min_meetings >= 0', name=op.f('ck_participations_min_not_negative')),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_participations_edition_id_editions'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_participations_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['table_id'], ['tables.id'], name=op.f('fk_participations_table_id_tables'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_participations')),
    sa.UniqueConstraint('edition_id', 'code', name=op.f('uq_participations_edition_id_code')),
    sa.UniqueConstraint('edition_id', 'organisation_id', name=op.f('uq_participations_edition_id_organisation_id'))
    )
    with op.batch_alter_table('participations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_participations_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_participations_table_id'), ['table_id'], unique=False)

    op.create_table('solves',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('time_limit', sa.Double(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('progress', sa.JSON(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('stop_requested', sa.Boolean(), nullable=False),
    sa.CheckConstraint("(state = 'queued') = (started_at IS NULL)", name=op.f('ck_solves_started_when_run')),
    sa.CheckConstraint("(state IN ('finished', 'failed', 'lost')) = (ended_at IS NOT NULL)", name=op.f('ck_solves_ended_when_over')),
    sa.CheckConstraint("state IN ('queued', 'running', 'finished', 'failed', 'lost')", name=op.f('ck_solves_state_known')),
    sa.CheckConstraint('time_limit > 0', name=op.f('ck_solves_time_limit_positive')),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_solves_edition_id_editions'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_solves_plan_id_plans'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_solves'))
    )
    with op.batch_alter_table('solves', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_solves_edition_id'), ['edition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_solves_plan_id'), ['plan_id'], unique=False)

    op.create_table('absences',
    sa.Column('participation_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['participation_id'], ['participations.id'], name=op.f('fk_absences_participation_id_participations'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['slot_id'], ['slots.id'], name=op.f('fk_absences_slot_id_slots'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('participation_id', 'slot_id', name=op.f('pk_absences'))
    )
    op.create_table('exclusions',
    sa.Column('buyer_id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['buyer_id'], ['participations.id'], name=op.f('fk_exclusions_buyer_id_participations'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['structure_id'], ['participations.id'], name=op.f('fk_exclusions_structure_id_participations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('buyer_id', 'structure_id', name=op.f('pk_exclusions'))
    )
    with op.batch_alter_table('exclusions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_exclusions_structure_id'), ['structure_id'], unique=False)

    op.create_table('wishes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('buyer_id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('value', sa.Integer(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.CheckConstraint('value >= 1', name=op.f('ck_wishes_value_positive')),
    sa.ForeignKeyConstraint(['buyer_id'], ['participations.id'], name=op.f('fk_wishes_buyer_id_participations'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_wishes_edition_id_editions'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['structure_id'], ['participations.id'], name=op.f('fk_wishes_structure_id_participations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wishes')),
    sa.UniqueConstraint('buyer_id', 'structure_id', name=op.f('uq_wishes_buyer_id_structure_id')),
    sa.UniqueConstraint('edition_id', 'code', name=op.f('uq_wishes_edition_id_code'))
    )
    with op.batch_alter_table('wishes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_wishes_structure_id'), ['structure_id'], unique=False)

    op.create_table('locks',
    sa.Column('wish_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.Column('table_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['slot_id'], ['slots.id'], name=op.f('fk_locks_slot_id_slots'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['table_id'], ['tables.id'], name=op.f('fk_locks_table_id_tables'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wish_id'], ['wishes.id'], name=op.f('fk_locks_wish_id_wishes'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('wish_id', name=op.f('pk_locks'))
    )
    with op.batch_alter_table('locks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_locks_slot_id'), ['slot_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_locks_table_id'), ['table_id'], unique=False)

    op.create_table('meetings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('wish_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.Column('table_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_meetings_plan_id_plans'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['slot_id'], ['slots.id'], name=op.f('fk_meetings_slot_id_slots'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['table_id'], ['tables.id'], name=op.f('fk_meetings_table_id_tables'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['wish_id'], ['wishes.id'], name=op.f('fk_meetings_wish_id_wishes'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meetings')),
    sa.UniqueConstraint('plan_id', 'wish_id', name=op.f('uq_meetings_plan_id_wish_id'))
    )
    with op.batch_alter_table('meetings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meetings_slot_id'), ['slot_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_meetings_table_id'), ['table_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_meetings_wish_id'), ['wish_id'], unique=False)

    op.create_table('unserved_wishes',
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('wish_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('sentence', sa.Text(), nullable=False),
    sa.Column('would_need', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_unserved_wishes_plan_id_plans'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wish_id'], ['wishes.id'], name=op.f('fk_unserved_wishes_wish_id_wishes'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('plan_id', 'wish_id', name=op.f('pk_unserved_wishes'))
    )
    with op.batch_alter_table('unserved_wishes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unserved_wishes_wish_id'), ['wish_id'], unique=False)

    op.create_table('wish_slots',
    sa.Column('wish_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['slot_id'], ['slots.id'], name=op.f('fk_wish_slots_slot_id_slots'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wish_id'], ['wishes.id'], name=op.f('fk_wish_slots_wish_id_wishes'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('wish_id', 'slot_id', name=op.f('pk_wish_slots'))
    )


def downgrade() -> None:
    op.drop_table('wish_slots')
    with op.batch_alter_table('unserved_wishes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_unserved_wishes_wish_id'))

    op.drop_table('unserved_wishes')
    with op.batch_alter_table('meetings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_meetings_wish_id'))
        batch_op.drop_index(batch_op.f('ix_meetings_table_id'))
        batch_op.drop_index(batch_op.f('ix_meetings_slot_id'))

    op.drop_table('meetings')
    with op.batch_alter_table('locks', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_locks_table_id'))
        batch_op.drop_index(batch_op.f('ix_locks_slot_id'))

    op.drop_table('locks')
    with op.batch_alter_table('wishes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_wishes_structure_id'))

    op.drop_table('wishes')
    with op.batch_alter_table('exclusions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_exclusions_structure_id'))

    op.drop_table('exclusions')
    op.drop_table('absences')
    with op.batch_alter_table('solves', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_solves_plan_id'))
        batch_op.drop_index(batch_op.f('ix_solves_edition_id'))

    op.drop_table('solves')
    with op.batch_alter_table('participations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_participations_table_id'))
        batch_op.drop_index(batch_op.f('ix_participations_organisation_id'))

    op.drop_table('participations')
    with op.batch_alter_table('needs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_needs_buyer_id'))

    op.drop_table('needs')
    op.drop_table('tables')
    op.drop_table('structures')
    op.drop_table('stands')
    op.drop_table('slots')
    with op.batch_alter_table('programme_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_programme_items_edition_id'))

    op.drop_table('programme_items')
    op.drop_table('plans')
    with op.batch_alter_table('calendar_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_calendar_entries_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_calendar_entries_edition_slug'))

    op.drop_table('calendar_entries')
    op.drop_table('buyers')
    op.drop_table('organisations')
    op.drop_table('editions')

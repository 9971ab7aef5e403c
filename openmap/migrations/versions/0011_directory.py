"""Pages of structures, what they offer and where; facilitators, imports, lists and messages.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('directory_clock',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_directory_clock_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_clock'))
    )
    op.create_table('directory_mappings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_mappings')),
    sa.UniqueConstraint('signature', name=op.f('uq_directory_mappings_signature'))
    )
    op.create_table('gone_structures',
    sa.Column('structure_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('structure_id', name=op.f('pk_gone_structures'))
    )
    with op.batch_alter_table('gone_structures', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_gone_structures_revision'), ['revision'], unique=False)

    op.create_table('directory_imports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('sheet', sa.String(length=120), nullable=False),
    sa.Column('encoding', sa.String(length=40), nullable=False),
    sa.Column('format', sa.String(length=40), nullable=False),
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('done_lines', sa.Integer(), nullable=False),
    sa.Column('all_lines', sa.Integer(), nullable=False),
    sa.Column('failure', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state <> 'done' OR done_at IS NOT NULL", name=op.f('ck_directory_imports_done_dated')),
    sa.CheckConstraint("state IN ('mapping', 'checking', 'checked', 'importing', 'done', 'failed', 'abandoned')", name=op.f('ck_directory_imports_state_known')),
    sa.CheckConstraint('done_lines >= 0 AND all_lines >= 0', name=op.f('ck_directory_imports_lines_not_negative')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_directory_imports_person_id_people'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_imports'))
    )
    with op.batch_alter_table('directory_imports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_directory_imports_person_id'), ['person_id'], unique=False)

    op.create_table('facilitators',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('organisation', sa.String(length=200), nullable=False),
    sa.Column('presentation', sa.Text(), nullable=False),
    sa.Column('website', sa.String(length=300), nullable=False),
    sa.Column('contact_name', sa.String(length=120), nullable=False),
    sa.Column('contact_email', sa.String(length=254), nullable=False),
    sa.Column('contact_phone', sa.String(length=20), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deputy_id', sa.Integer(), nullable=True),
    sa.Column('active_from', sa.Date(), nullable=True),
    sa.Column('active_until', sa.Date(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_invented', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("role IN ('facilitator', 'coordination')", name=op.f('ck_facilitators_role_known')),
    sa.CheckConstraint('active_from IS NULL OR active_until IS NULL OR active_until >= active_from', name=op.f('ck_facilitators_ends_after_start')),
    sa.CheckConstraint('deputy_id IS NULL OR deputy_id <> id', name=op.f('ck_facilitators_not_its_own_deputy')),
    sa.CheckConstraint('length(organisation) > 0', name=op.f('ck_facilitators_organisation_given')),
    sa.ForeignKeyConstraint(['deputy_id'], ['facilitators.id'], name=op.f('fk_facilitators_deputy_id_facilitators'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_facilitators_person_id_people'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_facilitators'))
    )
    with op.batch_alter_table('facilitators', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_facilitators_deputy_id'), ['deputy_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_facilitators_person_id'), ['person_id'], unique=False)

    op.create_table('inquiries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('length(subject) > 0', name=op.f('ck_inquiries_subject_given')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_inquiries_organisation_id_organisations'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_inquiries_person_id_people'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inquiries'))
    )
    with op.batch_alter_table('inquiries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inquiries_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_inquiries_person_id'), ['person_id'], unique=False)

    op.create_table('saved_searches',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('searched', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('query', sa.String(length=1000), nullable=False),
    sa.Column('alerts', sa.Boolean(), nullable=False),
    sa.Column('stop_hash', sa.String(length=64), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.CheckConstraint("searched IN ('structures', 'needs')", name=op.f('ck_saved_searches_searched_known')),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_saved_searches_name_given')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_saved_searches_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_searches')),
    sa.UniqueConstraint('person_id', 'searched', 'query', name=op.f('uq_saved_searches_person_id_searched_query')),
    sa.UniqueConstraint('stop_hash', name=op.f('uq_saved_searches_stop_hash'))
    )
    op.create_table('shortlists',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_shortlists_name_given')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_shortlists_organisation_id_organisations'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_shortlists_person_id_people'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shortlists'))
    )
    with op.batch_alter_table('shortlists', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_shortlists_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_shortlists_person_id'), ['person_id'], unique=False)

    op.create_table('directory_import_doubts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('values', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=True),
    sa.CheckConstraint("decision IS NULL OR decision IN ('same', 'different', 'skipped')", name=op.f('ck_directory_import_doubts_decision_known')),
    sa.ForeignKeyConstraint(['import_id'], ['directory_imports.id'], name=op.f('fk_directory_import_doubts_import_id_directory_imports'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_directory_import_doubts_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_import_doubts')),
    sa.UniqueConstraint('import_id', 'line', 'structure_id', name=op.f('uq_directory_import_doubts_import_id_line_structure_id'))
    )
    with op.batch_alter_table('directory_import_doubts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_directory_import_doubts_structure_id'), ['structure_id'], unique=False)

    op.create_table('directory_import_faults',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('column', sa.String(length=120), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=False),
    sa.Column('value', sa.String(length=200), nullable=False),
    sa.Column('message', sa.String(length=300), nullable=False),
    sa.CheckConstraint("level IN ('error', 'warning')", name=op.f('ck_directory_import_faults_level_known')),
    sa.ForeignKeyConstraint(['import_id'], ['directory_imports.id'], name=op.f('fk_directory_import_faults_import_id_directory_imports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_import_faults'))
    )
    with op.batch_alter_table('directory_import_faults', schema=None) as batch_op:
        batch_op.create_index('ix_directory_import_faults_import_line', ['import_id', 'line'], unique=False)

    op.create_table('facilitator_areas',
    sa.Column('facilitator_id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_facilitator_areas_area_id_areas')),
    sa.ForeignKeyConstraint(['facilitator_id'], ['facilitators.id'], name=op.f('fk_facilitator_areas_facilitator_id_facilitators'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('facilitator_id', 'area_id', name=op.f('pk_facilitator_areas'))
    )
    with op.batch_alter_table('facilitator_areas', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_facilitator_areas_area_id'), ['area_id'], unique=False)

    op.create_table('facilitator_communes',
    sa.Column('facilitator_id', sa.Integer(), nullable=False),
    sa.Column('commune_code', sa.String(length=5), nullable=False),
    sa.ForeignKeyConstraint(['commune_code'], ['communes.code'], name=op.f('fk_facilitator_communes_commune_code_communes')),
    sa.ForeignKeyConstraint(['facilitator_id'], ['facilitators.id'], name=op.f('fk_facilitator_communes_facilitator_id_facilitators'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('facilitator_id', 'commune_code', name=op.f('pk_facilitator_communes'))
    )
    with op.batch_alter_table('facilitator_communes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_facilitator_communes_commune_code'), ['commune_code'], unique=False)

    op.create_table('field_sources',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('field', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('person', 'import', 'application')", name=op.f('ck_field_sources_kind_known')),
    sa.ForeignKeyConstraint(['import_id'], ['directory_imports.id'], name=op.f('fk_field_sources_import_id_directory_imports'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_field_sources_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_field_sources')),
    sa.UniqueConstraint('structure_id', 'field', name=op.f('uq_field_sources_structure_id_field'))
    )
    with op.batch_alter_table('field_sources', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_field_sources_import_id'), ['import_id'], unique=False)

    op.create_table('inquiry_recipients',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('inquiry_id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('answer', sa.String(length=20), nullable=True),
    sa.Column('answer_text', sa.Text(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("answer IS NULL OR answer IN ('interested', 'declined')", name=op.f('ck_inquiry_recipients_answer_known')),
    sa.CheckConstraint('(answer IS NULL) = (answered_at IS NULL)', name=op.f('ck_inquiry_recipients_answer_dated')),
    sa.ForeignKeyConstraint(['inquiry_id'], ['inquiries.id'], name=op.f('fk_inquiry_recipients_inquiry_id_inquiries'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_inquiry_recipients_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inquiry_recipients')),
    sa.UniqueConstraint('inquiry_id', 'structure_id', name=op.f('uq_inquiry_recipients_inquiry_id_structure_id')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_inquiry_recipients_token_hash'))
    )
    with op.batch_alter_table('inquiry_recipients', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inquiry_recipients_structure_id'), ['structure_id'], unique=False)

    op.create_table('offers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('is_service', sa.Boolean(), nullable=False),
    sa.Column('is_supply', sa.Boolean(), nullable=False),
    sa.Column('is_staff', sa.Boolean(), nullable=False),
    sa.Column('capacity', sa.String(length=200), nullable=False),
    sa.Column('largest_amount', sa.String(length=20), nullable=False),
    sa.Column('reach', sa.String(length=20), nullable=False),
    sa.Column('radius_km', sa.Integer(), nullable=True),
    sa.CheckConstraint("(reach = 'radius') = (radius_km IS NOT NULL)", name=op.f('ck_offers_radius_with_its_reach')),
    sa.CheckConstraint("largest_amount IN ('', 'under_10k', '10k_40k', '40k_90k', '90k_221k', '221k_500k', '500k_1m', 'over_1m')", name=op.f('ck_offers_amount_known')),
    sa.CheckConstraint("reach IN ('radius', 'places', 'france')", name=op.f('ck_offers_reach_known')),
    sa.CheckConstraint('is_service OR is_supply OR is_staff', name=op.f('ck_offers_delivered_somehow')),
    sa.CheckConstraint('radius_km IS NULL OR radius_km BETWEEN 1 AND 1000', name=op.f('ck_offers_radius_sensible')),
    sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name=op.f('fk_offers_activity_id_activities')),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_offers_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers'))
    )
    with op.batch_alter_table('offers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_activity_id'), ['activity_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offers_structure_id'), ['structure_id'], unique=False)

    op.create_table('saved_search_finds',
    sa.Column('search_id', sa.Integer(), nullable=False),
    sa.Column('object_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['search_id'], ['saved_searches.id'], name=op.f('fk_saved_search_finds_search_id_saved_searches'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('search_id', 'object_id', name=op.f('pk_saved_search_finds'))
    )
    op.create_table('shortlist_items',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('shortlist_id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('noted_by_id', sa.Integer(), nullable=True),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('', 'contacted', 'met', 'consulted', 'contract', 'dropped')", name=op.f('ck_shortlist_items_state_known')),
    sa.ForeignKeyConstraint(['noted_by_id'], ['people.id'], name=op.f('fk_shortlist_items_noted_by_id_people'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_shortlist_items_person_id_people'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['shortlist_id'], ['shortlists.id'], name=op.f('fk_shortlist_items_shortlist_id_shortlists'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_shortlist_items_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shortlist_items')),
    sa.UniqueConstraint('shortlist_id', 'structure_id', name=op.f('uq_shortlist_items_shortlist_id_structure_id'))
    )
    with op.batch_alter_table('shortlist_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_shortlist_items_noted_by_id'), ['noted_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_shortlist_items_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_shortlist_items_structure_id'), ['structure_id'], unique=False)

    op.create_table('structure_claims',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name=op.f('ck_structure_claims_answer_dated')),
    sa.CheckConstraint("state IN ('asked', 'accepted', 'refused')", name=op.f('ck_structure_claims_state_known')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['people.id'], name=op.f('fk_structure_claims_answered_by_id_people'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_structure_claims_person_id_people'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_structure_claims_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_structure_claims')),
    sa.UniqueConstraint('structure_id', 'person_id', name=op.f('uq_structure_claims_structure_id_person_id'))
    )
    with op.batch_alter_table('structure_claims', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_structure_claims_answered_by_id'), ['answered_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_structure_claims_person_id'), ['person_id'], unique=False)

    op.create_table('structure_files',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('use', sa.String(length=20), nullable=False),
    sa.Column('words', sa.String(length=300), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("use = 'document' OR length(words) > 0", name=op.f('ck_structure_files_picture_in_words')),
    sa.CheckConstraint("use IN ('logo', 'photo', 'document')", name=op.f('ck_structure_files_use_known')),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_structure_files_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_structure_files'))
    )
    with op.batch_alter_table('structure_files', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_structure_files_structure_id'), ['structure_id'], unique=False)

    op.create_table('structure_labels',
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('label_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['label_id'], ['labels.id'], name=op.f('fk_structure_labels_label_id_labels')),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_structure_labels_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('structure_id', 'label_id', name=op.f('pk_structure_labels'))
    )
    with op.batch_alter_table('structure_labels', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_structure_labels_label_id'), ['label_id'], unique=False)

    op.create_table('structure_references',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('structure_id', sa.Integer(), nullable=False),
    sa.Column('client', sa.String(length=200), nullable=False),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('amount', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.CheckConstraint("amount IN ('', 'under_10k', '10k_40k', '40k_90k', '90k_221k', '221k_500k', '500k_1m', 'over_1m')", name=op.f('ck_structure_references_amount_known')),
    sa.CheckConstraint('length(client) > 0', name=op.f('ck_structure_references_client_given')),
    sa.CheckConstraint('year IS NULL OR year BETWEEN 1990 AND 2100', name=op.f('ck_structure_references_year_sensible')),
    sa.ForeignKeyConstraint(['structure_id'], ['structures.id'], name=op.f('fk_structure_references_structure_id_structures'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_structure_references'))
    )
    with op.batch_alter_table('structure_references', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_structure_references_structure_id'), ['structure_id'], unique=False)

    op.create_table('offer_areas',
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_offer_areas_area_id_areas')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_offer_areas_offer_id_offers'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('offer_id', 'area_id', name=op.f('pk_offer_areas'))
    )
    with op.batch_alter_table('offer_areas', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offer_areas_area_id'), ['area_id'], unique=False)

    op.create_table('offer_communes',
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('commune_code', sa.String(length=5), nullable=False),
    sa.ForeignKeyConstraint(['commune_code'], ['communes.code'], name=op.f('fk_offer_communes_commune_code_communes')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_offer_communes_offer_id_offers'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('offer_id', 'commune_code', name=op.f('pk_offer_communes'))
    )
    with op.batch_alter_table('offer_communes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offer_communes_commune_code'), ['commune_code'], unique=False)

    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_organisations_type_name'), type_='unique')
        batch_op.create_index('ix_organisations_name', ['name'], unique=False)
        batch_op.create_index('uq_organisations_buyer_name', ['name'], unique=True, sqlite_where=sa.text("type = 'buyer'"), postgresql_where=sa.text("type = 'buyer'"))

    with op.batch_alter_table('structures', schema=None) as batch_op:
        batch_op.add_column(sa.Column('also_kinds', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('brand', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('legal_form', sa.String(length=60), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('naf', sa.String(length=6), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('description', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('address', sa.String(length=300), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('postal_code', sa.String(length=5), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('commune_code', sa.String(length=5), nullable=True))
        batch_op.add_column(sa.Column('lon', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('lat', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('website', sa.String(length=300), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('contact_email', sa.String(length=254), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('workforce', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('supported_share', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('joint_bids', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('certifications', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('listed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('delisted_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('delisted_reason', sa.String(length=300), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_index(batch_op.f('ix_structures_commune_code'), ['commune_code'], unique=False)
        batch_op.create_index('ix_structures_listed_at', ['listed_at'], unique=False)
        batch_op.create_index('ix_structures_revision', ['revision'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_structures_commune_code_communes'), 'communes', ['commune_code'], ['code'])
        batch_op.create_check_constraint(batch_op.f('ck_structures_whole_point'), '(lon IS NULL) = (lat IS NULL)')
        batch_op.create_check_constraint(batch_op.f('ck_structures_workforce_not_negative'), 'workforce IS NULL OR workforce >= 0')
        batch_op.create_check_constraint(batch_op.f('ck_structures_share_in_percent'), 'supported_share IS NULL OR supported_share BETWEEN 0 AND 100')
        batch_op.create_check_constraint(batch_op.f('ck_structures_delisted_with_reason'), 'delisted_at IS NULL OR length(delisted_reason) > 0')

    # The rows that were there have their values: from now on the application gives them.
    with op.batch_alter_table('structures', schema=None) as batch_op:
        for name in ('also_kinds', 'version', 'brand', 'legal_form', 'naf', 'description', 'address', 'postal_code', 'website', 'contact_email', 'joint_bids', 'certifications', 'delisted_reason', 'revision'):
            batch_op.alter_column(name, server_default=None)



def downgrade() -> None:
    # Structures of one name are told apart again, as they had to be before.
    op.execute(
        "UPDATE organisations SET name = substr(name, 1, 180) || ' (' || id || ')' WHERE type = 'structure' AND EXISTS"
        " (SELECT 1 FROM organisations AS o WHERE o.type = 'structure' AND o.name = organisations.name AND o.id < organisations.id)"
    )
    with op.batch_alter_table('structures', schema=None) as batch_op:
        for name in ('whole_point', 'workforce_not_negative', 'share_in_percent', 'delisted_with_reason'):
            batch_op.drop_constraint(batch_op.f(f'ck_structures_{name}'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_structures_commune_code_communes'), type_='foreignkey')
        batch_op.drop_index('ix_structures_revision')
        batch_op.drop_index('ix_structures_listed_at')
        batch_op.drop_index(batch_op.f('ix_structures_commune_code'))
        batch_op.drop_column('revision')
        batch_op.drop_column('changed_at')
        batch_op.drop_column('delisted_reason')
        batch_op.drop_column('delisted_at')
        batch_op.drop_column('reminded_at')
        batch_op.drop_column('confirmed_at')
        batch_op.drop_column('listed_at')
        batch_op.drop_column('certifications')
        batch_op.drop_column('joint_bids')
        batch_op.drop_column('supported_share')
        batch_op.drop_column('workforce')
        batch_op.drop_column('contact_email')
        batch_op.drop_column('website')
        batch_op.drop_column('lat')
        batch_op.drop_column('lon')
        batch_op.drop_column('commune_code')
        batch_op.drop_column('postal_code')
        batch_op.drop_column('address')
        batch_op.drop_column('description')
        batch_op.drop_column('naf')
        batch_op.drop_column('legal_form')
        batch_op.drop_column('brand')
        batch_op.drop_column('version')
        batch_op.drop_column('also_kinds')

    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.drop_index('uq_organisations_buyer_name', sqlite_where=sa.text("type = 'buyer'"), postgresql_where=sa.text("type = 'buyer'"))
        batch_op.drop_index('ix_organisations_name')
        batch_op.create_unique_constraint(batch_op.f('uq_organisations_type_name'), ['type', 'name'])

    with op.batch_alter_table('offer_communes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offer_communes_commune_code'))

    op.drop_table('offer_communes')
    with op.batch_alter_table('offer_areas', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offer_areas_area_id'))

    op.drop_table('offer_areas')
    with op.batch_alter_table('structure_references', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_structure_references_structure_id'))

    op.drop_table('structure_references')
    with op.batch_alter_table('structure_labels', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_structure_labels_label_id'))

    op.drop_table('structure_labels')
    with op.batch_alter_table('structure_files', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_structure_files_structure_id'))

    op.drop_table('structure_files')
    with op.batch_alter_table('structure_claims', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_structure_claims_person_id'))
        batch_op.drop_index(batch_op.f('ix_structure_claims_answered_by_id'))

    op.drop_table('structure_claims')
    with op.batch_alter_table('shortlist_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shortlist_items_structure_id'))
        batch_op.drop_index(batch_op.f('ix_shortlist_items_person_id'))
        batch_op.drop_index(batch_op.f('ix_shortlist_items_noted_by_id'))

    op.drop_table('shortlist_items')
    op.drop_table('saved_search_finds')
    with op.batch_alter_table('offers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offers_structure_id'))
        batch_op.drop_index(batch_op.f('ix_offers_activity_id'))

    op.drop_table('offers')
    with op.batch_alter_table('inquiry_recipients', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inquiry_recipients_structure_id'))

    op.drop_table('inquiry_recipients')
    with op.batch_alter_table('field_sources', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_field_sources_import_id'))

    op.drop_table('field_sources')
    with op.batch_alter_table('facilitator_communes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_facilitator_communes_commune_code'))

    op.drop_table('facilitator_communes')
    with op.batch_alter_table('facilitator_areas', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_facilitator_areas_area_id'))

    op.drop_table('facilitator_areas')
    with op.batch_alter_table('directory_import_faults', schema=None) as batch_op:
        batch_op.drop_index('ix_directory_import_faults_import_line')

    op.drop_table('directory_import_faults')
    with op.batch_alter_table('directory_import_doubts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_directory_import_doubts_structure_id'))

    op.drop_table('directory_import_doubts')
    with op.batch_alter_table('shortlists', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shortlists_person_id'))
        batch_op.drop_index(batch_op.f('ix_shortlists_organisation_id'))

    op.drop_table('shortlists')
    op.drop_table('saved_searches')
    with op.batch_alter_table('inquiries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inquiries_person_id'))
        batch_op.drop_index(batch_op.f('ix_inquiries_organisation_id'))

    op.drop_table('inquiries')
    with op.batch_alter_table('facilitators', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_facilitators_person_id'))
        batch_op.drop_index(batch_op.f('ix_facilitators_deputy_id'))

    op.drop_table('facilitators')
    with op.batch_alter_table('directory_imports', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_directory_imports_person_id'))

    op.drop_table('directory_imports')
    with op.batch_alter_table('gone_structures', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_gone_structures_revision'))

    op.drop_table('gone_structures')
    op.drop_table('directory_mappings')
    op.drop_table('directory_clock')

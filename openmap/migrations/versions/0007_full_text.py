"""What is searched of each object, indexed by the engine itself: FTS5 on SQLite, a tsvector on PostgreSQL.

A migration that replaces the table ``search_documents`` on SQLite loses its triggers, and must make them again.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

FORGOTTEN = (
    "INSERT INTO search_index(search_index, rowid, strong, plain, weak) "
    "VALUES ('delete', old.id, old.strong, old.plain, old.weak);"
)
LEARNED = (
    "INSERT INTO search_index(rowid, strong, plain, weak) VALUES (new.id, new.strong, new.plain, new.weak);"
)

ON_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5(strong, plain, weak, content='search_documents', content_rowid='id')",
    "CREATE VIRTUAL TABLE search_terms USING fts5vocab('search_index', 'instance')",
    f"CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN {LEARNED} END",
    f"CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN {FORGOTTEN} END",
    f"CREATE TRIGGER search_documents_changed AFTER UPDATE ON search_documents BEGIN {FORGOTTEN} {LEARNED} END",
)
ON_POSTGRESQL = (
    "ALTER TABLE search_documents ADD COLUMN vector tsvector",
    """
    CREATE FUNCTION search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.vector := setweight(to_tsvector('simple', NEW.strong), 'A')
            || setweight(to_tsvector('simple', NEW.plain), 'B')
            || setweight(to_tsvector('simple', NEW.weak), 'C');
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER search_documents_vector BEFORE INSERT OR UPDATE ON search_documents "
    "FOR EACH ROW EXECUTE FUNCTION search_vector()",
    "CREATE INDEX ix_search_documents_vector ON search_documents USING gin (vector)",
)


def upgrade() -> None:
    op.create_table('search_documents',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('object_id', sa.Integer(), nullable=False),
    sa.Column('strong', sa.Text(), nullable=False),
    sa.Column('plain', sa.Text(), nullable=False),
    sa.Column('weak', sa.Text(), nullable=False),
    sa.Column('length', sa.Integer(), nullable=False),
    sa.CheckConstraint('length >= 0', name=op.f('ck_search_documents_length_not_negative')),
    sa.CheckConstraint('length(kind) > 0', name=op.f('ck_search_documents_kind_given')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_documents')),
    sa.UniqueConstraint('kind', 'object_id', name=op.f('uq_search_documents_kind_object_id'))
    )
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("added", "removed", "changed"):
            op.execute(f"DROP TRIGGER search_documents_{trigger}")
        op.execute("DROP TABLE search_terms")
        op.execute("DROP TABLE search_index")
        op.drop_table('search_documents')
    else:
        op.drop_table('search_documents')
        op.execute("DROP FUNCTION search_vector()")

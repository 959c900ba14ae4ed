"""Interchanges sent and received, and the control numbers of ours."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "control_number",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("syntax", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "syntax", "kind", name="pk_control_number"),
    )

    op.create_table(
        "interchange",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("syntax", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("control_no", sa.Text(), nullable=False),
        sa.Column("control_value", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("document_types", sa.JSON(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("made_from", sa.Text(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_level", sa.Text(), nullable=True),
        sa.Column("ack_expected_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_interchange_file_id"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_interchange_batch_id"),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["batch.id"], name="fk_interchange_acknowledged_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_interchange"),
    )
    op.create_index("ix_interchange_ack_expected_by", "interchange", ["ack_expected_by"])
    op.create_index("ix_interchange_acknowledged_by", "interchange", ["acknowledged_by"])
    op.create_index("ix_interchange_batch_id", "interchange", ["batch_id"])
    op.create_index("ix_interchange_control_no", "interchange", ["control_no"])
    op.create_index("ix_interchange_direction_state", "interchange", ["direction", "state"])
    op.create_index("ix_interchange_file_id", "interchange", ["file_id"])
    op.create_index("ix_interchange_made_from", "interchange", ["made_from"])
    op.create_index(
        "ix_interchange_partner_direction_syntax_control_value",
        "interchange",
        ["partner", "direction", "syntax", "control_value"],
    )

    op.create_table(
        "interchange_group",
        sa.Column("interchange_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["interchange_id"],
            ["interchange.id"],
            name="fk_interchange_group_interchange_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("interchange_id", "position", name="pk_interchange_group"),
    )
    op.create_index("ix_interchange_group_number", "interchange_group", ["number"])


def downgrade() -> None:
    for table in ("interchange_group", "interchange", "control_number"):
        op.drop_table(table)

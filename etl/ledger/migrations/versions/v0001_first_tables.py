"""The first tables.

Written out, not taken from the models: a migration stays as it was when the models go on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MONEY = sa.Numeric(18, 4).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("nominal_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_job", "run", ["job"])
    op.create_index("ix_run_started_at", "run", ["started_at"])

    op.create_table(
        "batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("partners", sa.JSON(), nullable=False),
        sa.Column("nominal_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rerun_of", sa.Text(), nullable=True),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_batch_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
    )
    op.create_index("ix_batch_nominal_date", "batch", ["nominal_date"])
    op.create_index("ix_batch_rerun_of", "batch", ["rerun_of"])
    op.create_index("ix_batch_run_id", "batch", ["run_id"])
    op.create_index("ix_batch_state", "batch", ["state"])

    op.create_table(
        "schedule_fire",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("nominal_local", sa.Date(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_schedule_fire_run_id"),
        sa.PrimaryKeyConstraint("job", "nominal_local", "slot", name="pk_schedule_fire"),
    )
    op.create_index("ix_schedule_fire_run_id", "schedule_fire", ["run_id"])

    op.create_table(
        "file",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("original_name", sa.Text(), nullable=False),
        sa.Column("remote_path", sa.Text(), nullable=True),
        sa.Column("remote_size", sa.BigInteger(), nullable=True),
        sa.Column("remote_modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("picked_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_file_batch_id"),
        sa.ForeignKeyConstraint(["duplicate_of"], ["file.id"], name="fk_file_duplicate_of"),
        sa.PrimaryKeyConstraint("id", name="pk_file"),
    )
    op.create_index("ix_file_batch_id", "file", ["batch_id"])
    op.create_index("ix_file_duplicate_of", "file", ["duplicate_of"])
    op.create_index("ix_file_original_name", "file", ["original_name"])
    op.create_index("ix_file_partner_original_name", "file", ["partner", "original_name"])
    op.create_index("ix_file_received_at", "file", ["received_at"])
    op.create_index("ix_file_sha256", "file", ["sha256"])

    op.create_table(
        "document",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("record_hash", sa.Text(), nullable=True),
        sa.Column("carrier_scac", sa.Text(), nullable=True),
        sa.Column("invoice_no_norm", sa.Text(), nullable=True),
        sa.Column("shipment_ref", sa.Text(), nullable=True),
        sa.Column("pro_norm", sa.Text(), nullable=True),
        sa.Column("bol_norm", sa.Text(), nullable=True),
        sa.Column("document_date", sa.Date(), nullable=True),
        sa.Column("amount", MONEY, nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_document_batch_id"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_document_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint(
            "batch_id",
            "record_type",
            "record_id",
            name="uq_document_batch_id_record_type_record_id",
        ),
    )
    op.create_index("ix_document_bol_norm", "document", ["bol_norm"])
    op.create_index("ix_document_business_key", "document", ["business_key"])
    op.create_index("ix_document_document_no", "document", ["document_no"])
    op.create_index("ix_document_file_id", "document", ["file_id"])
    op.create_index("ix_document_invoice_no_norm", "document", ["invoice_no_norm"])
    op.create_index("ix_document_pro_norm", "document", ["pro_norm"])
    op.create_index("ix_document_shipment_ref", "document", ["shipment_ref"])

    op.create_table(
        "document_reference",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("value_norm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name="fk_document_reference_document_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "type", "value_norm", name="pk_document_reference"),
    )
    op.create_index(
        "ix_document_reference_value_norm_type", "document_reference", ["value_norm", "type"]
    )

    op.create_table(
        "exception",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_exception_batch_id"),
        sa.ForeignKeyConstraint(["closed_by"], ["batch.id"], name="fk_exception_closed_by"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name="fk_exception_document_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name="fk_exception_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_exception"),
    )
    op.create_index("ix_exception_batch_id", "exception", ["batch_id"])
    op.create_index("ix_exception_business_key", "exception", ["business_key"])
    op.create_index("ix_exception_closed_by", "exception", ["closed_by"])
    op.create_index("ix_exception_document_id", "exception", ["document_id"])
    op.create_index("ix_exception_file_id", "exception", ["file_id"])
    op.create_index("ix_exception_fingerprint", "exception", ["fingerprint"])
    op.create_index("ix_exception_state_kind_queue", "exception", ["state", "kind", "queue"])
    op.create_index(
        "uq_exception_open_fingerprint",
        "exception",
        ["fingerprint"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )

    op.create_table(
        "push",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), nullable=True),
        sa.Column("remote_ref", sa.Text(), nullable=True),
        sa.Column("record_hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name="fk_push_batch_id"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name="fk_push_document_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("target", "external_id", name="pk_push"),
    )
    op.create_index("ix_push_batch_id", "push", ["batch_id"])
    op.create_index("ix_push_business_key", "push", ["business_key"])
    op.create_index("ix_push_document_id", "push", ["document_id"])
    op.create_index("ix_push_remote_id", "push", ["remote_id"])
    op.create_index("ix_push_remote_ref", "push", ["remote_ref"])


def downgrade() -> None:
    for table in (
        "push",
        "exception",
        "document_reference",
        "document",
        "file",
        "schedule_fire",
        "batch",
        "run",
    ):
        op.drop_table(table)

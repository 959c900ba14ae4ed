"""The order in which things happened, by numbers of the ledger instead of its clock.

What is there already is numbered in the order in which it was sealed: a batch with its run, its
files, what it met and what it pushed; then what is still open. What may have changed after its
batch was sealed gets a last, common number, so that the next batch seals it once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBERS = {
    "run": ("sequence", "changed"),
    "batch": ("sequence",),
    "file": ("sequence", "changed"),
    "exception": ("sequence", "changed"),
    "push": ("sequence",),
    "interchange": ("sequence", "changed"),
}
_INDEXED = ("run", "file", "exception", "interchange")


def upgrade() -> None:
    op.create_table(
        "sequence",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sequence"),
    )
    for table, columns in _NUMBERS.items():
        for name in columns:
            op.add_column(
                table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
            )
    op.add_column("batch", sa.Column("sealed_sequence", sa.BigInteger(), nullable=True))
    _number_all(op.get_bind())
    for table in _INDEXED:
        op.create_index(f"ix_{table}_changed", table, ["changed"])


def downgrade() -> None:
    for table in _INDEXED:
        op.drop_index(f"ix_{table}_changed", table)
    for table, columns in {**_NUMBERS, "batch": ("sequence", "sealed_sequence")}.items():
        for name in columns:
            op.drop_column(table, name)
    op.drop_table("sequence")


def _number_all(connection: sa.Connection) -> None:
    number = _Numbering(connection)
    batches = connection.execute(
        sa.text("SELECT id, run_id, sealed_at FROM batch ORDER BY sealed_at IS NULL, sealed_at, id")
    ).all()
    for batch_id, run_id, sealed_at in batches:
        number.rows("run", "id = :of AND sequence = 0", "id", of=run_id)
        number.rows("batch", "id = :of", "id", of=batch_id)
        number.rows("file", "batch_id = :of", "received_at, id", of=batch_id)
        number.rows("exception", "batch_id = :of", "first_at, id", of=batch_id)
        number.rows("interchange", "batch_id = :of", "created_at, id", of=batch_id)
        number.rows("push", "batch_id = :of", "pushed_at, external_id", of=batch_id)
        if sealed_at is not None:
            connection.execute(
                sa.text("UPDATE batch SET sealed_sequence = :n WHERE id = :of"),
                {"n": number.take(), "of": batch_id},
            )
    number.rows("run", "sequence = 0", "started_at, id")
    number.rows("exception", "sequence = 0", "first_at, id")
    number.rows("interchange", "sequence = 0", "created_at, id")
    last = {"n": number.take()}
    for table in ("run", "file", "interchange"):
        connection.execute(sa.text(f'UPDATE "{table}" SET changed = :n'), last)  # noqa: S608
    # those that a person closed, or a run without a batch; the others were sealed as they are
    connection.execute(sa.text("UPDATE exception SET changed = sequence"))
    connection.execute(
        sa.text(
            "UPDATE exception SET changed = :n "
            "WHERE batch_id IS NULL OR (state <> 'open' AND closed_by IS NULL)"
        ),
        last,
    )
    connection.execute(
        sa.text("INSERT INTO sequence (name, next) VALUES ('ledger', :n)"), {"n": number.take()}
    )


class _Numbering:
    """Gives numbers to rows, one after the other."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._next = 1

    def take(self) -> int:
        self._next += 1
        return self._next - 1

    def rows(self, table: str, condition: str, order: str, **values: str) -> None:
        key = "external_id, target" if table == "push" else "id, id"
        found = self._connection.execute(
            sa.text(f'SELECT {key} FROM "{table}" WHERE {condition} ORDER BY {order}'),  # noqa: S608
            values,
        ).all()
        numbered = [{"n": self.take(), "a": row[0], "b": row[1]} for row in found]
        same = "external_id = :a AND target = :b" if table == "push" else "id = :a AND id = :b"
        if numbered:
            self._connection.execute(
                sa.text(f'UPDATE "{table}" SET sequence = :n WHERE {same}'),  # noqa: S608
                numbered,
            )

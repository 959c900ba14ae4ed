"""Alembic migrations of the ledger, run by :mod:`etl.ledger.database`."""

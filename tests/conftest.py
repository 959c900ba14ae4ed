"""Fixtures that every test may use; the real servers come from tests/services."""

pytest_plugins = ["tests.services.fixtures"]

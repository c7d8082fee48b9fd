"""Fixtures shared by all tests."""

from tests.servers import database_url, mariadb, mariadb_url, postgresql, postgresql_url, sqlite_url

__all__ = ["database_url", "mariadb", "mariadb_url", "postgresql", "postgresql_url", "sqlite_url"]

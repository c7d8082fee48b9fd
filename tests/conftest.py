"""Fixtures shared by all tests; hypothesis holds laws, not stop-watches."""

from hypothesis import HealthCheck, settings

from tests.servers import database_url, mariadb, mariadb_url, postgresql, postgresql_url, sqlite_url

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

__all__ = ["database_url", "mariadb", "mariadb_url", "postgresql", "postgresql_url", "sqlite_url"]

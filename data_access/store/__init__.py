"""Warboard's own small state in any SQLAlchemy database: SQLite by default, PostgreSQL for several nodes."""

from data_access.store.database import Store
from data_access.store.errors import StaleLeader, StoreError

__all__ = ["StaleLeader", "Store", "StoreError"]

"""What can go wrong with the store."""


class StoreError(Exception):
    """The store cannot do what was asked; the message says why and what to do."""


class StaleLeader(StoreError):
    """The lease has gone to somebody else; what was being written is thrown away."""

"""Tokens that open something: 256 random bits in the browser, only their SHA-256 in the store."""

import hashlib
import secrets


def new_token() -> str:
    """A token nobody can guess, safe in cookies and addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()

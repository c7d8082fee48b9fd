"""The secret in a file: made at install, never given a default."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from data_access.store.errors import StoreError

BYTES = 32


def secret(path: Path) -> bytes:
    """The secret in a file that only its owner can read, made when there is none; StoreError when it is not safe."""
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise StoreError(f"The secret {path} can be read by others. Run chmod 600 on it.")
    content = path.read_bytes()
    if len(content) < BYTES:
        raise StoreError(f"The secret {path} has {len(content)} bytes instead of {BYTES}. Restore it from the backup.")
    return content


def _make(path: Path) -> None:
    """Link a finished file into place, so that two processes agree on one and a crash leaves none half written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()

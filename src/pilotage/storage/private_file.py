"""Writes a file that only its owner may read: complete or not at all, and never over another one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pilotage.core.errors import StorageError

OTHERS = 0o077


def write_private_file(path: Path, content: bytes) -> bool:
    """Write a new file with mode 0600, on the disk when this returns; False where the file exists already.

    Raises:
        StorageError: the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # A link appears complete or not at all, and unlike a renaming it fails where the name is taken.
            os.link(draft, path)
            sync_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        return False
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror})"
        raise StorageError(message, "check the folder, its permissions and the free space") from error
    return True


def read_private_file(path: Path) -> bytes | None:
    """Read a secret; None where there is no such file.

    Raises:
        StorageError: others may read the file, or we may not.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS:
                raise StorageError(f"others may read the secret in {path}", f"run chmod 600 {path}")
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise StorageError(message, "run as the user that owns the state folder") from error


def sync_folder(folder: Path) -> None:
    """Put the names in a folder onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

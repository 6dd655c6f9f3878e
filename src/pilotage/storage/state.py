"""The state folder: the database of a small installation and the keys of any, for its owner's eyes only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pilotage.core.errors import StorageError
from pilotage.storage.private_file import OTHERS, read_private_file, write_private_file

MASTER_KEY_BYTES = 32


class StateFolder:
    """Where an installation keeps what it must not lose.

    Attributes:
        path: the folder, mode 0700.
    """

    def __init__(self, path: Path | str) -> None:
        """Open the folder, and create it where it is missing.

        Raises:
            StorageError: it is no folder, cannot be made, or others may read what is in it.
        """
        self.path = Path(path).expanduser().absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_mode & OTHERS:
                self._close_to_others()
        except FileExistsError as error:
            raise StorageError(f"{self.path} is no folder", "name another state folder") from error
        except OSError as error:
            message = f"the state folder {self.path} cannot be used ({error.strerror})"
            raise StorageError(message, "name a folder that this user may write") from error

    @property
    def database_path(self) -> Path:
        """The SQLite file, where no other database is set."""
        return self.path / "pilotage.db"

    @property
    def database_url(self) -> str:
        """The address of the SQLite file in this folder."""
        return f"sqlite:///{self.database_path}"

    @property
    def master_key_path(self) -> Path:
        """The file with the key that wraps every subject's key."""
        return self.path / "master.key"

    @property
    def signing_key_path(self) -> Path:
        """The file with the private key that signs records, in PEM."""
        return self.path / "signing.key"

    def master_key(self) -> bytes:
        """Read the master key; the first caller creates it.

        Raises:
            StorageError: the file is damaged, or others may read it.
        """
        found = read_private_file(self.master_key_path)
        if found is None:
            write_private_file(self.master_key_path, secrets.token_bytes(MASTER_KEY_BYTES))
            found = read_private_file(self.master_key_path)  # another process may have been first
        if found is None or len(found) != MASTER_KEY_BYTES:
            message = f"{self.master_key_path} does not hold a key of {MASTER_KEY_BYTES} bytes"
            raise StorageError(message, "restore it from a backup; without it no artefact can be read")
        return found

    def _close_to_others(self) -> None:
        """Take the folder from others' eyes where it is empty; a folder with things in it is left alone."""
        if any(self.path.iterdir()) or self.path.stat().st_uid != os.geteuid():
            message = f"others may read the state folder {self.path}"
            raise StorageError(message, f"run chmod 700 {self.path}, or name a folder that does not exist yet")
        self.path.chmod(0o700)

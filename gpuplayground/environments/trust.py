"""Decides whether an interpreter may be started unasked: only if nobody but the user and root can change what runs.

The rule for each file and folder is that of OpenSSH's StrictModes: it belongs to the user or root, and nobody else can
write to it. Parent folders count too, because whoever can write to one can replace what is below. A sticky folder
such as ``/tmp`` is not trusted either: anybody can be the first to create a file there.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from gpuplayground.environments.installed import CONFIGURATION, base_folder, early_folders, prefix_of, small_text

#: Folder above which nothing is checked; tests set their own.
_TOP = Path("/")
#: Maximum number of symbolic links in one path, as in Linux.
_MAX_LINKS = 40


class _DistrustError(Exception):
    """Somebody else can change what runs; the message is a clause that names the place."""


def distrust(interpreter: str) -> str:
    """Return a clause with the reason not to start an interpreter unasked; empty if it is trusted.

    Besides the interpreter this checks what Python runs on its own at start: the standard library, ``*.pth`` files and
    ``sitecustomize``, both of the environment and of the installation it was created from.
    """
    if sys.platform == "win32":
        return _distrust_on_windows(interpreter)
    checker = _PathChecker()
    try:
        checker.check(interpreter)
        own = prefix_of(interpreter)
        prefixes = [own, prefix_of(os.path.realpath(interpreter))]
        base = base_folder(own)
        if base is not None:
            prefixes.append(prefix_of(str(base / "python3")))
        for prefix in dict.fromkeys(prefixes):
            checker.environment(prefix)
    except _DistrustError as error:
        return str(error)
    except (OSError, ValueError) as error:
        return f"it cannot be examined ({error})"
    return ""


class _PathChecker:
    """Checks paths component by component, following every link. Caches what it has checked."""

    def __init__(self) -> None:
        self._checked: set[str] = set()

    def environment(self, prefix: Path) -> None:
        """Check everything in an environment that runs at start."""
        self.check(str(prefix))
        self.check(str(prefix / CONFIGURATION))
        for folder in early_folders(prefix):
            self.check(str(folder))
            for entry in folder.iterdir():
                self.check(str(entry))
                if entry.suffix == ".pth":
                    self._check_added_folders(folder, small_text(entry))

    def check(self, path: str) -> None:
        """Check a path from the top to its final target. Missing files pass: their checked folders protect them.

        Raises:
            _DistrustError: somebody else can change a part of it.
            OSError: a part of it cannot be examined.
        """
        with suppress(FileNotFoundError):
            self._walk(os.path.abspath(path))  # noqa: PTH100 - resolve() would skip the links

    def _check_added_folders(self, folder: Path, text: str) -> None:
        """Check the folders that a ``.pth`` file adds: Python looks for ``sitecustomize`` in them too."""
        for line in text.splitlines():
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                self.check(str(folder / line.strip()))

    def _walk(self, path: str) -> None:
        steps = list(reversed(path.split("/")))
        current, links = "/", 0
        while steps:
            # Strings are faster than Path objects: an environment has thousands of files.
            current = os.path.normpath(os.path.join(current, steps.pop()))  # noqa: PTH118
            if current in self._checked:
                continue
            status = os.lstat(current)
            if not stat.S_ISLNK(status.st_mode):
                _check_status(current, status)
                self._checked.add(current)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise _DistrustError(f"{path} has too many symbolic links")
            _check_owner(current, status)
            target = os.readlink(current)  # noqa: PTH115
            steps += reversed(target.split("/"))
            current = "/" if target.startswith("/") else os.path.dirname(current)  # noqa: PTH120


def _check_status(path: str, status: os.stat_result) -> None:
    if _TOP.is_relative_to(path) and Path(path) != _TOP:
        return
    _check_owner(path, status)
    if status.st_mode & stat.S_IWOTH:
        raise _DistrustError(f"everybody can write to {path}")
    if status.st_mode & stat.S_IWGRP and not (is_private_group(status.st_gid) and not _has_access_list(path)):
        raise _DistrustError(f"a group of users can write to {path}")


def _check_owner(path: str, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.getuid()):
        raise _DistrustError(f"{path} belongs to {_user_name(status.st_uid)}")


@cache
def is_private_group(group_id: int) -> bool:
    """Return whether a group has the name of the user, or of root, and no other members.

    The name matters where a directory service does not list the members of a group.
    """
    if sys.platform == "win32":
        return False
    import grp
    import pwd

    try:
        group = grp.getgrgid(group_id)
        owners = [account for account in map(pwd.getpwuid, (os.getuid(), 0)) if account.pw_gid == group_id]
    except KeyError:
        return False
    return any(
        group.gr_name == owner.pw_name
        and set(group.gr_mem) <= {owner.pw_name}
        and all(other.pw_uid == owner.pw_uid for other in pwd.getpwall() if other.pw_gid == group_id)
        for owner in owners
    )


def _has_access_list(path: str) -> bool:
    """Return whether a file has an access list; then the group's bits limit all users named in it."""
    if sys.platform != "linux":
        return False
    try:
        return bool(os.getxattr(path, "system.posix_acl_access"))
    except OSError:
        return False


def _user_name(user_id: int) -> str:
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):
            return f"the user {pwd.getpwuid(user_id).pw_name}"
    return f"the user with id {user_id}"


def _distrust_on_windows(interpreter: str) -> str:
    """Trust only folders that Windows protects from other users; anybody can create one elsewhere on a drive."""
    names = ("USERPROFILE", "ProgramFiles", "ProgramFiles(x86)", "SystemRoot")
    kept = [Path(os.path.realpath(os.environ[name])) for name in names if os.environ.get(name)]
    path = Path(os.path.realpath(interpreter))
    return "" if any(path.is_relative_to(each) for each in kept) else f"others may be able to write to {path.parent}"

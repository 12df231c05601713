"""Whether an interpreter can be started unasked: only where nobody but the user and root can change what runs then.

The rule for each file and folder is that of OpenSSH's StrictModes: it belongs to the user or root, and nobody else can
write in it. The folders above count too, because whoever can write in one of them can put another thing in its place.
A sticky folder such as ``/tmp`` does not help: anybody can be the first to put something there.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from gpuplayground.environments.installed import CONFIGURATION, base_folder, early_folders, prefix_of, small_text

#: The folder above which nothing is asked; tests have one of their own.
_TOP = Path("/")
#: As many symbolic links as Linux follows in one path.
_MAX_LINKS = 40


class _DistrustError(Exception):
    """Somebody else can change what runs; the message is a clause that says where."""


def distrust(interpreter: str) -> str:
    """Return why an interpreter is not to be started before the user chooses it, as a clause; empty if it can be.

    Besides the interpreter this looks at what Python runs by itself when it starts: the standard library, and in
    packages ``*.pth`` files and ``sitecustomize``, both of the environment and of the installation it was made from.
    """
    if sys.platform == "win32":
        return _distrust_on_windows(interpreter)
    check = _Check()
    try:
        check.follow(interpreter)
        own = prefix_of(interpreter)
        prefixes = [own, prefix_of(os.path.realpath(interpreter))]
        base = base_folder(own)
        if base is not None:
            prefixes.append(prefix_of(str(base / "python3")))
        for prefix in dict.fromkeys(prefixes):
            check.environment(prefix)
    except _DistrustError as error:
        return str(error)
    except (OSError, ValueError) as error:
        return f"it cannot be examined ({error})"
    return ""


class _Check:
    """Follows paths step by step, every link included. What was found right is not asked about again."""

    def __init__(self) -> None:
        self._right: set[str] = set()

    def environment(self, prefix: Path) -> None:
        """Follow everything in an environment that runs by itself."""
        self.follow(str(prefix))
        self.follow(str(prefix / CONFIGURATION))
        for folder in early_folders(prefix):
            self.follow(str(folder))
            for entry in folder.iterdir():
                self.follow(str(entry))
                if entry.suffix == ".pth":
                    self._lines(folder, small_text(entry))

    def follow(self, path: str) -> None:
        """Follow a path from the top to what it leads to in the end. Nobody else can make what is missing in it.

        Raises:
            _DistrustError: somebody else can change a part of it.
            OSError: a part of it cannot be examined.
        """
        with suppress(FileNotFoundError):
            self._walk(os.path.abspath(path))  # noqa: PTH100 - resolve() would skip the links

    def _lines(self, folder: Path, text: str) -> None:
        """Follow the folders that a file of paths adds: ``sitecustomize`` is looked for in them too."""
        for line in text.splitlines():
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                self.follow(str(folder / line.strip()))

    def _walk(self, path: str) -> None:
        steps = list(reversed(path.split("/")))
        current, links = "/", 0
        while steps:
            # Text instead of Path objects: an environment has thousands of files.
            current = os.path.normpath(os.path.join(current, steps.pop()))  # noqa: PTH118
            if current in self._right:
                continue
            status = os.lstat(current)
            if not stat.S_ISLNK(status.st_mode):
                _ask(current, status)
                self._right.add(current)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise _DistrustError(f"{path} is a circle of links")
            _ask_owner(current, status)
            target = os.readlink(current)  # noqa: PTH115
            steps += reversed(target.split("/"))
            current = "/" if target.startswith("/") else os.path.dirname(current)  # noqa: PTH120


def _ask(path: str, status: os.stat_result) -> None:
    if _TOP.is_relative_to(path) and Path(path) != _TOP:
        return
    _ask_owner(path, status)
    if status.st_mode & stat.S_IWOTH:
        raise _DistrustError(f"everybody can write in {path}")
    if status.st_mode & stat.S_IWGRP and not (is_private_group(status.st_gid) and not _has_access_list(path)):
        raise _DistrustError(f"a group of users can write in {path}")


def _ask_owner(path: str, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.getuid()):
        raise _DistrustError(f"{path} belongs to {_user_name(status.st_uid)}")


@cache
def is_private_group(group_id: int) -> bool:
    """Return whether a group has the name of the user, or of root, and nobody else in it.

    Where an account is in a directory that does not list its members, the name is what tells.
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
    """Return whether more users are named than the owner: the group's bits then say what any of them may do."""
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
    return f"the user with the number {user_id}"


def _distrust_on_windows(interpreter: str) -> str:
    """Believe in the folders that Windows itself keeps others from writing in: anybody can make one on a drive."""
    names = ("USERPROFILE", "ProgramFiles", "ProgramFiles(x86)", "SystemRoot")
    kept = [Path(os.path.realpath(os.environ[name])) for name in names if os.environ.get(name)]
    path = Path(os.path.realpath(interpreter))
    return "" if any(path.is_relative_to(each) for each in kept) else f"others may be able to write in {path.parent}"

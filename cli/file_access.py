"""What voxpost's user may do with a file, whoever asks."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pbx.model import Site


@dataclass(frozen=True, slots=True)
class User:
    """A user of this machine."""

    name: str
    uid: int
    groups: Collection[int]

    def may_read_and_write(self, file: Path) -> bool:
        """Whether the file's rights let him; access lists are not looked at."""
        if self.uid == 0:
            return True
        found = file.stat()
        if found.st_uid == self.uid:
            wanted = 0o600
        elif found.st_gid in self.groups:
            wanted = 0o060
        else:
            wanted = 0o006
        return found.st_mode & wanted == wanted


def daemon_user(site: Site) -> User:
    """Who `voxpost run` runs as: the owner of state_dir, and who asks where there is none yet."""
    try:
        uid = site.service.state_dir.stat().st_uid
    except OSError:
        uid = os.geteuid()
    if uid == os.geteuid():
        return User(_name(uid), uid, {os.getegid(), *os.getgroups()})
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return User(_name(uid), uid, ())
    return User(entry.pw_name, uid, os.getgrouplist(entry.pw_name, entry.pw_gid))


def group_name(file: Path) -> str:
    """The group that a file belongs to; its number where it has no name."""
    gid = file.stat().st_gid
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"

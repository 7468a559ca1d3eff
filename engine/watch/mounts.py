"""Network drives, on which the system does not report changes of files."""

from __future__ import annotations

import os
import re
from pathlib import Path

NETWORK_FILESYSTEMS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "davfs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse"),
    }
)
_MOUNTS = Path("/proc/self/mounts")


def is_on_network(path: Path) -> bool:
    """Whether ``path`` lies on a network drive; False if the system does not tell."""
    if str(path).startswith("\\\\"):  # a Windows share (UNC path)
        return True
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    return filesystem_of(os.path.realpath(path), mounts) in NETWORK_FILESYSTEMS


def filesystem_of(path: str, mounts: str) -> str | None:
    r"""The type of the file system of ``path``; None if no mount contains it.

    Args:
        path: absolute path without symbolic links.
        mounts: content of ``/proc/self/mounts``, see fstab(5).

    >>> mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/p /mnt/my\\040nas nfs4 rw 0 0\n"
    >>> filesystem_of("/mnt/my nas/2021", mounts), filesystem_of("/mnt/my nas2", mounts)
    ('nfs4', 'ext4')
    """
    longest, filesystem = -1, None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), fields[1])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:  # a later mount hides an earlier one at the same point
            longest, filesystem = len(point), fields[2]
    return filesystem

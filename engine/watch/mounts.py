"""Which drive a path lies on, as far as the system tells."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

NETWORK_FILESYSTEMS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "davfs"),
        *("fuse.sshfs", "fuse.rclone", "fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse"),
    }
)
_MOUNTS = Path("/proc/self/mounts")
_UUIDS = Path("/dev/disk/by-uuid")


class Mount(NamedTuple):
    """One line of fstab(5): the device or server, where it is mounted, the type of file system."""

    source: str
    point: str
    filesystem: str


def is_on_network(path: Path) -> bool:
    """Whether ``path`` lies on a network drive, where the system does not report changes of files;
    False if the system does not tell."""
    if str(path).startswith("\\\\"):  # a Windows share (UNC path)
        return True
    mount = _mount_of(path)
    return mount is not None and mount.filesystem in NETWORK_FILESYSTEMS


def volume_of(path: Path) -> str | None:
    """Identity of the volume that holds ``path``: the same wherever the volume is mounted, another
    one for every other volume. None if the system gives none.

    Linux: the UUID of the file system, or the name of a network share or data set. Windows: the
    volume's serial number. macOS: none.
    """
    if os.name == "nt":
        try:
            return f"serial:{os.stat(path).st_dev:x}"
        except OSError:
            return None
    mount = _mount_of(path)
    if mount is None:
        return None
    if not mount.source.startswith("/dev/"):  # "nas:/photos" or "pool/photos"; else "tmpfs"
        return f"source:{mount.source}" if "/" in mount.source else None
    device = os.path.realpath(mount.source)
    try:
        links = sorted(_UUIDS.iterdir())
    except OSError:
        return None
    return next((f"uuid:{link.name}" for link in links if os.path.realpath(link) == device), None)


def mount_containing(path: str, mounts: str) -> Mount | None:
    r"""The mount that contains ``path``; None if there is none.

    Args:
        path: absolute path without symbolic links.
        mounts: content of ``/proc/self/mounts``, see fstab(5).

    >>> mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/p /mnt/my\\040nas nfs4 rw 0 0\n"
    >>> mount_containing("/mnt/my nas/2021", mounts)
    Mount(source='nas:/p', point='/mnt/my nas', filesystem='nfs4')
    >>> mount_containing("/mnt/my nas2", mounts).filesystem
    'ext4'
    """
    found = None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        source, point = (
            re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), field)
            for field in fields[:2]
        )
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        # A later mount hides an earlier one at the same point.
        if inside and (found is None or len(point) >= len(found.point)):
            found = Mount(source, point, fields[2])
    return found


def _mount_of(path: Path) -> Mount | None:
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return mount_containing(os.path.realpath(path), mounts)

"""Network drives are recognised by the system's list of mounts."""

import doctest
from pathlib import Path

import pytest

from engine.watch import mounts

TABLE = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
/dev/sdb1 /home/ann ext4 rw 0 0
//nas/photos /mnt/nas cifs rw 0 0
nas:/export /home/ann/My\\040Photos nfs4 rw 0 0
ann@host: /mnt/ssh fuse.sshfs rw 0 0
/dev/sdc1 /mnt/twice ext4 rw 0 0
nas:/b /mnt/twice nfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "filesystem"),
    [
        ("/etc", "ext4"),
        ("/mnt/nas", "cifs"),
        ("/mnt/nas/2021/May", "cifs"),
        ("/mnt/nasty", "ext4"),
        ("/home/ann/My Photos/x", "nfs4"),
        ("/home/ann/My", "ext4"),
        ("/mnt/ssh/a", "fuse.sshfs"),
        ("/mnt/twice/a", "nfs"),
    ],
)
def test_filesystem_of(path, filesystem):
    assert mounts.filesystem_of(path, TABLE) == filesystem


def test_this_machine(tmp_path):
    assert mounts.is_on_network(Path("\\\\server\\share\\photos"))
    assert mounts.filesystem_of("/anything", "") is None


def test_the_worked_example():
    assert doctest.testmod(mounts).failed == 0

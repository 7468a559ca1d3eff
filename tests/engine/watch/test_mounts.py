"""Network drives are recognised by the system's list of mounts."""

import doctest
import sys
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
def test_the_file_system_of_a_path(path, filesystem):
    assert mounts.mount_containing(path, TABLE).filesystem == filesystem


def test_this_machine():
    assert mounts.is_on_network(Path("\\\\server\\share\\photos"))
    assert mounts.mount_containing("/anything", "") is None


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Mounts and names of devices as a system lists them."""
    table, uuids = tmp_path / "mounts", tmp_path / "by-uuid"
    uuids.mkdir()
    (uuids / "AB12-CD34").symlink_to("/dev/sdb1")
    (uuids / "0f0f").symlink_to("/dev/sda1")
    table.write_text(TABLE + "tmpfs /run tmpfs rw 0 0\n")
    monkeypatch.setattr(mounts, "_MOUNTS", table)
    monkeypatch.setattr(mounts, "_UUIDS", uuids)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems name volumes otherwise")
@pytest.mark.parametrize(
    ("path", "volume"),
    [
        ("/home/ann/2021", "uuid:AB12-CD34"),
        ("/somewhere", "uuid:0f0f"),
        ("/mnt/nas/2021", "source://nas/photos"),
        ("/home/ann/My Photos", "source:nas:/export"),
        ("/run/x", None),
        ("/mnt/twice", "source:nas:/b"),
    ],
)
def test_a_volume_has_one_identity_wherever_it_is_mounted(system, path, volume):
    assert mounts.volume_of(Path(path)) == volume


@pytest.mark.skipif(sys.platform != "linux", reason="other systems name volumes otherwise")
def test_a_device_without_a_uuid_has_no_identity(system, tmp_path):
    (tmp_path / "by-uuid/0f0f").unlink()
    assert mounts.volume_of(Path("/somewhere")) is None
    (tmp_path / "mounts").unlink()
    assert mounts.volume_of(Path("/home/ann")) is None


def test_the_worked_example():
    assert doctest.testmod(mounts).failed == 0

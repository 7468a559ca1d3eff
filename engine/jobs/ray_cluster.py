"""Ray: starting it on this computer or connecting to a cluster. The only file that imports it.

Ray's processes on this computer listen on the loopback address only and need a token that they
inherit. Usage statistics are switched off in both cases.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from engine.errors import RayUnavailable
from engine.jobs.machine import memory_bytes, usable_cores

LOCAL = "local"
"""Address that starts Ray on this computer."""
_OBJECT_STORE_BYTES = 80 << 20
"""Nearly the least that Ray accepts; photos are read from their files."""
_CONNECT_LIMIT_S = 5.0
_ADD = "Add it: python -m pip install ray"
_LOCAL_VARIABLES = {
    # Loopback only: on Linux this switch makes Ray do what it does on macOS and Windows.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    # Actors see the graphics cards that a child process would see.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, slots=True)
class RayNode:
    """A machine of the cluster, with all that Ray may give to actors there."""

    cpus: float
    gpus: float
    memory_bytes: int


class ActorLost(Exception):
    """An actor ended in the middle of a call.

    Attributes:
        node_lost: its machine ended or cannot be reached, so the call is not to blame.
    """

    def __init__(self, reason: str, node_lost: bool) -> None:
        super().__init__(reason)
        self.node_lost = node_lost


class RayCluster:
    """The connection of this process to Ray; there can be one at a time. Thread-safe, except that
    one thread opens and closes it."""

    def __init__(self, ray: ModuleType, folder: str | None) -> None:
        self._ray = ray
        self._folder = folder

    @classmethod
    def open(cls, address: str) -> RayCluster:
        """Start Ray on this computer (``LOCAL``), or connect to a cluster that this computer
        belongs to (``host:port``, or ``auto`` for the one that runs here). Takes seconds.

        Raises:
            RayUnavailable: Ray is not installed, did not start or is not there.
        """
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        local = address == LOCAL
        if local:
            os.environ.update(_LOCAL_VARIABLES)
            # Ray reads it once in a process, so a second start needs the same.
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        try:
            import ray
        except ImportError as error:
            raise RayUnavailable(
                "Ray is not installed.", operation="starting Ray", hint=_ADD
            ) from error
        logging.getLogger("ray").setLevel(logging.ERROR)
        quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        if not local:
            with _problems(f"A Ray cluster was not reached at {address}", "connecting to Ray"):
                _check_connection(address)
                ray.init(address=address, **quiet)
            return cls(ray, None)
        # Paths of Unix sockets are short, so the folder lies as high up as it can.
        folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp" if os.name == "posix" else None)
        cluster = cls(ray, folder)
        try:
            with _problems("Ray could not be started", "starting Ray"):
                ray.init(
                    address=LOCAL,
                    num_cpus=usable_cores(),
                    include_dashboard=False,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    _temp_dir=folder,
                    **quiet,
                )
        except BaseException:
            cluster.close()
            raise
        return cluster

    @property
    def local(self) -> bool:
        """Whether it was started here and ends with ``close``."""
        return self._folder is not None

    def nodes(self) -> list[RayNode]:
        """The machines that are up."""
        if self.local:
            return [RayNode(usable_cores(), 0, memory_bytes())]
        resources = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return [
            RayNode(one.get("CPU", 0.0), one.get("GPU", 0.0), int(one.get("memory", 0)))
            for one in resources
        ]

    def start_actor(self, kind: type, *arguments: Any, cpus: float, gpus: float) -> Any:
        """Request an actor of the class ``kind``, which is imported on its machine. Does not wait;
        Ray places it when these shares of a machine are free."""
        actor = self._ray.remote(kind).options(num_cpus=cpus, num_gpus=gpus, max_restarts=0)
        return actor.remote(*arguments)

    def wait(self, reference: Any, timeout_s: float) -> bool:
        """Whether the answer to a call of an actor's method is there, after at most so long."""
        done, _ = self._ray.wait([reference], timeout=timeout_s)
        return bool(done)

    def result(self, reference: Any, node_id: str | None) -> Any:
        """The answer to a call, when ``wait`` has returned True.

        Args:
            node_id: machine of the actor; None if it is not known yet.

        Raises:
            ActorLost: the actor ended.
        """
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.ActorUnavailableError as error:  # no contact
            raise ActorLost(_last_line(error), node_lost=True) from error
        except errors.RayActorError as error:
            node_lost = error.preempted or (node_id is not None and not self._is_up(node_id))
            raise ActorLost(_last_line(error), node_lost) from error
        except errors.RayError as error:
            raise ActorLost(_last_line(error), node_lost=False) from error

    def end_actor(self, actor: Any) -> None:
        """Kill an actor, in the middle of a call too. Does not wait."""
        with contextlib.suppress(Exception):  # the cluster has ended, and the actor with it
            self._ray.kill(actor)

    def close(self) -> None:
        """Disconnect; what was started here ends."""
        self._ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _is_up(self, node_id: str) -> bool:
        return any(node["NodeID"] == node_id and node["Alive"] for node in self._ray.nodes())


def own_node_id() -> str:
    """The machine that the calling actor runs on."""
    import ray

    return ray.get_runtime_context().get_node_id()


def _check_connection(address: str) -> None:
    """Raise OSError if nothing answers at ``host:port``; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_LIMIT_S).close()


@contextlib.contextmanager
def _problems(message: str, operation: str) -> Iterator[None]:
    """Turn what Ray raises, which is of many kinds, into RayUnavailable."""
    try:
        yield
    except Exception as error:
        raise RayUnavailable(
            f"{message} ({_last_line(error)}).",
            operation=operation,
            hint="Run the command without --ray to index on this computer alone.",
        ) from error


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__

"""Indexes on a Ray cluster of two machines, which are processes here; one of them is killed.

Usage: ray_cluster_script.py LIBRARY GATE ASKED. Prints searchable, outlined and problems.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil


def main(root: Path, gate: Path, asked: Path) -> None:
    """Each machine has one processor. The second is killed in the full pass, and a third comes."""
    # Read when Ray is imported: the cluster of this test is on the loopback address only.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
    os.environ["RAY_TMPDIR"] = folder.name
    from ray.cluster_utils import Cluster

    from engine.jobs.ray_cluster import RayCluster
    from engine.library import Library
    from tests.fakes import colour_models

    machine = {"num_cpus": 1, "object_store_memory": 80 << 20}
    cluster = Cluster(initialize_head=True, head_node_args=machine | {"include_dashboard": False})
    second = cluster.add_node(**machine)
    ray = RayCluster.open(cluster.address)
    load = functools.partial(colour_models.load_held_models, gate, asked)
    library = Library.open(root, profile=colour_models.profile(analysis=load), ray=ray)
    job = library.indexing.start()

    def processes() -> list[int]:
        """Of the actors that were asked for a full analysis, one entry for each time."""
        if job.ended:
            job.result()
        return [int(line) for line in Path(asked).read_text().split()] if asked.exists() else []

    while len(processes()) < 2:
        time.sleep(0.02)
    cluster.remove_node(second, allow_graceful=False)
    while all(psutil.pid_exists(pid) for pid in processes()):
        time.sleep(0.02)
    cluster.add_node(**machine)
    while len(processes()) < 3:  # the photo of the lost actor
        time.sleep(0.02)
    gate.touch()
    status = job.result()
    print(status.searchable, status.outlined, status.problems)
    library.close()
    ray.close()
    cluster.shutdown()
    folder.cleanup()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))

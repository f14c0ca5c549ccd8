"""Runs on a Ray cluster: each a task, done by a process as on one machine, and taken up on another node if one is lost.

All nodes need the package, the data at the same path, and a folder of the ablation that they share.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

from yolo_feiou.ablation.local import end_group
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.worker import TIMED_OUT, Task
from yolo_feiou.errors import ArgumentError

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports home otherwise

try:
    import ray
    from ray.exceptions import RayError
except ImportError:
    raise ArgumentError("engine=ray needs Ray, which is not installed: pip install 'yolo-feiou[ray]'") from None


class OnRay:
    """Tasks on a Ray cluster.

    Args:
        task: What each process is told.
        address: The cluster's; '' is that in RAY_ADDRESS, or a new one on this machine.
        jobs: How many runs at a time at most; 0 is as many as the cluster has room for.
        per_device: How many runs share a GPU. Without GPUs, or with `device=cpu`, a run takes CPUs alone.
        cpus: Number of CPUs that a run takes.
        retries: How often a run whose node is lost is taken up elsewhere.

    Raises:
        ArgumentError: If there is no cluster at the address, or it has no GPU though one is asked for.
    """

    def __init__(self, task: Task, address: str, jobs: int, per_device: int, cpus: int, retries: int) -> None:
        self.ours = not ray.is_initialized()
        try:
            check_reachable(address)
            if self.ours:
                ray.init(
                    address=address or None, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=None
                )
        except (OSError, ValueError, RuntimeError) as error:
            raise ArgumentError(f"address={address}: there is no Ray cluster that can be joined: {error}") from None
        gpu = task.device != "cpu" and ray.cluster_resources().get("GPU", 0) > 0
        if not gpu and task.device not in ("", "cpu"):
            raise ArgumentError(
                f"device={task.device}: the Ray cluster has no GPU: leave device= out, or add GPUs to it."
            )
        # Ray shows a process the GPU that it gets, alone.
        self.task = replace(task, device="0" if gpu else "cpu", threads=0 if gpu else cpus)
        self.folder = os.getcwd()
        resources = {"num_cpus": cpus, "num_gpus": 1 / per_device if gpu else 0, "max_retries": retries}
        self.remote = ray.remote(run_task).options(**resources)
        self.jobs, self.refs = jobs, {}

    @property
    def has_room(self) -> bool:
        """Whether another task may be handed to the cluster, which queues what it has no room for."""
        return not self.jobs or len(self.refs) < self.jobs

    def start(self, folder: RunFolder) -> None:
        """Hand a run to the cluster."""
        self.refs[self.remote.remote(str(folder.path), self.task, self.folder)] = folder

    def finished(self) -> list[tuple[RunFolder, int]]:
        """Return the runs whose tasks have ended since, with the exit status of their processes."""
        if not self.refs:
            return []
        ready, _ = ray.wait(list(self.refs), num_returns=len(self.refs), timeout=0)
        return [(folder, get_exit_status(ref, folder)) for ref in ready for folder in [self.refs.pop(ref)]]

    def stop(self) -> None:
        """End all tasks, and the part of the cluster that we started."""
        for ref in self.refs:
            ray.cancel(ref, force=True)
        self.refs = {}
        if self.ours:
            ray.shutdown()


def check_reachable(address: str) -> None:
    """Raise OSError if nothing listens at an address host:port; Ray itself would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def get_exit_status(ref: ray.ObjectRef, folder: RunFolder) -> int:
    """Return the exit status of a task's process; 1 with a line in the run's log if Ray lost it for good."""
    try:
        return ray.get(ref)
    except RayError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        with folder.log.open("a", encoding="utf-8") as log:
            log.write(f"Ray: {lines[-1] if lines else type(error).__name__}\n")
        return 1


def run_task(path: str, task: Task, where: str) -> int:
    """Do a run, on the node that Ray chose, and return the exit status of its process.

    Args:
        path: The folder of the run.
        task: What its process is told.
        where: The folder in which the command was given, from where the names of files count.
    """
    folder = RunFolder(Path(path))
    if not folder.path.is_dir():
        raise FileNotFoundError(
            f"{path} is not there on {socket.gethostname()}: out= must be a folder that all nodes share"
        )
    with folder.log.open("ab", buffering=0) as log:
        log.write(f"Ray node {ray.get_runtime_context().get_node_id()} on {socket.gethostname()}\n".encode())
        process = subprocess.Popen(
            task.command_line(folder.path),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=task.environment,
            cwd=where if Path(where).is_dir() else None,
            start_new_session=True,
        )
        try:
            return process.wait(task.seconds)  # from here on, not from when the cluster was given the run
        except subprocess.TimeoutExpired:
            end_group(process)
            return TIMED_OUT

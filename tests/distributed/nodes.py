"""Two nodes on one machine: network namespaces with a cable between them, or, where those can't be had, loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

TORCHRUN = (sys.executable, "-m", "torch.distributed.run")


@dataclass(frozen=True)
class Node:
    """A node: the command that runs another one on it, its address, and what its environment has besides."""

    words: list[str]
    address: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cluster:
    """Two nodes, and whether they are namespaces of the network."""

    nodes: list[Node]
    port: int
    apart: bool

    def torchrun(self, folder, run_id, *words, ranks=2, restarts=0):
        """Start an agent of torchrun on each node, `ranks` processes each; returns the agents, output in files."""
        agents = []
        for number, node in enumerate(self.nodes):
            options = [
                f"--nnodes={len(self.nodes)}",
                f"--nproc-per-node={ranks}",
                f"--max-restarts={restarts}",
                f"--rdzv-id={run_id}",
                "--rdzv-backend=c10d",
                f"--rdzv-endpoint={self.nodes[0].address}:{self.port}",
                f"--rdzv-conf=is_host={'true' if number == 0 else 'false'}",
                f"--local-addr={node.address}",
            ]
            with open(Path(folder) / f"node{number}.txt", "w") as output:
                agents.append(
                    subprocess.Popen(
                        [*node.words, *TORCHRUN, *options, *map(str, words)],
                        cwd=folder,
                        env={**os.environ, "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", **node.environment},
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
        return agents

    def run(self, folder, run_id, *words, timeout=300, **options):
        """Run to the end on both nodes; returns what each printed."""
        agents = self.torchrun(folder, run_id, *words, **options)
        return self.wait(folder, agents, timeout)

    def wait(self, folder, agents, timeout=300):
        """Wait for the agents, and return what each printed; AssertionError if one fails."""
        try:
            codes = [agent.wait(timeout) for agent in agents]
        finally:
            for agent in agents:
                with suppress(ProcessLookupError):
                    os.killpg(agent.pid, signal.SIGKILL)
        texts = [(Path(folder) / f"node{number}.txt").read_text() for number in range(len(agents))]
        assert codes == [0, 0], "\n".join(text[-3000:] for text in texts)
        return texts


@contextmanager
def cluster():
    """Two nodes, gone again at the end."""
    with ExitStack() as undo:
        nodes = _namespaces(undo) if shutil.which("ip") and os.geteuid() == 0 else None
        yield Cluster(nodes or [Node([], "127.0.0.1")] * 2, _free_port(), bool(nodes))


def _namespaces(undo):
    """Two namespaces joined by a veth pair, or None where the system doesn't allow them."""
    mark = f"{os.getpid():x}"
    names, links = [f"yf{mark}{end}" for end in "ab"], [f"v{mark}{end}" for end in "ab"]
    nodes = [
        Node(["ip", "netns", "exec", name], f"10.77.0.{number}", {"GLOO_SOCKET_IFNAME": link})
        for number, (name, link) in enumerate(zip(names, links, strict=True), 1)
    ]
    steps = [*(["netns", "add", name] for name in names), ["link", "add", links[0], "type", "veth", "peer", links[1]]]
    for name, link, node in zip(names, links, nodes, strict=True):
        steps += [
            ["link", "set", link, "netns", name],
            ["-n", name, "addr", "add", f"{node.address}/24", "dev", link],
            ["-n", name, "link", "set", link, "up"],
            ["-n", name, "link", "set", "lo", "up"],
        ]
    for name in names:
        undo.callback(subprocess.run, ["ip", "netns", "del", name], capture_output=True, check=False)
    done = all(subprocess.run(["ip", *step], capture_output=True, check=False).returncode == 0 for step in steps)
    return nodes if done else None


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]

"""A small SLURM of one's own on this machine: its daemons are started by hand in a folder, and ended with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.workers import wait

NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "srun", "squeue", "scontrol")


def missing() -> str | None:
    """Say what keeps a SLURM from running here, None where nothing does."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"SLURM is not installed here ({', '.join(absent)}); Debian: apt-get install slurm-wlm munge"
    return None if os.geteuid() == 0 else "slurmd must be started as root"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


CONF = """\
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=2
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=300
SlurmctldTimeout=30
SlurmdTimeout=60
InactiveLimit=0
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
{nodes}
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def slurm(folder: Path, nodes: int = 2) -> Iterator[dict[str, str]]:
    """Run a controller and several nodes of one core each; yield the environment that its commands need."""
    for name in ("state", *(f"spool-n{number}" for number in range(nodes))):
        (folder / name).mkdir()
    folder.chmod(0o755)
    started: list[subprocess.Popen[bytes]] = []
    environment = dict(os.environ) | {"SLURM_CONF": str(folder / "slurm.conf")}

    def start(*command: str) -> None:
        with (folder / f"{command[0]}.out").open("ab") as out:
            started.append(subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True))

    def node(number: int) -> str:
        return f"NodeName=n{number} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={free_port()} CPUs=1"

    lines = "\n".join(node(number) for number in range(nodes))
    content = CONF.format(host=socket.gethostname(), controller=free_port(), folder=folder, nodes=lines)
    (folder / "slurm.conf").write_text(content)
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    try:
        files = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
        files |= {"log-file": "munged.log", "seed-file": "munge.seed"}
        start("munged", "--foreground", "--force", *(f"--{name}={folder / file}" for name, file in files.items()))
        wait(lambda: (folder / "munge.socket").exists(), seconds=20)
        start("slurmctld", "-D", "-i")
        for number in range(nodes):
            start("slurmd", "-D", "-N", f"n{number}")
        wait(lambda: ask(environment, "sinfo", "-h", "-t", "idle", "-o", "%D").strip() == str(nodes), seconds=60)
        yield environment
    finally:
        ask(environment, "scancel", "--user=root")
        time.sleep(1)
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def ask(environment: dict[str, str], *command: str) -> str:
    """Return what one of SLURM's commands prints."""
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30).stdout

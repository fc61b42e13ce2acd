"""Waits for a run's turn in as little memory as Python takes, then becomes its worker.

Started by ``runs.launch`` as ``python -I -S waiter.py RUN LOCK TICKET HOST``, a path each but the last.  Nothing but
the smallest modules of the standard library is imported here: thirty runs that wait would else take over a gigabyte.

Who waits holds the claim on its run folder (``.claim``) and has a ticket, a small file that names the run folder, in
the folder of tickets of its device.  It is its turn when no ticket before its own belongs to a live process and the
lock of the device is free.  The worker inherits the claim, takes the lock, and takes the ticket away.  Whoever is
killed loses claim and lock by the system's hand, and those behind see that.
"""

import os
import signal
import sys
import time

POLL_S = 0.5
"""How often the first in the queue looks whether the device is free; all others look half as often."""
BEAT_S = 20.0
PATIENCE_S = 20.0
"""How long a claim that another process holds is waited for, and how long a process may take to claim its run."""
CLAIM = ".claim"
STOP = "stop"
BEAT = (
    '{"host": "%s", "pid": %d, "process_started": %r, "time": %r, "state": "queued", '
    '"doing": "waiting for the run before it", "fraction": 0.0, "seconds_left": null}'
)


def main(run: str, lock: str, ticket: str, host: str) -> int:
    """Wait for the turn of a run and become its worker; return only where another process has the run."""
    claim = take_claim(run)
    if claim is None:
        forget(ticket)
        return 0
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    try:
        hold_ticket(ticket, run)
        wait(run, lock, ticket, host, ended)
    except FileNotFoundError:  # the run was deleted while it waited
        forget(ticket)
        return 0
    return become_worker(run, claim, ticket, is_ended=bool(ended))


def take_claim(run: str) -> int | None:
    """Return the descriptor that holds the claim on a run, None where another process keeps it."""
    descriptor = os.open(os.path.join(run, CLAIM), os.O_RDWR | os.O_CREAT, 0o644)
    begun = time.monotonic()
    while not try_lock(descriptor):
        if time.monotonic() - begun > PATIENCE_S:
            os.close(descriptor)
            return None
        time.sleep(0.05)
    return descriptor


def hold_ticket(ticket: str, run: str) -> None:
    """Say that from now on the claim tells whether the process of a ticket lives."""
    if not os.path.exists(ticket):  # this process started so late that it was thought dead
        with open(ticket, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(run)
    os.utime(ticket, (0, 0))


def wait(run: str, lock: str, ticket: str, host: str, ended: list[int]) -> None:
    """Return when it is a run's turn, or when it shall stop.  Raises ``FileNotFoundError`` where it is gone."""
    started = process_started()
    next_beat = 0.0
    while not ended and not os.path.exists(os.path.join(run, STOP)):
        os.stat(run)
        if time.monotonic() >= next_beat:
            beat(run, BEAT % (host, os.getpid(), started, time.time()))
            next_beat = time.monotonic() + BEAT_S
        is_first = not waits_behind(ticket, run)
        if is_first and is_free(lock):
            return
        time.sleep(POLL_S if is_first else 2 * POLL_S)


def waits_behind(ticket: str, run: str) -> bool:
    """Return whether a ticket before this one belongs to a live process; those of dead ones are taken away.

    An earlier ticket of the same run is of a process that was killed: its claim is this process's own.
    """
    folder, own = os.path.split(ticket)
    for name in sorted((name for name in os.listdir(folder) if name < own), reverse=True):
        other = os.path.join(folder, name)
        if is_live(other, run):
            return True
        forget(other)
    return False


def is_live(ticket: str, own: str = "") -> bool:
    """Return whether a ticket's process holds the claim of its run, not ``own``, or has not had the time for it."""
    try:
        with open(ticket, encoding="utf-8", errors="surrogateescape") as file:
            run = file.read()
        if run == own:
            return False
        return not is_free(os.path.join(run, CLAIM)) or abs(time.time() - os.stat(ticket).st_mtime) < PATIENCE_S
    except OSError:
        return False


def is_free(path: str) -> bool:
    """Return whether no process holds a lock file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take the lock of a file as the ``filelock`` library does, where it is free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def beat(run: str, words: str) -> None:
    """Replace the heartbeat; one that finds no room is missed.  Raises ``FileNotFoundError`` where the run is gone."""
    temporary = os.path.join(run, f".heartbeat.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(words)
        os.replace(temporary, os.path.join(run, "heartbeat"))
    except FileNotFoundError:
        raise
    except OSError:
        forget(temporary)


def process_started() -> float:
    """Return when this process was started, in seconds since 1970, as ``psutil`` says it."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = float(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/stat", "rb") as file:
            booted = float(file.read().partition(b"\nbtime ")[2].split()[0])
        return booted + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        import subprocess

        code = f"import psutil; print(psutil.Process({os.getpid()}).create_time())"
        told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=False).stdout  # noqa: S603
        return float(told or time.time())


def become_worker(run: str, claim: int, ticket: str, *, is_ended: bool) -> int:
    """Replace this process by the worker, which keeps the claim; where a system cannot do that, wait for its end."""
    command = [sys.executable, "-P", "-m", "tlviz.worker", run, "--ticket", ticket]
    command += ["--terminated"] if is_ended else []
    if os.name == "nt":
        import subprocess

        return subprocess.call([*command, "--claim", "parent"])  # noqa: S603
    os.set_inheritable(claim, True)
    os.execv(sys.executable, [*command, "--claim", str(claim)])  # noqa: S606


def forget(path: str) -> None:
    """Remove a file, if it is there."""
    try:
        os.unlink(path)
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

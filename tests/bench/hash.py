#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast files are hashed for sharing, beside the tools that people know, in one run.

Usage: hash.py --build FOLDER [--check] [--rounds N] [--size GIB]

The same bytes, as 16 files and as one, are hashed by each program in turn, round by round;
medians are printed. What GnuTLS's own digests allow on one core is measured before and after each
of our runs. Ours makes three digests of each byte (of the part and of the file: SHA-1 and SHA-256),
mktorrent and transmission-create one of pieces, openssl and sha1sum one of the file.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What must hold: of what the digests allow on all cores.
LIMIT_OF_ALLOWED = 0.9
# With more of the processor than this taken by others, wall time tells of them and not of us.
CALM = 0.03
N_FILES = 16
GIB = 1 << 30


class Failure(Exception):
    pass


def busy_time():
    """Seconds that all processors worked, for whomever."""
    numbers = [int(word) for word in Path('/proc/stat').read_text().split('\n', 1)[0].split()[1:]]
    return (sum(numbers[:3]) + sum(numbers[5:8])) / os.sysconf('SC_CLK_TCK')


class Run:
    """One process: its wall and CPU time, and what others took of the processors meanwhile."""

    def __init__(self, *command):
        busy, start = busy_time(), time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = process.stdout.read()
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.foreign = max(0, busy_time() - busy - self.cpu) / self.wall / len(os.sched_getaffinity(0))
        if status != 0:
            raise Failure(f'{command[0]}: {complaint.decode(errors="replace").strip()}')


def find_room(size):
    """Where so many bytes stay in memory, or fewer; the folder and the bytes."""
    available = next(int(line.split()[1]) * 1024 for line in Path('/proc/meminfo').read_text().splitlines()
                     if line.startswith('MemAvailable'))
    folders = [folder for folder in ('/dev/shm', tempfile.gettempdir()) if os.path.isdir(folder)]
    wanted = size
    while size >= GIB // 4:
        for folder in folders:
            if shutil.disk_usage(folder).free > size * 1.1 and available > size * 1.3:
                if size < wanted:
                    print(f'There is not enough memory for {wanted / GIB:.1f} GiB: {size / GIB:.2f} GiB instead.')
                return tempfile.mkdtemp(prefix='bytestag-bench-', dir=folder), size
        size //= 2
    raise Failure('There is no room for the files')


def make_files(folder, count, size):
    """Files that compress to nothing and are all different."""
    folder.mkdir()
    block = bytearray(os.urandom(1 << 20))
    for number in range(count):
        with open(folder / f'{number:02}', 'wb') as file:
            for index in range(size // count >> 20):
                block[:16] = number.to_bytes(8, 'big') + index.to_bytes(8, 'big')
                file.write(block)
    return folder


class Bench:
    def __init__(self, arguments, folder, size):
        self.program = Path(arguments.build).resolve() / 'tests/bench/bench-hash'
        self.rounds = arguments.rounds
        self.folder = folder
        self.size = size
        self.cores = len(os.sched_getaffinity(0))
        self.missed = []

    def allowed(self):
        """Bytes a second that three digests allow on one core."""
        rates = json.loads(Run(self.program, 'limits', 0.3).output)
        return 1 / sum(1 / rate for rate in rates.values()), rates

    def ours(self, files):
        run = Run(self.program, 'files', self.cores, files)
        run.told = json.loads(run.output)
        if run.told['bytes'] != self.size:
            raise Failure(f'It hashed {run.told["bytes"]} bytes of {self.size}')
        # Without the start of the process.
        run.wall, run.cpu = run.told['wall'], run.told['cpu']
        return run

    def others(self, files):
        torrent = self.folder / 'torrent'
        names = sorted(files.iterdir())
        for name, command in {
            'mktorrent': ['mktorrent', '-t', self.cores, '-l', 18, '-a', 'http://localhost', '-o', torrent, files],
            'transmission-create': ['transmission-create', '-s', 256, '-o', torrent, files],
            'openssl sha1': ['openssl', 'sha1', *names],
            'sha1sum': ['sha1sum', *names],
        }.items():
            if shutil.which(command[0]) is not None:
                yield name, command
            torrent.unlink(missing_ok=True)

    def measure(self, title, files):
        runs, allowed, rates = {}, [], []
        for _ in range(self.rounds):
            before, some = self.allowed()
            runs.setdefault('bytestag', []).append(self.ours(files))
            after, more = self.allowed()
            allowed.append((before + after) / 2)
            rates += [some, more]
            for name, command in self.others(files):
                runs.setdefault(name, []).append(Run(*command))
        self.report(title, runs, allowed, rates)

    def report(self, title, runs, allowed, rates):
        ours = runs['bytestag']
        speed = statistics.median(self.size / run.wall for run in ours)
        middle = {name: statistics.median(rate[name] for rate in rates) / 1e9 for name in rates[0]}
        print(f'\n{title}, {self.size / 1e9:.2f} GB, {self.cores} cores; GnuTLS on one: SHA-1 of parts '
              f'{middle["part"]:.2f}, of the file {middle["sha1"]:.2f}, SHA-256 {middle["sha256"]:.2f} GB/s')
        print('  GB/s    CPU s   others\' share   bytestag is')
        for name, mine in runs.items():
            rate = statistics.median(self.size / run.wall for run in mine)
            print(f'  {rate / 1e9:5.2f}  {statistics.median(run.cpu for run in mine):6.2f}  '
                  f'{statistics.median(run.foreign for run in mine):10.0%}     {speed / rate:8.2f} ×  {name}')

        by_wall = statistics.median(self.size / run.wall / (rate * self.cores) for run, rate in zip(ours, allowed))
        by_cpu = statistics.median(self.size / run.cpu / rate for run, rate in zip(ours, allowed))
        foreign = statistics.median(run.foreign for run in ours)
        used = statistics.median(run.cpu / run.wall for run in ours)
        print(f'  Of what the digests allow: {by_wall:.3f} by wall time, {by_cpu:.3f} by CPU time ({used:.2f} cores used); '
              f'longest dispatch {max(run.told["longest_dispatch"] for run in ours) * 1000:.2f} ms, '
              f'peak {max(run.told["peak_kb"] for run in ours) / 1024:.0f} MiB')
        if foreign > CALM:
            print(f'  Others took {foreign:.0%} of the processors: by CPU time, then.')
        value = by_cpu if foreign > CALM else by_wall
        ok = value >= LIMIT_OF_ALLOWED
        print(f'{"ok    " if ok else "MISSED"}  {title}: {value:.3f} of what is allowed, at least {LIMIT_OF_ALLOWED}')
        if not ok:
            self.missed.append(title)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True)
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--size', type=float, default=4)
    arguments = parser.parse_args()
    size = int(arguments.size * GIB) // (N_FILES << 20) * (N_FILES << 20)
    folder = None
    try:
        folder, size = find_room(size)
        bench = Bench(arguments, Path(folder), size)
        for title, count in ((f'{N_FILES} files', N_FILES), ('One file', 1)):
            files = make_files(Path(folder) / 'files', count, size)
            bench.measure(title, files)
            shutil.rmtree(files)
    except Failure as failure:
        print(failure)
        return 1
    finally:
        if folder is not None:
            shutil.rmtree(folder)
    return 1 if arguments.check and bench.missed else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9, as TAP: crash-store is killed at moments by chance; what it had said to be kept
must be there when the table is opened again.

Usage: test-kill.py [KILLS [SEED]]   (or $BYTESTAG_KILLS kills)
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from crashes import Checker, Expectation, Tap

# Of a run that nobody kills, some seconds.
ROUNDS = 20


def scratch():
    """A process that is killed leaves what it wrote to the system, wherever that keeps it."""
    shared = '/dev/shm'
    return tempfile.TemporaryDirectory(prefix='bytestag-kill-', dir=shared if os.access(shared, os.W_OK) else None)


def kill_once(seed):
    """What is wrong, or None; and how many values had been confirmed."""
    rng = random.Random(seed)
    with scratch() as name:
        folder = str(Path(name) / 'kept')
        process = subprocess.Popen([os.environ['BYTESTAG_CRASH_STORE'], folder, str(seed), str(ROUNDS)],
                                   stdout=subprocess.PIPE, text=True)
        # By lines as well as by time: both the beginning and what takes long are met.
        n_lines = rng.randrange(1, 900)
        timer = threading.Timer(rng.uniform(0.5, 4), process.send_signal, [signal.SIGKILL])
        timer.start()
        expectation = Expectation()
        for n, line in enumerate(process.stdout):
            # The last line may be cut off, and was not said then.
            if line.endswith('\n'):
                expectation.say(line)
            if n == n_lines:
                process.send_signal(signal.SIGKILL)
        timer.cancel()
        code = process.wait()
        if code not in (0, -signal.SIGKILL):
            return f'seed {seed}: crash-store ended with {code}', 0
        checker = Checker('BYTESTAG_CRASH_CHECK')
        wrong = checker.check(folder, expectation.words())
        checker.close()
        return wrong and f'seed {seed}: {wrong}', len(expectation.kept)


def main():
    n_kills = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get('BYTESTAG_KILLS', '25'))
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    tap = Tap(1)
    print(f'# seed {seed}')
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(kill_once, range(seed, seed + n_kills)))
    wrongs = [wrong for wrong, _ in results if wrong]
    if not wrongs and not any(n_kept for _, n_kept in results):
        wrongs = ['nothing was ever confirmed']
    tap.tell('what-was-confirmed-lasts', '\n'.join(wrongs) or None)
    print(f'# kill: {n_kills} cases, {sum(n_kept for _, n_kept in results)} values were to be kept')
    return 1 if tap.n_failed else 0


if __name__ == '__main__':
    sys.exit(main())

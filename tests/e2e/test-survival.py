#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shared stays available: its publisher is gone for good, half of the nodes restart, and all of it is fetched.

BYTESTAG_SEED repeats what is chosen."""

import os
import random
import shutil
import signal
import sys
import time

from harness import ask, node, run_tests, tree

N_NODES = 12
COPIES = 4
# The share of pieces that may lack one of these.
FEW = 0.01
N_FILES = 2000
# In all; most files are small, and some have several parts.
TOTAL = 300_000_000
LARGE = [1_000_000, 5_000_000, 20_000_000]
# The longest that publishing, and fetching, may take; seconds.
PATIENCE = 400


def make_files(folder, rng):
    folder.mkdir()
    large = LARGE * 3
    small = (TOTAL - sum(large)) // (N_FILES - len(large))
    sizes = large + [rng.randrange(1, 2 * small) for _ in range(N_FILES - len(large))]
    for number, size in enumerate(sizes):
        path = folder / f'{number % 40:02}' / f'{number:04}.bin'
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(rng.randbytes(size))


class Member:
    """A node that keeps what others share."""

    def __init__(self, data):
        self.data = data
        self.process = None
        self.address = None

    def start(self, known):
        # Where it was before, as a computer that is started again.
        port = ['--port', self.address.rsplit(':', 1)[1]] if self.address else []
        self.process = node('run', *port, data=self.data, known=known)
        self.address = self.process.wait_event('ready')['address']
        if known:
            self.process.wait_event('joined')


def share_until_all_is_kept(source, folder, known):
    """Shares, waits until all pieces have all copies, and returns the link without addresses."""
    data = folder / 'publisher'
    data.mkdir()
    (data / 'settings.ini').write_text(f'[bytestag]\ncopies={COPIES}\n')
    publisher = node('share', source, data=data, known=known)
    link = publisher.wait_event('link')['link'].split('&x.pe')[0]
    publisher.wait_event('published', within=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while True:
        told = ask('survival', link, data=data)
        figures = next(line for line in told if line['event'] == 'survival')
        # A store that failed is made good in its time.
        if (figures['looked'] == figures['pieces'] and figures['least'] >= COPIES - 1 and
                figures['weak'] <= figures['pieces'] * FEW):
            break
        assert time.monotonic() < deadline, f'not all of it is kept: {told}'
        time.sleep(0.5)
    assert figures['weak'] > 0 or figures['safe-until'] > time.time() + 86400, figures
    publisher.stop(signal.SIGKILL)
    shutil.rmtree(data)
    return link


def test_what_is_shared_outlives_its_publisher(folder):
    seed = int(os.environ.get('BYTESTAG_SEED', random.randrange(1 << 31)))
    print(f'# BYTESTAG_SEED={seed}', flush=True)
    rng = random.Random(seed)
    started = time.monotonic()
    source = folder / 'things'
    make_files(source, rng)
    wanted = tree(source)

    members = [Member(folder / f'data-{number}') for number in range(N_NODES)]
    for member in members:
        member.start([members[0].address] if member is not members[0] else [])
    link = share_until_all_is_kept(source, folder, [members[0].address])
    shutil.rmtree(source)
    print(f'# kept after {time.monotonic() - started:.0f} s', flush=True)

    restarted = rng.sample(members, N_NODES // 2)
    for member in restarted:
        member.process.stop(rng.choice([signal.SIGKILL, signal.SIGTERM]))
    left = next(member for member in members if member not in restarted)
    for member in restarted:
        member.start([left.address])

    getter = node('get', '--to', folder / 'fetched', link, data=folder / 'getter', known=[left.address])
    getter.wait_event('saved', within=PATIENCE)
    assert getter.wait() == 0, getter.errors
    assert tree(folder / 'fetched' / 'things') == wanted, 'not what was shared'
    print(f'# fetched after {time.monotonic() - started:.0f} s', flush=True)


if __name__ == '__main__':
    sys.exit(run_tests([test_what_is_shared_outlives_its_publisher]))

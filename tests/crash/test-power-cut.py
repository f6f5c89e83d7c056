#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts, as TAP: crash-store runs once under the journal, and for many moments of it
the folder is built as a power cut may leave it: of each file, and of the names in each
folder, what was synced is there, and of what came later some beginning, or nothing. The
table on it must have what was confirmed. When one sync of a kind is taken out, that must
fail.

Usage: test-power-cut.py [MOMENTS [SEED]]   (or $BYTESTAG_POWER_CUTS moments)
"""

import os
import random
import sys
from pathlib import Path

from crashes import Checker, Expectation, Tap
from power_cuts import KINDS, RENAME, Run, notice_missing_sync, scratch


def run_store(base, seed, skip=None):
    folder = base / 'kept'
    return Run(folder, [os.environ['BYTESTAG_CRASH_STORE'], str(folder), str(seed), '36'], skip)


def moments_of_deletion(run, n, rng):
    """Where all is deleted: each moment until that is nearly done, and just behind it; of the unlinking
    of the files, n of many alike."""
    begin, end = run.find_notes(b'delete')[0], run.find_notes(b'deleted')[0]
    first = next(i for i in range(begin, end)
                 if run.entries[i][0] == RENAME and os.path.basename(run.entries[i][3]) == 'values')
    chosen = set(range(first - 8, first + 24)) | set(rng.sample(range(begin, end), min(n, end - begin)))
    moments = {position: ['nothing', 'some'] for position in chosen}
    moments[end] = ['nothing', 'some', 'all']
    return moments


def main():
    n_moments = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get('BYTESTAG_POWER_CUTS', '80'))
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    rng = random.Random(seed)
    checker = Checker('BYTESTAG_CRASH_CHECK')
    tap = Tap(2 + len(KINDS))
    print(f'# seed {seed}')
    with scratch() as name:
        run = run_store(Path(name), seed)
        counts = run.count_syncs()
        moments = run.moments(n_moments, b'kept', rng)
        tap.tell('what-was-confirmed-lasts', run.cut(checker, Expectation(), moments, rng))
        print(f'# power-cut: {sum(map(len, moments.values()))} cases, {len(run.entries)} entries, syncs {counts}')
        moments = moments_of_deletion(run, n_moments // 4, rng)
        tap.tell('what-was-deleted-stays-deleted', run.cut(checker, Expectation(), moments, rng))
        print(f'# deletion: {sum(map(len, moments.values()))} cases')

    def try_one(base, skip):
        run = run_store(base, 1, skip)
        return run.cut(checker, Expectation(), run.moments_behind_skipped(b'kept'), rng)

    for kind in KINDS:
        wrong = notice_missing_sync(kind, counts[kind], try_one)
        tap.tell(f'missing-sync-is-noticed/{kind}', None if wrong else 'nobody noticed')
        print(f'# {wrong}'[:300])
    checker.close()
    return 1 if tap.n_failed else 0


if __name__ == '__main__':
    sys.exit(main())

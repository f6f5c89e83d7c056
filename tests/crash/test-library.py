#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts of library.db, as TAP: crash-library runs once under the journal, and for many
moments of it the folder is built as a power cut may leave it. Each share whose link was told
must be there, with its files, parts and infos. When a sync of the log is taken out that a
link waited for, that must fail.

Usage: test-library.py [MOMENTS [SEED]]   (or $BYTESTAG_LIBRARY_CUTS moments)
"""

import os
import random
import sys
from pathlib import Path

from crashes import Checker, Tap
from power_cuts import Run, scratch

ROUNDS = 9


class Told:
    """Links that were told, and were not stopped, by the lines of crash-library so far."""

    def __init__(self):
        self.n_files = {}

    def say(self, line):
        words = line.split()
        if words[0] == 'shared':
            self.n_files[words[2]] = words[1]
        elif words[0] == 'stop':
            self.n_files.pop(words[1], None)

    def words(self):
        return ' '.join(f'{n_files}={link}' for link, n_files in self.n_files.items())


def run_library(base, seed, skip=None):
    folder = base / 'data'
    return Run(folder, [os.environ['BYTESTAG_CRASH_LIBRARY'], str(folder), str(base / 'source'), str(seed),
                        str(ROUNDS)], skip)


def main():
    n_moments = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get('BYTESTAG_LIBRARY_CUTS', '60'))
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    rng = random.Random(seed)
    checker = Checker('BYTESTAG_CRASH_LIBRARY_CHECK')
    tap = Tap(2)
    print(f'# seed {seed}')
    with scratch() as name:
        run = run_library(Path(name), seed)
        counts = run.count_syncs()
        n_told = len(run.find_notes(b'shared'))
        moments = run.moments(n_moments, b'shared', rng)
        wrong = run.cut(checker, Told(), moments, rng)
        tap.tell('what-was-told-lasts', wrong or (None if n_told >= ROUNDS else f'only {n_told} links were told'))
        print(f'# library: {sum(map(len, moments.values()))} cases, {n_told} links, {len(run.entries)} entries, '
              f'syncs {counts}')

    # The same run again and again, each time without one of the syncs that a link waited for.
    with scratch() as name:
        numbers = run_library(Path(name), 1).syncs_before('log', b'shared')
    unnoticed = []
    for n in numbers:
        with scratch() as name:
            run = run_library(Path(name), 1, f'log:{n}')
            if not run.cut(checker, Told(), run.moments_behind_skipped(b'shared'), rng):
                unnoticed.append(n)
    tap.tell('missing-sync-is-noticed/log', f'nobody noticed {unnoticed} of {numbers}' if unnoticed or not numbers
             else None)
    print(f'# {len(numbers)} syncs taken out')
    checker.close()
    return 1 if tap.n_failed else 0


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
"""What the crash tests share: what must be kept by what was said, and who checks it."""

import os
import subprocess


class Expectation:
    """What a table must have after a crash, by the lines of crash-store so far."""

    def __init__(self):
        self.kept = {}      # N → until, as was confirmed
        self.gone = set()   # N that must not come back
        self.going = {}     # N → the write that was given last when it was removed
        self.turn = 0       # of the write that was given last

    def say(self, line):
        words = line.split()
        verb, numbers = words[0], [int(word) for word in words[1:]]
        if verb == 'write':
            n, self.turn = numbers
            self.gone.discard(n)
            self.going.pop(n, None)
        elif verb == 'kept':
            n, until = numbers
            self.kept[n] = max(until, self.kept.get(n, 0))
            # What was removed before this was given to the table is off the disk as well.
            for other in [other for other, turn in self.going.items() if turn < until - 2000000000]:
                del self.going[other]
                self.gone.add(other)
        elif verb == 'remove':
            self.kept.pop(numbers[0], None)
            self.going[numbers[0]] = self.turn
        elif verb in ('limit', 'delete'):
            self.kept.clear()
            if verb == 'delete':
                self.going.clear()
        elif verb == 'deleted':
            self.gone = set(range(240 + 20 * 16))

    def words(self):
        return ' '.join([f'+{n}:{until}' for n, until in sorted(self.kept.items())] +
                        [f'-{n}' for n in sorted(self.gone)])


class Checker:
    """A program that opens one folder after the other."""

    def __init__(self, program):
        self.program = os.environ[program]
        self.process = None

    def check(self, folder, words):
        """None, or what is wrong."""
        if self.process is None:
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(f'{folder}\t{words}\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer == 'ok':
            return None
        if not answer:
            code = self.process.wait()
            self.process = None
            return f'{self.program} ended with {code}'
        return answer

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


class Tap:
    def __init__(self, n):
        self.n = 0
        self.n_failed = 0
        print(f'1..{n}', flush=True)

    def tell(self, name, wrong=None, skip=None):
        self.n += 1
        self.n_failed += wrong is not None
        print(f'{"ok" if wrong is None else "not ok"} {self.n} {name}' + (f' # SKIP {skip}' if skip else ''))
        if wrong is not None:
            print('# ' + str(wrong)[:2000].replace('\n', '\n# '))
        print(end='', flush=True)

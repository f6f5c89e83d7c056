# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of bytestag-node, watched line by line, and TAP."""

import hashlib
import json
import os
import pty
import queue
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

NODE = os.environ['BYTESTAG_NODE']
SERVE_VALUES = os.environ['BYTESTAG_SERVE_VALUES']
# The longest that anything may take; a machine that is busy needs some of it.
DEADLINE = 120

# Where nodes of this process are; networks of tests that run at the same time do not mix.
_host = '127.0.0.1'
_running = []


def _take_own_host():
    global _host
    pid = os.getpid()
    _host = f'127.{1 + (pid >> 16 & 63)}.{pid >> 8 & 255}.{pid & 255}'


class Process:
    """A process whose lines of output come by a queue, so that no wait is without an end."""

    def __init__(self, command, **options):
        self.command = command
        self.lines = queue.Queue()
        self.seen = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, encoding='utf-8', **options)
        self.errors = []
        self.threads = [threading.Thread(target=self._read_output, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for thread in self.threads:
            thread.start()
        _running.append(self)

    def _read_output(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip('\n'))
        self.lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip('\n'))

    def describe(self):
        """What became of it, for whoever looks into a failure."""
        status = self.process.poll()
        ended = 'runs' if status is None else f'ended with {status}'
        return f'{ended}: {" ".join(map(str, self.command))}: {self.errors[-5:]}, {self.seen[-2:]}'

    def next_line(self, deadline):
        try:
            line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f'nothing more came in time from {self.command}; so far: {self.seen[-5:]}') from None
        if line is not None:
            self.seen.append(line)
        return line

    def wait_event(self, *names, within=DEADLINE, **members):
        """The next JSON line whose "event" is one of names, with these members."""
        deadline = time.monotonic() + within
        while True:
            line = self.next_line(deadline)
            if line is None:
                self.wait()
                raise AssertionError(f'{self.command} ended with {self.process.returncode} before {names}: '
                                     f'{self.errors}')
            event = json.loads(line)
            if event['event'] in names and all(event.get(k) == v for k, v in members.items()):
                return event

    def wait(self, within=DEADLINE):
        """The exit status."""
        status = self.process.wait(timeout=within)
        for thread in self.threads:
            thread.join(timeout=DEADLINE)
        return status

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def close_input(self):
        self.process.stdin.close()
        return self.wait()


def on_terminal(command):
    """What a command that ends well shows on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs,
                               env={**os.environ, 'TERM': 'xterm'})
    os.close(theirs)
    deadline = time.monotonic() + DEADLINE
    shown = b''
    try:
        while True:
            ready, _, _ = select.select([ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f'nothing more came in time from {command}'
            try:
                some = os.read(ours, 65536)
            except OSError:
                # The other side is closed.
                break
            if not some:
                break
            shown += some
        assert process.wait(timeout=DEADLINE) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
    return shown.decode()


def stop_all():
    for process in _running:
        if process.process.poll() is None:
            process.process.kill()
    for process in _running:
        process.wait()
        for stream in (process.process.stdin, process.process.stdout, process.process.stderr):
            stream.close()
    _running.clear()


def node(verb, *arguments, data, host=True, known=(), before=(), lend='2GiB', **options):
    """Starts bytestag-node VERB with JSON output on a folder of data; `before` stands before the program.

    What runs for others keeps as much as `lend` says; None: as its settings say."""
    command = [*before, NODE, verb, '--json', '--data', str(data)]
    if verb == 'run' and lend is not None:
        command += ['--lend', lend]
    if host and verb in ('run', 'share', 'get'):
        command += ['--host', _host]
    for address in known:
        command += ['--known-node', address]
    return Process(command + [str(a) for a in arguments], **options)


def ask(verb, *arguments, data):
    """What a verb answers of the node that runs on a folder of data: events."""
    process = node(verb, *arguments, data=data, host=False)
    events = []
    while (line := process.next_line(time.monotonic() + DEADLINE)) is not None:
        events.append(json.loads(line))
    assert process.wait() == 0, f'{verb}: {process.errors}'
    return events


def tree(folder):
    """What a folder holds: path below it to the digest of its bytes; folders without files are not told."""
    folder = Path(folder)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob('*') if path.is_file()}


def everything_in(folder):
    folder = Path(folder)
    return sorted(str(p.relative_to(folder)) for p in folder.rglob('*')) if folder.exists() else []


def assert_refused(process, words, within=DEADLINE):
    """Non-zero status and one clear sentence on stderr that holds all the words."""
    status = process.wait(within)
    assert status not in (0, None) and status > 0, f'status {status} of {process.command}: {process.errors}'
    assert len(process.errors) == 1, f'not one sentence: {process.errors}'
    sentence = process.errors[0]
    assert sentence.startswith('bytestag-node: '), sentence
    assert sentence.endswith(('.', '?')), sentence
    for word in words:
        assert word in sentence, f'“{word}” is not in: {sentence}'


def _run_test(test):
    """What went wrong, and the seconds that it took; each test gets an empty folder."""
    folder = Path(tempfile.mkdtemp(prefix='bytestag-e2e-'))
    began = time.monotonic()
    wrong = None
    try:
        test(folder)
    except Exception:
        wrong = traceback.format_exc() + '\n'.join(process.describe() for process in _running
                                                      if process.process.poll() != 0)
    finally:
        stop_all()
        shutil.rmtree(folder, ignore_errors=True)
    return wrong, time.monotonic() - began


def run_tests(tests, together=1):
    """Prints TAP. Tests that mostly wait may run several together, each in a process of its own."""
    print(f'1..{len(tests)}', flush=True)
    failed = 0
    with ProcessPoolExecutor(together, get_context('fork'), _take_own_host) if together > 1 else nullcontext() as pool:
        results = pool.map(_run_test, tests) if pool else map(_run_test, tests)
        for number, (test, (wrong, seconds)) in enumerate(zip(tests, results), 1):
            name = test.__name__.replace('_', ' ')
            if wrong:
                failed += 1
                for line in wrong.splitlines():
                    print(f'# {line}')
            print(f'{"not ok" if wrong else "ok"} {number} {name}')
            print(f'# {seconds:.1f} s', flush=True)
    return 1 if failed else 0

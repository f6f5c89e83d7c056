# SPDX-License-Identifier: GPL-3.0-or-later
"""What a power cut leaves: a program runs once under the journal, and for any moment of it the
folder is built as a power cut may leave it."""

import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

OPEN, CLOSE, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, NOTE, SKIPPED = range(1, 11)
HEAD = struct.Struct('=IiQII')
# Syncs of a kind that are taken out until one is missed.
TRIES = 6
KINDS = ('log', 'database', 'file', 'folder')


class File:
    """What is on the disk of a file, and what is not yet."""

    def __init__(self):
        self.synced = bytearray()
        self.later = []     # (offset, bytes), or (length, None): truncated

    def apply(self, content, change):
        offset, data = change
        if data is None:
            del content[offset:]
            content.extend(bytes(offset - len(content)))
        else:
            if offset > len(content):
                content.extend(bytes(offset - len(content)))
            content[offset:offset + len(data)] = data

    def sync(self):
        for change in self.later:
            self.apply(self.synced, change)
        self.later.clear()

    def content(self, n_later):
        if n_later == 0:
            return self.synced
        content = bytearray(self.synced)
        for change in self.later[:n_later]:
            self.apply(content, change)
        return content


class Folder:
    """Names that are on the disk, and changes of names that are not yet."""

    def __init__(self):
        self.synced = {}    # name → File or Folder
        self.names = {}     # as the program sees them
        self.later = []     # (name, File, Folder or None), several of them for a rename

    def change(self, changes):
        for name, node in changes:
            if node is None:
                self.names.pop(name, None)
            else:
                self.names[name] = node
        self.later.append(changes)

    def sync(self):
        self.synced = dict(self.names)
        self.later.clear()

    def content(self, n_later):
        names = dict(self.synced)
        for changes in self.later[:n_later]:
            for name, node in changes:
                if node is None:
                    names.pop(name, None)
                else:
                    names[name] = node
        return names


class Disk:
    """What the journal says was done below a folder."""

    def __init__(self, root):
        self.root = root
        self.top = Folder()
        self.open = {}

    def find(self, path):
        node = self.top
        for name in Path(path).relative_to(self.root).parts:
            node = node.names[name]
        return node

    def parent(self, path):
        return self.find(os.path.dirname(path)), os.path.basename(path)

    def do(self, kind, fd, number, path, data):
        if kind == OPEN:
            if path != self.root:
                folder, name = self.parent(path)
                if name not in folder.names:
                    folder.change([(name, File())])
            self.open[fd] = self.find(path)
            if number & os.O_TRUNC:
                self.open[fd].later.append((0, None))
        elif kind == CLOSE:
            del self.open[fd]
        elif kind == WRITE:
            self.open[fd].later.append((number, data))
        elif kind == TRUNCATE:
            self.open[fd].later.append((number, None))
        elif kind == SYNC:
            self.open[fd].sync()
        elif kind == RENAME:
            (folder, name), (to, to_name) = self.parent(path), self.parent(data.decode())
            assert folder is to
            folder.change([(to_name, folder.names[name]), (name, None)])
        elif kind == UNLINK:
            folder, name = self.parent(path)
            folder.change([(name, None)])
        elif kind == MKDIR:
            if path != self.root:
                folder, name = self.parent(path)
                folder.change([(name, Folder())])

    def build(self, target, choose):
        """The folder after a power cut; choose(n) says how many of n unsynced changes are there."""
        def write(node, path):
            if isinstance(node, Folder):
                path.mkdir()
                for name, child in node.content(choose(len(node.later))).items():
                    write(child, path / name)
            else:
                path.write_bytes(node.content(choose(len(node.later))))
        write(self.top, target)


def read_journal(path):
    data = path.read_bytes()
    at = 0
    while at < len(data):
        kind, fd, number, n_path, n_data = HEAD.unpack_from(data, at)
        at += HEAD.size
        name = data[at:at + n_path].decode()
        at += n_path
        yield kind, fd, number, name, data[at:at + n_data]
        at += n_data


class Run:
    """One run of a program on a folder, under the journal."""

    def __init__(self, folder, command, skip=None):
        self.folder = str(folder)
        journal = Path(folder).parent / 'journal'
        environment = dict(os.environ, LD_PRELOAD=os.environ['BYTESTAG_CRASH_JOURNAL'], CRASH_FOLDER=self.folder,
                           CRASH_JOURNAL=str(journal))
        if skip:
            environment['CRASH_SKIP'] = skip
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        self.entries = list(read_journal(journal))

    def count_syncs(self):
        counts = dict.fromkeys(KINDS, 0)
        for kind, _, _, name, _ in self.entries:
            if kind == SYNC:
                counts[name] += 1
        return counts

    def find_notes(self, verb):
        return [i for i, entry in enumerate(self.entries) if entry[0] == NOTE and entry[4].split()[0] == verb]

    def syncs_before(self, kind, confirmation):
        """Numbers of the syncs of a kind behind which is nothing but a confirmation."""
        numbers, n, last = [], 0, None
        for entry in self.entries:
            if entry[0] == SYNC and entry[3] == kind:
                n += 1
                last = n
            elif entry[0] == NOTE and entry[4].split()[0] == confirmation and last is not None:
                numbers.append(last)
                last = None
            elif entry[0] != NOTE:
                last = None
        return numbers

    def cut(self, checker, expectation, moments, rng):
        """Power cuts at moments (positions in the journal); what is wrong, or None."""
        disk = Disk(self.folder)
        target = Path(self.folder).parent / 'cut'
        for position, (kind, fd, number, path, data) in enumerate(self.entries):
            if kind == NOTE:
                expectation.say(data.decode())
            elif kind != SKIPPED:
                disk.do(kind, fd, number, path, data)
            for how in moments.get(position, ()):
                choose = {'nothing': lambda n: 0, 'all': lambda n: n, 'some': lambda n: rng.randint(0, n)}[how]
                disk.build(target, choose)
                wrong = checker.check(target, expectation.words())
                shutil.rmtree(target)
                if wrong:
                    return f'entry {position} of {len(self.entries)}, {how} of what was not synced: {wrong}'
        return None

    def moments(self, n, confirmation, rng):
        """n positions, and half as many just behind something that was confirmed: there the worst
        is that nothing more is on the disk."""
        moments = {}
        for i in range(n):
            moments.setdefault(rng.randrange(len(self.entries)), []).append(('nothing', 'some', 'some', 'all')[i % 4])
        confirmed = self.find_notes(confirmation)
        for position in rng.sample(confirmed, min(n // 2, len(confirmed))):
            moments.setdefault(position, []).append('nothing')
        return moments

    def moments_behind_skipped(self, confirmation):
        """Behind the confirmations that follow the sync that was taken out; one for each group is enough:
        those that were told of together are as good as one."""
        skipped = [i for i, entry in enumerate(self.entries) if entry[0] == SKIPPED]
        confirmed = self.find_notes(confirmation)
        last = [i for i, after in zip(confirmed, confirmed[1:] + [None])
                if after != i + 1 and skipped and i > skipped[0]]
        return {position: ['nothing', 'some'] for position in last[:8]}


def scratch():
    """In memory where there is some: what is synced is what the journal says, not what the computer does."""
    shared = '/dev/shm'
    return tempfile.TemporaryDirectory(prefix='bytestag-power-cut-',
                                       dir=shared if os.access(shared, os.W_OK) else None)


def notice_missing_sync(kind, count, try_one):
    """Takes out one sync after the other, from the middle on, until one is missed: some are made good by
    the next, and the value of some is removed at once. What was missed, or None."""
    middle = count // 2 + 1
    for n in sorted(range(1, count + 1), key=lambda n: (abs(n - middle), -n))[:TRIES]:
        with scratch() as name:
            wrong = try_one(Path(name), f'{kind}:{n}')
            if wrong:
                return f'sync {n} of {count}: {wrong}'
    return None

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person shares and what is kept for others, as whole processes see it: restarts, files that move and change,
the space that is lent, the denylist, the upload limit, and disks that are full or damaged."""

import errno
import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b32decode
from pathlib import Path

from harness import DEADLINE, NODE, assert_refused, ask, everything_in, node, run_tests, tree

# How soon what has not happened so far would have happened; seconds.
A_WHILE = 3
# How many tests run at a time: they wait for what the program does after some seconds.
TOGETHER = 5
# Of a disk that becomes full; bytes.
DISK_SIZE = 40 << 20


class Node:
    """A node that runs on a folder of data."""

    def __init__(self, data, known=(), lend='2GiB', options=(), disk=None, again=None):
        """disk: a folder that is a disk of its own for it; again: whose port it has."""
        self.data = data
        if again is not None:
            options = [*options, '--port', again.address.split(':')[1]]
        self.process = node('run', *options, data=data, known=[n.address for n in known], lend=lend,
                            before=on_disk(disk) if disk else ())
        self.address = self.process.wait_event('ready')['address']
        if disk:
            # Nobody else sees what is on that disk under its own name.
            self.data = self.seen(data)
        if known:
            self.process.wait_event('joined')

    def share(self, *paths, before=()):
        """The link of what is shared from now on, read and in library.db."""
        process = node('share', *paths, data=self.data, host=False, before=before)
        link = process.wait_event('link')['link']
        process.stop()
        return link

    def library(self):
        return ask('library', data=self.data)

    def share_of(self, link):
        """What `library` tells of one share; None: nothing."""
        return next((s for s in self.library() if s['link'] and key_of(s['link']) == key_of(link)), None)

    def wait_for_share(self, link, **members):
        def look():
            share = self.share_of(link)
            return share is not None and all(share[k] == v for k, v in members.items())
        wait_for(look, lambda: f'{members} in {self.library()}; {self.process.errors}')

    def survival(self, link):
        return ask('survival', link, data=self.data)

    def stats(self):
        return next(line for line in ask('stats', data=self.data) if line['event'] == 'stats')

    def wait_for_stats(self, condition):
        wait_for(lambda: condition(self.stats()), lambda: f'{self.stats()}; {self.process.errors}')

    def wait_for_words(self, words):
        """A complaint on stderr that holds them."""
        wait_for(lambda: any(words in line for line in self.process.errors),
                 lambda: f'“{words}” is not in {self.process.errors}')

    def n_files_kept(self):
        return sum(path.is_file() for path in (self.data / 'kept' / 'values').rglob('*'))

    def seen(self, path):
        """The name for everybody of what the node sees as path."""
        return Path(f'/proc/{self.process.process.pid}/root{path}')

    def seeing_its_disk(self):
        """What stands before a command that sees the disk of the node."""
        user = [] if os.geteuid() == 0 else ['-U', '--preserve-credentials']
        return ['nsenter', '-t', str(self.process.process.pid), '-m', *user]

    def stop(self, number=signal.SIGTERM):
        return self.process.stop(number)


def on_disk(folder):
    """What stands before a command that has a disk of its own at a folder. That takes a namespace of mounts."""
    unshare = ['unshare', '-m'] if os.geteuid() == 0 else ['unshare', '-Urm']
    return [*unshare, 'sh', '-c', f'mount -t tmpfs -o size={DISK_SIZE},mode=0700 none "$0" && exec "$@"', str(folder)]


def has_disks():
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([*on_disk(folder), 'true'], stderr=subprocess.DEVNULL).returncode == 0


def fill(path, but):
    """Leaves so many bytes of a disk."""
    with open(path, 'wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
        file.truncate(file.tell() - but)


def wait_for(condition, describe):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f'not in time: {describe()}'
        time.sleep(0.1)


def key_of(link):
    return re.search(r'urn:bstagih:([A-Z2-7]{32})', link)[1]


def hex_key_of(link):
    return b32decode(key_of(link)).hex()


def make_file(path, size, rng):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rng.randbytes(size))


def make_files(folder, rng, sizes):
    for number, size in enumerate(sizes):
        make_file(folder / f'folder-{number % 2}' / f'{number}.bin', size, rng)
    return folder


def start_getting(link, folder, known):
    return node('get', '--to', folder / 'to', link.split('&x.pe')[0], data=folder / 'data',
                known=[n.address for n in known])


def fetch(link, folder, known):
    """What a new node gets of a link."""
    getter = start_getting(link, folder, known)
    getter.wait_event('saved')
    assert getter.wait() == 0, getter.errors
    return tree(folder / 'to')


def with_name(name, files):
    return {f'{name}/{path}': digest for path, digest in files.items()}


def test_a_share_outlives_a_kill_at_its_link(folder):
    source = make_files(folder / 'things', random.Random(1), [10, 300_000, 0, 70_000])
    wanted = with_name('things', tree(source))
    killed = node('share', source, data=folder / 'data')
    link = killed.wait_event('link')['link']
    killed.stop(signal.SIGKILL)

    again = Node(folder / 'data')
    again.wait_for_share(link, files=4, size=370_010, problem='', changed=0, deleted=0)
    assert len(again.library()) == 1
    assert fetch(link, folder / 'getter', [again]) == wanted


def test_hashing_goes_on_after_a_kill(folder):
    n_files, size = 60, 10_000_000
    source = folder / 'large'
    source.mkdir()
    for number in range(n_files):
        (source / f'{number}.bin').write_bytes(os.urandom(size))
    killed = node('share', source, data=folder / 'data')
    done = 0
    while done < n_files * size // 2:
        event = killed.wait_event('hashing', 'link')
        assert event['event'] == 'hashing', 'it was too fast to be killed'
        done = event['bytes']
    killed.stop(signal.SIGKILL)

    again = Node(folder / 'data')
    wait_for(lambda: again.library() and again.library()[0]['link'], lambda: again.library())
    read = next(int(line.split()[1]) for line in Path(f'/proc/{again.process.process.pid}/io').read_text().splitlines()
                if line.startswith('rchar'))
    # Files that were being hashed, or whose digests were not on disk yet, are read again.
    assert read < n_files * size - done + n_files * size // 5, f'{done} were hashed, and then {read} read'
    assert again.share_of(again.library()[0]['link'])['files'] == n_files


def test_files_are_followed_noticed_and_never_sent_wrong(folder):
    source = make_files(folder / 'shared' / 'things', random.Random(3), [100_000, 200_000, 300_000, 50_000])
    wanted = with_name('things', tree(source))
    sharer = Node(folder / 'data')
    link = sharer.share(source)
    helper = Node(folder / 'helper', known=[sharer], lend=None)

    (source / 'folder-0' / '0.bin').rename(source / 'folder-0' / 'renamed')
    (source / 'folder-1').rename(source / 'moved')
    source.rename(folder / 'shared' / 'other name')
    source = folder / 'shared' / 'other name'
    assert fetch(link, folder / 'first', [helper]) == wanted
    sharer.wait_for_share(link, away=False, changed=0, deleted=0, new=0)

    # As large as it was, and at its old time, but for a nanosecond.
    path = source / 'moved' / '1.bin'
    before = path.stat()
    path.write_bytes(bytes(200_000))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    (source / 'folder-0' / '2.bin').unlink()
    getter = start_getting(link, folder / 'second', [helper])
    sharer.wait_for_share(link, changed=1, deleted=1)
    while getter.wait_event('fetching')['files-done'] < 2:
        pass
    time.sleep(A_WHILE)
    getter.stop(signal.SIGKILL)
    got = {path: digest for path, digest in tree(folder / 'second' / 'to').items() if 'incomplete' not in path}
    assert got == {path: wanted[path] for path in ('things/folder-0/0.bin', 'things/folder-1/3.bin')}, got


def test_a_root_goes_and_comes_back(folder):
    source = make_files(folder / 'here' / 'things', random.Random(4), [100_000, 20])
    wanted = with_name('things', tree(source))
    sharer = Node(folder / 'data')
    link = sharer.share(source)
    elsewhere = folder / 'somewhere' / 'else'
    elsewhere.mkdir(parents=True)
    (folder / 'here').rename(elsewhere / 'there')
    sharer.wait_for_share(link, away=False, deleted=2)
    assert sharer.stop() == 0
    sharer = Node(folder / 'data')
    sharer.wait_for_share(link, away=False, deleted=2)

    (elsewhere / 'there').rename(folder / 'here')
    sharer.wait_for_share(link, away=False, deleted=0, changed=0)
    assert fetch(link, folder / 'getter', [sharer]) == wanted


def test_a_drive_is_away_and_not_forgotten(folder):
    drive = folder / 'drive'
    drive.mkdir()
    sharer = Node(folder / 'data', disk=drive)
    sharer.data = folder / 'data'
    make_files(sharer.seen(drive) / 'things', random.Random(11), [100_000, 20])
    link = sharer.share(drive / 'things', before=sharer.seeing_its_disk())
    subprocess.run([*sharer.seeing_its_disk(), 'umount', '-l', drive], check=True)
    sharer.wait_for_share(link, away=True, deleted=0)
    assert sharer.stop() == 0
    sharer = Node(folder / 'data')
    sharer.wait_for_share(link, away=True, deleted=0)

    # Another drive there, with the same files, is as good.
    make_files(drive / 'things', random.Random(11), [100_000, 20])
    sharer.wait_for_share(link, away=False, deleted=0, changed=0)
    assert fetch(link, folder / 'getter', [sharer]) == with_name('things', tree(drive / 'things'))


def test_nothing_is_kept_unless_it_is_lent(folder):
    source = make_files(folder / 'things', random.Random(5), [50_000] * 3)
    sharer = Node(folder / 'publisher')
    other = Node(folder / 'other', known=[sharer], lend=None)
    link = sharer.share(source)
    sharer.wait_for_stats(lambda stats: stats['pieces-looked-at'] > 0)
    time.sleep(A_WHILE)
    copies = {c['copies']: c['pieces'] for c in sharer.survival(link) if c['event'] == 'copies'}
    assert set(copies) == {0}, copies
    assert other.stats()['values-kept'] == 0 and other.n_files_kept() == 0
    assert other.stop() == 0

    other = Node(folder / 'other', known=[sharer], lend='1GiB', again=other)
    ask('send-again', link, data=sharer.data)
    # The part, the root, and an info for each of the files.
    n_pieces = sharer.share_of(link)['pieces']
    other.wait_for_stats(lambda stats: stats['values-kept'] >= n_pieces)
    assert other.n_files_kept() > 0
    assert other.stop() == 0

    other = Node(folder / 'other', known=[sharer], lend=None, again=other)
    other.wait_for_stats(lambda stats: stats['values-kept'] >= n_pieces)
    assert sharer.stop() == 0
    shutil.rmtree(source)
    assert len(fetch(link, folder / 'getter', [other])) == 3, 'of a node that kept it over its restart'
    ask('delete-kept', data=other.data)
    assert other.n_files_kept() == 0 and other.stats()['values-kept'] == 0
    assert ask('delete-kept', data=other.data) == [{'event': 'deleting', 'values': 0, 'bytes': 0}]


def test_only_the_weakest_pieces_are_named(folder):
    source = make_files(folder / 'things', random.Random(7), range(1000, 1030))
    sharer = Node(folder / 'publisher')
    other = Node(folder / 'other', known=[sharer], lend=None)
    link = sharer.share(source)

    def weak():
        return [line for line in sharer.survival(link) if line['event'] == 'weak']
    # The root, and a part of each file.
    wait_for(lambda: len(weak()) > 30, lambda: f'{sharer.survival(link)}; {sharer.process.errors}')
    n_weak = len(weak())

    words = subprocess.run([NODE, 'survival', '--data', str(sharer.data), link], capture_output=True, text=True,
                           check=True, env={**os.environ, 'LC_ALL': 'C'}).stdout.splitlines()
    assert sum(line.startswith('Weak: ') for line in words) == 10, words
    assert words.count(f'and {n_weak - 10} more') == 1, words
    assert other.stop() == 0


def test_lending_nothing_drops_what_is_kept(folder):
    source = make_files(folder / 'things', random.Random(6), [50_000] * 3)
    sharer = Node(folder / 'publisher', lend=None)
    other = Node(folder / 'other', known=[sharer])
    n_pieces = sharer.share_of(sharer.share(source))['pieces']
    other.wait_for_stats(lambda stats: stats['values-kept'] >= n_pieces)
    assert other.stop() == 0

    for lend in ('0', None):
        other = Node(folder / 'other', lend=lend)
        other.wait_for_stats(lambda stats: stats['values-kept'] == 0)
        wait_for(lambda: other.n_files_kept() == 0, lambda: everything_in(folder / 'other' / 'kept'))
        assert other.stop() == 0


def test_what_is_denied_is_neither_kept_nor_fetched(folder):
    rng = random.Random(7)
    first = make_files(folder / 'first', rng, [30_000])
    second = make_files(folder / 'second', rng, [30_000])
    third = make_files(folder / 'third', rng, [30_000])
    sharer = Node(folder / 'publisher', lend=None)
    first, second, third = sharer.share(first), sharer.share(second), sharer.share(third)
    (folder / 'denying').mkdir()
    denylist = folder / 'denying' / 'denylist'
    hashed = hashlib.sha256(bytes.fromhex(hex_key_of(second))).hexdigest()
    denylist.write_text(f'# nothing of these\n{hex_key_of(first)}\nsha256:{hashed} # nor of that\n\nno key\nneither\n')
    denying = Node(folder / 'denying', known=[sharer])
    denying.wait_for_words('2 lines of the list of what is denied name no key')

    def holds(link):
        found = ask('find', hex_key_of(link), data=folder / 'publisher')
        return any(line['event'] == 'value' and line['address'] == denying.address for line in found)

    def third_is_kept():
        # What was refused while the other one began is offered again after minutes only.
        ask('send-again', third, data=sharer.data)
        return holds(third)

    wait_for(third_is_kept, lambda: denying.stats())
    assert not holds(first) and not holds(second)
    for link in (first, second):
        getter = node('get', '--to', folder / 'to', link, data=denying.data, host=False)
        assert_refused(getter, ['on the list of what this computer does not fetch'])
    assert not (folder / 'to').exists()

    n_kept = denying.stats()['values-kept']
    denylist.write_text(f'{hex_key_of(third)}\n')
    wait_for(lambda: not holds(third), lambda: denying.stats())
    assert denying.stats()['values-kept'] == n_kept - 1
    assert_refused(node('get', '--to', folder / 'to', third, data=denying.data, host=False),
                   ['on the list of what this computer does not fetch'])
    assert fetch(first, folder / 'getter', [sharer]), 'the others serve it'


def test_what_is_denied_is_not_served(folder):
    source = make_files(folder / 'things', random.Random(8), [30_000])
    sharer = Node(folder / 'data')
    helper = Node(folder / 'helper', known=[sharer], lend=None)
    link = sharer.share(source)
    (folder / 'data' / 'denylist').write_text(hex_key_of(link) + '\n')
    time.sleep(A_WHILE)
    getter = start_getting(link, folder / 'getter', [helper])
    time.sleep(A_WHILE)
    assert getter.process.poll() is None and tree(folder / 'getter' / 'to') == {}
    (folder / 'data' / 'denylist').unlink()
    getter.wait_event('saved')


def test_stopping_leaves_what_others_share(folder):
    rng = random.Random(9)
    one = make_files(folder / 'one', rng, [40_000, 50_000])
    two = make_files(folder / 'two', rng, [60_000])
    shutil.copy(one / 'folder-0' / '0.bin', two / 'folder-0' / 'the same')
    wanted = with_name('two', tree(two))
    sharer = Node(folder / 'data', lend=None)
    assert sharer.library() == []
    one_link, two_link = sharer.share(one), sharer.share(two)
    assert ask('stop-sharing', one_link, data=sharer.data) == [{'event': 'stopped', 'name': 'one'}]
    shutil.rmtree(one)
    assert [key_of(share['link']) for share in sharer.library()] == [key_of(two_link)]
    assert fetch(two_link, folder / 'getter', [sharer]) == wanted
    assert sharer.stop(signal.SIGKILL) != 0

    sharer = Node(folder / 'data', lend=None)
    sharer.wait_for_share(two_link)
    assert sharer.share_of(one_link) is None
    for verb in ('stop-sharing', 'survival', 'send-again'):
        assert_refused(node(verb, one_link, data=sharer.data), ['No such collection is shared here'])
        assert_refused(node(verb, 'nonsense', data=sharer.data), ['“nonsense”', 'neither a key', 'nor a link'])


def test_the_upload_limit_holds(folder):
    limit = 200_000
    source = make_files(folder / 'things', random.Random(10), [3_000_000])
    others = [Node(folder / 'other-1')]
    others.append(Node(folder / 'other-2', known=others))
    began = time.monotonic()
    sharer = Node(folder / 'data', known=others, lend=None, options=['--upload-limit', '200kB'])
    sharer.share(source)
    sent = 0
    while sent < 5 * limit:
        sent = sharer.stats()['bytes-sent']
        elapsed = time.monotonic() - began
        # What is said beside the bytes of values, and the quarter of a second that is saved up.
        assert sent < 1.25 * limit * elapsed + limit / 4 + 100_000, f'{sent} bytes in {elapsed:.1f} s'
        assert elapsed < DEADLINE, f'only {sent} bytes went out'
        time.sleep(0.2)


def test_sharing_stops_when_it_is_told_to(folder):
    source = make_files(folder / 'things', random.Random(15), [200_000] * 3)
    other = Node(folder / 'other')
    sharer = node('share', '--upload-limit', '1kB', source, data=folder / 'data', known=[other.address])
    sharer.wait_event('publishing')
    # All of it would take far longer than anything may.
    assert sharer.stop() == 0, sharer.errors
    again = Node(folder / 'data')
    assert [share['files'] for share in again.library()] == [3], again.library()


def test_what_is_damaged_is_not_told_one_by_one(folder):
    n_files = 12
    source = make_files(folder / 'things', random.Random(16), [100_000] * n_files)
    sharer = Node(folder / 'publisher', lend=None)
    keeper = Node(folder / 'keeper', known=[sharer])
    link = sharer.share(source)
    n_pieces = sharer.share_of(link)['pieces']
    keeper.wait_for_stats(lambda stats: stats['values-kept'] >= n_pieces)
    assert sharer.stop() == 0
    # It may be told of the sharer too: a record is a value.
    n_kept = keeper.stats()['values-kept']
    for path in (folder / 'keeper' / 'kept' / 'values').rglob('*'):
        if path.is_file():
            path.write_bytes(bytes(path.stat().st_size))
    getter = start_getting(link, folder / 'getter', [keeper])
    keeper.wait_for_stats(lambda stats: stats['values-kept'] <= n_kept - n_files)
    keeper.wait_for_words('8 values that were kept for others were damaged on the disk')
    getter.stop(signal.SIGKILL)
    assert tree(folder / 'getter' / 'to') == {}
    told = [line for line in keeper.process.errors if 'damaged on the disk' in line]
    assert len(told) == 4, told


def test_a_keeper_lives_with_a_full_disk(folder):
    disk = folder / 'disk'
    disk.mkdir()
    keeper = Node(disk / 'data', disk=disk)
    fill(keeper.seen(disk / 'filler'), 3 << 20)
    sharer = Node(folder / 'publisher', known=[keeper], lend=None)
    source = make_files(folder / 'things', random.Random(12), [1_000_000] * 10)
    wanted = with_name('things', tree(source))
    link = sharer.share(source)
    keeper.wait_for_words('The disk is full')
    n_pieces = sharer.share_of(link)['pieces']
    assert keeper.stats()['values-kept'] < n_pieces
    time.sleep(A_WHILE)
    assert sharer.share_of(link)['sent'] < n_pieces
    assert len(keeper.process.errors) < 5, keeper.process.errors

    keeper.seen(disk / 'filler').unlink()

    def all_is_kept():
        ask('send-again', link, data=sharer.data)
        return keeper.stats()['values-kept'] >= n_pieces
    wait_for(all_is_kept, lambda: f'{keeper.stats()}; {sharer.survival(link)}; {keeper.process.errors}')
    sharer.stop()
    shutil.rmtree(source)
    assert fetch(link, folder / 'getter', [keeper]) == wanted


def test_a_sharer_lives_with_a_full_disk(folder):
    disk = folder / 'disk'
    disk.mkdir()
    rng = random.Random(13)
    few = make_files(folder / 'few', rng, [1000])
    many = make_files(folder / 'many', rng, [10] * 4000)
    sharer = Node(disk / 'data', disk=disk)
    few_link = sharer.share(few)
    fill(sharer.seen(disk / 'filler'), 1 << 20)
    assert_refused(node('share', many, data=sharer.data, host=False), ['no space'])
    assert sharer.share_of(few_link)['problem'] == ''
    assert fetch(few_link, folder / 'getter-1', [sharer])

    sharer.seen(disk / 'filler').unlink()
    many_link = sharer.share(many)
    sharer.wait_for_share(many_link, problem='')
    assert fetch(few_link, folder / 'getter-2', [sharer])
    assert len(sharer.library()) in (2, 3), sharer.library()


def make_databases(folder):
    """Data of a node that shares something, and keeps what another shares."""
    rng = random.Random(14)
    make_files(folder / 'things', rng, [100_000])
    make_files(folder / 'other', rng, [100_000])
    one = Node(folder / 'data')
    two = Node(folder / 'two', known=[one])
    link = one.share(folder / 'things')
    other = two.share(folder / 'other')
    n_pieces = two.share_of(other)['pieces']
    one.wait_for_stats(lambda stats: stats['values-kept'] >= n_pieces)
    assert one.stop() == 0
    assert two.stop() == 0
    left = [name for name in everything_in(folder / 'data') if name.endswith('-wal')]
    assert left == [], f'not closed: {left}'
    return link, [folder / 'data' / 'library.db', folder / 'data' / 'kept' / 'kept.db']


def test_damaged_databases_are_set_aside(folder):
    _, databases = make_databases(folder)
    damaged = {}
    for path in databases:
        with open(path, 'r+b') as file:
            file.write(b'this was a header ' * 20)
        damaged[path] = path.read_bytes()
    again = Node(folder / 'data')
    again.wait_for_words('list of what is kept for others was damaged')
    again.wait_for_words('list of what is shared was damaged')
    for path in databases:
        aside = list(path.parent.glob(path.name + '.damaged-*'))
        assert len(aside) == 1 and aside[0].read_bytes() == damaged[path], everything_in(folder / 'data')
    assert again.library() == []
    link = again.share(folder / 'things')
    assert fetch(link, folder / 'getter', [again]) == with_name('things', tree(folder / 'things'))
    again.stop()
    again = Node(folder / 'data')
    again.wait_for_share(link)
    assert again.process.errors == []


def test_databases_of_a_newer_version_are_left_alone(folder):
    link, databases = make_databases(folder)
    newer = {}
    for path in databases:
        connection = sqlite3.connect(path)
        connection.execute('PRAGMA user_version=99')
        connection.commit()
        connection.close()
        newer[path] = path.read_bytes()
    again = Node(folder / 'data')
    for words in ('kept for others was written by a newer version', 'shared was made by a newer version'):
        again.wait_for_words(words)
    assert [key_of(share['link']) for share in again.library()] == [key_of(link)]
    assert_refused(node('share', folder / 'things', data=again.data, host=False), ['newer version'])
    assert len(again.process.errors) == 2, again.process.errors
    assert again.stop() == 0
    assert {path: path.read_bytes() for path in databases} == newer
    assert not any('damaged' in name for name in everything_in(folder / 'data'))


if __name__ == '__main__':
    tests = [value for name, value in list(globals().items()) if name.startswith('test_') and callable(value)]
    if not has_disks():
        print('# without the tests of disks: there is no namespace of mounts', flush=True)
        tests = [test for test in tests if 'disk' not in test.__name__ and 'drive' not in test.__name__]
    sys.exit(run_tests([test for test in tests if all(word in test.__name__ for word in sys.argv[1:])],
                       TOGETHER))

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ours among nodes that keep strictly to part A of the protocol: publishing to them works, nothing
of A.3 is triggered, and another of ours fetches from them."""

import base64
import hashlib
import json
import os
import random
import socket
import sys
import time
import zlib

from harness import node, run_tests, tree
from original import MAX_BURST, MAX_VALUE, PART, Original, Originals


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def make_folder(folder):
    """A file of no part, of one, and of two; one of the originals shares each of these too."""
    folder.mkdir()
    files = {'empty': b'', 'small.bin': noise(1, 70_000), 'two parts.bin': noise(2, PART + 5_000),
             'one part.bin': noise(3, PART)}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def ours_publishes_to_originals_and_another_fetches_it(folder):
    files = make_folder(folder / 'Things')
    with Originals(3) as originals:
        sharing_too = originals.nodes[2]
        sharing_too.share(files['two parts.bin'])
        sharing_too.share(files['small.bin'])

        publisher = node('share', folder / 'Things', data=folder / 'data-publisher',
                         known=[originals.nodes[0].address])
        link = publisher.wait_event('link', within=30)['link']
        published = publisher.wait_event('published', within=60)
        originals.check()
        assert published['sent'] > 0, published
        parts = [data[at:at + PART] for data in files.values() for at in range(0, len(data), PART)]
        keys = {hashlib.sha1(part).digest() for part in parts}
        # The last chunk is acked before its value is whole.
        deadline = time.monotonic() + 20
        while missing := {(key, key) for key in keys} - set().union(*(n.values for n in originals.nodes)):
            assert time.monotonic() < deadline, missing
            time.sleep(0.05)
        assert publisher.stop() == 0
        assert sum(n.counts.get('store', 0) for n in originals.nodes) > 0

        getter = node('get', link, '--to', folder / 'to', data=folder / 'data-getter',
                      known=[originals.nodes[1].address])
        getter.wait_event('saved', within=60)
        assert getter.wait() == 0, getter.errors
        originals.check()
        assert tree(folder / 'to' / 'Things') == tree(folder / 'Things')
        assert sum(n.counts.get('getval', 0) for n in originals.nodes) > 0


class Wrong:
    """Somebody who does what ours must not, so that it is seen that the double tells."""

    def __init__(self, double):
        self.double = double
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.settimeout(10)

    def send(self, **message):
        self.socket.sendto(zlib.compress(json.dumps(message).encode()), ('127.0.0.1', self.double.port))

    def ask(self, **message):
        self.send(netid='BYTESTAG', seq_id='s', **message)
        return json.loads(zlib.decompress(self.socket.recv(65536)))

    def store(self, data, size=None):
        key = base64.b64encode(hashlib.sha1(data).digest()).decode()
        return self.ask(rpc='store', key=key, index=key, size=len(data) if size is None else size, timestmp=1)['xferid']


def each_fault_of_an_original_is_told(folder):
    data = noise(9, PART + 10)
    file_hash = base64.b64encode(hashlib.sha1(data).digest()).decode()
    chunk = base64.b64encode(b'x').decode()

    def early(wrong):
        wrong.send(xfer_id=wrong.store(b'a'), xfer_data=chunk, seq_id='c')

    def after_the_end(wrong):
        transfer = wrong.store(b'b')
        for _ in range(2):
            wrong.send(xfer_id=transfer, xfer_data=None)

    def again(wrong):
        transfer = wrong.store(b'c')
        time.sleep(0.05)
        for _ in range(2):
            wrong.send(xfer_id=transfer, xfer_data=chunk, seq_id='c')
            wrong.socket.recv(65536)

    def long_chunk(wrong):
        transfer = wrong.store(b'd')
        time.sleep(0.05)
        wrong.send(xfer_id=transfer, xfer_data=base64.b64encode(bytes(1025)).decode(), seq_id='c')

    def many_getvals(wrong):
        key = base64.b64encode(hashlib.sha1(data[:PART]).digest()).decode()
        for number in range(6):
            wrong.send(netid='BYTESTAG', rpc='getval', key=key, index=key, xferid=f'x{number}')

    def many_stores(wrong):
        for number in range(3):
            wrong.store(b'e%d' % number)
        wrong.send(netid='BYTESTAG', rpc='store', key=file_hash, index=chunk * 5 + 'AAAAAAA=', size=1, timestmp=1)
        wrong.send(netid='BYTESTAG', rpc='store', key=file_hash, index=file_hash, size=1, timestmp=1)

    cases = [
        ('B1', lambda w: w.send(netid='BYTESTAG', rpc='findval', key=file_hash)),
        ('B1', lambda w: w.send(netid='BYTESTAG', rpc='findval', key=file_hash, index=file_hash)),
        ('B2', after_the_end),
        ('B2', lambda w: w.store(b'f', MAX_VALUE)),
        ('B2b', lambda w: w.send(reply_id=[1])),
        ('B2b', lambda w: w.send(xfer_id={'a': 1})),
        ('B2b', lambda w: w.send(netid='BYTESTAG', rpc=[])),
        ('B2b', lambda w: w.send(xfer_id='a', xfer_data=5)),
        ('B3', early),
        ('B3', again),
        ('B9', many_getvals),
        ('A.1.1', lambda w: w.socket.sendto(os.urandom(8193), ('127.0.0.1', w.double.port))),
        ('A.1.5', many_stores),
        ('A.2', long_chunk),
    ]
    for fault, provoke in cases:
        with Originals(1) as originals:
            double = originals.nodes[0]
            double.share(data)
            wrong = Wrong(double)
            provoke(wrong)
            end = time.monotonic() + 10
            while not any(trap.startswith(f'{fault}:') or trap.startswith(f'{fault},') for trap in double.traps):
                assert time.monotonic() < end, (fault, double.traps)
                assert originals.error is None, repr(originals.error)
                time.sleep(0.01)
            wrong.socket.close()


def a_burst_is_told(folder):
    double = Original()
    wrong = Wrong(double)
    for _ in range(MAX_BURST + 1):
        wrong.send(netid='BYTESTAG', rpc='ping', seq_id='s')
    double.turn()
    assert any('in a burst' in trap for trap in double.traps), double.traps
    double.socket.close()
    wrong.socket.close()


if __name__ == '__main__':
    sys.exit(run_tests([
        ours_publishes_to_originals_and_another_fetches_it,
        each_fault_of_an_original_is_told,
        a_burst_is_told,
    ]))

# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer in a few lines, for what the bench asks one datagram at a time."""

import base64
import hashlib
import json
import random
import socket
import time
import zlib

CHUNK = 1024


def text_of(key):
    return base64.b64encode(key).decode()


def pack(message):
    return zlib.compress(json.dumps(message).encode())


class Peer:
    def __init__(self, address, node, node_id=None):
        self.rng = random.Random(5)
        self.id = node_id or self.rng.randbytes(20)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.connect(node)
        self.proven = False

    def send(self, datagram):
        self.socket.send(datagram)

    def receive(self, seconds):
        """The next message that is no ping; pings are answered. None: there came none."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                message = json.loads(zlib.decompress(self.socket.recv(65536)))
            except TimeoutError:
                return None
            if message.get('rpc') != 'ping':
                return message
            self.send(pack({'netid': 'BYTESTAG', 'nodeid': text_of(self.id), 'reply_id': message['seq_id']}))
            self.proven = True
        return None

    def request(self, rpc, **members):
        """A request's datagram, and the id that its reply has."""
        seq_id = text_of(self.rng.randbytes(20))
        return pack({'netid': 'BYTESTAG', 'nodeid': text_of(self.id), 'rpc': rpc, **members, 'seq_id': seq_id}), seq_id

    def ask(self, rpc, seconds=5, **members):
        datagram, seq_id = self.request(rpc, **members)
        self.send(datagram)
        while (message := self.receive(seconds)) is not None:
            if message.get('reply_id') == seq_id:
                return message
        return None

    def prove(self):
        """Until the node has pinged this address and had its answer."""
        end = time.monotonic() + 20
        while not self.proven and time.monotonic() < end:
            self.ask('ping', 1)
            self.receive(0.1)
        self.ask('ping')
        if not self.proven:
            raise SystemExit('The node did not ping its peer')

    def offer(self, key, value):
        """Offers a value to store; the transfer's id."""
        index = hashlib.sha1(value).digest()
        reply = self.ask('store', key=text_of(key), index=text_of(index), size=len(value),
                         timestmp=int(time.time()))
        return reply and reply.get('xferid')

    def store(self, key, value):
        transfer = self.offer(key, value)
        if transfer is None:
            raise SystemExit('The node did not take a value')
        time.sleep(0.03)
        for at in range(0, len(value), CHUNK):
            self.send(pack({'xfer_id': transfer, 'xfer_data': text_of(value[at:at + CHUNK]), 'seq_id': str(at)}))
            if self.receive(5) is None:
                raise SystemExit('The node did not take a chunk')
        self.send(pack({'xfer_id': transfer, 'xfer_data': None}))

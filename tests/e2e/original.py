# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of an original node, written from part A of the protocol and its vectors alone: it
does what an original does, one chunk in flight and no extensions, and where an original would
break it says so instead (A.3)."""

import base64
import hashlib
import json
import os
import random
import select
import socket
import threading
import time
import zlib

PART = 262144
CHUNK = 1024
DATAGRAM = 8192
MAX_VALUE = 1048576
# A.2: datagrams in a burst, stores and getvals at a time, seconds before the first chunk.
MAX_BURST = 90
MAX_STORES = 3
MAX_GETVALS = 4
FIRST_CHUNK = 0.010
RETRANSMIT = 5


def text_of(data):
    return base64.b64encode(data).decode()


def key_of(text):
    """20 bytes of a key in text: hex, base32, base64 (A.1.3); None: it is none."""
    if not isinstance(text, str):
        return None
    for decode in bytes.fromhex, lambda t: base64.b32decode(t.upper()), base64.b64decode:
        try:
            data = decode(text)
        except ValueError:
            continue
        return data if len(data) == 20 else None
    return None


class Store:
    """A value that is coming in."""

    def __init__(self, key, index):
        self.key, self.index = key, index
        self.data = b''
        self.offered = time.monotonic()
        self.last_seq = None


class Upload:
    """A value that goes out for a getval."""

    def __init__(self, to, transfer, data):
        self.to, self.transfer, self.data = to, transfer, data
        self.offset = 0
        self.seq = None
        self.sent_at = 0.0
        self.sendings = 0


class Original:
    """One node. Everything happens in the thread of Originals."""

    def __init__(self):
        self.id = os.urandom(20)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self.address = f'127.0.0.1:{self.port}'
        self.contacts = {}  # (host, port): id
        self.values = {}    # (key, index): bytes, stored by others
        self.shared = {}    # (key, index): bytes, of its own files
        self.shared_files = {}  # hash of a file: index of its FileInfo
        self.stores = {}    # transfer id: Store
        self.ended = set()  # transfer ids whose end came
        self.uploads = {}   # transfer id: Upload
        self.traps = []
        self.counts = {}

    def trap(self, fault):
        self.traps.append(fault)

    def share(self, data):
        """A file of its own (A.5): its parts, and its FileInfo under the hash of the whole."""
        parts = [data[at:at + PART] for at in range(0, len(data), PART)]
        for part in parts:
            key = hashlib.sha1(part).digest()
            self.shared[key, key] = part
        file_hash = hashlib.sha1(data).digest()
        info = json.dumps({'!': 'BytestagFileInfo', 'hash': text_of(file_hash),
                           'parts': [text_of(hashlib.sha1(part).digest()) for part in parts]},
                          sort_keys=True, separators=(',', ':')).encode()
        index = hashlib.sha1(info).digest()
        self.shared[file_hash, index] = info
        self.shared_files[file_hash] = index

    def find(self, key, index):
        return self.values.get((key, index), self.shared.get((key, index)))

    # Sending

    def send(self, to, message):
        data = zlib.compress(json.dumps(message).encode())
        assert len(data) <= DATAGRAM
        self.socket.sendto(data, to)

    def reply(self, to, request, **members):
        self.send(to, {'netid': 'BYTESTAG', 'nodeid': text_of(self.id), **members,
                       'reply_id': request.get('seq_id') or None})

    def nodes(self, key):
        known = list(self.contacts.items())
        chosen = random.sample(known, min(20, len(known)))
        return [{'host': host, 'port': port, 'id': text_of(node_id)} for (host, port), node_id in chosen]

    # Receiving

    def turn(self):
        """What has come, all at once, as an original's queue takes it; then what is late."""
        batch = []
        while True:
            try:
                data, sender = self.socket.recvfrom(65536)
            except BlockingIOError:
                break
            batch.append((data, sender))
        if len(batch) > MAX_BURST:
            self.trap(f'A.2, 4: {len(batch)} datagrams in a burst')
        self.fresh = {}
        for data, sender in batch:
            self.take(data, sender)
        for upload in list(self.uploads.values()):
            self.look_at(upload)

    def take(self, data, sender):
        if len(data) > DATAGRAM:
            self.trap(f'A.1.1: a datagram of {len(data)} bytes')
            return
        try:
            message = json.loads(zlib.decompress(data))
        except (zlib.error, ValueError):
            return
        if not isinstance(message, dict) or not message:
            return
        for member in 'reply_id', 'xfer_id', 'rpc':
            if isinstance(message.get(member), (list, dict)):
                self.trap(f'B2b: {member} is a list or an object')
                return
        if 'xfer_data' in message and not isinstance(message['xfer_data'], (str, type(None))):
            self.trap('B2b: xfer_data is neither text nor null')
            return
        if 'reply_id' in message:
            self.take_reply(sender, message)
        elif 'xfer_id' in message:
            self.take_packet(sender, message)
        elif message.get('netid') == 'BYTESTAG':
            self.take_request(sender, message)

    def enter(self, sender, message):
        node_id = key_of(message.get('nodeid'))
        if node_id is not None and node_id != self.id:
            self.contacts[sender] = node_id

    def take_request(self, sender, message):
        self.enter(sender, message)
        rpc = message.get('rpc')
        self.counts[rpc] = self.counts.get(rpc, 0) + 1
        handle = {'ping': self.ping, 'findnode': self.find_node, 'findval': self.find_value, 'store': self.store,
                  'getval': self.get_value}.get(rpc)
        if handle is not None:
            handle(sender, message)

    def ping(self, sender, message):
        self.reply(sender, message)

    def find_node(self, sender, message):
        key = key_of(message.get('key'))
        if key is not None:
            self.reply(sender, message, nodes=self.nodes(key))

    def find_value(self, sender, message):
        key, index = key_of(message.get('key')), key_of(message.get('index'))
        if key is None:
            return
        if key in self.shared_files and index != self.shared_files[key] and self.find(key, index) is None:
            self.trap('B1: findval of a file that it shares, without an index that it knows')
            return
        held = [(k, i) for k, i in [*self.values, *self.shared] if k == key]
        if (key, index) in held:
            held = [(key, index)]
        if not held:
            self.reply(sender, message, nodes=self.nodes(key))
            return
        self.reply(sender, message, vals=[{'key': text_of(k), 'index': text_of(i), 'size': len(self.find(k, i)),
                                           'time': 1} for k, i in held])

    def store(self, sender, message):
        key, index = key_of(message.get('key')), key_of(message.get('index'))
        if key is None or index is None or 'size' not in message or 'timestmp' not in message:
            return
        if int(message['size']) >= MAX_VALUE:
            self.trap(f'B2: a store of {message["size"]} bytes')
        if self.find(key, index) is not None:
            self.reply(sender, message)
            return
        if len(self.stores) >= MAX_STORES:
            self.trap('A.1.5: more stores at a time than it takes')
            return
        transfer = text_of(os.urandom(20))
        self.stores[transfer] = Store(key, index)
        self.reply(sender, message, xferid=transfer)

    def get_value(self, sender, message):
        key, index, transfer = key_of(message.get('key')), key_of(message.get('index')), message.get('xferid')
        value = self.find(key, index)
        if value is None or transfer is None or isinstance(transfer, (list, dict)):
            return
        if transfer in self.uploads:
            self.trap('A.1.5: the same getval twice')
            return
        if len(self.uploads) >= MAX_GETVALS:
            self.trap('B9: more getvals at a time than it bears')
        upload = Upload(sender, transfer, value[message.get('valofs') or 0:])
        self.uploads[transfer] = upload
        self.send_chunk(upload)

    # Transfers

    def take_packet(self, sender, message):
        transfer = message['xfer_id']
        if transfer in self.ended:
            self.trap('B2: a packet after the end of a transfer')
            return
        store = self.stores.get(transfer)
        if store is None or 'xfer_data' not in message:
            return
        if not message['xfer_data']:
            del self.stores[transfer]
            self.ended.add(transfer)
            if hashlib.sha1(store.data).digest() == store.index:
                self.values[store.key, store.index] = store.data
            return
        data = base64.b64decode(message['xfer_data'])
        if not store.data and time.monotonic() - store.offered < FIRST_CHUNK:
            self.trap('B3: the first chunk before its worker runs')
        if len(data) > CHUNK:
            self.trap(f'A.2, 4: a chunk of {len(data)} bytes')
        if message.get('seq_id') == store.last_seq:
            self.trap('B3: a chunk sent again')
        if transfer in self.fresh:
            self.trap('A.2, 4: two chunks of a transfer in flight')
        self.fresh[transfer] = True
        store.last_seq = message.get('seq_id')
        store.data += data
        if len(store.data) >= MAX_VALUE:
            self.trap('B2: more bytes than a value may have')
        self.send(sender, {'xfer_id': transfer, 'reply_id': message.get('seq_id') or None})

    def send_chunk(self, upload):
        if upload.offset >= len(upload.data):
            self.send(upload.to, {'xfer_id': upload.transfer, 'xfer_data': None})
            del self.uploads[upload.transfer]
            return
        upload.seq = text_of(os.urandom(20))
        upload.sendings = 0
        self.resend(upload)

    def resend(self, upload):
        chunk = upload.data[upload.offset:upload.offset + CHUNK]
        upload.sendings += 1
        upload.sent_at = time.monotonic()
        self.send(upload.to, {'xfer_id': upload.transfer, 'xfer_data': text_of(chunk), 'seq_id': upload.seq})

    def look_at(self, upload):
        if time.monotonic() - upload.sent_at < RETRANSMIT:
            return
        if upload.sendings == 1:
            self.resend(upload)
        else:
            self.trap('A.2, 5: a chunk without an ack')
            upload.offset += CHUNK
            self.send_chunk(upload)

    def take_reply(self, sender, message):
        self.enter(sender, message)
        for upload in list(self.uploads.values()):
            if upload.seq == message['reply_id'] and upload.to == sender:
                if message.get('xfer_id') == upload.transfer:
                    upload.offset += CHUNK
                    self.send_chunk(upload)
                return


class Originals:
    """Some of them, that know each other, in one thread."""

    def __init__(self, count):
        self.nodes = [Original() for _ in range(count)]
        for node in self.nodes:
            for other in self.nodes:
                if other is not node:
                    node.contacts['127.0.0.1', other.port] = other.id
        self.error = None
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join()
        for node in self.nodes:
            node.socket.close()

    def run(self):
        try:
            while not self.stopping:
                select.select([node.socket for node in self.nodes], [], [], 0.1)
                for node in self.nodes:
                    node.turn()
        except Exception as error:  # a double that is wrong must not look like a quiet one
            self.error = error

    def check(self):
        """Nothing of A.3 was triggered."""
        assert self.error is None, repr(self.error)
        for node in self.nodes:
            assert not node.traps, node.traps

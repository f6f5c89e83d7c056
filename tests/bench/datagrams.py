# SPDX-License-Identifier: GPL-3.0-or-later
"""The costliest datagrams that we could think of: what a rule bounds, up to its bound and beyond."""

import json
import struct
import zlib

from peer import pack, text_of

LIMIT_DATAGRAM = 8192
LIMIT_UDP = 65507
RPC = {'netid': 'BYTESTAG', 'rpc': 'findnode'}


class Bits:
    def __init__(self):
        self.value = 0
        self.length = 0

    def put(self, value, length):
        self.value |= value << self.length
        self.length += length

    def align(self):
        self.length = (self.length + 7) // 8 * 8

    def data(self):
        return self.value.to_bytes((self.length + 7) // 8, 'little')


def many_blocks(text):
    """A stream of hundreds of empty blocks, each with a code of its own to be built."""
    bits = Bits()
    while bits.length < 8 * (LIMIT_DATAGRAM - len(text) - 40):
        bits.put(0, 1)
        bits.put(2, 2)
        bits.put(0, 10)  # 257 symbols, 1 distance
        bits.put(14, 4)
        for order in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1):
            bits.put(order in (1, 18), 3)
        bits.put(0, 1)
        bits.put(1, 1)
        bits.put(138 - 11, 7)
        bits.put(1, 1)
        bits.put(117 - 11, 7)
        bits.put(0, 2)
        bits.put(1, 1)  # the end
    bits.put(1, 1)
    bits.put(0, 2)
    bits.align()
    return (b'\x78\x9c' + bits.data() + struct.pack('<HH', len(text), len(text) ^ 0xffff) + text +
            struct.pack('>I', zlib.adler32(text)))


def request(**members):
    return pack({**RPC, **members})


def raw(text):
    return zlib.compress(text.encode(), 9)


def make(rng, key):
    """(name, datagram) of each; @key: one that the node has 64 values of."""
    a_key = text_of(rng.randbytes(20))
    letters = text_of(rng.randbytes(5800))
    compressor = zlib.compressobj(9)
    bomb = b''.join([compressor.compress(bytes(1024 * 1024)) for _ in range(7)] + [compressor.flush()])
    yield 'random bytes, 64 KiB', rng.randbytes(LIMIT_UDP)
    yield 'bomb: 7 MiB of zeros', bomb
    yield 'bomb: 64 KiB of white space', raw('{' + ' ' * 65000 + '"a": 1}')
    yield 'bomb: a string of 64 KiB', raw('{"a": "' + 'x' * 65500 + '"}')
    yield 'bomb: 64 KiB of escapes', raw('{"a": "' + '\\u0041' * 10900 + '"}')
    yield 'bomb: 64 KiB of UTF-8', raw('{"a": "' + '\u20ac' * 21800 + '"}')
    yield '700 blocks with codes', many_blocks(json.dumps(RPC).encode())
    yield '100,000 brackets', raw('[' * 100000)
    yield '8 brackets, 2,000 times', raw('{"a": [' + ', '.join(['[[[[[[0]]]]]]'] * 280) + ']}')
    yield '1,900 numbers', raw('{"a": [' + ', '.join(['-1.5e-300'] * 1900) + ']}')
    yield '4,000 numbers', raw('{"a": [' + ', '.join(['0'] * 4000) + ']}')
    yield '1,900 equal members', raw('{' + ', '.join([f'"nodeid": "{a_key}"'] * 900) + '}')
    yield '1,400 members of escaped names', raw('{' + ', '.join(['"\\u006e\\u006f\\u0064\\u0065\\u0069\\u0064": 0'] * 1400) + '}')
    yield 'a key of 4,000 letters', request(key=letters[:4000], seq_id='x')
    yield 'keys of 4,000 escapes', raw(json.dumps(RPC)[:-1] + ', "key": "' + '\\u0041' * 660 +
                                       '", "nodeid": "' + '\\u0042' * 660 + '", "seq_id": 1}')
    yield 'keys of 4,000 bytes outside of base64', request(key='!' * 4000 + a_key, index='?' * 4000, nodeid='*' * 4000)
    yield 'numbers of 4,000 digits', pack({**RPC, 'rpc': 'store', 'key': a_key, 'index': a_key, 'size': '1' * 4000,
                                           'timestmp': '9' * 4000, 'seq_id': 'x'})
    yield 'a real of 4,000 digits', raw(json.dumps({**RPC, 'rpc': 'store', 'key': a_key, 'index': a_key})[:-1] +
                                        ', "size": 0.' + '123456789' * 440 + ', "timestmp": 1' + '0' * 3000 + 'e-2999}')
    yield 'an id of 250 escapes', raw(json.dumps({**RPC, 'key': a_key})[:-1] + ', "seq_id": "' + '\\u0000' * 41 + '"}')
    yield 'a findnode', request(key=a_key, nodeid=a_key, seq_id='x', ext=0)
    yield 'a findval of 64 values', pack({**RPC, 'rpc': 'findval', 'key': text_of(key), 'seq_id': 'x', 'ext': 0})
    yield 'a reply to nobody, 64 nodes', pack({'reply_id': a_key, 'nodes': nodes(rng, 64, '198.51.100')})
    yield 'a reply to nobody, 300 values', raw(json.dumps({'reply_id': a_key, 'vals': values(rng, 300)}))
    yield 'an unknown transfer of 8 KiB', pack({'xfer_id': a_key, 'xfer_data': letters[:7000], 'seq_id': 'x'})
    yield 'an unknown transfer of 12 KiB', pack({'xfer_id': a_key, 'xfer_data': 'AAAA' * 3070, 'seq_id': 'x'})


def nodes(rng, count, network):
    return [{'host': f'{network}.{1 + i}', 'port': 1 + i, 'id': text_of(rng.randbytes(20))} for i in range(count)]


def values(rng, count):
    a_key = text_of(rng.randbytes(20))
    return [{'key': a_key, 'index': a_key, 'size': i, 'time': 1.5e9 + i / 7} for i in range(count)]


def chunks(rng, transfer):
    """Of a store that the node has agreed to."""
    yield 'a chunk of 6 KiB', pack({'xfer_id': transfer, 'xfer_data': text_of(rng.randbytes(5800)), 'seq_id': 'a'})
    yield 'a chunk of 12 KiB', pack({'xfer_id': transfer, 'xfer_data': 'AAAA' * 3070, 'seq_id': 'b'})
    yield 'a chunk of 12 KiB of escapes', raw(json.dumps({'xfer_id': transfer, 'seq_id': 'c'})[:-1] +
                                             ', "xfer_data": "' + '\\u0041' * 2044 + '"}')


def answers(rng, reply_id, node_id, network):
    """To a look-up that waits for one; @network: where the nodes are that it names."""
    base = {'netid': 'BYTESTAG', 'nodeid': text_of(node_id), 'reply_id': reply_id}
    return [
        ('an answer of 64 nodes', pack({**base, 'nodes': nodes(rng, 64, network)})),
        ('an answer of 140 nodes', pack({**base, 'nodes': nodes(rng, 140, network)})),
        ('an answer of 355 values', raw(json.dumps({**base, 'vals': values(rng, 355)}))),
        ('an answer of 90 reals of 400 digits',
         raw(json.dumps({**base, 'vals': values(rng, 90)}).replace('.', '.' + '1234567890' * 40))),
    ]

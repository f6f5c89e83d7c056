#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what the fuzzers begin with: dictionaries, and seeds from tests/vectors.

Usage: make-inputs.py [--check] [SEEDS]

Writes dict/NAME.dict for each target beside this file, from the words of the wire
(src/wire/json-keys.h); --check only says whether that would change any (as TAP).
SEEDS: a folder that gets NAME/… for each target that takes more than one parser's
text; `./dev fuzz --keep` takes into corpus/ what of it adds coverage.
"""

import base64
import hashlib
import json
import re
import sys
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VECTORS = ROOT / 'tests' / 'vectors'

KEY = hashlib.sha1(b'the value').digest()
KEYS = [KEY, hashlib.sha1(b'').digest(), bytes(20), b'\xff' * 20]
PEM = ('-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n'
       '-----END PRIVATE KEY-----\n')

NUMBERS = ['0', '-0', '1', '-1', '20', '255', '256', '1024', '1232', '8192', '65535', '65536', '262144', '1048575',
           '1048576', '1600000000', '2147483647', '2147483648', '4294967296', '9007199254740993',
           '9223372036854775807', '9223372036854775808', '-9223372036854775808', '18446744073709551615',
           '18446744073709551616', '1e400', '-1e-400', '0.5', '4.0', '1E5', 'NaN', 'Infinity', '-Infinity',
           'true', 'false', 'null']
ESCAPES = [r'\"', r'\\', r'\/', r'\b', r'\n', r'\u0000', r'\u002f', r'\u00e9', r'\ud800', r'\udc00',
           r'\ud83d\ude00', r'\uFFFF']
PUNCTUATION = ['{"', '":', '","', ',"', '"}', '[{"', '"}]', '[]', '{}', '""', '[[[[[[[[', '{"":{"":', ']]]]']
UTF8 = [b'\xc0\x80', b'\xed\xa0\x80', b'\xef\xbb\xbf', b'\xf4\x90\x80\x80', 'é'.encode(), b'\xff']
HOSTS = ['127.0.0.1', '10.0.0.1', '8.8.4.1', '9.1.2.3', '0.0.0.0', '224.0.0.1', '255.255.255.255', '::1', 'fe80::1',
         '2001:db8::1', '::ffff:9.1.2.3', 'localhost']
NOT_JSON = ["'", '//', '/*', '*/', 'var x = ', ';', '01', '0x10', '.5', '1.', '+1', r'\x', '\x7f']


def words():
    """The constants of json-keys.h: those of infos come after a comment that says so."""
    text = (ROOT / 'src/wire/json-keys.h').read_text()
    messages, infos = text.split('/* FileInfo')
    find = re.compile(r'#define BYTESTAG_JSON_\w+ "([^"]+)"').findall
    return find(messages), find(infos)


def keys():
    for key in KEYS:
        yield base64.b64encode(key).decode()
        yield base64.b32encode(key).decode()
    yield KEYS[0].hex()
    yield base64.b64encode(b'the value').decode()


def dictionaries():
    messages, infos = words()
    quoted = [f'"{word}"' for word in messages]
    members = [f'"{word}":' for word in messages]
    values = [*NUMBERS, *ESCAPES, *PUNCTUATION, *UTF8]
    message = [*quoted, *members, *keys(), *HOSTS, *values]
    ids = ['{"netid":"BYTESTAG","rpc":"', '"seq_id":"s"', '"reply_id":@', '"xfer_id":#', '"xferid":#', '"ext":0',
           '"xfer_data":null', '"xfer_data":""', '@', '#', '"s"']
    info = [f'"{word}":' for word in infos] + [f'"{word}"' for word in infos]
    return {
        'control': ['"verb":', '"args":', '"share"', '"get"', '"find"', '"peers"', '"buckets"', '"id"', '"paths":',
                    '"name":', '"comment":', '"link":', '"folder":', '"key":', '"done":true', '"error":', '"code":',
                    *values],
        'datagram': [b'\x78\x9c', b'\x78\x01', b'\x78\xda', b'\x1f\x8b\x08', b'\x03\x00', b'\x01\x00\x00\xff\xff'],
        'deflate': [*message, 'AAAAAAAA', '10.0.0.', '", "port": ', ' ' * 40, b'\xff' * 8],
        'inflate': [b'\x78\x9c', b'\x03\x00', b'\x01\x00\x00\xff\xff', b'\x00\x01\x00\xfe\xff', b'\xed\xc1\x01\x01',
                    b'\x4b\x04\x00', b'\xab\xae\x05\x00', b'\x00' * 8, b'\xff' * 8],
        'info': [*info, '"key":', '"index":', '"size":', *keys(), *values],
        'link': ['bytestag:?', 'magnet:?', 'xt=', 'xt.1=', 'urn:bstagih:', 'urn:btih:', '&dn=', '&xl=', '&x.s2=',
                 '&x.pe=', '%2f', '%00', '%', '+', '%C3%A9', *keys(), *HOSTS, ':18600', '[2001:db8::1]:18600',
                 '18446744073709551616'],
        'lists': message,
        'lookup': [*message, *ids, '\n', '\n>{', '\n={', '\n{"nodes":[', '\n{"vals":[', '\n\n', 'n', 'v', 'w', 'j',
                   's', 'g'],
        'message': message,
        'node': [*message, *ids, *(f'\nd{letter}{{"' for letter in 'aeghjlmo'), '\na{"reply_id":@,', '\nt1', '\nt4',
                 '\nt7', '\nsa', '\nSh', '\njg', '\npe', '\nfa', '\ngb', '\nvc', '\nrd'],
        'node-list': message,
        'record': [*quoted, *members, *keys(), *HOSTS, *values],
        'safe-name': ['/', '..', '.', '\\', 'CON', 'NUL', 'COM1', '.bytestag-incomplete', ' ', '\u202e', '\u200b',
                      *UTF8, b'\x00', b'\x1f'],
        'scanner': [*quoted, *values, *NOT_JSON],
        'state': ['-----BEGIN PRIVATE KEY-----\n', '\n-----END PRIVATE KEY-----\n', '-----BEGIN EC PRIVATE KEY-----',
                  '-----BEGIN ENCRYPTED PRIVATE KEY-----', '[bytestag]\n', 'port=', 'copies=', 'known-nodes=',
                  'download-folder=', 'window-width=', "['", "', '", "']", '@as []', 'uint32 ', *HOSTS, ':18600',
                  '[::1]:1', b'\x30\x2e', b'\x02\x01\x00', b'\x06\x03\x2b\x65\x70', b'\x04\x22\x04\x20', '%00',
                  *NUMBERS[:20]],
    }


def to_entry(word):
    data = word if isinstance(word, bytes) else word.encode()
    text = ''.join(chr(b) if 0x20 <= b < 0x7f and b not in b'"\\' else f'\\x{b:02x}' for b in data)
    return f'"{text}"\n'


def dictionary_text(entries):
    head = '# Made by ../make-inputs.py.\n'
    return head + ''.join(dict.fromkeys(map(to_entry, entries)))


def load(name):
    return json.loads((VECTORS / f'{name}.json').read_text())['cases']


def inflate(data):
    try:
        text = zlib.decompressobj().decompress(data)
    except zlib.error:
        return None
    return text.replace(b'\n', b' ')


def malformed():
    """Name and datagrams of each case; the longest ones are cut in the vectors."""
    for case in load('malformed'):
        yield case['name'], [bytes.fromhex(sent['hex'].rstrip('.')) for sent in case.get('send', [])]


def vector_datagrams():
    """Name and bytes of each datagram in the vectors."""
    for name in 'rpc', 'replies':
        for case in load(name):
            for number, datagram in enumerate(case['datagrams']):
                yield f'{name}-{case["name"]}-{number}', bytes.fromhex(datagram['hex'])
    for name, datagrams in malformed():
        for number, data in enumerate(datagrams):
            yield f'malformed-{name}-{number}', data


def node_seeds():
    for name, datagrams in malformed():
        lines = []
        for data in datagrams:
            text = inflate(data)
            lines.append(b'da' + text[:4096] if text is not None else b'ra' + data.replace(b'\n', b' '))
        yield f'malformed-{name}', b'\n'.join(lines)
    for case in load('rpc'):
        ends = {end: letter for letter, end in zip('aegh', dict.fromkeys(d['from'] for d in case['datagrams']))}
        yield f'rpc-{case["name"]}', b'\n'.join(b'd' + ends[d['from']].encode() + inflate(bytes.fromhex(d['hex']))
                                                for d in case['datagrams'][:12])
    key = base64.b64encode(KEY).decode()
    node = '{"host":"9.1.2.3","port":7,"id":"%s"}' % key
    yield 'life', '\n'.join([
        f'jg', f'a{{"reply_id":@,"nodeid":"{key}","ext":0,"you":{{"host":"8.8.8.8","port":9}}}}', 't1',
        f'a{{"reply_id":@,"nodeid":"{key}","nodes":[{node}]}}', 't1', 'sathe value', 'Sbanother', 't4', 'v1', 't1',
        'a{"reply_id":@,"xferid":"x"}', 't1', 'a{"reply_id":@,"xfer_id":"x"}', 'g1', 't7', 't7']).encode()
    yield 'get', '\n'.join([
        'shthe value', f'dh{{"netid":"BYTESTAG","nodeid":"{key}","rpc":"getval","key":"{key}","index":"{key}",'
        '"xferid":"y","seq_id":"s"}', 't1', 'dh{"xfer_id":#,"reply_id":@}', 't5',
        f'da{{"netid":"BYTESTAG","rpc":"findval","key":"{key}","seq_id":"s","ext":0}}']).encode()
    for letter in 'acejlmop':
        yield f'from-{letter}', (f'd{letter}{{"netid":"BYTESTAG","nodeid":"{key}","rpc":"findnode","key":"{key}",'
                                 f'"seq_id":"s","ext":0}}\na{{"reply_id":@,"nodeid":"{key}"}}\nt4').encode()


def lookup_seeds():
    kinds = {'ping': 'j', 'join': 'j', 'findnode': 'n', 'findval': 'v', 'getval': 'g', 'store_to': 's'}
    for case in load('replies'):
        lines = [(kinds[case['call']['cmd']] + '\x03').encode()]
        for datagram in case['datagrams']:
            message = datagram['json']
            if datagram['from'] == 'original' or not isinstance(message, dict):
                continue
            if 'reply_id' not in message:
                message = {**message, 'xfer_id': '#'}
                lines.append(b'>' + json.dumps(message).replace('"#"', '#').encode())
            else:
                lines.append(json.dumps({k: v for k, v in message.items() if k != 'reply_id'}).encode())
        yield f'replies-{case["name"]}', b'\n'.join(lines[:20])
    key = base64.b64encode(KEY).decode()
    data = base64.b64encode(b'the value').decode()
    vals = f'{{"nodeid":"{key}","vals":[{{"key":"{key}","index":"{key}","size":9,"time":1}}]}}'
    for name, chunk in ('right', data), ('wrong', 'AAAA'):
        for ext in '', '"ext":0,':
            yield f'get-{name}{len(ext)}', '\n'.join([
                'g\x02', vals.replace('{"nodeid"', '{' + ext + '"nodeid"', 1), vals,
                f'{{"xfer_data":"{chunk}","seq_id":"s"}}', '>{"xfer_id":#,"xfer_data":null}', '', '',
                f'{{"xfer_data":"{data}","seq_id":"s"}}', '>{"xfer_id":#,"xfer_data":null}']).encode()
    for kind, items in zip(('nodes', 'vals'), many(70)):
        line = json.dumps({kind: items}, separators=(',', ':'))
        yield f'many-{kind}', f'{"n" if kind == "nodes" else "v"}\x08\n{line}'.encode()
    for kind in 'nvwgs':
        ids = [base64.b64encode(hashlib.sha1(bytes([n])).digest()).decode() for n in range(40)]
        replies = ['{"nodes":[%s]}' % ','.join(
            '{"host":"%d.%d.2.3","port":7,"id":"%s"}' % (n + 11, step, ids[(n + step) % 40]) for n in range(8))
            for step in range(12)]
        yield f'walk-{kind}', '\n'.join([kind + '\x08', *replies]).encode()


def text_seeds():
    for name, data in vector_datagrams():
        text = inflate(data)
        if text is not None and len(text) < 4096:
            yield name, text
    for number, case in enumerate(load('info_parse')):
        yield f'info-{number}', bytes.fromhex(case['input_hex'])
    for number, case in enumerate(load('lists_parse')):
        yield f'list-{number}', json.dumps(case['input']).encode()
    for number, text in enumerate(['', 'var x = {};', '{"a":1} {"a":2}', "{'a':1}", '[01]', '[0x10]', '/**/1', '[1,]',
                                   '["\\u0000"]', '["\\ud83d\\ude00"]', '{"a":1,"a":2}', '[1e400,-0,1.5e-3]',
                                   '[9223372036854775807,9223372036854775808,-9223372036854775808]']):
        yield f'liberty-{number}', text.encode()


def control_seeds():
    key = base64.b64encode(KEY).decode()
    for number, line in enumerate([
            {'verb': 'id'}, {'verb': 'peers', 'args': {}}, {'verb': 'find', 'args': {'key': key}},
            {'verb': 'share', 'args': {'paths': ['/a', 'b'], 'name': 'é', 'comment': None}},
            {'verb': 'get', 'args': {'link': 'bytestag:?xt=', 'folder': '/'}}, {'done': True},
            {'error': 'no', 'code': 3, 'rate': 1.5, 'list': [1, [2, {}]], 'big': 2 ** 63}, {}, [], 'x']):
        yield f'line-{number}', json.dumps(line).encode()
        yield f'raw-{number}', json.dumps(line, ensure_ascii=False).encode()


def state_seeds():
    der = base64.b64decode(''.join(PEM.splitlines()[1:-1]))
    yield 'pem', b'i' + PEM.encode()
    yield 'pem-cut', b'i' + PEM.encode()[:70]
    yield 'der', b'd' + der
    for number, address in enumerate(['9.1.2.3:18600', '[2001:db8::1]:1', 'host.example:65535', 'host', ':1',
                                      'a:0', '[::1%lo]:7', '\u00e9.example:7', 'a:b:1']):
        yield f'address-{number}', b'k' + address.encode()
    for number, line in enumerate(["port=uint32 7", "copies=uint32 21", "known-nodes=['9.1.2.3:7', 'x']",
                                   "download-folder='/a'", 'known-nodes=[', 'window-width=-1', '=', '[']):
        yield f'settings-{number}', b's[bytestag]\n' + line.encode() + b'\n'
    for number, counts in enumerate(['hours=100\nlosses=10\ncounted-at=1600000000', 'hours=nan\nlosses=inf',
                                     'hours=2811000\nlosses=2811000\ncounted-at=-9223372036854775808']):
        yield f'remembered-{number}', b'r[network]\nport=4711\n[churn]\n' + counts.encode() + b'\n'


def many(count):
    """Lists that are longer than what their readers have room for: no edge is passed by them
    alone, but a bound, and so the corpus has them in any case."""
    key = base64.b64encode(KEY).decode()
    nodes = [{'host': f'9.{n}.2.3', 'port': 7, 'id': base64.b64encode(hashlib.sha1(bytes([n])).digest()).decode()}
             for n in range(count)]
    vals = [{'key': key, 'index': key, 'size': n, 'time': n} for n in range(count)]
    return nodes, vals


def list_seeds():
    for kind, items in zip(('nodes', 'vals'), many(10)):
        yield f'many-{kind}', json.dumps(items, separators=(',', ':')).encode()


def datagram_seeds():
    for kind, items in zip(('nodes', 'vals'), many(70)):
        yield f'many-{kind}', zlib.compress(json.dumps({'reply_id': 's', kind: items}).encode(), 9)


def inflate_seeds():
    for name, data in vector_datagrams():
        if len(data) < 4096:
            yield name, data
            if data[:1] == b'\x78':
                yield f'{name}-raw', data[2:-4]
    for name, text in ('zeros', bytes(65536)), ('too-long', bytes(65537)), ('stored', bytes(range(256))):
        level = 0 if name == 'stored' else 9
        yield name, zlib.compress(text, level)
        yield f'{name}-raw', zlib.compress(text, level)[2:-4]


SEEDS = {'control': control_seeds, 'datagram': datagram_seeds, 'inflate': inflate_seeds, 'lists': list_seeds,
         'lookup': lookup_seeds, 'node': node_seeds, 'scanner': text_seeds, 'state': state_seeds}


def main():
    arguments = sys.argv[1:]
    check = '--check' in arguments
    stale = []
    for name, entries in dictionaries().items():
        path = HERE / 'dict' / f'{name}.dict'
        text = dictionary_text(entries)
        if check and (not path.is_file() or path.read_text() != text):
            stale.append(path.name)
        elif not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if check:
        print('1..1')
        print(f'{"not ok" if stale else "ok"} 1 dictionaries have the words of json-keys.h')
        for name in stale:
            print(f'# {name} is stale: run tests/fuzz/make-inputs.py')
        return 1 if stale else 0
    for folder in arguments:
        for target, seeds in SEEDS.items():
            place = Path(folder) / target
            place.mkdir(parents=True, exist_ok=True)
            for name, data in seeds():
                (place / name).write_bytes(data)
    return 0


if __name__ == '__main__':
    sys.exit(main())

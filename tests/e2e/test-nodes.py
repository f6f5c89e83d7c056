#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight nodes on this computer share and fetch a folder, while some of them go away."""

import json
import signal
import socket
import sys
import time
import zlib

from harness import (DEADLINE, NODE, Process, assert_refused, everything_in, node, on_terminal, run_tests, tree)

PART = 262144


def content(seed, size):
    """Bytes of a seed, all different: byte i = (i * seed + i // 251) & 255 (protocol A.8)."""
    block = bytes((i * seed + i // 251) & 255 for i in range(251 * 256))
    return (seed.to_bytes(4, 'big') + block * (size // len(block) + 1))[:size]


def make_folder(folder):
    """60 files: the sizes at which something changes, and names that are not plain."""
    sizes = [0, 1, PART - 1, PART, PART + 1, 2 * PART, 1024, 1025, 5_000_000, 5_000_001]
    names = ['plain.txt', 'with space.txt', 'ünïcödé.txt', '日本語.txt', 'emoji 🎉.bin', 'quote\'s "two".txt',
             'percent%20.txt', 'ampersand & <tag>.txt', 'no-extension', '-dash', 'trailing dot.', 'ends with space ',
             'back\\slash', '*?[glob]', '{"json":1}', 'é' * 100]
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content(number + 1, 100 + number))
    for number, size in enumerate(sizes):
        path = folder / 'sizes' / f'{size}.bin'
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content(number + 50, size))
    for number in range(60 - len(names) - len(sizes)):
        path = folder.joinpath(*(f'level {i}' for i in range(number % 12)), f'deep {number}.dat')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(number % 7 + 100, number * 997))
    assert len(tree(folder)) == 60


def start_nodes(folder, count):
    """Nodes that all know the first; returns them and their addresses."""
    nodes, addresses = [], []
    for number in range(count):
        process = node('run', data=folder / f'data-{number}', known=addresses[:1])
        addresses.append(process.wait_event('ready')['address'])
        nodes.append(process)
    for process in nodes[1:]:
        assert process.wait_event('joined')['peers'] > 0
    return nodes, addresses


def a_folder_goes_from_one_of_eight_nodes_to_another_while_a_third_stops(folder):
    source = folder / 'Shared things'
    make_folder(source)
    nodes, addresses = start_nodes(folder, 6)

    publisher = node('share', source, data=folder / 'data-publisher', known=addresses[:1])
    link = publisher.wait_event('link')
    assert link['files'] == 60 and link['name'] == 'Shared things'
    published = publisher.wait_event('published')
    assert published['sent'] == published['pieces'] > 60

    getter = node('get', link['link'], '--to', folder / 'first', data=folder / 'data-getter')
    getter.wait_event('fetching')
    assert nodes[2].stop(signal.SIGKILL) == -signal.SIGKILL
    saved = getter.wait_event('saved')
    assert getter.wait() == 0
    assert saved['path'] == str(folder / 'first' / 'Shared things')
    assert tree(folder / 'first') == {f'Shared things/{k}': v for k, v in tree(source).items()}

    # Again, and by another, when who published it is gone.
    assert publisher.stop() == 0
    getter = node('get', link['link'], '--to', folder / 'second', data=folder / 'data-second')
    getter.wait_event('saved')
    assert getter.wait() == 0
    assert tree(folder / 'second') == {f'Shared things/{k}': v for k, v in tree(source).items()}
    for number, process in enumerate(nodes):
        if number != 2:
            assert process.stop() == 0, process.errors
            assert process.errors == [], process.errors


def a_running_node_does_the_work_of_commands(folder):
    (folder / 'one.bin').write_bytes(content(3, 300_000))
    nodes, addresses = start_nodes(folder, 3)

    sharing = node('share', folder / 'one.bin', '--comment', 'By the other one', data=folder / 'data-1')
    link = sharing.wait_event('link')
    sharing.wait_event('published')
    assert sharing.wait() == 0
    again = node('share', folder / 'one.bin', '--comment', 'By the other one', data=folder / 'data-1')
    assert again.wait_event('link')['link'].split('&x.pe')[0] == link['link'].split('&x.pe')[0]
    assert again.wait() == 0

    getting = node('get', link['link'], '--to', folder / 'to', data=folder / 'data-2')
    assert getting.wait_event('saved')['path'] == str(folder / 'to' / 'one.bin')
    assert getting.wait() == 0
    assert (folder / 'to' / 'one.bin').read_bytes() == (folder / 'one.bin').read_bytes()
    # What is there already is not touched.
    getting = node('get', link['link'], '--to', folder / 'to', data=folder / 'data-2')
    assert getting.wait() == 0
    assert everything_in(folder / 'to') == ['one (2).bin', 'one.bin']

    # Nobody is hurt by a command that goes away.
    leaving = node('share', folder / 'one.bin', data=folder / 'data-0')
    leaving.stop(signal.SIGKILL)

    peers = node('peers', data=folder / 'data-0')
    assert peers.wait_event('peer', address=addresses[1])['state'] == 'good'
    assert peers.wait() == 0
    buckets = node('buckets', data=folder / 'data-0')
    assert buckets.wait_event('bucket')['nodes'] >= 1
    assert buckets.wait() == 0
    own = node('id', data=folder / 'data-0')
    assert own.wait_event('id')['address'] == addresses[0]
    assert own.wait() == 0
    finding = node('find', link['link'], data=folder / 'data-0')
    assert finding.wait_event('candidate')['step'] == 0
    finding.wait_event('value')
    assert finding.wait_event('found')['closest'] >= 2
    assert finding.wait() == 0
    for process in nodes:
        assert process.stop() == 0


def an_interrupted_command_leaves_the_sharing_to_the_running_node(folder):
    (folder / 'one.bin').write_bytes(content(5, 600_000))
    nodes, _ = start_nodes(folder, 2)
    peers = node('peers', data=folder / 'data-0')
    while peers.wait() == 0 and peers.next_line(time.monotonic() + DEADLINE) is None:
        peers = node('peers', data=folder / 'data-0')
    # While the other one does not answer, publishing cannot end.
    nodes[1].process.send_signal(signal.SIGSTOP)
    sharing = node('share', folder / 'one.bin', data=folder / 'data-0', host=False)
    link = sharing.wait_event('link')['link']
    assert sharing.stop(signal.SIGINT) == 0
    assert sharing.errors == ['bytestag-node: The running Bytestag goes on sharing it.'], sharing.errors
    nodes[1].process.send_signal(signal.SIGCONT)

    getting = node('get', link, '--to', folder / 'to', data=folder / 'data-getter')
    assert getting.wait() == 0, getting.errors
    assert (folder / 'to' / 'one.bin').read_bytes() == (folder / 'one.bin').read_bytes()
    for process in nodes:
        assert process.stop() == 0


def a_download_that_is_stopped_leaves_nothing_half_done(folder):
    (folder / 'large').mkdir()
    for number in range(4):
        (folder / 'large' / f'{number}.bin').write_bytes(content(number + 9, 5_000_000))
    publisher = node('share', folder / 'large', data=folder / 'data-publisher')
    link = publisher.wait_event('link')['link']
    getter = node('get', link, '--to', folder / 'to', data=folder / 'data-getter')
    getter.wait_event('fetching')
    assert getter.stop(signal.SIGINT) == 1
    assert_refused(getter, ['Cancelled'])
    left = everything_in(folder / 'to')
    assert not [name for name in left if name.endswith('.bytestag-incomplete')], left
    for name in left:
        if name.endswith('.bin'):
            assert tree(folder / 'to')[name] == tree(folder)[name]


def a_person_reads_words_and_sees_a_bar(folder):
    (folder / 'one.bin').write_bytes(content(3, 3_000_000))
    publisher = Process([NODE, 'share', str(folder / 'one.bin'), '--data', str(folder / 'data'), '--host', '127.0.0.1'])
    deadline = time.monotonic() + DEADLINE
    lines = [publisher.next_line(deadline)]
    while 'served from here' not in lines[-1]:
        lines.append(publisher.next_line(deadline))
    links = [line for line in lines if line.startswith('bytestag:')]
    assert len(links) == 1, lines

    words = Process([NODE, 'get', links[0], '--data', str(folder / 'data-words'), '--to', str(folder / 'words')])
    assert words.wait() == 0
    while words.next_line(deadline) is not None:
        pass
    assert words.seen[-1].startswith(str(folder / 'words' / 'one.bin')), words.seen
    assert any('(100 %)' in line for line in words.seen), words.seen
    assert not any('\x1b' in line or '\r' in line for line in words.seen), words.seen

    shown = on_terminal([NODE, 'get', links[0], '--data', str(folder / 'data-bar'), '--to', str(folder / 'bar')])
    assert '[====' in shown and '\r\x1b[K' in shown, shown
    assert shown.rstrip().endswith('1 file, 3.0\xa0MB.'), shown
    assert publisher.stop() == 0


def drop_counts(data):
    """What `stats` tells: its counters, and how often each reason to drop a datagram came up."""
    stats = node('stats', data=data)
    counters = stats.wait_event('stats')
    assert stats.wait() == 0, stats.errors
    counts = {}
    while (line := stats.next_line(time.monotonic() + DEADLINE)) is not None:
        drop = json.loads(line)
        assert drop['event'] == 'drop' and drop['reason'] not in counts, drop
        counts[drop['reason']] = drop['count']
    return counters, counts


def what_is_dropped_is_counted_by_its_reason(folder):
    nodes, addresses = start_nodes(folder, 2)
    host, port = addresses[0].rsplit(':', 1)
    ping = {'netid': 'BYTESTAG', 'rpc': 'ping', 'seq_id': 'a'}
    malformed = {
        'too-long': bytes(8193),
        'not-zlib': b'noise',
        'not-json': zlib.compress(b'[]'),
        'limits': zlib.compress(b'{"a":' + b'[' * 20 + b']' * 20 + b'}'),
        'net-id': zlib.compress(json.dumps({**ping, 'netid': 'bytestag'}).encode()),
        'unknown-rpc': zlib.compress(json.dumps({**ping, 'rpc': 'pong'}).encode()),
        'bad-member': zlib.compress(json.dumps({**ping, 'rpc': 'findnode', 'key': 1}).encode()),
        'unmatched': zlib.compress(json.dumps({'reply_id': 'a'}).encode()),
    }
    before, counts = drop_counts(folder / 'data-0')
    assert before['contacts'] == 1 and before['datagrams-received'] > 0, before
    assert set(malformed) <= set(counts), counts

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.settimeout(DEADLINE)
        stranger.connect((host, int(port)))
        for number, datagram in enumerate(malformed.values(), 1):
            for _ in range(number):
                stranger.send(datagram)
        # Its answer says that all the others were read.
        stranger.send(zlib.compress(json.dumps(ping).encode()))
        assert json.loads(zlib.decompress(stranger.recv(8192)))['reply_id'] == 'a'
    after, then = drop_counts(folder / 'data-0')
    for number, reason in enumerate(malformed, 1):
        assert then[reason] == counts[reason] + number, f'{reason}: {counts[reason]}, then {then[reason]}'
    assert after['requests-served'] > before['requests-served'], after
    assert after['datagrams-received'] >= before['datagrams-received'] + sum(range(len(malformed) + 1)) + 1, after

    words = Process([NODE, 'stats', '--data', str(folder / 'data-0')])
    assert words.wait() == 0
    while words.next_line(time.monotonic() + DEADLINE) is not None:
        pass
    assert any(line.endswith('2  Dropped: not compressed as the network does') for line in words.seen), words.seen
    assert not any(line.lstrip().startswith('0  Dropped') for line in words.seen), words.seen
    assert_refused(node('stats', data=folder / 'data-nobody'), ['running'])
    for process in nodes:
        assert process.stop() == 0


def an_identity_stays(folder):
    first = node('id', data=folder / 'data')
    identity = first.wait_event('id')['id']
    assert first.wait() == 0
    running = node('run', data=folder / 'data')
    assert running.wait_event('ready')['id'] == identity
    assert running.stop(signal.SIGINT) == 0


if __name__ == '__main__':
    sys.exit(run_tests([
        a_folder_goes_from_one_of_eight_nodes_to_another_while_a_third_stops,
        a_running_node_does_the_work_of_commands,
        an_interrupted_command_leaves_the_sharing_to_the_running_node,
        a_download_that_is_stopped_leaves_nothing_half_done,
        a_person_reads_words_and_sees_a_bar,
        what_is_dropped_is_counted_by_its_reason,
        an_identity_stays,
    ]))

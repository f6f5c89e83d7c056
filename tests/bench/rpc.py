#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request costs a node, beside the fastest nodes of other networks, in one run.

Usage: rpc.py --build FOLDER [--check] [--rounds N] [--seconds S]

CPU time and not wall time is compared: the nanoseconds that all threads of the process ran,
by /proc/PID/task/*/schedstat, for each reply. One process at a time is asked, round by round,
pinned to one core; who asks has another. All of it happens in a network namespace without a
way out, where the addresses of 10.0.0.0/8 are the computer's own.
"""

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import datagrams
from peer import Peer

# What must hold.
LIMIT_LIBTORRENT = 1.2
LIMIT_FLOOR = 5
LIMIT_DATAGRAM_NS = 1_000_000
LIMIT_DATAGRAM_KB = 128
LIMIT_ANONYMOUS_KB = 4 * 1024
LIMIT_RESIDENT_KB = 4 * 1024
CONTACTS = 300

SWARM_PORT = 20000
REPEATS = 25
HERE = Path(__file__).resolve().parent


class Failure(Exception):
    pass


def enter_namespace():
    """Runs this program again in a namespace; returns the first byte of addresses to use."""
    if os.environ.get('BENCH_NETWORK'):
        commands = ['ip link set lo up', 'ip addr add 10.0.0.1/8 dev lo']
        if all(subprocess.run(c.split(), stderr=subprocess.DEVNULL).returncode == 0 for c in commands):
            return '10'
        raise Failure('The namespace has no network')
    for flags in ('-n', '-rn'):
        if subprocess.run(['unshare', flags, 'true'], stderr=subprocess.DEVNULL).returncode == 0:
            os.execvpe('unshare', ['unshare', flags, sys.executable, *sys.argv],
                       {**os.environ, 'BENCH_NETWORK': '10'})
    print('No network namespaces here: only what is of this project is measured, on 127.0.0.0/8.')
    return None


class Bench:
    def __init__(self, arguments, network):
        self.build = Path(arguments.build).resolve()
        self.tools = self.build / 'tests/bench'
        self.seconds = arguments.seconds
        self.isolated = network is not None
        self.network = network or '127'
        self.address = f'{self.network}.0.0.1'
        self.folder = Path(tempfile.mkdtemp(prefix='bytestag-bench-'))
        self.processes = []
        cores = sorted(os.sched_getaffinity(0))
        self.cores = cores[0], cores[-1]
        self.environment = {**os.environ, 'GSETTINGS_SCHEMA_DIR': str(self.build / 'data'),
                            'GSETTINGS_BACKEND': 'memory', 'LC_ALL': 'C.UTF-8'}
        if len(cores) < 2:
            print('One core only: who asks takes time from who answers.')
        os.sched_setaffinity(0, {self.cores[1]})

    def start(self, *command, measured=True, until='ready'):
        """A process, once it has printed @until in a line; that line."""
        core = self.cores[0 if measured else 1]
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True, env=self.environment,
                                   preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.processes.append(process)
        for line in process.stdout:
            if until in line:
                return process, line
        raise Failure(f'{command[0]} did not start')

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder)

    def swarm(self, protocol, network, count, *more):
        self.start(self.tools / 'bench-swarm', '--protocol', protocol, '--count', count,
                   '--base', f'{self.network}.{network}.0.0', '--port', SWARM_PORT + network, *more, measured=False)

    def node(self, verb, *more):
        return subprocess.run([self.build / 'src/cli/bytestag-node', verb, '--json', '--data', self.folder / 'node',
                               *more], capture_output=True, text=True, env=self.environment, timeout=60).stdout

    def start_node(self):
        """Ours, with a routing table of more than CONTACTS."""
        node_id = json.loads(self.node('id'))['id']
        self.node_id = bytes.fromhex(node_id)
        self.swarm('bytestag', 1, 400, '--near', node_id)
        process, _ = self.start(self.build / 'src/cli/bytestag-node', 'run', '--json', '--data', self.folder / 'node',
                                '--host', self.address, '--port', 7000, '--lend', '1GB',
                                '--known-node', f'{self.network}.1.0.1:{SWARM_PORT + 1}')
        end = time.monotonic() + 60
        while (count := len(self.node('peers').splitlines())) < CONTACTS:
            if time.monotonic() > end:
                raise Failure(f'The node has {count} contacts')
            time.sleep(0.5)
        return process, count

    def start_other(self, kind, protocol, network, port):
        """(nullable) the process; and how many nodes it knows."""
        module = {'libtorrent': 'libtorrent', 'opendht': 'opendht'}[kind]
        if not self.isolated or subprocess.run(['/usr/bin/python3', '-c', f'import {module}'],
                                               stderr=subprocess.DEVNULL).returncode != 0:
            return None
        self.swarm(protocol, network, 1000, '--greet-host', self.address, '--greet-port', port)
        process, _ = self.start('/usr/bin/python3', HERE / 'other-node.py', kind, self.address, port,
                                f'{self.network}.{network}.0.1', SWARM_PORT + network)
        return process

    @staticmethod
    def known_nodes(process):
        process.stdin.write('\n')
        process.stdin.flush()
        return int(process.stdout.readline())

    def blast(self, process, port, protocol, query, *more):
        command = [self.tools / 'bench-blaster', '--protocol', protocol, '--query', query, '--host', self.address,
                   '--port', port, '--pid', process.pid, '--from', f'{self.network}.2.0.1',
                   '--seconds', self.seconds, *more]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        result = json.loads(done.stdout)
        if result['cut'] * 1000 > result['replies'] or result['replies'] < 100:
            raise Failure(f'{protocol}: {result["replies"]} replies, of which {result["cut"]} were cut')
        return result


def cpu_time(pid):
    return sum(int((task / 'schedstat').read_text().split()[0]) for task in Path(f'/proc/{pid}/task').iterdir())


def memory(pid):
    """(anonymous, resident) in kB."""
    values = {}
    for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]:
        name, number = line.split()[:2]
        values[name] = int(number)
    return values['Anonymous:'], values['Rss:']


class Report:
    def __init__(self):
        self.missed = []

    def limit(self, what, value, limit, unit=''):
        ok = value <= limit
        if not ok:
            self.missed.append(what)
        shown = f'{value:.2f}' if isinstance(value, float) else f'{value:,}'
        print(f'{"ok    " if ok else "MISSED"}  {what}: {shown}{unit}, at most {limit:,}{unit}')


def measure_memory(bench, report, process, contacts):
    floor, _ = bench.start(bench.tools / 'bench-libraries')
    time.sleep(1)
    anonymous, resident = memory(process.pid)
    floor_anonymous, floor_resident = memory(floor.pid)
    print(f'\nMemory of an idle node with {contacts} contacts, and of a program that only has its libraries (kB)')
    print(f'  {"":28}{"anonymous":>12}{"resident":>12}')
    print(f'  {"bytestag-node":28}{anonymous:12,}{resident:12,}')
    print(f'  {"libraries":28}{floor_anonymous:12,}{floor_resident:12,}')
    report.limit('anonymous memory', anonymous, LIMIT_ANONYMOUS_KB, ' kB')
    report.limit('resident beyond the libraries', resident - floor_resident, LIMIT_RESIDENT_KB, ' kB')


def run_rounds(bench, rounds, subjects):
    """Each in turn, @rounds times; adds 'ns' to each."""
    for subject in subjects:
        subject['ns'] = []
    for _ in range(rounds):
        for subject in subjects:
            result = bench.blast(subject['process'], subject['port'], subject['protocol'], subject['query'],
                                 *subject.get('more', ()))
            subject['ns'].append(result['cpu'] / result['replies'])
            subject['request'] = result['request']
            subject['reply'] = result['bytes'] // result['replies']


def median(subject):
    return statistics.median(subject['ns'])


def print_rounds(subjects):
    print(f'\nCPU time for each request (ns; median of {len(subjects[0]["ns"])} rounds, and the range)')
    print(f'  {"":44}{"median":>8}  {"range":>15}{"a second":>11}{"bytes":>11}')
    for subject in subjects:
        low, high = min(subject['ns']), max(subject['ns'])
        print(f'  {subject["name"]:44}{median(subject):8,.0f}  {f"{low:,.0f}–{high:,.0f}":>15}'
              f'{1e9 / median(subject):11,.0f}{subject["request"]:>6}/{subject["reply"]}')


def measure_requests(bench, report, process, rounds):
    key = hashlib.sha1(b'a key').digest()
    peer = Peer(f'{bench.network}.3.0.1', (bench.address, 7000))
    peer.prove()
    peer.store(key, b'a value')
    own = {'process': process, 'port': 7000, 'protocol': 'bytestag'}
    subjects = [
        {**own, 'name': 'bytestag ping', 'query': 'ping'},
        {**own, 'name': 'bytestag findnode, 20 nodes', 'query': 'findnode', 'more': ['--nodes', 20]},
        {**own, 'name': 'bytestag findval, 20 nodes', 'query': 'findval', 'more': ['--nodes', 20]},
        {**own, 'name': 'bytestag findval, a value', 'query': 'findval',
         'more': ['--values', 1, '--key', key.hex()]},
    ]
    find_node = subjects[1]
    sample = bench.blast(process, 7000, 'bytestag', 'findnode', '--nodes', 20)
    reply = sample['bytes'] // sample['replies']
    for port, mode, name in ((7003, 'one', 'recvfrom/sendto'), (7004, 'batch', 'recvmmsg/sendmmsg')):
        echo, _ = bench.start(bench.tools / 'bench-echo', bench.address, port, reply, mode)
        subjects.append({'name': f'echo, {name}', 'process': echo, 'port': port, 'protocol': 'raw',
                         'query': 'ping', 'more': ['--bytes', sample['request']]})
    echoes = subjects[-2:]
    others = []
    for kind, protocol, network, port in (('libtorrent', 'mainline', 4, 7001), ('opendht', 'opendht', 5, 7002)):
        other = bench.start_other(kind, protocol, network, port)
        if other is None:
            print(f'{kind} is not here: not measured.')
            continue
        time.sleep(10)
        count = bench.known_nodes(other)
        print(f'{kind} knows {count} nodes')
        for query, name, more in (('ping', 'ping', ()), ('findnode', 'find_node, 8 nodes', ('--nodes', 8))):
            others.append({'name': f'{kind} {name}', 'process': other, 'port': port, 'protocol': protocol,
                           'query': query, 'more': more})
    subjects += others
    run_rounds(bench, rounds, subjects)
    print_rounds(subjects)

    one, batch = echoes
    report.limit('findnode, by the echo of recvfrom/sendto', median(find_node) / median(one), LIMIT_FLOOR)
    print(f'        findnode, by the echo of recvmmsg/sendmmsg: {median(find_node) / median(batch):.2f}')
    for other in others:
        if other['name'].startswith('libtorrent find_node'):
            report.limit('findnode, by libtorrent\'s find_node', median(find_node) / median(other), LIMIT_LIBTORRENT)
    for other in others:
        if other['name'].startswith('opendht find_node'):
            print(f'        findnode, by OpenDHT\'s find: {median(find_node) / median(other):.2f}')


class Costs:
    """What one datagram costs, by the CPU time up to the reply to a ping sent behind it."""

    def __init__(self, process, peer):
        self.pid = process.pid
        self.peer = peer
        self.rows = []
        self.ping = statistics.median(self.once(None) for _ in range(4 * REPEATS))

    def once(self, datagram):
        before = cpu_time(self.pid)
        if datagram is not None:
            self.peer.send(datagram)
        if self.peer.ask('ping') is None:
            raise Failure('The node no longer answers')
        time.sleep(0.002)
        return cpu_time(self.pid) - before

    def add(self, name, datagram):
        """The first one, which may set up what stays (a compressor's tables), is left out."""
        self.once(datagram)
        anonymous, _ = memory(self.pid)
        samples = [self.once(datagram) - self.ping for _ in range(REPEATS)]
        self.rows.append((max(statistics.median(samples), 0), memory(self.pid)[0] - anonymous, len(datagram), name))


def wait_for_look_up(bench, peer, key):
    """Has the node look for @key, and the peer, whose id is near it, be asked: the process that
    waits for the end, and the request's id. A verb that tells of each candidate would cost more
    than the look-up."""
    link = 'bytestag:?xt=urn:bstagih:' + base64.b32encode(key).decode()
    process = subprocess.Popen([bench.build / 'src/cli/bytestag-node', 'get', link, '--to', bench.folder / 'got',
                                '--data', bench.folder / 'node'], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=bench.environment)
    bench.processes.append(process)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        message = peer.receive(1)
        if message is not None and message.get('rpc') in ('findval', 'findnode'):
            # The other nodes have answered when this one does.
            time.sleep(0.2)
            return process, message['seq_id']
    raise Failure('The node did not ask its nearest peer')


def measure_answers(bench, process, costs):
    rng = random.Random(9)
    for index in range(len(datagrams.answers(rng, '', bytes(20), ''))):
        samples, growth = [], 0
        for attempt in range(5):
            # In a bucket of which the swarm has nobody, so that there is room.
            key = bench.node_id[:4] + rng.randbytes(16)
            peer = Peer(f'{bench.network}.3.{1 + index}.{1 + attempt}', (bench.address, 7000),
                        key[:19] + bytes([key[19] ^ 1]))
            peer.prove()
            verb, seq_id = wait_for_look_up(bench, peer, key)
            name, datagram = datagrams.answers(rng, seq_id, peer.id, f'{bench.network}.9.9')[index]
            anonymous, before = memory(process.pid)[0], cpu_time(process.pid)
            peer.send(datagram)
            time.sleep(0.005)
            samples.append(cpu_time(process.pid) - before)
            growth = max(growth, memory(process.pid)[0] - anonymous)
            verb.kill()
            verb.wait()
        costs.rows.append((statistics.median(samples), growth, len(datagram), name))


def measure_datagrams(bench, report, process):
    rng = random.Random(3)
    peer = Peer(f'{bench.network}.3.0.2', (bench.address, 7000))
    peer.prove()
    key = rng.randbytes(20)
    for number in range(64):
        peer.store(key, b'value %d' % number)
    anonymous, _ = memory(process.pid)
    costs = Costs(process, peer)
    for name, datagram in datagrams.make(rng, key):
        costs.add(name, datagram)
    value = rng.randbytes(500_000)
    transfer = peer.offer(rng.randbytes(20), value)
    if transfer is None:
        raise Failure('The node did not take a value')
    for name, datagram in datagrams.chunks(rng, transfer):
        costs.add(name, datagram)
    measure_answers(bench, process, costs)

    print('\nOne datagram: CPU time (µs), growth of anonymous memory (kB), bytes')
    for ns, growth, length, name in sorted(costs.rows, reverse=True):
        print(f'  {ns / 1000:8.1f}{growth:8,}{length:8,}  {name}')
    print(f'  Growth by all of them together: {memory(process.pid)[0] - anonymous:,} kB')
    report.limit('the costliest datagram', int(max(costs.rows)[0]), LIMIT_DATAGRAM_NS, ' ns')
    report.limit('the largest growth by one', max(row[1] for row in costs.rows), LIMIT_DATAGRAM_KB, ' kB')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True)
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--seconds', type=float, default=1)
    arguments = parser.parse_args()
    bench = Bench(arguments, enter_namespace())
    report = Report()
    try:
        process, contacts = bench.start_node()
        measure_memory(bench, report, process, contacts)
        measure_requests(bench, report, process, arguments.rounds)
        measure_datagrams(bench, report, process)
    except Failure as failure:
        print(failure)
        return 1
    finally:
        bench.close()
    return 1 if arguments.check and report.missed else 0


if __name__ == '__main__':
    sys.exit(main())

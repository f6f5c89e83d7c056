#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thirty nodes share over real sockets while a third of them is killed, and rubbish comes; then everything is fetched.

BYTESTAG_SEED repeats what is chosen; what the processes make of it depends on the machine too."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

from harness import node, run_tests, tree

N_NODES = 30
N_KILLED = 10
# Of those, how many come back, and how many of these share again.
N_RESTARTED = 8
N_SHARED_AGAIN = 6
N_JOINING = 2
SECONDS = 40
# Of a piece whose holders are chosen by its key, 4 copies are all among 10 of 30 once in 130 pieces; these never are.
# A node that comes back has lost what it kept for others.
COPIES = 8
# How many fetch each collection.
N_GETTERS = 3
PARALLEL = 6
# Nothing at all, a byte, within one chunk, several, two parts.
SIZES = [0, 1, 1000, 30_000, 280_000]
# What is shared is published so soon after the last kill; all that is fetched at the end comes within this, and what nobody may have any more within that.
PUBLISH_SECONDS = 30
FETCH_SECONDS = 60
PATIENCE = 8
# How much rubbish comes each second, and how long a burst of it is.
RUBBISH_PER_SECOND = 200
FLOOD = 2000


class Member:
    """A place in the network: a folder of data, its process, and what it shares."""

    def __init__(self, number, folder, rng):
        self.number = number
        self.data = folder / f'data-{number}'
        self.source = folder / f'things-{number}'
        self.to = folder / 'fetched'
        self.process = None
        self.sharing = None
        self.address = None
        self.id = None
        self.killed = False
        # The link that someone has, and whether the process that shares it is the one that runs.
        self.link = None
        self.publishes = False
        self.data.mkdir()
        (self.data / 'settings.ini').write_text(f'[bytestag]\ncopies={COPIES}\n')
        self.source.mkdir()
        for index in range(rng.randint(1, 3)):
            (self.source / f'{index}.bin').write_bytes(rng.randbytes(rng.choice(SIZES)))

    def start(self, known):
        self.process = node('run', data=self.data, known=known)
        ready = self.process.wait_event('ready')
        assert self.id in (None, ready['id']), 'another identity from the same folder'
        self.id, self.address = ready['id'], ready['address']
        self.killed = False

    def share(self):
        """By a command to the running node, which prints the link before a copy is anywhere."""
        self.sharing = node('share', self.source, data=self.data, host=False)
        # Without the addresses in it: whoever has the link finds the values by their keys alone.
        link = self.sharing.wait_event('link')['link'].split('&x.pe')[0]
        assert self.link in (None, link), 'another link for the same files'
        self.link = link
        self.publishes = True

    def kill(self):
        self.killed = True
        self.publishes = False
        assert self.process.stop(signal.SIGKILL) == -signal.SIGKILL, self.process.errors
        if self.sharing is not None:
            self.sharing.wait()

    def fetch(self, link, number, within):
        """What the running node gets of a link: the folder, and the process of the command."""
        to = self.to / f'{number}-by-{self.number}'
        getting = node('get', link, '--to', to, data=self.data, host=False)
        try:
            getting.wait(within)
        except subprocess.TimeoutExpired:
            getting.stop(signal.SIGINT)
        return to, getting


class Rubbish(threading.Thread):
    """Datagrams of nobody to whoever runs: noise, messages that something is wrong with, and a few floods."""

    def __init__(self, rng, get_addresses):
        super().__init__(daemon=True)
        self.rng = rng
        self.get_addresses = get_addresses
        self.ended = threading.Event()
        self.n_sent = 0
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]

    def make_message(self):
        rng = self.rng
        anything = [None, True, 0, -1, 2 ** 70, 1e308, '', 'A' * 28, '=' * 28, 'x' * 5000, [], [[[]]], {}, {'': {}}]
        message = {'netid': 'BYTESTAG', 'rpc': rng.choice(['ping', 'findnode', 'findval', 'store', 'getval', 'dial', ''])}
        for name in ('nodeid', 'key', 'index', 'seq_id', 'size', 'timestmp', 'xferid', 'valofs', 'ext'):
            if rng.random() < 0.7:
                message[name] = rng.choice([rng.choice(anything), rng.randbytes(20).hex(), rng.randrange(2 ** 20)])
        for name in ('reply_id', 'xfer_id', 'xfer_data', 'nodes', 'vals'):
            if rng.random() < 0.1:
                message[name] = rng.choice(anything)
        return message

    def make_datagram(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.3:
            return rng.randbytes(rng.randrange(1, 1400))
        datagram = bytearray(zlib.compress(json.dumps(self.make_message()).encode()))
        if kind < 0.5:
            datagram[rng.randrange(len(datagram))] ^= 1 << rng.randrange(8)
        elif kind < 0.6:
            del datagram[rng.randrange(1, len(datagram)):]
        elif kind < 0.65:
            datagram = zlib.compress(b'[' * 7_000_000)
        return bytes(datagram[:8192])

    def send(self, datagram, address):
        host, port = address.rsplit(':', 1)
        try:
            self.rng.choice(self.sockets).sendto(datagram, (host, int(port)))
            self.n_sent += 1
        except OSError:
            # A killed one: the system says so at the next datagram.
            pass

    def run(self):
        # Made once: a flood is cheap for whoever sends it.
        stock = [self.make_datagram() for _ in range(300)]
        floods = [5.0, 15.0, 25.0]
        began = time.monotonic()
        while not self.ended.wait(1 / 20):
            addresses = self.get_addresses()
            for _ in range(RUBBISH_PER_SECOND // 20):
                self.send(self.rng.choice(stock), self.rng.choice(addresses))
            if floods and time.monotonic() - began > floods[0]:
                floods.pop(0)
                victim = self.rng.choice(addresses)
                for _ in range(FLOOD):
                    self.send(self.rng.choice(stock), victim)

    def end(self):
        self.ended.set()
        self.join()
        for each in self.sockets:
            each.close()


def choose_known(rng, members):
    """Of whom a new process knows: two that may be gone meanwhile, and one that runs."""
    known = [m.address for m in rng.sample(members, min(2, len(members)))]
    running = [m.address for m in members if not m.killed]
    return known + [rng.choice(running)] if running else known


def make_schedule(rng):
    """Who is killed when and comes back when, as (second, what, who); the very first node is among them."""
    victims = [0] + rng.sample(range(1, N_NODES), N_KILLED - 1)
    rng.shuffle(victims)
    schedule = []
    for place, number in enumerate(victims):
        at = rng.uniform(1, SECONDS - 6)
        schedule.append((at, 'kill', number))
        if place < N_RESTARTED:
            what = 'restart' if place < N_SHARED_AGAIN else 'restart without sharing'
            schedule.append((at + rng.uniform(0.5, 4), what, number))
    for number in range(N_JOINING):
        schedule.append((rng.uniform(2, SECONDS - 8), 'join', N_NODES + number))
    return sorted(schedule)


def carry_out(schedule, members, folder, rng):
    began = time.monotonic()
    for at, what, number in schedule:
        time.sleep(max(0.0, began + at - time.monotonic()))
        if what == 'kill':
            members[number].kill()
            continue
        if what == 'join':
            members.append(Member(len(members), folder, rng))
        member = members[-1] if what == 'join' else members[number]
        member.start(choose_known(rng, [m for m in members if m.address is not None and m is not member]))
        if what != 'restart without sharing':
            member.share()
    time.sleep(max(0.0, began + SECONDS - time.monotonic()))


def fetch_all(members, rng):
    """Each collection whose publisher lives by several others, those of the dead by one, without demanding anything."""
    running = [m for m in members if not m.killed]
    jobs = []
    for member in members:
        others = [m for m in running if m is not member]
        getters = rng.sample(others, N_GETTERS if member.publishes else 1)
        jobs += [(member, getter) for getter in getters]

    deadline = time.monotonic() + FETCH_SECONDS

    def fetch(job):
        member, getter = job
        left = max(0.0, deadline - time.monotonic())
        to, getting = getter.fetch(member.link, member.number, left if member.publishes else min(left, PATIENCE))
        same = tree(to) == {f'{member.source.name}/{path}': digest for path, digest in tree(member.source).items()}
        return member, getter, getting, same

    missing, n_of_dead, n_found_of_dead = [], 0, 0
    with ThreadPoolExecutor(PARALLEL) as pool:
        for member, getter, getting, same in pool.map(fetch, jobs):
            if member.publishes and not (same and getting.process.returncode == 0):
                missing.append(f'{member.number} by {getter.number}: {getting.errors}, {getting.seen[-3:]}')
            elif not member.publishes:
                n_of_dead += 1
                n_found_of_dead += same
    print(f'# {len(jobs) - n_of_dead} fetches of {sum(m.publishes for m in members)} collections whose publisher '
          f'lives; of {n_of_dead} whose publisher is gone, {n_found_of_dead} were found')
    assert not missing, '\n'.join(missing)


def assert_quiet(processes):
    for process in processes:
        bad = [line for line in process.errors if 'CRITICAL' in line or 'WARNING' in line or 'ERROR' in line]
        assert not bad, f'{process.command}: {bad}'


def what_is_shared_is_found_while_a_third_is_killed(folder):
    seed = int(os.environ.get('BYTESTAG_SEED') or random.SystemRandom().randrange(2 ** 32))
    print(f'# BYTESTAG_SEED={seed}', flush=True)
    rng = random.Random(seed)
    began = time.monotonic()

    members, processes = [], []
    for number in range(N_NODES):
        member = Member(number, folder, rng)
        member.start(choose_known(rng, members) if members else ())
        members.append(member)
    for member in members:
        member.share()
    print(f'# {len(members)} nodes share after {time.monotonic() - began:.0f} s', flush=True)
    processes += [m.process for m in members]

    rubbish = Rubbish(random.Random(seed + 1), lambda: [m.address for m in list(members) if m.address and not m.killed])
    rubbish.start()
    carry_out(make_schedule(rng), members, folder, rng)
    rubbish.end()
    processes += [m.process for m in members if m.process not in processes]

    running = [m for m in members if not m.killed]
    deadline = time.monotonic() + PUBLISH_SECONDS
    for member in running:
        assert member.process.process.poll() is None, f'{member.number} ended: {member.process.errors}'
        if member.publishes:
            member.sharing.wait_event('published', within=deadline - time.monotonic())
    print(f'# {len(running)} of {len(processes)} processes run after {rubbish.n_sent} datagrams of rubbish, '
          f'{time.monotonic() - began:.0f} s', flush=True)
    fetch_all(members, rng)

    for member in running:
        member.process.process.terminate()
    for member in running:
        assert member.process.wait() == 0, member.process.errors
    assert_quiet(processes)
    print(f'# over after {time.monotonic() - began:.0f} s')


if __name__ == '__main__':
    sys.exit(run_tests([what_is_shared_is_found_while_a_third_is_killed]))

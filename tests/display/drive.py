#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives two real windows as a person would: shares a folder in one, gets it in the other.

drive.py --build FOLDER --output FOLDER [--demo]

Two windows with their own data folders and 6 nodes beside them, on a display of their own. A folder of 60 files is
dragged into window A, its link copied, pasted into window B and downloaded there; the bytes are compared and the
network page looked at. Each step is printed; the last line is "OK: …" and the status 0, or it says what went wrong.
With --demo: one larger window on a local network of 20 nodes.
"""

import argparse
import filecmp
import json
import os
import shutil
import sys
import time
from pathlib import Path

from desktop import SECONDS, Session, wait

PLACES = {'A': (10, 10), 'B': (640, 10)}
LIMIT_SECONDS = 180
N_NODES = 6
# libadwaita's switcher bar when it appears; the accessibility bus at the start of a program.
KNOWN_WARNINGS = ('gtk_widget_size_allocate(): attempt to allocate', 'dbind-WARNING')


def file_bytes(size, seed):
    """The vectors' test bytes: byte i = (i * seed + i // 251) & 255."""
    row = bytearray()
    block = bytes((i * seed + i // 251) & 255 for i in range(min(size, 251 * 256)))
    row += block * (size // max(len(block), 1) + 1)
    return bytes(row[:size])


def make_folder(folder):
    """60 files, 41 MB: the sizes at which something changes, odd names, deep folders; the same each time."""
    sizes = [0, 1, 1023, 1024, 1025, 262143, 262144, 262145, 524288, 1048575, 1048576, 5_000_000]
    names = ['empty', 'one byte', 'a b  c.txt', 'žluťoučký kůň.txt', '日本語/ファイル.bin', 'a&b<i>.exe', "quote'\"s.txt",
             'deep/er/and/deeper/still/file.bin', '-dash', 'percent%20.txt', 'UPPER/lower.TXT', 'large.iso']
    files = list(zip(names, sizes))
    rest = 60 - len(files)
    left = 41_000_000 - sum(sizes)
    for number in range(rest):
        size = left // (rest - number) + (number * 7919) % 4096 if number < rest - 1 else left
        left -= size
        files.append((f'photos/{2020 + number % 5}/picture {number:02}.jpg', size))
    for number, (name, size) in enumerate(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_bytes(size, 2 * number + 3))
    return len(files), sum(size for _, size in files)


def differences(one, two):
    """Relative paths that are not in both with the same bytes."""
    paths = {p.relative_to(root) for root in (one, two) for p in root.rglob('*') if p.is_file()}
    return sorted(str(p) for p in paths
                  if not (one / p).is_file() or not (two / p).is_file()
                  or not filecmp.cmp(one / p, two / p, shallow=False))


def wait_quietly(condition, seconds):
    try:
        return wait(condition, seconds, '')
    except TimeoutError:
        return None


class Window:
    """One instance of the program, and what a person does with it."""

    def __init__(self, session, program, name, folder, known_node, size=(590, 640)):
        self.session = session
        self.name = name
        self.home = folder / 'home'
        self.home.mkdir(parents=True)
        self.downloads = self.home / 'Downloads'
        # As if it had been left at this size: what a person's resize does is not this test's matter.
        (folder / 'data').mkdir(mode=0o700)
        (folder / 'data/settings.ini').write_text('[bytestag]\nwindow-width={}\nwindow-height={}\n'.format(*size))
        self.process = session.spawn(program, '--data', folder / 'data', '--known-node', known_node,
                                     env={'HOME': str(self.home)}, log=folder / 'log')
        self.window = session.window('Bytestag', self.process)
        session.place(self.window, *PLACES[name])
        self.app = session.application(self.process)
        self.frame = session.find(self.app, 'frame')

    def find(self, role, name, seconds=SECONDS):
        self.check()
        return self.session.find(self.frame, role, name, seconds)

    def press(self, name, role='push button', seconds=SECONDS):
        self.session.press(self.find(role, name, seconds))

    def page(self, name):
        self.press(f'_?{name}', 'page tab')

    def picture(self, path):
        self.session.park()
        time.sleep(0.4)
        self.session.picture(path, self.window)

    def check(self):
        if self.process.poll() is not None:
            raise RuntimeError(f'window {self.name} ended with {self.process.returncode}:\n'
                               f'{self.process.log.read_text()}')

    def close(self):
        self.session.focus(self.window)
        self.session.key('ctrl+q')
        self.process.wait(SECONDS)
        if self.process.returncode != 0:
            raise RuntimeError(f'window {self.name} ended with {self.process.returncode}:\n'
                               f'{self.process.log.read_text()}')
        log = self.process.log.read_text(errors='replace')
        bad = [line for line in log.splitlines()
               if 'CRITICAL' in line or 'WARNING' in line and not any(known in line for known in KNOWN_WARNINGS)]
        if bad:
            raise RuntimeError(f'window {self.name} complained:\n' + '\n'.join(bad))


class Drive:
    def __init__(self, session, build, output):
        self.session = session
        self.build = build
        self.output = output
        self.started = time.monotonic()

    def say(self, text):
        spent = time.monotonic() - self.started
        if spent > LIMIT_SECONDS:
            raise TimeoutError(f'over {LIMIT_SECONDS} s')
        print(f'{spent:5.1f} s  {text}', flush=True)

    def start_nodes(self, count):
        """Nodes that know the first one; returns its address."""
        known = None
        for number in range(1, count + 1):
            folder = self.output / 'nodes' / str(number)
            folder.mkdir(parents=True)
            arguments = ['--known-node', known] if known else []
            node = self.session.spawn(self.build / 'src/cli/bytestag-node', 'run', '--json', '--host', '127.0.0.1',
                                      '--lend', '2GiB', '--data', folder / 'data', *arguments, log=folder / 'log')
            ready = wait(lambda node=node: self.ready_line(node), SECONDS, f'node {number} ready')
            known = known or ready['address']
        self.say(f'{count} nodes run; the first is {known}')
        return known

    @staticmethod
    def ready_line(node):
        if node.poll() is not None:
            raise RuntimeError(f'a node ended with {node.returncode}:\n{node.log.read_text()}')
        for line in node.log.read_text().splitlines():
            if '"ready"' in line:
                return json.loads(line)
        return None

    def open(self, name, known_node, **options):
        window = Window(self.session, self.build / 'src/app/bytestag', name, self.output / name.lower(), known_node,
                        **options)
        self.say(f'window {name} is open')
        return window

    def start_again(self, window):
        """A second start on the folder of a window shows that window, and ends."""
        again = self.session.spawn(self.build / 'src/app/bytestag', '--data', self.output / window.name.lower() / 'data',
                                   log=self.output / 'again.log')
        again.wait(SECONDS)
        if again.returncode != 0:
            raise RuntimeError(f'a second start ended with {again.returncode}:\n{again.log.read_text()}')
        window.check()
        self.say(f'a second start on its folder reached window {window.name}')

    def drag_into(self, window, folder):
        source = self.session.spawn(self.build / 'tests/display/drag-source', folder)
        handle = self.session.window('Drag Source', source)
        self.session.place(handle, 20, 800)
        self.session.application(source)
        start, end = (self.center(item) for item in (handle, window.window))

        def look():
            wait(lambda: self.session.find_all(window.frame, 'label', 'Drop to Share'), SECONDS, 'what a drop will do')
            self.session.picture(self.output / 'a-drop.png', window.window)
        self.session.drag(start, end, over=look)
        wait(lambda: 'taken' in source.log.read_text(), SECONDS, 'the drop')
        source.terminate()

    def center(self, window):
        x, y, width, height = self.session.geometry(window)
        return x + width // 2, y + height // 2

    def share(self, window, folder):
        self.drag_into(window, folder)
        self.say(f'dragged {folder.name} into window {window.name}')
        window.find('label', r'60 files, .*')
        copy = wait(lambda: next((b for b in self.session.find_all(window.frame, 'push button', 'Copy Link')
                                  if b.get_state_set().contains(self.session.atspi.StateType.SENSITIVE)), None),
                    SECONDS, 'Copy Link')
        window.picture(self.output / 'a-shared.png')
        # The toast that says it is gone after 5 s; who missed it copies again.
        wait(lambda: self.session.press(copy) and wait_quietly(
            lambda: self.session.find_all(window.frame, 'label', 'Link to .* copied'), 4), SECONDS, 'link copied')
        self.say('hashed; link copied')

    def paste(self, window):
        self.session.focus(window.window)
        self.session.key('ctrl+v')
        dialog = self.session.find(window.app, None, 'Open Link')
        button = self.session.find(dialog, 'push button', 'Download')
        self.session.picture(self.output / 'b-open-link.png', self.session.window('Open Link', window.process))
        self.session.press(button)
        self.say('pasted the link into window B and agreed')

    def watch_download(self, window):
        row = window.find('panel', 'shared folder')
        said = None
        is_seen = False
        while True:
            status = next((n.get_name() for n in self.session.find_all(row, 'status bar')), '')
            progress = next((t for t in self.session.labels(row) if ' of ' in t), '')
            if (progress or status) != said:
                said = progress or status
                self.say(f'window {window.name}: {said}')
            if status.startswith('Complete'):
                break
            if status.startswith('Failed'):
                raise RuntimeError(status)
            if not is_seen and self.session.find_all(row, 'level bar', 'Pieces'):
                is_seen = True
                window.picture(self.output / 'b-downloading.png')
            time.sleep(0.5)
            window.check()
        window.picture(self.output / 'b-downloads.png')

    def taken_slots(self, window):
        strips = self.session.find_all(window.frame, None, 'Slots')
        return sum(int(strip.get_description().split(' ', 1)[0]) for strip in strips)

    def look_at_network(self, window):
        window.page('Network')
        window.find('status bar', r'Connected: \d+ peers?')
        buckets = wait(lambda: self.session.find_all(window.frame, 'panel', r'Bucket \d+'), SECONDS, 'buckets')
        wait(lambda: self.taken_slots(window) >= N_NODES, SECONDS, 'nodes in the slots of the buckets')
        window.picture(self.output / f'{window.name.lower()}-buckets.png')
        window.press('Peers', 'page tab')
        peers = wait(lambda: self.session.find_all(window.frame, 'panel', r'\d+\.\d+\.\d+\.\d+:\d+'), SECONDS, 'peers')
        window.picture(self.output / f'{window.name.lower()}-peers.png')
        window.press('This Node', 'page tab')
        window.find('push button', 'Copy Node ID')
        window.find('list item', r'Datagrams received: .*[1-9].*')
        window.picture(self.output / f'{window.name.lower()}-node.png')
        if len(peers) < N_NODES:
            raise RuntimeError(f'{len(peers)} peers, of {N_NODES} nodes')
        self.say(f'the network page of window {window.name} shows {len(peers)} peers in {len(buckets)} buckets')


def drive(session, build, output):
    self = Drive(session, build, output)
    folder = output / 'shared folder'
    n_files, n_bytes = make_folder(folder)
    self.say(f'made {n_files} files, {n_bytes} bytes')
    known = self.start_nodes(N_NODES)
    a = self.open('A', known)
    b = self.open('B', known)
    self.start_again(a)
    self.share(a, folder)
    self.paste(b)
    self.watch_download(b)
    got = b.downloads / folder.name
    wrong = differences(folder, got)
    if wrong:
        raise RuntimeError(f'{len(wrong)} files differ: {", ".join(wrong[:5])}')
    self.say('compared byte for byte')
    self.look_at_network(b)
    self.look_at_network(a)
    a.close()
    b.close()
    self.say('both windows closed')
    print(f'OK: {n_files} files, {round(n_bytes / 1e6)} MB, equal', flush=True)


def demo(session, build, output):
    self = Drive(session, build, output)
    known = self.start_nodes(20)
    a = self.open('A', known, size=(860, 640))
    self.look_at_network(a)
    folder = output / 'Photos of the summer'
    make_folder(folder)
    a.page('Shared')
    self.share(a, folder)
    a.close()
    print('OK: a window on a local network of 20 nodes', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=Path, required=True, help='build folder of the programs')
    parser.add_argument('--output', type=Path, required=True, help='made anew; for data folders, logs, pictures')
    parser.add_argument('--demo', action='store_true')
    options = parser.parse_args()
    build, output = options.build.resolve(), options.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    env = {'GSETTINGS_SCHEMA_DIR': str(build / 'data')}
    for name in ('ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS', 'G_SLICE', 'ADW_DEBUG_COLOR_SCHEME'):
        if name in os.environ:
            env[name] = os.environ[name]
    with Session(output, env=env) as session:
        try:
            (demo if options.demo else drive)(session, build, output)
        except (RuntimeError, TimeoutError, OSError) as error:
            session.keep_evidence()
            print(f'FAILED: {error}\nEvidence is in {output / "failed"}', flush=True)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program starts, alone and a second time, well and badly. As TAP.

start.py --build FOLDER --output FOLDER
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from desktop import SECONDS, Session, wait

LINK = 'bytestag:?xt=urn:bstagih:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT&dn=Some%20photos&xl=41000000'


class Starts:
    def __init__(self, session, build, output):
        self.session = session
        self.program = build / 'src/app/bytestag'
        self.node = build / 'src/cli/bytestag-node'
        self.output = output

    def run(self, *arguments):
        """A start that ends by itself: its status and what it said."""
        done = subprocess.run([str(self.program), *map(str, arguments)], env=self.session.env, capture_output=True,
                              text=True, timeout=SECONDS, check=False)
        return done.returncode, done.stdout + done.stderr

    def open(self, *arguments):
        process = self.session.spawn(self.program, *arguments)
        self.session.window('Bytestag', process)
        return process, self.session.application(process)

    def text(self, app, pattern):
        return self.session.find(app, 'label|status bar', pattern)

    def close(self, process):
        self.session.focus(self.session.window('Bytestag', process))
        self.session.key('ctrl+q')
        assert process.wait(SECONDS) == 0, process.log.read_text()

    def second_start_shows_its_link_in_the_first_window(self):
        process, app = self.open()
        self.session.find(app, 'label', 'Share Files and Folders')
        status, said = self.run(LINK)
        assert (status, said) == (0, ''), (status, said)
        dialog = self.session.find(app, None, 'Open Link')
        self.session.find(dialog, 'label', 'Some photos')
        self.session.find(dialog, 'label', '41.0\xa0MB')
        status, said = self.run('--port', '4820')
        assert status == 0 and 'already running' in said, (status, said)
        self.session.press(self.session.find(dialog, 'push button', 'Cancel'))
        self.close(process)

    def first_start_shows_its_link(self):
        process, app = self.open('--data', self.output / 'linked', LINK)
        self.session.find(app, 'label', 'Some photos')
        process.terminate()
        process.wait(SECONDS)

    def bad_link_is_explained(self):
        process, app = self.open('--data', self.output / 'bad link', 'https://example.org/')
        self.text(self.session.find(app, None, 'Open Link'), 'A link starts with .*')
        process.terminate()
        process.wait(SECONDS)

    def second_start_on_a_folder_reaches_its_window(self):
        folder = self.output / 'one window'
        process, app = self.open('--data', folder)
        linked = self.output / 'another name of it'
        linked.symlink_to(folder)
        status, said = self.run('--data', linked, LINK)
        assert (status, said) == (0, ''), (status, said)
        dialog = self.session.find(app, None, 'Open Link')
        self.session.find(dialog, 'label', 'Some photos')
        self.session.press(self.session.find(dialog, 'push button', 'Cancel'))
        self.close(process)

    def folder_in_use_is_said_and_tried_again(self):
        folder = self.output / 'shared data & <b>'
        node = self.session.spawn(self.node, 'run', '--json', '--host', '127.0.0.1', '--lend', '2GiB', '--data', folder,
                                  log=self.output / 'node.log')
        wait(lambda: '"ready"' in node.log.read_text(), SECONDS, 'the node')
        process, app = self.open('--data', folder)
        self.text(app, 'Bytestag Cannot Start')
        self.text(app, f'.*data folder {folder}.*')
        node.terminate()
        node.wait(SECONDS)
        self.session.press(self.session.find(app, 'push button', 'Try Again'))
        self.session.find(app, 'label', 'Share Files and Folders')
        self.close(process)

    def port_in_use_is_said_and_tried_again(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(('0.0.0.0', 0))
            port = taken.getsockname()[1]
            process, app = self.open('--data', self.output / 'port', '--port', port)
            self.text(app, 'Bytestag Cannot Start')
            self.text(app, f'.*{port}.*')
        self.session.press(self.session.find(app, 'push button', 'Try Again'))
        self.session.find(app, 'label', 'Share Files and Folders')
        self.close(process)

    def bad_options_are_refused(self):
        status, said = self.run('--port', '70000')
        assert status != 0 and 'from 0 to 65535' in said, (status, said)
        status, said = self.run('--nonsense')
        assert status != 0 and 'nonsense' in said, (status, said)
        status, said = self.run('--version')
        assert status == 0 and said.startswith('bytestag '), (status, said)

    def settings_of_a_data_folder_last(self):
        folder = self.output / 'settings'
        process, app = self.open('--data', folder)
        self.session.focus(self.session.window('Bytestag', process))
        self.session.key('ctrl+comma')
        dialog = self.session.find(app, None, 'Preferences')
        entry = self.session.find(dialog, 'text', 'Add an address.*')
        self.session.click_on(self.session.window('Preferences', process), dialog, entry)
        self.session.type('192.0.2.7:4820')
        self.session.key('Return')
        self.session.find(dialog, 'label', r'192\.0\.2\.7:4820')
        wait(lambda: '192.0.2.7:4820' in (folder / 'settings.ini').read_text(), SECONDS, 'the setting')
        process.terminate()
        process.wait(SECONDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    options = parser.parse_args()
    build, output = options.build.resolve(), options.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    env = {'GSETTINGS_SCHEMA_DIR': str(build / 'data')}
    env.update({name: os.environ[name] for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS') if name in os.environ})
    cases = [name for name, value in vars(Starts).items() if callable(value)
             and name not in ('__init__', 'run', 'open', 'text', 'close')]
    failed = 0
    print(f'1..{len(cases)}')
    with Session(output, env=env) as session:
        starts = Starts(session, build, output)
        for number, name in enumerate(cases, 1):
            try:
                getattr(starts, name)()
                print(f'ok {number} {name}', flush=True)
            except (AssertionError, RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as error:
                session.keep_evidence()
                failed += 1
                print(f'not ok {number} {name}')
                print('\n'.join(f'# {line}' for line in f'{type(error).__name__}: {error}'.splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

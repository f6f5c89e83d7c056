#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs crash-full-disk on a disk of its own of 32 MB, as TAP. That takes a namespace of
mounts: of root, or of anybody where the system lets people have one."""

import os
import subprocess
import sys
import tempfile

COMMAND = 'mount -t tmpfs -o size=32m,mode=0700 none "$CRASH_FOLDER" && exec "$BYTESTAG_CRASH_FULL_DISK" --tap'


def main():
    unshare = ['unshare', '-m'] if os.geteuid() == 0 else ['unshare', '-Urm']
    with tempfile.TemporaryDirectory(prefix='bytestag-full-disk-') as folder:
        os.environ['CRASH_FOLDER'] = folder
        trial = subprocess.run([*unshare, 'mount', '-t', 'tmpfs', 'none', folder], capture_output=True, text=True)
        if trial.returncode != 0:
            print('1..0 # SKIP no namespace of mounts: ' + trial.stderr.strip().replace('\n', ' '))
            return 0
        return subprocess.run([*unshare, 'sh', '-c', COMMAND]).returncode


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks each rule of lint.py in a tree of its own and looks for the complaint, as TAP."""

import subprocess
import sys
import tempfile
from pathlib import Path

LINT = Path(__file__).with_name('lint.py')
SPDX = '/* SPDX-License-Identifier: GPL-3.0-or-later */\n'
GOOD = {
    'src/core/key.h': SPDX + '#pragma once\nint key (void);\n',
    'src/core/key.c': SPDX + '#include "core/key.h"\nint\nkey (void)\n{\n  return 1;\n}\n',
    'src/core/limits.h': SPDX + '#pragma once\n#define BYTESTAG_LIMIT_KEYS 5\n',
    'src/app/window.c': SPDX + '#include "core/key.h"\n#include <gtk/gtk.h>\n',
    'ui/window.ui': '<interface><property translatable="yes">a</property></interface>',
    'ui/bytestag.gresource.xml': '<gresources><file>window.ui</file></gresources>',
    'tests/unit/key.c': SPDX + 'int n = BYTESTAG_LIMIT_KEYS;\n',
    'po/POTFILES': 'ui/window.ui\n',
    'tests/fuzz/meson.build': "fuzz_targets = {\n  'key': [core_dep],\n}\nleaky_targets = []\n",
    'tests/fuzz/dict/key.dict': '"a"\n',
    'tests/fuzz/corpus/key/a': 'a',
    'tests/tools/run-fuzzers.py': "# SPDX-License-Identifier: GPL-3.0-or-later\nMAX_LEN = {'key': 20}\nLEAKY = set()\n",
}
# What is written over the good tree, and the words of the complaint.
BROKEN = [
    ('src/core/key.c', SPDX + '#include "dht/network.h"\n', 'core may not include dht/network.h'),
    ('src/core/key.c', SPDX + '#include "key.h"\n', 'say "room/header.h"'),
    ('src/core/meson.build', 'core_dep = [glib_dep, wire_dep]\n', 'core may not link wire'),
    ('src/cli/meson.build', 'x = [client_dep, gtk_dep]\n', 'cli may not link gtk_dep'),
    ('src/dht/view.c', SPDX + '#include <gtk/gtk.h>\n', 'GTK exists in app alone'),
    ('src/core/long.c', SPDX + '\n' * 900, 'lines, at most 800'),
    ('src/core/long.c', SPDX + 'int\nlong_one (void)\n{\n' + '  key ();\n' * 70 + '}\n', 'long_one has'),
    ('src/dht/timer.c', SPDX + 'void f (void) { g_timeout_add (1, 0, 0); }\n', 'g_timeout_add'),
    ('src/sharing/task.c', SPDX + 'void f (void) { g_task_new (0, 0, 0, 0); }\n', 'g_task_new'),
    ('src/app/sum.c', SPDX + 'void f (void) { g_compute_checksum_for_data (1, 0, 0); }\n', 'g_compute_checksum_for_data'),
    ('src/app/words.c', SPDX + 'const char *f (void) { return _("word"); }\n', 'src/app/words.c is missing'),
    ('src/core/bad.c', SPDX + 'void f (void) { g_set_error (e, D, 1,\n  "It is “%s”", x); }\n', 'not translated: It is'),
    ('src/core/bad.c', SPDX + 'int f (void) { return refuse (e, "No link"); }\n', 'not translated: No link'),
    ('src/core/bad.c', SPDX + 'int f (void) { return refuse (e, _("No link.")); }\n', 'adds the full stop'),
    ('po/POTFILES', 'ui/window.ui\nui/gone.ui\n', 'ui/gone.ui does not exist'),
    ('ui/window.ui', '<interface>', 'ui/window.ui: '),
    ('ui/other.ui', '<interface/>', 'in no gresource'),
    ('src/core/bare.h', '#pragma once\n', 'no SPDX line'),
    ('src/core/bare.h', SPDX, 'no #pragma once'),
    ('src/core/late.c', SPDX + '/* TO' + 'DO: later */\n', 'late.c:2'),
    ('tests/unit/key.c', SPDX + 'void f (void) { g_assert (1); }\n', 'g_assert can be compiled out'),
    ('tests/unit/key.c', SPDX + '/* BYTESTAG_LIMIT_KEYS */\nint n = BYTESTAG_LIMIT_KEYS_OF_ALL;\n', 'no test names BYTESTAG_LIMIT_KEYS'),
    ('src/core/limits.h', SPDX + '#pragma once\n#define BYTESTAG_LIMIT_KEYS 5\n#define BYTESTAG_LIMIT_NEW 6\n',
     'no test names BYTESTAG_LIMIT_NEW'),
    ('tests/tools/run-fuzzers.py', 'MAX_LEN = {}\nLEAKY = set()\n', 'nothing for the target key'),
    ('tests/tools/run-fuzzers.py', "MAX_LEN = {'key': 20}\nLEAKY = {'key'}\n", 'not the same targets leak'),
    ('tests/fuzz/dict/other.dict', '"a"\n', 'there is no target other'),
    ('tests/unit/key.c', SPDX + 'void f (void) { g_usleep (1); }\n', 'a test does not sleep'),
]
ROOMS = ('core', 'wire', 'dht', 'storage', 'io', 'sharing', 'client', 'cli', 'app')


def lint(changes):
    with tempfile.TemporaryDirectory() as folder:
        tree = dict(GOOD)
        tree.update({f'src/{room}/meson.build': '' for room in ROOMS})
        tree.update(changes)
        for name, text in tree.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, str(LINT), folder], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    failed = 0
    print(f'1..{len(BROKEN) + 1}')
    status, output = lint({})
    cases = [(status == 0, 'a good tree passes', output)]
    for name, text, complaint in BROKEN:
        status, output = lint({name: text})
        cases.append((status == 1 and complaint in output, f'{name}: {complaint}', output))
    for number, (good, name, output) in enumerate(cases, 1):
        failed += not good
        print(f'{"ok" if good else "not ok"} {number} {name}')
        if not good:
            print('\n'.join('#   ' + line for line in output.splitlines()))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

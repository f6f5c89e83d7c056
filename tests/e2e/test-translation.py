#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a room deep in the engine says is shown in the language of the person."""

import os
import subprocess
import sys

from harness import Process, assert_refused, run_tests

NODE = os.environ['BYTESTAG_TRANSLATED_NODE']
MSGFMT = os.environ['BYTESTAG_MSGFMT']

CATALOGUE = r'''
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"

msgid "A link starts with “%s:” or “%s:”"
msgstr "Ĉiu ligilo komenciĝas per “%s:” aŭ “%s:”"
'''


def a_sentence_is_translated(folder):
    catalogues = folder / 'xx' / 'LC_MESSAGES'
    catalogues.mkdir(parents=True)
    subprocess.run([MSGFMT, '-o', catalogues / 'bytestag.mo', '-'], input=CATALOGUE, encoding='utf-8', check=True)
    command = [NODE, 'get', 'nonsense', '--data', str(folder / 'data')]
    environment = {**os.environ, 'BYTESTAG_TEST_LOCALE_DIR': str(folder)}

    assert_refused(Process(command, env={**environment, 'LANGUAGE': 'xx'}), ['Ĉiu ligilo', '“bytestag:” aŭ “magnet:”'])
    assert_refused(Process(command, env={**environment, 'LANGUAGE': ''}), ['A link starts with'])


if __name__ == '__main__':
    sys.exit(run_tests([a_sentence_is_translated]))

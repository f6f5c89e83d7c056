#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads is in a person's words, but for the Network page. As TAP.

Usage: jargon.py SOURCE_ROOT
"""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(sys.argv[1])
# Where the field's own words are used on purpose.
NETWORK = {'network-page', 'bucket-row', 'bucket-strip', 'counter-row', 'peer-row', 'node-mark'}
# A word, and what a person calls it.
WORDS = {
    r'info ?files?': 'collection', r'parts?': 'piece', r'chunks?': 'piece', r'replicas?': 'online copies',
    r'holders?': 'online copies', r'neighbou?rs?': 'space for others', r'cache[ds]?': 'space for others',
    r'seed(er|er?s|ing)?': 'people who have it', r'catalogues?': 'list of shares', r'repair(ed|ing)?': 'send again',
    r'buckets?': None, r'rpcs?': None, r'xor': None, r'shortlists?': None, r'dht': None, r'hash(es|ed|ing)?': None,
    r'nodes?': 'computer', r'peers?': 'people',
}


def texts_of_ui(path):
    for element in ET.parse(path).iter():
        if element.get('translatable') in ('yes', 'true', '1') and element.text:
            yield element.text


def texts_of_c(path):
    source = re.sub(r'/\*.*?\*/', '', path.read_text(encoding='utf-8'), flags=re.S)
    for call in re.finditer(r'\b(?:N?_|ngettext) \(((?:[^()"]|"(?:\\.|[^"\\])*")*)\)', source):
        yield ''.join(re.findall(r'"((?:\\.|[^"\\])*)"', call[1]))


def main():
    texts = 0
    problems = []
    for path in sorted((ROOT / 'ui').glob('*.ui')) + sorted((ROOT / 'src/app').glob('*.c')):
        if path.stem in NETWORK:
            continue
        for text in texts_of_ui(path) if path.suffix == '.ui' else texts_of_c(path):
            texts += 1
            for word, instead in WORDS.items():
                # The name of the program and of its options is no word of the text.
                plain = re.sub(r'bytestag-node|--known-node', '', text.replace('_', ''))
                if re.search(rf'\b{word}\b', plain, re.I):
                    problems.append(f'{path.name}: “{text}” says {word}' + (f', say {instead}' if instead else ''))
    print('1..2')
    print(f"{'ok' if texts > 80 else 'not ok'} 1 texts were found")
    print(f"{'ok' if not problems else 'not ok'} 2 no jargon outside the Network page")
    for problem in problems:
        print(f'#   {problem}')
    return 1 if problems or texts <= 80 else 0


if __name__ == '__main__':
    sys.exit(main())

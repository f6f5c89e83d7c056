#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs libFuzzer targets, two at a time, and says what came of each.

Usage: run-fuzzers.py --seconds N [--keep [SEEDS]] [--counts FILE] BUILD TARGET…

Each begins with tests/fuzz/corpus/TARGET and what earlier runs left in
BUILD/found/TARGET, and leaves what it finds there, and beside it what made it crash.
--keep takes into the corpus what adds edges to it, also of SEEDS/TARGET (see
tests/fuzz/make-inputs.py). --counts FILE: writes "PASSED FAILED". Exits 1 when any
crashed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FUZZ = Path(__file__).resolve().parent.parent / 'fuzz'
TOGETHER = 2
CORPUS_FILES = 99

# The longest input: what a datagram or a line of that kind needs, so that fuzzers do
# not spend their time on length. The bounds beyond have unit tests.
MAX_LEN = {'control': 2048, 'datagram': 4096, 'deflate': 4096, 'inflate': 4096, 'info': 4096, 'link': 1024, 'lists': 2048,
           'lookup': 8192, 'message': 4096, 'node': 4096, 'node-list': 2048, 'record': 1024,
           'safe-name': 512, 'scanner': 2048, 'state': 1024}
# json-glib 1.6 leaks when it refuses a text.
LEAKY = {'control', 'scanner'}
OPTIONS = ['-timeout=5', '-rss_limit_mb=1024', '-print_final_stats=1']


def environment(build, name):
    leaks = 0 if name in LEAKY else 1
    return {**os.environ, 'G_SLICE': 'always-malloc', 'GSETTINGS_BACKEND': 'memory',
            'GSETTINGS_SCHEMA_DIR': str(build / 'data'), 'UBSAN_OPTIONS': 'print_stacktrace=1:halt_on_error=1',
            'ASAN_OPTIONS': f'detect_leaks={leaks}'}


def run(build, name, arguments, log):
    command = [build / 'tests' / 'fuzz' / f'fuzz-{name}', f'-detect_leaks={0 if name in LEAKY else 1}', *OPTIONS,
               *arguments]
    with open(log, 'w') as output:
        return subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment(build, name)).returncode


def fuzz(build, name, seconds):
    """The line to print, and whether all was well."""
    found = build / 'found' / name
    found.mkdir(parents=True, exist_ok=True)
    log = found.with_suffix('.log')
    before = len(list(found.iterdir()))
    status = run(build, name, [f'-max_total_time={seconds}', f'-max_len={MAX_LEN[name]}',
                               f'-dict={FUZZ / "dict" / name}.dict', f'-artifact_prefix={found}-', found,
                               FUZZ / 'corpus' / name], log)
    text = log.read_text(errors='replace')
    inputs = re.search(r'^stat::number_of_executed_units: *(\d+)', text, re.M)
    edges = re.findall(r'\bcov: (\d+)', text)
    numbers = (f'{inputs[1] if inputs else 0} inputs, {edges[-1] if edges else 0} edges, '
               f'{len(list(found.iterdir())) - before} new')
    if status == 0:
        return f'fuzz {name}: {numbers}, no crash', True
    artefact = re.search(r'Test unit written to (\S+)', text)
    tail = '\n'.join(text.splitlines()[-40:])
    return f'{tail}\nfuzz {name}: {numbers}, crashed: {artefact[1] if artefact else log}', False


def keep(build, name, seeds):
    corpus = FUZZ / 'corpus' / name
    corpus.mkdir(parents=True, exist_ok=True)
    sources = [folder for folder in (build / 'found' / name, seeds / name if seeds else None)
               if folder and folder.is_dir()]
    before = set(corpus.iterdir())
    for path in (seeds / name).glob('many-*') if seeds else ():
        shutil.copy(path, corpus)
    # Edges alone, without how often each was passed: few files, for each to be read by someone.
    status = run(build, name, ['-merge=1', '-use_counters=0', corpus, *sources], build / 'found' / f'{name}-merge.log')
    added = sorted(set(corpus.iterdir()) - before, key=lambda path: path.stat().st_size)
    for path in added[max(CORPUS_FILES - len(before), 0):]:
        path.unlink()
    return f'keep {name}: {len(list(corpus.iterdir()))} files, {len(before)} before', status == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seconds', type=int, required=True)
    parser.add_argument('--keep', nargs='?', const='', metavar='SEEDS')
    parser.add_argument('--counts', type=Path)
    parser.add_argument('build', type=Path)
    parser.add_argument('targets', nargs='+')
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in MAX_LEN]
    if unknown:
        parser.error(f'no length is known for {", ".join(unknown)}')
    build = options.build.resolve()
    seeds = Path(options.keep).resolve() if options.keep else None

    def work(name):
        line, good = fuzz(build, name, options.seconds) if options.seconds > 0 else ('', True)
        if good and options.keep is not None:
            kept, good = keep(build, name, seeds)
            line = '\n'.join(filter(None, [line, kept]))
        print(line, flush=True)
        return good

    with ThreadPoolExecutor(TOGETHER) as pool:
        results = list(pool.map(work, options.targets))
    if options.counts:
        options.counts.write_text(f'{results.count(True)} {results.count(False)}\n')
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())

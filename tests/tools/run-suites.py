#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Meson suites of several build folders and says what came of them.

Usage: run-suites.py --summary FILE [--add PASSED FAILED] BUILD:SUITE[,SUITE…]…

Every suite prints one line: cases passed and failed, and minutes. A TAP test
counts as its cases, any other test as one. Adds the counts to FILE (JSON), so
that a caller may run it several times; `run-suites.py --total FILE` prints
"N passed, N failed" and exits 1 when any failed or none ran.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path


def count(entry):
    """Cases passed and failed of one test of Meson's log."""
    good = entry['result'] in ('OK', 'EXPECTEDFAIL')
    if entry['result'] == 'SKIP':
        return 0, 0, 1
    passed = failed = skipped = 0
    for line in (entry.get('stdout') or '').splitlines():
        match = re.match(r'(not )?ok \d+(.*)', line)
        if match and '# SKIP' in match[2].upper():
            skipped += 1
        elif match and match[1]:
            failed += 1
        elif match:
            passed += 1
    if passed + failed + skipped == 0:
        return int(good), int(not good), 0
    # A program that crashed after its last case, or before its plan was done.
    if not good and failed == 0:
        failed = 1
    return passed, failed, skipped


def run_suite(build, suite):
    started = time.monotonic()
    name = f'suite-{suite}'
    command = ['meson', 'test', '-C', str(build), '--no-rebuild', '--suite', suite, '--logbase', name,
               '--print-errorlogs', '--num-processes', '2']
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    log = build / 'meson-logs' / f'{name}.json'
    entries = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
    counts = [count(entry) for entry in entries]
    passed, failed, skipped = (sum(column) for column in zip(*counts)) if counts else (0, 0, 0)
    if done.returncode != 0 and failed == 0:
        failed = 1
    if not entries:
        failed = max(failed, 1)
    for entry, (_, bad, _) in zip(entries, counts):
        if bad:
            print(f'--- {entry["name"]}: {entry["result"]}')
        for line in (entry.get('stdout') or '').splitlines():
            if re.fullmatch(r'# \w+: \d+ cases', line):
                print('  ' + line[2:])
    if failed:
        print(done.stdout[-20000:])
    minutes = (time.monotonic() - started) / 60
    extra = f', {skipped} skipped' if skipped else ''
    print(f'{suite:10} ({build.name}): {passed} of {passed + failed} cases passed{extra}, {minutes:.1f} min', flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--summary', type=Path)
    parser.add_argument('--total', type=Path)
    parser.add_argument('--add', type=int, nargs=2, default=(0, 0), metavar=('PASSED', 'FAILED'))
    parser.add_argument('runs', nargs='*')
    options = parser.parse_args()
    if options.total:
        totals = json.loads(options.total.read_text())
        print(f'{totals["passed"]} passed, {totals["failed"]} failed')
        return 0 if totals['failed'] == 0 and totals['passed'] > 0 else 1
    totals = {'passed': 0, 'failed': 0}
    if options.summary.is_file():
        totals = json.loads(options.summary.read_text())
    totals['passed'] += options.add[0]
    totals['failed'] += options.add[1]
    for run in options.runs:
        build, suites = run.rsplit(':', 1)
        for suite in suites.split(','):
            passed, failed = run_suite(Path(build), suite)
            totals['passed'] += passed
            totals['failed'] += failed
    options.summary.write_text(json.dumps(totals))
    return 0


if __name__ == '__main__':
    sys.exit(main())

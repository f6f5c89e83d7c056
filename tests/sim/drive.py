#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs scenarios of the simulator, several at a time.

Usage: drive.py PROGRAM report [SEEDS]
       drive.py PROGRAM soak MINUTES

report: every scenario at its full size with SEEDS seeds (3), and a table of the
means; exit status 1 when one misses its limit. soak: fresh seeds in turn at the size
of the test command, until the time is over; each failure is said with the command that
shows it again.
"""

import itertools
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

# Alone on the machine, since they measure time.
ALONE = {'speed'}


def list_scenarios(program):
    lines = subprocess.run([program, '--list'], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split('\t')[0] for line in lines]


def run(program, scenario, seed, *options):
    """Exit status, [(what, value, bound, limit)], and what it complained of."""
    done = subprocess.run([program, '--scenario', scenario, '--seed', str(seed), *options],
                          capture_output=True, text=True)
    metrics = []
    for line in done.stdout.splitlines():
        what, value, bound, limit = line.split('\t')
        metrics.append((what, float(value), bound, float(limit)))
    return done.returncode, metrics, done.stderr.strip()


def show(scenario, metrics_of_seeds):
    """Prints a line for the mean of each metric; how many miss their limit."""
    missed = 0
    for metrics in zip(*metrics_of_seeds):
        what, _, bound, limit = metrics[0]
        mean = sum(metric[1] for metric in metrics) / len(metrics)
        holds = mean <= limit if bound == 'at most' else mean >= limit
        missed += not holds
        print(f'{scenario:15} {what:50} {mean:12.6g}   {bound:8} {limit:10g}   {"ok" if holds else "MISSED"}', flush=True)
    return missed


def report(program, seeds):
    """The table; how many limits are missed, crashes included."""
    missed = 0
    scenarios = list_scenarios(program)
    results = {scenario: [] for scenario in scenarios}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(run, program, scenario, seed): (scenario, seed)
                for scenario in scenarios if scenario not in ALONE for seed in range(1, seeds + 1)}
        for job in as_completed(jobs):
            scenario, seed = jobs[job]
            results[scenario].append((seed, *job.result()))
    for scenario in ALONE.intersection(scenarios):
        results[scenario] = [(seed, *run(program, scenario, seed)) for seed in range(1, seeds + 1)]
    print(f'{"scenario":15} {"what, mean over seeds":50} {"value":>12}   {"limit":19}')
    for scenario in scenarios:
        good = [metrics for _, _, metrics, _ in results[scenario] if metrics]
        for seed, status, metrics, complaint in results[scenario]:
            if not metrics:
                missed += 1
                print(f'{scenario:15} seed {seed} ended with status {status}:\n{complaint}')
        missed += show(scenario, good)
    print(f'{missed} missed')
    return missed


def soak(program, minutes):
    """How many runs failed."""
    end = time.monotonic() + 60 * minutes
    first = int(time.time())
    turns = ((scenario, seed) for seed in itertools.count(first) for scenario in list_scenarios(program)
             if scenario not in ALONE)
    runs = failures = 0

    def work(turn):
        if time.monotonic() < end:
            return turn, run(program, *turn, '--small')
        return turn, None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while time.monotonic() < end:
            for (scenario, seed), result in pool.map(work, itertools.islice(turns, 2 * os.cpu_count())):
                if result is None:
                    continue
                status, metrics, complaint = result
                runs += 1
                # Limits are for means: a seed that misses one alone is shown, and no failure.
                if not metrics:
                    failures += 1
                    print(f'{complaint}\n./dev sim --scenario {scenario} --seed {seed} --small: status {status}', flush=True)
                elif status != 0:
                    print(f'./dev sim --scenario {scenario} --seed {seed} --small: a limit is missed', flush=True)
                    show(scenario, [metrics])
    print(f'{runs} runs, {failures} failed')
    return failures


def main():
    if len(sys.argv) < 3 or sys.argv[2] not in ('report', 'soak'):
        print(__doc__, file=sys.stderr)
        return 2
    program, verb, *rest = sys.argv[1:]
    if verb == 'report':
        return 1 if report(program, int(rest[0]) if rest else 3) else 0
    return 1 if soak(program, float(rest[0])) else 0


if __name__ == '__main__':
    sys.exit(main())

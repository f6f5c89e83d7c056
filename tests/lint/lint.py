#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house that a compiler does not check, as TAP.

Usage: lint.py SOURCE_ROOT [BUILD_ROOT]   (BUILD_ROOT: for compiler flags)
"""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
BUILD = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None

# What each room may include and link: the picture in README.md, arrows down only.
ROOMS = {
    'core': set(),
    'wire': {'core'},
    'dht': {'wire', 'core'},
    'storage': {'wire', 'core'},
    'io': {'core'},
    'sharing': {'dht', 'storage', 'wire', 'core'},
    'client': {'sharing', 'io', 'dht', 'storage', 'wire', 'core'},
    'cli': {'client', 'sharing', 'io', 'dht', 'storage', 'wire', 'core'},
    'app': {'client', 'sharing', 'io', 'dht', 'storage', 'wire', 'core'},
}
# Libraries outside the rooms that only some rooms know.
LIBRARIES = {
    'gtk_dep': {'app'},
    'adwaita_dep': {'app'},
    'libdeflate_dep': {'wire'},
    'json_dep': {'wire', 'client', 'cli'},
    'gio_unix_dep': {'io', 'client', 'cli'},
}
# The engine has no loop, no socket, no clock: it asks its ports.
ENGINE = ('core', 'wire', 'dht', 'storage', 'sharing')
BANNED = re.compile(
    r'\b(g_timeout_\w+|g_idle_\w+|g_get_(?:monotonic|real|current)_time|g_date_time_new_now\w*|g_random_\w+|'
    r'g_rand_\w+|rand|srand|random|time|gettimeofday|clock_gettime|g_usleep|usleep|sleep|nanosleep|'
    r'g_socket_\w+|GSocket|socket|sendto|recvfrom|GTask|g_task_\w+|g_thread_\w+|GThreadPool|pthread_\w+|'
    r'g_main_context_\w+|g_main_loop_\w+|GMainContext|GChecksum|g_checksum_\w+|g_compute_checksum_\w+|'
    r'gets|strcpy|strcat|sprintf|strtok|alloca|g_alloca)\b\s*(?=\()')
# Everywhere: unbounded string functions, and SHA-1 that does not use the CPU's.
BANNED_EVERYWHERE = re.compile(
    r'\b(gets|strcpy|strcat|sprintf|vsprintf|strtok|alloca|g_alloca|g_checksum_\w+|g_compute_checksum_\w+)\b\s*(?=\()')
# What makes an error, up to the end of its statement; its sentences reach people. That a bucket
# is full is said between two rooms alone, and often.
ERROR_MADE = re.compile(r'\b(?:g_set_error\w*|g_error_new\w*|g_prefix_error\w*|g_task_return_new_error|'
                        r'\w*fail_literal|\w*refuse|fail) \((?!.*BUCKET_FULL)[^;]*;')
SENTENCE = re.compile(r'(_ ?\()?"((?:[A-Z]|“)[^"]* [^"]*)"')
PLURALS = re.compile(r'g_dngettext \(GETTEXT_PACKAGE,\s*"[^"]*",\s*"[^"]*"')
MAX_FILE = 800
MAX_FUNCTION = 60

results = []


def check(name, problems):
    problems = list(problems)
    results.append(not problems)
    print(f"{'ok' if not problems else 'not ok'} {len(results)} {name}")
    for problem in problems[:50]:
        print(f'#   {problem}')
    sys.stdout.flush()


def files(folder, *suffixes):
    return sorted(p for p in (ROOT / folder).rglob('*') if p.suffix in suffixes and p.is_file())


def rel(path):
    return path.relative_to(ROOT)


def code_of(path):
    """The text without comments and string contents, lines kept."""
    text = path.read_text(encoding='utf-8')

    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    text = re.sub(r'/\*.*?\*/', blank, text, flags=re.S)
    text = re.sub(r'//[^\n]*', blank, text)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def layering():
    for room, allowed in ROOMS.items():
        for path in files(f'src/{room}', '.c', '.h'):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not match or match[1] == 'config.h':
                    continue
                target = match[1].split('/')
                if len(target) < 2:
                    if not match[1].startswith('bytestag-resources'):
                        yield f'{rel(path)}:{number}: say "room/header.h", not "{match[1]}"'
                elif target[0] != room and target[0] not in allowed:
                    yield f'{rel(path)}:{number}: {room} may not include {match[1]}'
                elif '-private.h' in match[1] and target[0] != room:
                    yield f'{rel(path)}:{number}: {match[1]} is private to {target[0]}'


def linking():
    for room, allowed in ROOMS.items():
        text = re.sub(r'#[^\n]*', '', (ROOT / 'src' / room / 'meson.build').read_text())
        for other in re.findall(r'\b([a-z]+)_(?:dep|lib)\b', text):
            if other in ROOMS and other != room and other not in allowed:
                yield f'src/{room}/meson.build: {room} may not link {other}'
        for library, rooms in LIBRARIES.items():
            if re.search(rf'\b{library}\b', text) and room not in rooms:
                yield f'src/{room}/meson.build: {room} may not link {library}'


def gtk_in_app_only():
    for path in files('src', '.c', '.h'):
        if rel(path).parts[1] != 'app' and re.search(r'#\s*include\s+<(gtk|adwaita|gdk)', path.read_text()):
            yield f'{rel(path)}: GTK exists in app alone'


def file_size():
    for path in files('src', '.c') + files('tests', '.c'):
        lines = len(path.read_text().splitlines())
        if lines > MAX_FILE:
            yield f'{rel(path)}: {lines} lines, at most {MAX_FILE}'


def function_size():
    sources = [str(p) for p in files('src', '.c')]
    if not sources:
        yield 'no sources'
        return
    out = subprocess.run(['ctags', '--languages=C', '--kinds-C=f', '--fields=+ne', '-o', '-'] + sources,
                         capture_output=True, text=True, check=True).stdout
    seen = 0
    for line in out.splitlines():
        if line.startswith('!'):
            continue
        fields = line.split('\t')
        extra = dict(f.split(':', 1) for f in fields[3:] if ':' in f)
        if 'line' not in extra or 'end' not in extra:
            continue
        seen += 1
        length = int(extra['end']) - int(extra['line'])
        if length > MAX_FUNCTION and not fields[0].endswith('class_init'):
            yield f'{rel(Path(fields[1]))}: {fields[0]} has {length} lines, at most {MAX_FUNCTION}'
    if not seen:
        yield 'ctags found no function: is it Universal Ctags?'


def banned_calls():
    for path in files('src', '.c', '.h'):
        rule = BANNED if rel(path).parts[1] in ENGINE else BANNED_EVERYWHERE
        for number, line in enumerate(code_of(path).splitlines(), 1):
            for match in rule.finditer(line):
                yield f'{rel(path)}:{number}: {match[1]}'


def flags_of(room):
    """The compiler and flags of a source of the room."""
    for entry in json.loads((BUILD / 'compile_commands.json').read_text()):
        source = (Path(entry['directory']) / entry['file']).resolve()
        if source.suffix == '.c' and source.is_relative_to(ROOT / 'src' / room):
            words = shlex.split(entry['command'])
            keep = [w for w in words if w.startswith(('-I', '-D', '-std', '-isystem', '-pthread'))]
            compiler = [w for w in words if not w.endswith('ccache')][0]
            return compiler, keep, entry['directory']
    return None


def headers_alone():
    jobs = []
    for room in ROOMS:
        headers = files(f'src/{room}', '.h')
        found = flags_of(room) if headers else None
        if headers and not found:
            yield f'src/{room}: no compile command found'
            continue
        jobs += [(header, *found) for header in headers]

    def compile_one(job):
        header, compiler, flags, folder = job
        text = f'#include "{header.relative_to(ROOT / "src")}"\n'
        done = subprocess.run([compiler, *flags, '-fsyntax-only', '-Wall', '-Werror', '-x', 'c', '-'], input=text,
                              capture_output=True, text=True, cwd=folder)
        return None if done.returncode == 0 else f'{rel(header)}: {done.stderr.strip().splitlines()[0]}'
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(compile_one, jobs))


def potfiles():
    listed = [line.strip() for line in (ROOT / 'po/POTFILES').read_text().splitlines()
              if line.strip() and not line.startswith('#')]
    for name in listed:
        if not (ROOT / name).is_file():
            yield f'po/POTFILES: {name} does not exist'
    for path in files('src', '.c'):
        if re.search(r'\b(_|N_|C_|ngettext|g_dngettext|g_dpgettext2?)\s*\(', code_of(path)) and str(rel(path)) not in listed:
            yield f'po/POTFILES: {rel(path)} is missing'
    for path in files('ui', '.ui') + files('data', '.ui'):
        if 'translatable=' in path.read_text() and str(rel(path)) not in listed:
            yield f'po/POTFILES: {rel(path)} is missing'
    for pattern in ('*.desktop.in*', '*.metainfo.xml.in*', '*.gschema.xml'):
        for path in sorted((ROOT / 'data').glob(pattern)):
            if str(rel(path)) not in listed:
                yield f'po/POTFILES: {rel(path)} is missing'


def errors_are_translated():
    for path in files('src', '.c'):
        code = re.sub(r'/\*.*?\*/', '', path.read_text(), flags=re.S)
        for statement in ERROR_MADE.finditer(code):
            for marked, sentence in SENTENCE.findall(PLURALS.sub('', statement.group())):
                if not marked:
                    yield f'{rel(path)}: not translated: {sentence}'
                elif sentence.endswith('.'):
                    yield f'{rel(path)}: whoever shows an error adds the full stop: {sentence}'


def ui_files():
    resources = ''.join(p.read_text() for p in files('ui', '.xml') + files('data', '.xml') + files('src/app', '.xml'))
    for path in files('ui', '.ui'):
        try:
            ET.parse(path)
        except ET.ParseError as error:
            yield f'{rel(path)}: {error}'
        if path.name not in resources:
            yield f'{rel(path)}: in no gresource'
        if not (ROOT / 'src/app' / (path.stem + '.c')).is_file():
            yield f'{rel(path)}: no src/app/{path.stem}.c of its name'


def licence():
    for path in files('src', '.c', '.h') + files('tests', '.c', '.h', '.py'):
        if 'SPDX-License-Identifier: GPL-3.0-or-later' not in ''.join(path.read_text().splitlines(True)[:3]):
            yield f'{rel(path)}: no SPDX line'
    for path in files('src', '.h'):
        if '#pragma once' not in path.read_text():
            yield f'{rel(path)}: no #pragma once'


def unfinished():
    pattern = re.compile(r'\b(TO' + r'DO|FIX' + r'ME|XX' + r'X|HA' + r'CK)\b|not impl' + r'emented|unimpl' + r'emented')
    for folder in ('src', 'tests', 'ui', 'data', 'flatpak'):
        for path in files(folder, '.c', '.h', '.py', '.ui', '.xml', '.build', '.sh', '.yml'):
            for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
                if pattern.search(line):
                    yield f'{rel(path)}:{number}: {line.strip()[:90]}'


def tests_can_fail():
    for path in files('tests', '.c'):
        for number, line in enumerate(code_of(path).splitlines(), 1):
            if re.search(r'\bg_assert \(', line):
                yield f'{rel(path)}:{number}: g_assert can be compiled out; use g_assert_true and its like'
            if re.search(r'\bg_usleep\b|[^_\w]sleep \(|\busleep\b', line):
                yield f'{rel(path)}:{number}: a test does not sleep'


def bounds_are_tested():
    """Where a bound is reached, the test says it by its name, so that the two change together."""
    tested = set()
    for path in files('tests', '.c'):
        tested.update(re.findall(r'\bBYTESTAG_LIMIT_\w+', code_of(path)))
    for name in re.findall(r'^#define (BYTESTAG_LIMIT_\w+)', (ROOT / 'src/core/limits.h').read_text(), re.M):
        if name not in tested:
            yield f'src/core/limits.h: no test names {name}'


def fuzzers_are_complete():
    """What ./dev fuzz needs of a target beside its code, which only a long run would miss otherwise."""
    folder = ROOT / 'tests/fuzz'
    build = (folder / 'meson.build').read_text()
    targets = re.findall(r"^  '([\w-]+)': \[", build.split('fuzz_targets = {')[1].split('}')[0], re.M)
    spec = importlib.util.spec_from_file_location('run_fuzzers', ROOT / 'tests/tools/run-fuzzers.py')
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    leaky = re.search(r'leaky_targets = \[([^]]*)\]', build)[1]
    if sorted(runner.LEAKY) != sorted(re.findall(r"'([\w-]+)'", leaky)):
        yield 'tests/tools/run-fuzzers.py and tests/fuzz/meson.build: not the same targets leak'
    for what, names in (('MAX_LEN of tests/tools/run-fuzzers.py', list(runner.MAX_LEN)),
                        ('tests/fuzz/dict', [path.stem for path in (folder / 'dict').iterdir()]),
                        ('tests/fuzz/corpus', [path.name for path in (folder / 'corpus').iterdir() if any(path.iterdir())])):
        yield from (f'{what}: nothing for the target {name}' for name in sorted(set(targets) - set(names)))
        yield from (f'{what}: there is no target {name}' for name in sorted(set(names) - set(targets)))


def main():
    checks = [
        ('includes follow the picture', layering),
        ('rooms link what the picture allows', linking),
        ('GTK in app alone', gtk_in_app_only),
        (f'files under {MAX_FILE} lines', file_size),
        (f'functions under {MAX_FUNCTION} lines', function_size),
        ('no banned calls', banned_calls),
        ('POTFILES is complete', potfiles),
        ('errors are translated sentences', errors_are_translated),
        ('.ui files are well-formed, in a resource, and have their class', ui_files),
        ('licence and include guards', licence),
        ('nothing left unfinished', unfinished),
        ('tests can fail, and do not sleep', tests_can_fail),
        ('each bound is named in a test', bounds_are_tested),
        ('each fuzz target has its length, dictionary and corpus', fuzzers_are_complete),
    ]
    if BUILD:
        checks.append(('each header compiles alone', headers_alone))
    print(f'1..{len(checks)}')
    for name, function in checks:
        check(name, function())
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())

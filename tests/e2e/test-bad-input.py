#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every bad input gets one clear sentence and a status that is not 0, and leaves nothing half-done."""

import base64
import hashlib
import json
import os
import sys
import time

from harness import (DEADLINE, NODE, SERVE_VALUES, Process, assert_refused, everything_in, node, run_tests)


LINK = 'bytestag:?xt=urn:bstagih:' + 'Z' * 32


def base64_of(data):
    return base64.b64encode(data).decode()


def sha1(data):
    return hashlib.sha1(data).digest()


def file_info(filename, data=b'content', **members):
    info = {'!': 'BytestagFileInfo', 'filename': filename, 'hash': base64_of(sha1(data)),
            'parts': [base64_of(sha1(data))], 'size': len(data),
            'sha256': base64_of(hashlib.sha256(data).digest())}
    return {**info, **members}


def collection(files, **members):
    return {'!': 'BytestagCollectionInfo', 'files': files, 'name': 'Collection', **members}


def canonical(info):
    return json.dumps(info, sort_keys=True, separators=(',', ':')).encode()


def link_to(root, address, sha256=None):
    link = f'bytestag:?xt=urn:bstagih:{base64.b32encode(sha1(root)).decode()}&x.pe={address}'
    if sha256 is not None:
        link += '&x.s2=' + base64.b32encode(sha256).decode().rstrip('=')
    return link


def serve(folder, *values):
    """A peer that holds these values; returns its address."""
    paths = []
    for number, value in enumerate(values):
        path = folder / f'value-{number}-{len(os.listdir(folder))}'
        path.write_bytes(value)
        paths.append(str(path))
    server = Process([SERVE_VALUES, *paths])
    return server.next_line(time.monotonic() + DEADLINE)


def refuse_collection(folder, info, words, sha256=None):
    """Fetching it fails in one sentence, and writes nothing."""
    root = canonical(info)
    address = serve(folder, root, b'content')
    to = folder / 'to'
    to.mkdir(exist_ok=True)
    outside = sorted(p for p in os.listdir(folder))
    getting = node('get', link_to(root, address, sha256), '--to', to, data=folder / 'data')
    assert_refused(getting, words)
    assert everything_in(to) == [], everything_in(to)
    assert sorted(p for p in os.listdir(folder) if p != 'data') == [p for p in outside if p != 'data']


def a_good_collection_of_a_foreign_peer_is_fetched(folder):
    root = canonical(collection([file_info(['a', 'b'])]))
    address = serve(folder, root, b'content')
    getting = node('get', link_to(root, address, hashlib.sha256(root).digest()), '--to', folder / 'to',
                   data=folder / 'data')
    getting.wait_event('saved')
    assert getting.wait() == 0
    assert (folder / 'to' / 'Collection' / 'a' / 'b').read_bytes() == b'content'


def names_that_are_not_safe_are_refused(folder):
    for name in ['..', '.', '', 'a/b', '/etc/passwd', '../outside', 'nul\0name', 'line\nfeed', 'escape\x1b[31m', 'del\x7f',
                 'c1\x85', 'n' * 236, 'x.bytestag-incomplete', '\ud800']:
        refuse_collection(folder, collection([file_info(['fine', name])]), ['not safe'])


def paths_that_are_not_safe_are_refused(folder):
    refuse_collection(folder, collection([file_info(['..', '..', 'outside'])]), ['not safe'])
    refuse_collection(folder, collection([file_info(['d'] * 65)]), ['not safe'])
    refuse_collection(folder, collection([file_info(['d' * 200] * 20)]), ['not safe'])
    refuse_collection(folder, collection([file_info(['good']), file_info(['..', 'bad'])]), ['not safe'])


def names_of_collections_that_are_not_safe_are_refused(folder):
    for name in ['..', 'a/b', '/tmp/x', 'nul\0', 'control\x01', 'n' * 236]:
        refuse_collection(folder, collection([file_info(['a', 'b'])], name=name), ['not safe'])


def two_files_of_one_path_are_refused(folder):
    refuse_collection(folder, collection([file_info(['a']), file_info(['a'], b'content')]), ['twice'])
    refuse_collection(folder, collection([file_info(['a']), file_info(['a', 'b'])]), ['twice'])


def a_collection_that_is_not_the_one_of_the_link_is_refused(folder):
    refuse_collection(folder, collection([file_info(['a', 'b'])]), ['forged'], sha256=bytes(32))


def a_file_that_is_not_what_the_collection_says_is_refused(folder):
    refuse_collection(folder, collection([file_info(['a', 'b'], sha256=base64_of(bytes(32)))]), ['not what'])
    refuse_collection(folder, collection([file_info(['a', 'b'], hash=base64_of(bytes(20)))]), ['not what'])
    refuse_collection(folder, collection([file_info(['a', 'b'], size=8)]), ['size'])


def values_that_are_no_collection_are_refused(folder):
    for info in [{}, [], 1, 'text', {'files': 1}, {'files': []}, {'!': 'BytestagCollectionInfo', 'files': [1]}]:
        refuse_collection(folder, info, [])


def a_missing_piece_ends_in_a_sentence(folder):
    root = canonical(collection([file_info(['a', 'b'], b'nobody has this')]))
    address = serve(folder, root)
    getting = node('get', link_to(root, address), '--to', folder / 'to', data=folder / 'data')
    assert_refused(getting, ['A piece of “a/b”'], within=300)
    assert everything_in(folder / 'to') == []


def links_that_are_bad_are_refused(folder):
    for link in ['', 'nonsense', 'http://example.org', 'magnet:?xt=urn:btih:' + 'A' * 32, 'bytestag:?xt=urn:bstagih:short',
                 'bytestag:?dn=x', 'bytestag:?xt=urn:bstagih:' + 'Z' * 32 + '&x.s2=bad']:
        getting = node('get', '--to', folder / 'to', '--', link, data=folder / 'data')
        assert_refused(getting, [])
    assert everything_in(folder) == []


def an_unknown_collection_is_said_to_be_unknown(folder):
    address = serve(folder, b'something else')
    getting = node('get', link_to(b'unknown', address), '--to', folder / 'to', data=folder / 'data')
    assert_refused(getting, ['has this collection'])
    assert not (folder / 'to').exists()


def without_peers_there_is_nobody_to_ask(folder):
    getting = node('get', LINK, '--to', folder / 'to', data=folder / 'data')
    assert_refused(getting, ['nobody to ask'])
    assert not (folder / 'to').exists()


def sharing_what_is_not_there_is_refused(folder):
    assert_refused(node('share', folder / 'missing', data=folder / 'data'), ['Cannot read', 'missing'])
    assert everything_in(folder) == []


def sharing_what_cannot_be_read_is_said_and_alone_refused(folder):
    things = folder / 'things'
    things.mkdir()
    (things / 'good').write_bytes(b'good')
    (things / 'secret').write_bytes(b'secret')
    (things / 'secret').chmod(0)
    # Nothing is unreadable to root, but to a root without these capabilities.
    before = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] if os.geteuid() == 0 else []
    sharing = node('share', things, data=folder / 'data', before=before)
    assert sharing.wait_event('skipped')['path'].endswith('secret')
    assert sharing.wait_event('link')['files'] == 1
    sharing.stop()
    assert_refused(node('share', things / 'secret', data=folder / 'other', before=before), ['Cannot read', 'secret'])


def sharing_nothing_is_refused(folder):
    empty = folder / 'empty'
    (empty / 'below').mkdir(parents=True)
    assert_refused(node('share', empty, data=folder / 'data'), ['is empty', 'nothing to share'])
    (empty / '.hidden').write_bytes(b'hidden')
    (empty / 'link').symlink_to('/etc/passwd')
    sharing = node('share', empty, data=folder / 'data')
    assert_refused(sharing, ['is empty', 'nothing to share'])


def sharing_a_link_is_refused(folder):
    (folder / 'link').symlink_to('/etc/passwd')
    assert_refused(node('share', folder / 'link', data=folder / 'data'), ['symbolic link'])


def sharing_the_secret_key_is_refused(folder):
    data = folder / 'things' / 'data'
    running = node('run', data=data)
    running.wait_event('ready')
    (folder / 'link').symlink_to(folder / 'things')
    for path in (data, data / 'identity.pem', folder / 'things', folder / 'link' / 'data', '/'):
        assert_refused(node('share', path, data=data, host=False), ['is not shared', 'secret key'])
    assert running.stop() == 0
    # Hidden in what is shared, it is left out.
    (folder / 'home').mkdir()
    (folder / 'home' / 'file').write_bytes(b'file')
    sharing = node('share', folder / 'home', data=folder / 'home' / '.local' / 'data')
    assert sharing.wait_event('link')['files'] == 1
    assert sharing.stop() == 0


def sharing_a_name_that_nobody_could_write_is_refused(folder):
    things = folder / 'things'
    things.mkdir()
    (things / 'line\nfeed').write_bytes(b'x')
    assert_refused(node('share', things, data=folder / 'data'), ['line□feed', 'cannot be shared under this name'])
    called = folder / 'line\nfeed'
    called.mkdir()
    (called / 'file').write_bytes(b'x')
    assert_refused(node('share', called, data=folder / 'data'), ['line□feed', 'cannot be shared under this name'])
    sharing = node('share', called, '--name', 'fine', data=folder / 'data')
    assert sharing.wait_event('link')['name'] == 'fine'
    assert sharing.stop() == 0
    assert_refused(node('share', things, '--name', 'a/b', data=folder / 'data'), ['cannot be called'])


def a_port_in_use_is_said_to_be_in_use(folder):
    first = node('run', data=folder / 'first')
    port = first.wait_event('ready')['address'].split(':')[1]
    assert_refused(node('run', '--port', port, data=folder / 'second'), [port, 'in use'])
    assert first.stop() == 0


def a_second_start_on_a_folder_is_refused(folder):
    first = node('run', data=folder / 'data')
    first.wait_event('ready')
    assert_refused(node('run', data=folder / 'data'), [str(folder / 'data')])
    assert first.stop() == 0
    again = node('run', data=folder / 'data')
    again.wait_event('ready')
    assert again.stop() == 0


def commands_without_a_node_say_so(folder):
    for verb in (['peers'], ['buckets'], ['find', 'Z' * 32], ['library'], ['survival', LINK], ['send-again', LINK],
                 ['stop-sharing', LINK], ['delete-kept']):
        assert_refused(node(*verb, data=folder / 'data'), ['No Bytestag is running on', str(folder / 'data')])
    # A socket that a crash left behind is nobody either.
    crashed = node('run', data=folder / 'data')
    crashed.wait_event('ready')
    crashed.process.kill()
    crashed.wait()
    assert_refused(node('peers', data=folder / 'data'), ['No Bytestag is running on', str(folder / 'data')])


def options_that_are_bad_are_refused(folder):
    for arguments in (['--port', '65536'], ['--port', 'x'], ['--known-node', 'nowhere'], ['--known-node', '1.2.3.4:0'],
                      ['--host', 'not-an-address', '--port', '0'], ['--nonsense'], ['superfluous']):
        assert_refused(node('run', *arguments, data=folder / 'data', host=False), [])
    for size in ('', '-1', 'x', '1e3', '0x10', 'inf', 'nan', '.', '1.2.3', '5PB', '2GiBs', '2 G B', '9000TiB', '1' * 400):
        assert_refused(node('run', data=folder / 'data', host=False, lend=size), ['is not a size'])
        assert_refused(node('run', '--upload-limit', size, data=folder / 'data', host=False), ['is not a size'])
    for command in ([], ['nonsense'], ['survival'], ['send-again', 'a', 'b'], ['stop-sharing'], ['library', 'x'],
                    ['delete-kept', 'x'], ['get'], ['share'], ['find'], ['get', 'a', 'b']):
        assert_refused(Process([NODE, *command]), [])
    # A variable of the shell that was not set is not the current folder.
    before = everything_in(folder)
    assert_refused(Process([NODE, 'id', '--data', ''], cwd=folder), ['--data', 'folder'])
    assert_refused(Process([NODE, 'get', '--to', '', LINK], cwd=folder), ['--to', 'folder'])
    assert_refused(Process([NODE, 'share', '--name', b'\xff', '.'], cwd=folder), ['not valid text'])
    assert everything_in(folder) == before, everything_in(folder)
    (folder / 'file').write_bytes(b'no folder')
    assert_refused(node('peers', data=folder / 'file'), ['No Bytestag is running on'])


def a_folder_that_is_not_text_is_no_hindrance(folder):
    strange = os.path.join(os.fsencode(folder), b'\xff')
    os.mkdir(strange)
    with open(os.path.join(strange, b'file'), 'wb') as file:
        file.write(b'file')
    assert Process([NODE, 'id', '--data', str(folder / 'data')], cwd=strange).wait() == 0
    assert_refused(Process([NODE, 'share', 'file', '--data', str(folder / 'data')], cwd=strange), ['not valid text'])
    assert_refused(Process([NODE, 'get', LINK, '--data', str(folder / 'data')], cwd=strange), ['not valid text'])


def help_shows_options_where_they_go(folder):
    shown = Process([NODE, 'share', '--help'])
    assert shown.wait() == 0
    while shown.next_line(time.monotonic() + DEADLINE) is not None:
        pass
    assert '  bytestag-node share [OPTION…] PATH…' in shown.seen, shown.seen


def a_key_that_is_none_is_refused(folder):
    running = node('run', data=folder / 'data')
    running.wait_event('ready')
    assert_refused(node('find', 'nonsense', data=folder / 'data'), ['neither a key'])
    assert_refused(node('find', 'Z' * 32, data=folder / 'data'), ['nobody to ask'])
    assert_refused(node('get', 'nonsense', data=folder / 'data'), [])
    assert_refused(node('share', folder / 'missing', data=folder / 'data'), ['Cannot read'])
    assert running.stop() == 0


if __name__ == '__main__':
    tests = [
        a_good_collection_of_a_foreign_peer_is_fetched,
        names_that_are_not_safe_are_refused,
        paths_that_are_not_safe_are_refused,
        names_of_collections_that_are_not_safe_are_refused,
        two_files_of_one_path_are_refused,
        a_collection_that_is_not_the_one_of_the_link_is_refused,
        a_file_that_is_not_what_the_collection_says_is_refused,
        values_that_are_no_collection_are_refused,
        a_missing_piece_ends_in_a_sentence,
        links_that_are_bad_are_refused,
        an_unknown_collection_is_said_to_be_unknown,
        without_peers_there_is_nobody_to_ask,
        sharing_what_is_not_there_is_refused,
        sharing_what_cannot_be_read_is_said_and_alone_refused,
        sharing_nothing_is_refused,
        sharing_a_link_is_refused,
        sharing_the_secret_key_is_refused,
        sharing_a_name_that_nobody_could_write_is_refused,
        a_port_in_use_is_said_to_be_in_use,
        a_second_start_on_a_folder_is_refused,
        commands_without_a_node_say_so,
        options_that_are_bad_are_refused,
        a_folder_that_is_not_text_is_no_hindrance,
        help_shows_options_where_they_go,
        a_key_that_is_none_is_refused,
    ]
    wanted = sys.argv[1:]
    sys.exit(run_tests([t for t in tests if not wanted or t.__name__ in wanted]))

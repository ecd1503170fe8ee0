# SPDX-License-Identifier: Apache-2.0
"""Every place that puts something on a tape or draws from it.

    tape_sites.py SOURCE           compare with tape_sites.txt
    tape_sites.py SOURCE --bless   write it anew

A change of the transcript is a change of the protocol: it shows in this list,
and belongs in docs/protocol.md.
"""
import pathlib
import re
import sys

CALL = re.compile(
    r'\bzkg_(tape_(?:public\w*|fr|g1|bytes|challenge|squeeze|ratchet|state|'
    r'init_child|init_prove_at)|child_wire_value)\s*\(([^;]*?)\)\s*(?:;|!=|==|\))', re.S)
TAG = re.compile(r'ZKG_TAG_(\w+)')


def sites(root):
    for path in sorted((root / 'src').rglob('*.c')):
        name = path.relative_to(root).as_posix()
        if name.startswith('src/tape/'):
            continue
        text = re.sub(r'/\*.*?\*/', '', path.read_text(), flags=re.S)
        for call in CALL.finditer(text):
            tag = TAG.search(call.group(2))
            yield '%s %s %s' % (name, call.group(1),
                                tag.group(1) if tag else '-')


def main():
    root = pathlib.Path(sys.argv[1])
    listed = root / 'tests' / 'cli' / 'tape_sites.txt'
    now = list(sites(root))
    assert len(now) > 20
    if '--bless' in sys.argv:
        listed.write_text('\n'.join(now) + '\n')
        return 0
    before = listed.read_text().split('\n')[:-1]
    for line in sorted(set(now) ^ set(before)):
        print(('new:  ' if line in now else 'gone: ') + line)
    if now != before:
        print('the tape has changed: docs/protocol.md, then %s %s --bless' %
              (sys.argv[0], sys.argv[1]))
    return now != before


sys.exit(main())

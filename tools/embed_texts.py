#!/usr/bin/env python3
"""Writes the texts given as arguments as a C table of names and texts.

usage: embed_texts.py OUT HEADER TYPE TABLE TEXT..."""
import json
import pathlib
import sys

out, header, kind, table, *texts = sys.argv[1:]
rows = []
for path in sorted(map(pathlib.Path, texts), key=lambda p: p.stem):
    lines = "\n".join(f"        {json.dumps(line + chr(10))}"
                      for line in path.read_text(encoding="ascii").splitlines())
    rows.append(f"    {{{json.dumps(path.stem)},\n{lines}}},")
pathlib.Path(out).write_text(
    f'#include "{header}"\n\nconst {kind} {table}[] = {{\n'
    + "\n".join(rows) + "\n    {NULL, NULL},\n};\n", encoding="ascii")

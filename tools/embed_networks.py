#!/usr/bin/env python3
"""Writes the network texts given as arguments as a C table. usage: embed_networks.py OUT NET..."""
import json
import pathlib
import sys

out, *texts = sys.argv[1:]
rows = []
for path in sorted(map(pathlib.Path, texts), key=lambda p: p.stem):
    lines = "\n".join(f"        {json.dumps(line + chr(10))}"
                      for line in path.read_text(encoding="ascii").splitlines())
    rows.append(f"    {{{json.dumps(path.stem)},\n{lines}}},")
pathlib.Path(out).write_text(
    '#include "nn/network.h"\n\nconst weft__builtin weft__builtin_networks[] = {\n'
    + "\n".join(rows) + "\n    {NULL, NULL},\n};\n", encoding="ascii")

"""Which room may include which: the direction of dependencies is law.

core <- data <- model <- classic, nn <- eval <- explain, search, store, export <- audit,
explore, tune <- report, serve <- cli; what stands beside one another shares nothing.
"""
import pathlib
import re
import sys

ORDER = [
    ["core"],
    ["data"],
    ["model"],
    ["classic", "nn"],
    ["eval"],
    ["explain", "search", "store", "export"],
    ["audit", "explore", "tune"],
    ["report", "serve"],
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h"))


def wrong_direction(root):
    for path in sources(root / "src"):
        room = path.relative_to(root / "src").parts[0]
        if room not in RANK:
            yield f"{path}: the room '{room}' is not in the order"
            continue
        for _, name in includes(path):
            other = name.split("/")[0]
            if other in RANK and "/" in name and other != room and RANK[other] >= RANK[room]:
                yield f"{path}: {room} includes {name}"


def wrong_onednn(root):
    for path in sources(root / "src") + sources(root / "cli"):
        inside = path.relative_to(root).as_posix()
        allowed = inside.startswith("src/nn/") or inside.startswith("src/classic/gemm.")
        if not allowed and any(re.search(r"(^|/)(one)?dnnl", n) for _, n in includes(path)):
            yield f"{path}: includes oneDNN"


def wrong_commands(root):
    for path in sources(root / "cli"):
        for quote, name in includes(path):
            own = quote == '"' and (root / "cli" / name).is_file()
            if quote == '"' and not own and not name.startswith("weft/"):
                yield f"{path}: includes {name}"


def wrong_public(root):
    for path in sources(root / "include"):
        for quote, name in includes(path):
            if quote == '"' and not name.startswith("weft/"):
                yield f"{path}: includes {name}"


def main():
    root = pathlib.Path(sys.argv[1])
    checks = [
        ("rooms include only what lies below them", wrong_direction),
        ("oneDNN is included by networks and the GEMM header alone", wrong_onednn),
        ("commands include public headers alone", wrong_commands),
        ("public headers include public headers alone", wrong_public),
    ]
    print(f"1..{len(checks)}")
    for i, (name, check) in enumerate(checks, 1):
        found = list(check(root))
        print(f"{'not ok' if found else 'ok'} {i} - {name}")
        for line in found:
            print(f"# {line}")


main()

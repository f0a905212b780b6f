#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every #include "..." below src/ against src/LAYERS (which says how it is read); 0: all is well."""
import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"


def read_layers(path):
    """{layer: (set of layers and headers, apart)} and {header: layer} for the headers that have one of their own."""
    layers, owner = {}, {}
    for n, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, rest = line.partition(":")
        if not colon or name in layers:
            sys.exit(f"{path}:{n}: a line is LAYER: LAYER... and each layer has one")
        allowed, _, headers = rest.partition("=")
        words = allowed.split()
        for w in words:
            if w != "apart" and "/" not in w and w not in layers:
                sys.exit(f"{path}:{n}: {w} is not a layer above this line")
        layers[name] = (set(words) - {"apart"}, "apart" in words)
        owner.update({h: name for h in headers.split()})
    return layers, owner


def layer_of(header, owner):
    return owner.get(header, header.split("/")[0])


def family(path):
    """mount_entry.c and mount_parts.h are of the family "mount"; all of net/ is of the family "net"."""
    parts = Path(path).parts
    return parts[1] if len(parts) > 2 else Path(parts[-1]).stem.split("_")[0]


def holds_a_struct(header):
    return re.search(r"^struct \w+ \{", (SRC / header).read_text(), re.M) is not None


def check(file, layers, owner):
    mine = layer_of(file, owner)
    if mine not in layers:
        return [f"src/{file}: layer {mine} is not in src/LAYERS"]
    allowed, apart = layers[mine]
    wrong = []
    for n, line in enumerate((SRC / file).read_text(errors="replace").splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not m:
            continue
        header = m[1]
        theirs = layer_of(header, owner)
        if "/" not in header:
            wrong.append(f'src/{file}:{n}: "{header}": a header is named from src/ on')
        elif theirs == mine:
            if apart and family(file) != family(header) and header not in allowed and holds_a_struct(header):
                wrong.append(f"src/{file}:{n}: {header}: {mine} do not read each other's structs")
        elif theirs not in allowed and header not in allowed and header.split("/")[0] != "lxc":
            wrong.append(f"src/{file}:{n}: {header}: {mine} may not include {theirs}")
    return wrong


def main():
    layers, owner = read_layers(SRC / "LAYERS")
    files = sorted(str(p.relative_to(SRC)) for p in SRC.rglob("*.[ch]"))
    wrong = [w for f in files for w in check(f, layers, owner)]
    print("\n".join(wrong + [f"layers: {len(files)} files, {len(wrong)} wrong includes"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

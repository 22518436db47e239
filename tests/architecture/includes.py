"""Checks the arrows of ARCHITECTURE.md: which folder may include which. Prints each include that points the wrong way.

    includes.py ROOT        exit 1 if there is one
"""
import pathlib
import re
import sys

# Folders of the contract, inner ones first: each may include those before it.
SCHEMA = ["units", "metrics", "chunk", "wire"]
SCHEMA_TEXT = ["sql", "api"]  # generated from text; include only units
# Server folders that several roles may include; they include only schema and those before them.
SERVER_INNER = ["domain", "sqlite"]
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]((?:schema|agent|server|tests)/[^">]+)[">]')
# Libraries that must stay out of a part of the tree: (folder prefix, include prefix, why).
BANNED = [
    ("schema/", "Poco/", "the contract knows no operating system"),
    ("agent/", "Poco/", "the agent's process is OpenSSL, protobuf-lite, wslay, toml++ and zlib"),
    ("agent/", "nlohmann/", "the agent's process is OpenSSL, protobuf-lite, wslay, toml++ and zlib"),
    ("schema/", "sys/", "the contract knows no operating system"),
    ("schema/", "thread>", "the contract knows no threads"),
    ("schema/", "sqlite3.h", "the contract knows no database"),
    ("server/domain/", "Poco/", "domain holds values and interfaces"),
    ("server/", "Poco/Net/HTTPServer", "it parses no request bytes strictly; server/net does"),
    ("server/", "Poco/Net/WebSocket", "it fails 97 conformance cases; schema/wire does it"),
]
ANY_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^">]+[">])')


def parts(path):
    pieces = path.split("/")
    return pieces[0], pieces[1] if len(pieces) > 2 else ""


def allowed(source, target):
    """May the file `source` include the file `target`? Both are paths from the root."""
    (side, role), (other, inner) = parts(source), parts(target)
    if side == "schema":
        if other != "schema":
            return False
        if role in SCHEMA_TEXT:
            return inner in (role, "units")
        return inner in SCHEMA and SCHEMA.index(inner) <= SCHEMA.index(role)
    if other == "schema":
        return True
    if other != side:
        return False  # agent and server never each other; nobody includes tests
    if role == inner or role == "app":
        return True
    if side == "server" and inner in SERVER_INNER:
        return role not in SERVER_INNER or SERVER_INNER.index(inner) <= SERVER_INNER.index(role)
    return False


def faults(root):
    root = pathlib.Path(root)
    for top in ("schema", "agent", "server"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            source = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                ours = INCLUDE.match(line)
                if ours and not allowed(source, ours[1]):
                    yield f"{source}:{number}: may not include {ours[1]}"
                anyone = ANY_INCLUDE.match(line)
                for folder, library, why in BANNED if anyone else ():
                    if source.startswith(folder) and anyone[1].startswith(library):
                        yield f"{source}:{number}: may not include {anyone[1][:-1]}: {why}"


if __name__ == "__main__":
    found = list(faults(sys.argv[1]))
    print("\n".join(found) or "every include follows the arrows")
    sys.exit(1 if found else 0)

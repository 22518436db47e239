"""Checks that ctest runs every test script under tests/. Prints each that it doesn't.

    registered.py ROOT BUILD        exit 1 if there is one; BUILD is the configured build folder
"""
import json
import os
import pathlib
import subprocess
import sys

SCRIPTS = ("_test.py", ".test.mjs")


def scripts(root):
    """Every test script, as a path from the root."""
    for folder, inner, names in os.walk(pathlib.Path(root, "tests")):
        inner[:] = sorted(name for name in inner if name != "node_modules")
        for name in sorted(names):
            if name.endswith(SCRIPTS):
                yield pathlib.Path(folder, name).relative_to(root).as_posix()


def registered(build):
    """Every word of every test's command."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True, timeout=60)
    return {word for test in json.loads(listing.stdout)["tests"] for word in test.get("command", [])}


def faults(root, words):
    root = pathlib.Path(root).resolve()
    known = {pathlib.Path(word).resolve() for word in words if word.endswith(SCRIPTS)}
    for script in scripts(root):
        if root / script not in known:
            yield f"{script}: no test in ctest runs it"


if __name__ == "__main__":
    found = list(faults(sys.argv[1], registered(sys.argv[2])))
    print("\n".join(found) or "ctest runs every test script")
    sys.exit(1 if found else 0)

#!/usr/bin/env python3
"""clang-tidy over the sources, each only when something changed that it sees. `./dev lint` calls this after a build.

    tools/lint.py --build DIR [--changed-since COMMIT] [--tidy PROGRAM] FILE…

A file that was found clean leaves a stamp under DIR/../lint: the hash of its preprocessed text with comments (NOLINT is
one) and macros, its compiler flags, .clang-tidy and clang-tidy's version. It is looked at again once that hash differs.
With --changed-since only files are looked at that changed since the commit or include one that did; if a file changed
that decides how everything is compiled or judged, all are.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

DECIDES_FOR_ALL = re.compile(r"(cmake/.*|((schema|agent|server)/(.*/)?)?(CMakeLists\.txt|CMakePresets\.json|\.clang-tidy|[^/]+\.proto))")


def output(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE).stdout


def changed_files(root, commit):
    """Since the commit, what isn't committed yet included. Absolute paths."""
    tracked = output("git", "diff", "--name-only", "-z", "--no-renames", commit, cwd=root)
    new = output("git", "ls-files", "--others", "--exclude-standard", "-z", cwd=root)
    return {name for name in (tracked + new).decode().split("\0") if name}


class Lint:
    def __init__(self, root, build, tidy):
        self.root, self.build, self.tidy = root, build, tidy
        self.stamps = build.parent / "lint"
        entries = json.loads((build / "compile_commands.json").read_text())
        self.entries = {os.path.realpath(os.path.join(one["directory"], one["file"])): one for one in entries}
        self.common = output(tidy, "--version") + (root / ".clang-tidy").read_bytes()

    def preprocessed(self, file):
        """The compiler's flags and what it sees of the file."""
        entry = self.entries[str(file)]
        words = shlex.split(entry["command"])
        at = words.index("-o")
        words = [word for word in words[:at] + words[at + 2:] if word != "-c"]
        words += ["-E", "-dD"]
        # Comments within macros too, unless a macro pastes names together with one between them, as nlohmann-json's do.
        done = subprocess.run([*words, "-CC"], cwd=entry["directory"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        text = done.stdout if done.returncode == 0 else output(*words, "-C", cwd=entry["directory"])
        return shlex.join(words).encode(), text

    def sees(self, text, changed):
        """Is a changed file among those that its text comes from?"""
        names = {os.path.relpath(name, self.root) for name in re.findall(r'^# \d+ "(/[^"]+)"', text.decode(errors="replace"), re.M)}
        return not changed.isdisjoint(names)

    def check(self, file, changed):
        """What clang-tidy finds; None if it needn't look, empty if it finds nothing."""
        if str(file) not in self.entries:
            return f"{file} is in no target: {self.build}/compile_commands.json doesn't name it"
        flags, text = self.preprocessed(file)
        if changed is not None and not self.sees(text, changed):
            return None
        key = hashlib.sha256(b"\0".join((self.common, flags, text))).hexdigest()
        stamp = self.stamps / (str(file.relative_to(self.root)) + ".stamp")
        if stamp.is_file() and stamp.read_text() == key:
            return None
        done = subprocess.run([self.tidy, "--quiet", "-p", self.build, file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            return done.stdout or f"{file}: {self.tidy} ended with {done.returncode}"
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(key)
        return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--changed-since")
    parser.add_argument("--tidy", default="clang-tidy-19")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    root = pathlib.Path.cwd().resolve()
    changed = changed_files(root, given.changed_since) if given.changed_since else None
    if changed is not None and any(DECIDES_FOR_ALL.fullmatch(name) for name in changed):
        changed = None
    lint = Lint(root, given.build.resolve(), given.tidy)
    looked = bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda file: lint.check(file.resolve(), changed), given.files):
            looked += found is not None
            if found:
                bad += 1
                print(found, flush=True)
    print(f"clang-tidy looked at {looked} of {len(given.files)} files: {f'{bad} are not clean' if bad else 'clean'}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

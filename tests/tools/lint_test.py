"""tools/lint.py: clang-tidy is asked about a file exactly when something changed that it sees.

    lint_test.py
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

LINT = pathlib.Path(__file__).resolve().parents[2] / "tools/lint.py"
# Stands for clang-tidy: notes what it was asked about, and finds fault with "bad".
TIDY = """#!/bin/sh
if [ "$1" = --version ]; then cat "$(dirname "$0")/version"; exit; fi
for file; do :; done
basename "$file" >>"$(dirname "$0")/asked"
! grep -q bad "$file" || { echo "$file: it is bad"; exit 1; }
"""


class Lint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vedette-lint-")
        self.addCleanup(folder.cleanup)
        self.root, self.tools = pathlib.Path(folder.name).resolve() / "tree", pathlib.Path(folder.name) / "tools"
        for path in (self.root / "build/release", self.tools):
            path.mkdir(parents=True)
        (self.tools / "tidy").write_text(TIDY)
        (self.tools / "tidy").chmod(0o755)
        (self.tools / "version").write_text("19")
        self.write(".clang-tidy", "Checks: '*'\n")
        self.write(".gitignore", "build\n")
        self.write("a.h", "int a();\n")
        self.write("a.cpp", '#include "a.h"\nint a() { return 1; }\n')
        self.write("b.cpp", "int b() { return 2; }\n")
        self.flags("-O2")
        for words in (("init", "-q"), ("add", "."), ("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first")):
            subprocess.run(["git", *words], cwd=self.root, check=True)

    def write(self, name, text):
        (self.root / name).write_text(text)

    def flags(self, flags):
        entries = [{"directory": str(self.root / "build/release"), "file": str(self.root / name),
                    "command": f"c++ {flags} -I{self.root} -o {name}.o -c {self.root / name}"} for name in ("a.cpp", "b.cpp")]
        (self.root / "build/release/compile_commands.json").write_text(json.dumps(entries))

    def lint(self, *words):
        """Exit code, what clang-tidy was asked about, and the output."""
        asked = self.tools / "asked"
        asked.unlink(missing_ok=True)
        done = subprocess.run([sys.executable, LINT, "--build", "build/release", "--tidy", self.tools / "tidy", *words, "a.cpp", "b.cpp"],
                              cwd=self.root, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, sorted(asked.read_text().split()) if asked.exists() else [], done.stdout + done.stderr

    def test_what_was_clean_is_asked_about_again_only_when_it_sees_a_change(self):
        self.assertEqual(self.lint()[:2], (0, ["a.cpp", "b.cpp"]))
        self.assertEqual(self.lint()[:2], (0, []))
        for name, text, asked in (("a.h", "int a();\n#define A 1\n", ["a.cpp"]),
                                  ("b.cpp", "int b() { return 2; }  // NOLINT\n", ["b.cpp"]),
                                  (".clang-tidy", "Checks: '-*'\n", ["a.cpp", "b.cpp"])):
            with self.subTest(name):
                self.write(name, text)
                self.assertEqual(self.lint()[:2], (0, asked))
                self.assertEqual(self.lint()[:2], (0, []))
        self.flags("-O2 -DX")
        self.assertEqual(self.lint()[:2], (0, ["a.cpp", "b.cpp"]))
        (self.tools / "version").write_text("20")
        self.assertEqual(self.lint()[:2], (0, ["a.cpp", "b.cpp"]))

    def test_what_is_not_clean_is_shown_again_each_time(self):
        self.write("b.cpp", "int bad();\n")
        for asked in (["a.cpp", "b.cpp"], ["b.cpp"]):
            code, seen, text = self.lint()
            self.assertEqual((code, seen), (1, asked))
            self.assertIn("b.cpp: it is bad", text)

    def test_since_a_commit_only_what_sees_a_changed_file_is_asked_about(self):
        self.assertEqual(self.lint("--changed-since", "HEAD")[:2], (0, []))
        self.write("a.h", "int a();\nint more();\n")
        self.assertEqual(self.lint("--changed-since", "HEAD")[:2], (0, ["a.cpp"]))
        (self.root / "tests").mkdir()
        self.write("tests/CMakeLists.txt", "# another test\n")
        self.assertEqual(self.lint("--changed-since", "HEAD")[:2], (0, []))
        self.write("CMakeLists.txt", "# how everything is compiled\n")
        self.assertEqual(self.lint("--changed-since", "HEAD")[:2], (0, ["b.cpp"]), "a.cpp was found clean just now")

    def test_names_pasted_together_with_a_comment_between_them_hinder_nothing(self):
        self.write("b.cpp", "#define NAME b  /* NOLINT */\n#define PASTE(x, y) x##y\n#define JOIN(x, y) PASTE(x, y)\nint JOIN(NAME, _v1)();\n")
        self.assertEqual(self.lint()[:2], (0, ["a.cpp", "b.cpp"]))
        self.assertEqual(self.lint()[:2], (0, []))

    def test_a_source_that_nothing_builds_is_an_error(self):
        self.write("c.cpp", "int c;\n")
        code, _, text = self.lint("c.cpp")
        self.assertNotEqual(code, 0)
        self.assertIn("c.cpp is in no target", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)

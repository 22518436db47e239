"""The check of what ctest runs must be able to fail: a script that no command names is found, whatever folder it is in."""
import pathlib
import tempfile
import unittest

import registered


class Registered(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name in ("tests/faults/a_test.py", "tests/e2e/browser/b.test.mjs", "tests/e2e/browser/world.mjs",
                     "tests/e2e/node_modules/c/c.test.mjs", "dashboard/test/d.test.mjs"):
            self.root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            self.root.joinpath(name).touch()

    def test_finds_each_script_that_no_command_names(self):
        self.assertEqual(list(registered.faults(self.root, ["a_test.py", "python3"])),
                         ["tests/e2e/browser/b.test.mjs: no test in ctest runs it",
                          "tests/faults/a_test.py: no test in ctest runs it"])

    def test_lets_those_through_that_a_command_names(self):
        words = ["python3", f"{self.root}/tests/faults/a_test.py", f"{self.root}/tests/e2e/browser/b.test.mjs"]
        self.assertEqual(list(registered.faults(self.root, words)), [])


if __name__ == "__main__":
    unittest.main()

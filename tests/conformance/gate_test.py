"""Tests gate.py: what a report has to say for `./dev conformance` to pass."""
import unittest

import gate

WELL = {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000}


def report(quick=False, **changes):
    """A report in which everything is well, but for `changes`: case (dots as underscores after "c") -> result or None."""
    cases = {}
    for section, count in gate.SECTIONS.items():
        names = gate.QUICK[section] if quick and section in gate.QUICK else [f"{section}.{n}" for n in range(1, count + 1)]
        cases |= {name: dict(WELL) for name in names}
    for name, result in changes.items():
        case = name[1:].replace("_", ".")
        if result is None:
            del cases[case]
        else:
            cases[case] = WELL | result
    return {"agent": cases}


class Gate(unittest.TestCase):
    def faults(self, index, quick=False):
        return list(gate.faults(index, quick))

    def test_a_clean_report_passes(self):
        self.assertEqual(self.faults(report()), [])
        self.assertEqual(self.faults(report(quick=True), quick=True), [])
        self.assertEqual(self.faults(report(c7_1={"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL"})), [])
        self.assertEqual(sum(gate.SECTIONS.values()), 517)

    def test_each_bad_verdict_is_told(self):
        for behavior in ("FAILED", "UNIMPLEMENTED", "NON-STRICT"):
            self.assertEqual(len(self.faults(report(c6_4={"behavior": behavior}))), 1, behavior)
        for close in ("FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"):
            self.assertEqual(len(self.faults(report(c3_2={"behaviorClose": close}))), 1, close)

    def test_only_what_is_chance_may_be_non_strict(self):
        self.assertEqual(self.faults(report(c3_2={"behavior": "NON-STRICT"})), [])
        self.assertEqual(len(self.faults(report(c3_1={"behavior": "NON-STRICT"}))), 1)
        self.assertEqual(len(self.faults(report(c3_2={"behavior": "FAILED"}))), 1)

    def test_cases_that_didnt_run_are_noticed(self):
        self.assertEqual(self.faults(report(c13_7=None)), ["section 13 has 125 cases instead of 126"])
        self.assertEqual(self.faults({"agent": {}})[0], "section 1 has 0 cases instead of 16")
        self.assertEqual(len(self.faults({})), 1)
        self.assertEqual(len(self.faults(report(quick=True))), 3)
        self.assertIn("section 14 wasn't asked for", self.faults(report(c14_1={})))

    def test_the_listing_names_every_case(self):
        index = report(c9_10={"behavior": "FAILED"})
        words = " ".join(gate.listing(index)).split()
        for case in index["agent"]:
            self.assertIn(case, words)


if __name__ == "__main__":
    unittest.main()

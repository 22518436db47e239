"""Which cases have to be in a report of the Autobahn testsuite, and what may stand there. Pure."""
import collections

# The suite's own numbers, so that cases that silently weren't run are noticed.
SECTIONS = {"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37, "9": 54, "10": 1, "12": 90, "13": 126}
GOOD = {"OK", "INFORMATIONAL"}
# A good message is followed at once by a bad frame: whether the echo has left before the fault is seen is chance, and
# the suite allows both.
EITHER = {"3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15"}

QUICK = {"9": ["9.1.2", "9.2.2", "9.3.1", "9.4.9", "9.5.3", "9.7.1"],
         "12": ["12.1.1", "12.1.5", "12.3.13"],
         "13": ["13.1.2", "13.3.5", "13.5.12", "13.7.3"]}


def patterns(quick):
    """What to ask the suite for."""
    asked = []
    for section in SECTIONS:
        asked += QUICK[section] if quick and section in QUICK else [section + ".*"]
    return asked


def expected(quick):
    """Section -> number of cases."""
    return {section: len(QUICK[section]) if quick and section in QUICK else count for section, count in SECTIONS.items()}


def is_good(case, result):
    behavior = GOOD | {"NON-STRICT"} if case in EITHER else GOOD
    return result["behavior"] in behavior and result["behaviorClose"] in GOOD


def by_section(cases):
    """Section -> its cases in the suite's order."""
    found = collections.defaultdict(list)
    for case in sorted(cases, key=lambda case: [int(part) for part in case.split(".")]):
        found[case.split(".")[0]].append(case)
    return found


def faults(index, quick):
    """What is wrong with a report (the suite's index.json): one line each."""
    if len(index) != 1:
        yield f"the report has {len(index)} agents instead of 1: {', '.join(index) or 'was anything reached?'}"
        return
    (cases,) = index.values()
    sections = by_section(cases)
    for section, count in expected(quick).items():
        ran = len(sections.pop(section, []))
        if ran != count:
            yield f"section {section} has {ran} cases instead of {count}"
    for section in sections:
        yield f"section {section} wasn't asked for"
    for case, result in cases.items():
        if not is_good(case, result):
            code = result["remoteCloseCode"]
            yield f"{case}: behavior {result['behavior']}, close {result['behaviorClose']} (code {code})"


def listing(index):
    """Every case with its verdict, for people: a line a section and verdict."""
    for cases in index.values():
        for section, names in by_section(cases).items():
            verdicts = collections.defaultdict(list)
            for case in names:
                verdicts[cases[case]["behavior"], cases[case]["behaviorClose"]].append(case)
            for (behavior, close), members in verdicts.items():
                yield f"  section {section:>2}  {len(members):>3} × {behavior}, close {close}: {' '.join(members)}"

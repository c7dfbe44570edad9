#!/usr/bin/python3
"""Counts test results for script/test.

tally.py unit BUILD    the automake tests of a build tree: every cmocka test of each program (in TAP), and a
                       program that is no cmocka program as one test
tally.py junit FILE    what pytest wrote with --junitxml

Prints "passed failed skipped", then a line "FAIL name" or "SKIP name: reason" for each test that is not a pass.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

PLAN = re.compile(r"^1\.\.(\d+)\s*$", re.M)
LINE = re.compile(r"^(ok|not ok)\b(?: (\d+))?(?: -)? ?(.*)$")


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def print(self):
        print(self.passed, len(self.failed), len(self.skipped))
        for name in self.failed:
            print(f"FAIL {name}")
        for name, reason in self.skipped:
            print(f"SKIP {name}: {reason}")


def unit_program(tally, program, result, log):
    plan = PLAN.search(log)
    if plan is None:
        if result in ("PASS", "XFAIL"):
            tally.passed += 1
        elif result == "SKIP":
            lines = [line for line in log.splitlines() if line and not line.startswith("SKIP ")]
            tally.skipped.append((program, lines[-1] if lines else "no reason given"))
        else:
            tally.failed.append(program)
        return
    seen = bad = 0
    said = ""  # what the test printed last
    for line in log.splitlines():
        m = LINE.match(line)
        if m is None or m.group(2) is None:
            said = line
            continue
        seen += 1
        name = m.group(3)
        if "# SKIP" in line:
            tally.skipped.append((f"{program}: {name.replace('# SKIP', '').strip()}", said or "no reason given"))
        elif m.group(1) == "ok":
            tally.passed += 1
        else:
            bad += 1
            tally.failed.append(f"{program}: {name}")
        said = ""
    lost = int(plan.group(1)) - seen
    if lost > 0:
        tally.failed.extend([f"{program}: did not run (the program ended early)"] * lost)
    elif bad == 0 and result not in ("PASS", "SKIP"):
        tally.failed.append(f"{program}: ended with {result} after its tests")


def unit(tally, build):
    results = sorted(p for p in pathlib.Path(build).rglob("*.trs") if "_build" not in p.parts)
    if not results:
        tally.failed.append("no unit test has a result")
    for trs in results:
        result = re.search(r"^:global-test-result: (\S+)", trs.read_text(), re.M)
        log = trs.with_suffix(".log")
        text = log.read_text(errors="replace") if log.exists() else ""
        program = str(trs.relative_to(build).with_suffix(""))
        unit_program(tally, program, result.group(1) if result else "ERROR", text)


def junit(tally, path):
    try:
        root = ET.parse(path).getroot()
    except (OSError, ET.ParseError) as e:
        tally.failed.append(f"no result of pytest: {e}")
        return
    cases = list(root.iter("testcase"))
    if not cases:
        tally.failed.append("pytest ran no test")
    for case in cases:
        name = f"{case.get('classname')}: {case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failed.append(name)
        elif skipped is not None and skipped.get("type") != "pytest.xfail":
            tally.skipped.append((name, skipped.get("message") or "no reason given"))
        else:
            tally.passed += 1


def main():
    kinds = {"unit": unit, "junit": junit}
    if len(sys.argv) != 3 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    tally = Tally()
    kinds[sys.argv[1]](tally, sys.argv[2])
    tally.print()


main()

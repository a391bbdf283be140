#!/usr/bin/env python3
"""Counts the cases in meson's test log, whose tests speak TAP, and names the skipped."""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b[ \d]*-?\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")


def count(test):
    """passed, failed, skipped names of one test program."""
    passed = failed = planned = 0
    skipped = []
    for line in (test.get("stdout") or "").splitlines():
        plan, case = PLAN.match(line), CASE.match(line)
        if plan:
            planned += int(plan[1])
        elif case and "# SKIP" in line.upper():
            name = re.sub(r"#\s*skip\b", "", case[2], flags=re.I).strip(" -")
            skipped.append(f"{test['name']}: {name}")
        elif case and case[1]:
            failed += 1
        elif case:
            passed += 1
    failed += max(0, planned - passed - failed - len(skipped))  # died on the way
    if passed + failed + len(skipped) == 0:  # a test that counts as one case
        code = test.get("returncode")
        if code == 77:
            skipped.append(test["name"])
        else:
            passed, failed = (1, 0) if test["result"] == "OK" else (0, 1)
    elif test["result"] not in ("OK", "SKIP") and not failed:
        failed = 1  # every case passed and the program failed after them
    return passed, failed, skipped


def main():
    passed = failed = 0
    skipped = []
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            p, f, s = count(json.loads(line))
            passed, failed, skipped = passed + p, failed + f, skipped + s
    for name in skipped:
        print(f"skipped: {name}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

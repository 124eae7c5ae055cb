"""The conformance page is what the golden tests declare."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_conformance_page_says_what_the_golden_tests_compare():
    command = [sys.executable, str(ROOT / "tools" / "conformance.py"), "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr

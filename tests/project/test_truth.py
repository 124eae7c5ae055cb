"""What is planted in the made-up Denmark is for tests; analyses must not see it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_analysis_and_no_room_above_intake_names_the_truth_file():
    files = [
        *(ROOT / "ddns_utils").rglob("*.py"),
        *(ROOT / "notebooks").glob("*.ipynb"),
        *(ROOT / "parameters").glob("*"),
    ]
    naming = {str(f.relative_to(ROOT)) for f in files if "truth.json" in f.read_text(encoding="utf-8")}
    assert "ddns_utils/synthetic/denmark.py" in naming
    assert {name for name in naming if not name.startswith("ddns_utils/synthetic/")} == {
        "ddns_utils/intake/deliveries.py"
    }

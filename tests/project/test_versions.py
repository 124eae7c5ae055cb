"""The three lists of packages say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE))


def pinned(requirements: list[str]) -> dict[str, str]:
    return dict(re.fullmatch(r"([\w.-]+)(?:\[\w+\])?==(\S+)", line).groups() for line in requirements)


def test_environment_yml_has_exactly_the_packages_of_pyproject():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    packages = next(entry["pip"] for entry in dependencies if isinstance(entry, dict))
    assert [line for line in packages if not line.startswith("--")] == PROJECT["dependencies"]
    assert f"python{PROJECT['requires-python']}" in dependencies


def test_requirements_lock_has_the_versions_of_pyproject():
    wanted = pinned(PROJECT["dependencies"])
    assert {name: locked("requirements.lock").get(name) for name in wanted} == wanted


def test_test_lock_has_the_versions_of_pyproject_and_of_the_other_lock():
    test = locked("requirements-test.lock")
    wanted = pinned(PROJECT["optional-dependencies"]["test"])
    assert {name: test.get(name) for name in wanted} == wanted
    run = locked("requirements.lock")
    assert {name: test.get(name) for name in run} == run


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-spark.lock"])
def test_every_locked_package_has_a_hash(lock):
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_spark_lock_adds_spark_alone():
    wanted = pinned(PROJECT["optional-dependencies"]["spark"])
    spark = locked("requirements-spark.lock")
    assert {name: spark.get(name) for name in wanted} == wanted
    assert not set(spark) & set(locked("requirements.lock"))

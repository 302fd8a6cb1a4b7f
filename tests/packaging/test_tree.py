"""What a stranger checks out: nothing of one machine in it, and versions that fit every index."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written in parts, or this file would be found.
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "index-" + r"url[ =]+\w+:"]
MACHINES = ["/ro" + "ot/", "/wo" + "rk/", "/Us" + "ers/", r"/ho" + r"me/\w+/", r"[A-Z]:\\Us" + "ers", "/tmp/" + r"\w+/"]


def tracked() -> list[Path]:
    """Files that git tracks or would add."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout says what belongs to the tree")
@pytest.mark.parametrize("pattern", REGISTRIES + MACHINES)
def test_no_file_names_a_registry_or_a_path_of_one_machine(pattern: str):
    files = tracked()
    assert Path(__file__) in files, "was the right tree searched?"
    found = [path.relative_to(ROOT).as_posix() for path in files if re.search(pattern.encode(), path.read_bytes())]
    assert found == []


def test_constraints_are_exact_versions_without_urls():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    for line in pins:
        assert re.fullmatch(r"[a-z0-9._-]+==[\w.+!]+( ; .+)?", line), line
    assert "://" not in "\n".join(lines)


def test_every_direct_dependency_is_constrained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + [name for extra in project["optional-dependencies"].values() for name in extra]
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M))
    for requirement in wanted:
        assert re.split(r"[<>=!~\[; ]", requirement)[0].lower() in pinned, requirement


def test_ci_runs_the_test_command_of_the_readme():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, "not executable"
    assert "\nmake test\n" in script.read_text(encoding="utf-8")

"""Runs `verifyproblem` (PyPI: problemtools) over packages of problems/; exits 1 if it reports an error in one.

    verify.py [--submissions] [SLUG…]

First it sees that the test cases of a package are those that its generators/generate.py writes. Then, without --submissions, come
configuration, data, and the input and output validators on every case and on junk. With it the example submissions too,
which takes minutes and wants a quiet machine; Herald's own test judges all of them anyway.
The statements are not looked at: that part of the tool wants a LaTeX installation.

problemtools knows format 2025-09 by the name of its draft, with the settings of test groups as they were before, and only
short names out of a-z and 0-9. So it is given a copy in which those are translated, and nothing else. A package of the
legacy format is given as it is.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
PROBLEMS = HERE.parent.parent / "problems"
TOOL = Path(sys.executable).parent / "verifyproblem"
# Ours, or of 2025-09 only: the tool calls a folder that it does not know an error.
OURS = ("herald.yaml", "starter", "submissions/memory_limit_exceeded", "submissions/output_limit_exceeded")


def copy(package, folder):
    """A copy that the tool can read."""
    target = folder / re.sub("[^a-z0-9]", "", package.name)
    shutil.copytree(package, target)
    for path in (target / ours for ours in OURS):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    config = target / "problem.yaml"
    # The tool limits address space, of which Go, Java and Node reserve far more than they use.
    text = re.sub("^  memory: .*$", "  memory: 16384", config.read_text(), flags=re.M)
    config.write_text(text.replace("problem_format_version: 2025-09", "problem_format_version: 2023-07-draft"))
    if "problem_format_version: 2025-09" in text:
        for group in sorted(target.rglob("test_group.yaml")):
            settings = translated(yaml.safe_load(group.read_text()) or {}, group.parent)
            group.with_name("testdata.yaml").write_text(yaml.safe_dump(settings))
            group.unlink()
        if re.search("^type: scoring$", text, flags=re.M):
            (target / "data" / "testdata.yaml").write_text("on_reject: continue\nrange: 0 100\n")
            (target / "data" / "sample" / "testdata.yaml").write_text("accept_score: 0\nrange: 0 0\n")
    return target


def translated(group, folder):
    """What `test_group.yaml` says, in the words of `testdata.yaml`."""
    settings = {}
    if "output_validator_args" in group:
        settings["output_validator_flags"] = " ".join(map(str, group["output_validator_args"]))
    if "input_validator_args" in group:
        settings["input_validator_flags"] = " ".join(map(str, group["input_validator_args"]))
    if "max_score" in group:
        most, how = group["max_score"], group.get("score_aggregation", "pass-fail")
        cases = len(list(folder.glob("*.in")))
        settings["range"] = f"0 {most}"
        if cases:
            # A sum shares the group's score out among its cases; otherwise each case stands for all of it.
            settings["accept_score"] = most / cases if how == "sum" else most
            settings["grader_flags"] = "sum" if how == "sum" else "min"
        # A group that is not passed is worth 0, and the ones after it count all the same.
        settings["on_reject"] = "continue"
        settings["grader_flags"] = settings.get("grader_flags", "sum") + " accept_if_any_accepted" * (not cases)
    return settings


def stale(package, folder):
    """The test cases that are not what the generator writes."""
    if not (package / "generators").is_dir():
        return []
    again = folder / "generated" / package.name
    shutil.copytree(package / "generators", again / "generators")
    for path in [package / "data", *(package / "data").rglob("*/")]:
        (again / path.relative_to(package)).mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "generators/generate.py"], cwd=again, check=True)
    names = {path.relative_to(root) for root in (package, again) for path in (root / "data").rglob("*") if path.is_file()}
    same = lambda name: all((root / name).is_file() for root in (package, again)) and (
        (package / name).read_bytes() == (again / name).read_bytes()
    )
    return sorted(str(name) for name in names if not same(name))


def verify(package, parts):
    """(how it went in one line, what the tool said)."""
    with tempfile.TemporaryDirectory(prefix="herald-verify-") as folder:
        if old := stale(package, Path(folder)):
            return False, "not what the generator writes", "\n".join(old)
        config = Path(folder, "config", "problemtools")
        config.mkdir(parents=True)
        shutil.copy(HERE / "languages.yaml", config)
        target = copy(package, Path(folder))
        env = {**os.environ, "XDG_CONFIG_HOME": str(config.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        env["PATH"] = f"{TOOL.parent}{os.pathsep}{env['PATH']}"
        ran = subprocess.run(
            [TOOL, target, "--parts", *parts], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        tested = re.search(r"tested: (\d+) errors?, \d+ warnings?", ran.stdout)
        good = ran.returncode == 0 and tested and tested[1] == "0"
        return good, tested[0] if tested else f"exit {ran.returncode}", ran.stdout


def main():
    arguments = sys.argv[1:]
    parts = ["config", "data", "graders", "validators"]
    if "--submissions" in arguments:
        arguments.remove("--submissions")
        parts.append("submissions")
    packages = [PROBLEMS / slug for slug in arguments] or sorted(PROBLEMS.glob("*/problem.yaml"))
    packages = [path.parent if path.name == "problem.yaml" else path for path in packages]
    failed = 0
    with ThreadPoolExecutor(1 if "submissions" in parts else 2) as pool:
        for package, (good, line, output) in zip(packages, pool.map(lambda package: verify(package, parts), packages)):
            print(f"{package.name:24} {line}", flush=True)
            if not good or os.environ.get("VERBOSE"):
                print(output, flush=True)
            failed += not good
    sys.exit(f"{failed} of {len(packages)} packages have errors" if failed else 0)


main()

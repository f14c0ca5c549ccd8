"""Files about the project: workflows run what is there, and all of them name the same version, Pythons and paper."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")  # no tomllib before Python 3.11
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PAGES = [
    *(path for path in GITHUB.rglob("*.*") if path.is_file()),
    *(ROOT / name for name in ("CITATION.cff", "SECURITY.md", "Dockerfile", ".dockerignore")),
]


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_project(key):
    """Return the text of a key of pyproject.toml."""
    return re.search(rf'^{key} = "(.*)"', PROJECT, re.MULTILINE)[1]


def list_pythons():
    """Return the minor versions of Python that the classifiers name, the oldest first."""
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PROJECT)


def list_steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def list_commands(workflow):
    return [line for step in list_steps(workflow) for line in step.get("run", "").splitlines()]


@pytest.fixture
def ci():
    return read_yaml(GITHUB / "workflows" / "ci.yml")


@pytest.fixture
def release():
    return read_yaml(GITHUB / "workflows" / "release.yml")


@pytest.fixture
def citation():
    return read_yaml(ROOT / "CITATION.cff")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_commands_that_are_there(path):
    """Targets of the Makefile, with variables that the target uses; `${{ … }}` is a word that GitHub fills in."""
    commands = [shlex.split(re.sub(r"\$\{\{.*?\}\}", "word", line)) for line in list_commands(read_yaml(path))]
    made = [words[1:] for words in commands if words[0] == "make"]
    assert made and {words[0] for words in commands} <= {"make", "test", "git"}
    for target, *variables in made:
        assert target in TARGETS
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
        assert all(f"$({variable.partition('=')[0]})" in recipe for variable in variables), (target, variables)


def test_make_benchmarks_runs_every_benchmark():
    """Each has a CSV of its name."""
    there = {path.name for path in (ROOT / "benchmarks").glob("*.py") if path.with_suffix(".csv").is_file()}
    (target,) = re.findall(r"^benchmarks:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert {line.split("benchmarks/")[1] for line in target.splitlines()} == there


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_names_major_versions(path):
    """All but the job that publishes, which identifies itself to PyPI."""
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"} and "concurrency" in workflow
    writes = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert writes == ({"publish": {"id-token": "write"}} if path.name == "release.yml" else {})
    used = [step["uses"] for step in list_steps(workflow) if "uses" in step]
    assert used and all(re.fullmatch(r"[\w-]+/[\w-]+@(release/)?v\d+", action) for action in used)
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    checkouts = [step for step in list_steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_ci_runs_what_must_pass_before_a_change_lands(ci):
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    gates = re.findall(r"^ *(make [^#\n]*[^#\s])", script, re.MULTILINE)
    assert len(gates) == 5 and set(gates) <= set(list_commands(ci))


def test_ci_refuses_pages_that_make_docs_would_change(ci):
    steps = [step["run"] for step in ci["jobs"]["docs"]["steps"] if "run" in step]
    assert steps == ["make docs", "git diff --exit-code"]


def test_ci_tries_the_pythons_that_the_package_names(ci):
    pythons = list_pythons()
    assert ci["jobs"]["fast"]["strategy"]["matrix"]["python"] == pythons
    assert ci["jobs"]["versions"]["strategy"]["matrix"]["include"] == [
        {"versions": "oldest", "python": pythons[0]},
        {"versions": "newest", "python": pythons[-1]},
    ]
    assert read_project("requires-python") == f">={pythons[0]}"
    named = (step.get("with", {}).get("python-version") for step in list_steps(ci))
    fixed = {str(one) for one in named if one is not None}
    assert fixed - {"${{ matrix.python }}"} <= set(pythons)


def test_a_release_publishes_the_files_that_were_checked(release):
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]
    (folder,) = re.findall(r"make package DIST=(\S+)", "\n".join(list_commands(release)))
    (upload,) = [step["with"] for step in build["steps"] if "upload-artifact" in step.get("uses", "")]
    (download,) = [step["with"] for step in publish["steps"] if "download-artifact" in step.get("uses", "")]
    assert upload["path"] == download["path"] == f"{folder}/" and upload["name"] == download["name"]
    assert publish["needs"] == "build" and publish["environment"]


@pytest.mark.parametrize(("tag", "status"), [("v{}", 0), ("v{}1", 1), ("{}rc1", 1)])
def test_a_release_is_refused_under_a_tag_of_another_version(release, tmp_path, tag, status):
    version = read_project("version")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / f"yolo_feiou-{version}.tar.gz").touch()
    (check,) = [command for command in list_commands(release) if command.startswith("test ")]
    environment = {**os.environ, "GITHUB_REF_NAME": tag.format(version)}
    assert subprocess.run(["bash", "-c", check], cwd=tmp_path, env=environment).returncode == status


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_for_issues_is_one_that_github_takes(path):
    """By GitHub's syntax of issue forms: the keys that it needs, types that it knows, an id for one field alone."""
    form = read_yaml(path)
    assert {"name", "description", "body"} <= set(form) <= {"name", "description", "body", "labels", "title"}
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert fields and {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
    assert all(field["attributes"]["label"] for field in fields)
    identifiers = [field["id"] for field in fields]
    assert len(set(identifiers)) == len(identifiers) and all(re.fullmatch(r"[\w-]+", name) for name in identifiers)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_citation_is_of_this_package(citation):
    assert citation["title"] == read_project("name")
    assert citation["version"] == read_project("version")
    assert citation["license"] == read_project("license")
    assert citation["abstract"].startswith(read_project("description"))
    assert f'authors = [{{ name = "{citation["authors"][0]["name"]}" }}]' in PROJECT


def test_the_citation_names_the_paper_as_the_readme_does(citation):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    entry = re.search(r"@article\{zhang2021focal,\n(.*?)\n\}", readme, re.DOTALL)[1]
    bibtex = dict(re.findall(r"(\w+) += \{(.*)\}", entry))
    (paper,) = citation["references"]
    assert paper["title"] == re.sub(r"[{}]", "", bibtex["title"])
    names = [f"{author['family-names']}, {author['given-names']}" for author in paper["authors"]]
    assert " and ".join(names) == bibtex["author"]
    assert paper["year"] == int(bibtex["year"]) and paper["identifiers"][0]["value"] == bibtex["journal"]
    assert f'Paper = "{paper["url"]}"' in PROJECT and paper["url"] in readme


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_file_names_no_owner_and_no_folder_of_a_machine(path):
    """URLs are of a few hosts; where the repository will be is not known, and nobody's address is here."""
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\s]+)", text)) <= {"arxiv.org", "download.pytorch.org"}
    assert not re.search(r"/(home|root|Users|opt)/|github\.com|[\w.]@[\w-]+\.\w", text)


def test_commands_of_make_in_the_template_are_there():
    template = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([\w-]+)`", template))
    assert {"lint", "test"} <= named <= TARGETS


def test_the_changelog_has_the_form_of_keep_a_changelog():
    """Unreleased, then versions with their date, the newest first; each entry under one of the six kinds of change."""
    _, *releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    first, *others = [release.partition("\n")[0] for release in releases]
    assert first == "[Unreleased]" and all(
        re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", name) for name in others
    )
    dates = [name.rpartition(" - ")[2] for name in others]
    assert dates == sorted(dates, reverse=True)
    for release in releases:
        before, *sections = re.split(r"^### ", release, flags=re.MULTILINE)
        kinds = [section.partition("\n")[0] for section in sections]
        assert len(set(kinds)) == len(kinds)
        assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
        assert "\n- " not in before and all("\n- " in section for section in sections)


def list_copied():
    """Return what the Dockerfile copies out of the checkout."""
    return [name for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()]


def test_the_image_runs_our_command_as_a_user_without_rights():
    """And docker sends it what it copies, alone."""
    (command,) = re.findall(r'^ENTRYPOINT \["(.*)"\]', DOCKERFILE, re.MULTILINE)
    assert f'\n{command} = "yolo_feiou.cli:main"\n' in PROJECT
    (user,) = re.findall(r"^USER (\d+)", DOCKERFILE, re.MULTILINE)
    assert int(user) > 0 and DOCKERFILE.index("\nUSER") < DOCKERFILE.index("\nENTRYPOINT")
    assert re.search(r"^FROM python:(3\.\d+)-", DOCKERFILE, re.MULTILINE)[1] in list_pythons()
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [line.lstrip("!") for line in lines if line.startswith("!")] == list_copied() and "*" in lines
    (extras,) = re.findall(r"/src\[([\w,]+)\]", DOCKERFILE)
    assert all(re.search(rf"^{extra} = \[", PROJECT, re.MULTILINE) for extra in extras.split(","))


@pytest.mark.slow
def test_the_image_has_what_the_package_is_built_from(tmp_path):
    """The wheel that is made of the copied files alone has the modules, the recipes and the licence."""
    source = tmp_path / "src"
    source.mkdir()
    for name in list_copied():
        path = ROOT / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, "."], cwd=source, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {"yolo_feiou/cli.py", "yolo_feiou/report/page.html.j2", "yolo_feiou/cfg/focal_eiou.yaml"} <= names
    assert any(name.endswith("/LICENSE") for name in names)

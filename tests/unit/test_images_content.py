"""The images' files: what is drawn, what the page answers, and that nothing of a request is run or printed."""

import os
import shutil
import stat
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.paths import content_dir

CONTENT = content_dir()
IMAGES = CONTENT / "images"
SITE = IMAGES / "pets" / "rootfs" / "srv" / "pets"
PAGE = SITE / "www" / "cgi-bin" / "index.cgi"
PETS = sorted(path.stem for path in (SITE / "drawings").glob("*.svg"))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"

needs_busybox = pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed")


@dataclass(frozen=True)
class Answer:
    headers: dict[str, str]
    body: str


def ask(query: str = "", **environment: str) -> Answer:
    settings = {
        "PATH": os.environ["PATH"],
        "PETS_HOME": str(SITE),
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": query,
        "HTTP_USER_AGENT": "curl/8.0",
        "HTTP_ACCEPT": "*/*",
        "HOSTNAME": "3f2ac41b77e0",
        "VERSION": "1.0",
        **environment,
    }
    done = subprocess.run(["busybox", "sh", str(PAGE)], env=settings, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n"))
    return Answer(headers, body)


def browse(query: str = "", **environment: str) -> Answer:
    return ask(query, HTTP_USER_AGENT=BROWSER, HTTP_ACCEPT=HTML, **environment)


def test_there_are_enough_pets() -> None:
    assert len(PETS) >= 8


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in IMAGES.glob("*/image.toml")), ids=lambda path: path.name
)
def test_image_settings(folder: Path) -> None:
    settings = tomllib.loads((folder / "image.toml").read_text())
    assert settings["name"] == f"swarmtutor/{folder.name}"
    assert settings["tags"]
    programs = [*settings.get("entrypoint", []), *settings.get("healthcheck", {}).get("test", [])[1:2]]
    for program in programs:
        assert (folder / "rootfs" / program.lstrip("/")).stat().st_mode & stat.S_IXUSR, program


def test_the_images_that_the_lab_runs_are_made_here() -> None:
    made = {
        f"{settings['name']}:{tag}"
        for path in IMAGES.glob("*/image.toml")
        for settings in [tomllib.loads(path.read_text())]
        for tag in settings["tags"]
    }
    assert made == {"swarmtutor/shell:1.0", "swarmtutor/pets:1.0", "swarmtutor/pets:2.0"}


def test_every_script_may_be_run() -> None:
    scripts = [path for path in SITE.rglob("*") if path.is_file() and path.read_bytes().startswith(b"#!")]
    assert len(scripts) == 3
    for script in scripts:
        assert script.stat().st_mode & stat.S_IXUSR, script


@pytest.mark.parametrize("pet", PETS)
def test_a_drawing_for_browsers(pet: str) -> None:
    root = ET.fromstring((SITE / "drawings" / f"{pet}.svg").read_text())
    assert root.attrib["viewBox"] == "0 0 320 320"
    assert pet in root.attrib["aria-label"]
    assert len(list(root.iter())) > 15
    names = {element.tag for element in root.iter()}
    assert not names & {"script", "image", "foreignObject"}
    assert any(element.get("href") == "#hat" for element in root.iter("use"))


def test_the_hat_is_a_drawing() -> None:
    root = ET.fromstring((SITE / "hat.svg").read_text())
    assert [element.get("id") for element in root.iter("symbol")] == ["hat"]


@pytest.mark.parametrize("pet", PETS)
def test_a_drawing_in_letters(pet: str) -> None:
    caption, empty, *art = (SITE / "drawings" / f"{pet}.txt").read_text().splitlines()
    assert pet in caption
    assert len(caption) <= 60
    assert empty == ""
    assert len(art) >= 8
    assert all(line.isascii() and line.rstrip() == line for line in art)


@needs_busybox
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("pet", PETS)
def test_text_fits_a_terminal(pet: str, version: str) -> None:
    answer = ask(f"pet={pet}", VERSION=version, NODE_NAME="node2")
    lines = answer.body.splitlines()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 79
    assert lines[-1] == f"  served by 3f2ac41b77e0 on node2 · pets {version}"
    assert f"the {pet}" in lines[-2]


@needs_busybox
@pytest.mark.parametrize("pet", PETS)
def test_page_for_browsers(pet: str) -> None:
    answer = browse(f"pet={pet}", NODE_NAME="node3")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (SITE / "drawings" / f"{pet}.svg").read_text() in answer.body
    assert "<dd>3f2ac41b77e0</dd>" in answer.body
    assert "<dd>node3</dd>" in answer.body
    assert "Another pet</a>" in answer.body
    assert 'class="day"' in answer.body


@needs_busybox
def test_every_answer_names_its_container_and_is_never_stored() -> None:
    for answer in (ask(), browse(), ask(REQUEST_METHOD="HEAD"), ask("pet=nobody")):
        assert answer.headers["X-Served-By"] == "3f2ac41b77e0"
        assert answer.headers["Cache-Control"] == "no-store"


@needs_busybox
def test_head_has_no_body() -> None:
    assert ask(REQUEST_METHOD="HEAD").body == ""
    assert browse(REQUEST_METHOD="HEAD").body == ""


@needs_busybox
def test_no_node_name_is_no_gap() -> None:
    assert ask().body.splitlines()[-1] == "  served by 3f2ac41b77e0 · pets 1.0"
    assert "<dt>node</dt>" not in browse().body


@needs_busybox
def test_version_two_looks_different() -> None:
    assert 'class="night"' in browse(VERSION="2.0").body
    assert 'id="hat"' in browse(VERSION="2.0").body
    assert 'id="hat"' not in browse(VERSION="1.0").body
    assert "*    ." in ask("pet=cat", VERSION="2.0").body
    assert "*    ." not in ask("pet=cat", VERSION="1.0").body


@needs_busybox
@pytest.mark.parametrize(
    ("agent", "accept", "kind"),
    [
        ("curl/8.5.0", "*/*", "text/plain"),
        ("Wget/1.21.3", "*/*", "text/plain"),
        ("Lynx/2.9.0dev.12 libwww-FM/2.14", "text/html, text/plain", "text/plain"),
        ("w3m/0.5.3+git2023", "text/html, text/*;q=0.5", "text/plain"),
        ("", "", "text/plain"),
        (BROWSER, HTML, "text/html"),
    ],
)
def test_the_form_suits_the_asker(agent: str, accept: str, kind: str) -> None:
    answer = ask(HTTP_USER_AGENT=agent, HTTP_ACCEPT=accept)
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert ask("as=html", HTTP_USER_AGENT=agent, HTTP_ACCEPT=accept).body.startswith("<!doctype html>")
    assert "served by" in ask("as=text", HTTP_USER_AGENT=agent, HTTP_ACCEPT=accept).body


@needs_busybox
def test_pets_are_chosen_at_random() -> None:
    assert len({ask().body.splitlines()[-2] for _ in range(40)}) > 3


@needs_busybox
@pytest.mark.parametrize(
    "query",
    [
        "pet=$(touch%20{canary})",
        "pet=$(touch {canary})",
        "pet=`touch {canary}`",
        "pet=cat;touch {canary}",
        "pet=../../../../etc/passwd",
        "pet=<script>alert(1)</script>",
        "pet=%3Cscript%3E",
        "pet=*",
        "pet=\n\nX-Evil: 1",
        "pet=%s%s%n",
        "as=html&pet=\"'><img src=x onerror=alert(1)>",
        "<script>=1",
        "pet=" + "A" * 4000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "'; touch {canary}"])
def test_nothing_of_a_request_is_run_or_printed(query: str, method: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for form in (ask, browse):
        sent = query.format(canary=canary) if "{canary}" in query else query
        answer = form(sent, REQUEST_METHOD=method.format(canary=canary), HTTP_REFERER="$(touch x)")
        assert set(answer.headers) == {"Content-Type", "Cache-Control", "X-Served-By", "Connection"}
        for trace in ("root:", "alert", "script>", "AAAA", "X-Evil", "touch"):
            assert trace not in answer.body
    assert not canary.exists()


@needs_busybox
def test_what_the_service_names_is_escaped() -> None:
    answer = browse(NODE_NAME='<b a="1">&%s $(id)', VERSION="<i>")
    assert "<dd>&lt;b a=&quot;1&quot;&gt;&amp;%s $(id)</dd>" in answer.body
    assert "<i>" not in answer.body

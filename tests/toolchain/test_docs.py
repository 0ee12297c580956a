from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "toolchain/aosctl"


def test_the_architecture_names_each_module_once() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = re.findall(r"^- `([\w/.-]+)`", text, re.MULTILINE)
    modules = [
        str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if path.stat().st_size
    ]
    assert sorted(named) == sorted(modules)


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_the_readmes_test_is_green() -> None:
    code = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
    scope: dict[str, object] = {}
    exec(code, scope)  # noqa: S102 - the README's own lines are the test
    test = scope["test_a_process_answers"]
    assert callable(test)
    test()

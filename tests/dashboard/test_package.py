"""Rules of the package as a whole."""

import ast
import re
import sys
from pathlib import Path

import streamlit.config

PACKAGE = Path(__file__).parents[2] / "dashboard"
MODULES = sorted(PACKAGE.rglob("*.py"))
REMOTE = re.compile(r"https?://(?!127\.0\.0\.1|www\.w3\.org|\{host\})")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_the_dashboard_imports_no_other_part_of_the_product():
    assert [path.name for path in MODULES if imports(path) & {"tally", "generator", "pipeline"}] == []


def test_no_module_hides_one_of_pythons_own():
    # Streamlit puts the folder of its script on the path, so that dashboard/html.py would be `import html` everywhere.
    own = {path.stem for path in PACKAGE.glob("*.py")} | {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert own & sys.stdlib_module_names - {"__main__", "__init__"} == set()


def test_nothing_names_another_host():
    files = [*MODULES, *PACKAGE.rglob("*.js"), *PACKAGE.rglob("*.css"), *PACKAGE.rglob("*.toml")]
    assert [path.name for path in files if REMOTE.search(path.read_text(encoding="utf-8"))] == []


def test_modules_stay_small():
    assert {path.name: n for path in MODULES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400} == {}


def test_styles_use_no_generated_class_name():
    assert [path.name for path in PACKAGE.rglob("*.css") if "emotion" in path.read_text(encoding="utf-8")] == []


def test_the_hidden_option_that_the_speed_rests_on_still_exists():
    assert "runner.postScriptGC" in streamlit.config._config_options_template


def test_every_option_of_the_configuration_exists():
    import tomllib

    table = tomllib.loads((PACKAGE / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    known = streamlit.config._config_options_template
    for section, options in table.items():
        for name, value in options.items():
            names = (
                [f"{section}.{name}.{inner}" for inner in value] if isinstance(value, dict) else [f"{section}.{name}"]
            )
            assert [option for option in names if option not in known] == []
    assert table["runner"]["postScriptGC"] is False
    assert table["server"]["address"] == "127.0.0.1"

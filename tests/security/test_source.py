"""S5, S6: what no module of the product does, read from its syntax."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("generator", "pipeline", "dashboard", "tally")
MODULES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
SENDS = {"execute", "executemany", "execute_values", "execute_batch", "execute_sql", "copy_expert", "mogrify"}
RUNS_TEXT = {"eval", "exec", "__import__"}
DANGEROUS = {("os", "system"), ("os", "popen"), ("pickle", "loads"), ("pickle", "load"), ("marshal", "loads")}
ALLOWS_HTML = {"unsafe_allow_html", "unsafe_allow_javascript", "unsafe_allow_scripts"}

# What migrate_comments.py gets from the catalogue: TABLE or VIEW, and a function's signature, quoted by the server.
FROM_THE_SERVER = {"kind", "signature"}


def calls(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def is_literal_sql(node: ast.expr, names: dict[str, ast.expr]) -> bool:
    """Tell whether this is psycopg2's SQL over literal text, or a name given to one."""
    made = names.get(node.id) if isinstance(node, ast.Name) else node
    return isinstance(made, ast.Call) and name_of(made) == "SQL"


def is_fixed_text(node: ast.expr) -> bool:
    """Tell whether a text is written here, read from a file of sql/ by its name, or given by the server."""
    from_a_file = isinstance(node, ast.Call) and name_of(node) == "statement"
    return isinstance(node, ast.Constant) or from_a_file or ast.unparse(node) in FROM_THE_SERVER


def is_put_together(node: ast.expr, names: dict[str, ast.expr]) -> bool:
    """Tell whether a text is made of pieces here: an f-string, +, %, or format of anything but psycopg2's SQL."""
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        return True
    if isinstance(node, ast.Call) and name_of(node) in ("format", "join", "replace"):
        return not is_literal_sql(node.func.value, names)
    return False


def composed_statements(source: str) -> list[int]:
    """Return the lines that send a statement put together from pieces, or give SQL() anything but fixed text."""
    assigned = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)]
    names = {target.id: node.value for node in assigned for target in node.targets if isinstance(target, ast.Name)}
    sent = [call.args[0] for call in calls(source) if name_of(call) in SENDS and call.args]
    made = [call.args[0] for call in calls(source) if name_of(call) == "SQL" and call.args]
    unsafe = [node for node in made if not is_fixed_text(node)]
    return [node.lineno for node in [one for one in sent if is_put_together(one, names)] + unsafe]


def commands_and_code(source: str) -> list[int]:
    """Return the lines that run a text as code or through a shell, or unpack objects that may run code."""
    found = []
    for call in calls(source):
        of = getattr(getattr(call.func, "value", None), "id", None)
        through_a_shell = any(
            one.arg == "shell" and getattr(one.value, "value", True) is not False for one in call.keywords
        )
        as_code = isinstance(call.func, ast.Name) and call.func.id in RUNS_TEXT
        if through_a_shell or as_code or (of, name_of(call)) in DANGEROUS:
            found.append(call.lineno)
    return found


def html_switches(source: str) -> list[int]:
    """Return the lines that let Streamlit take a text for HTML or scripts."""
    return [call.lineno for call in calls(source) if ALLOWS_HTML & {one.arg for one in call.keywords}]


RULES = {
    composed_statements: ['c.execute(f"SELECT {x}")', 'c.execute("SELECT " + x)', 'c.execute("S %s" % x)',
                          'c.execute("SELECT {}".format(x))', "sql.SQL(x)"],
    commands_and_code: ["eval(x)", "run(x, shell=True)", "os.system(x)", "pickle.loads(x)"],
    html_switches: ["st.markdown(x, unsafe_allow_html=True)", "st.html(x, unsafe_allow_javascript=True)"],
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_breaks_the_rule(rule):
    assert {str(path.relative_to(ROOT)): lines for path in MODULES if (lines := rule(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_finds_what_it_is_for(rule):
    assert {source: rule(source) for source in RULES[rule]} == {source: [1] for source in RULES[rule]}


def test_what_is_no_fault_is_none():
    fine = 'c.execute(sql.SQL("SELECT {}").format(sql.Identifier(x))); c.execute(statement("a"), {"b": 1})'
    assert composed_statements(fine) == [] and commands_and_code("run(x, shell=False); re.compile(x)") == []

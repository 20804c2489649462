"""S5, S6: what no module of the product does, read from its syntax; no test puts a statement together either."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("generator", "pipeline", "dashboard", "tally")
MODULES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))
# this file shows the rules what they are to find
TESTS = sorted(path for part in ("tests", "bench") for path in (ROOT / part).rglob("*.py") if path != Path(__file__))
SENDS = {"execute", "executemany", "execute_values", "execute_batch", "execute_sql", "copy_expert", "mogrify"}
RUNS_TEXT = {"eval", "exec", "__import__"}
BEGINS_A_STATEMENT = re.compile(
    r"\s*(SELECT|WITH|INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY|CREATE|ALTER|DROP|GRANT|REVOKE|SET|SHOW|USE)\s"
)
PUTS_TOGETHER = ("format", "format_map", "join", "replace")
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
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PUTS_TOGETHER:
        return not is_literal_sql(node.func.value, names)
    return False


def named(source: str) -> dict[str, ast.expr]:
    """Return what names are given to."""
    assigned = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)]
    return {target.id: node.value for node in assigned for target in node.targets if isinstance(target, ast.Name)}


def holds_a_statement(node: ast.expr, names: dict[str, ast.expr]) -> bool:
    """Tell whether a text, or what its name was given to, begins as a statement does."""
    text = names.get(node.id) if isinstance(node, ast.Name) else node
    text = text.values[0] if isinstance(text, ast.JoinedStr) and text.values else text
    return isinstance(text, ast.Constant) and bool(BEGINS_A_STATEMENT.match(str(text.value)))


def pieces(node: ast.AST) -> list[ast.expr]:
    """Return the texts that an expression puts together."""
    if isinstance(node, ast.JoinedStr) and any(isinstance(one, ast.FormattedValue) for one in node.values):
        return [node]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return [node.left, node.right]
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return [node.func.value] if is_method and node.func.attr in PUTS_TOGETHER else []


def built_statements(source: str) -> list[int]:
    """Return the lines that put a statement together, whatever it is for; psycopg2's SQL is not text."""
    names = named(source)
    nodes = ast.walk(ast.parse(source))
    return [node.lineno for node in nodes if any(holds_a_statement(one, names) for one in pieces(node))]


def composed_statements(source: str) -> list[int]:
    """Return the lines that send a statement put together from pieces, or give SQL() anything but fixed text."""
    names = named(source)
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
    built_statements: ['rows(f"SELECT {x}")', 'a = "DROP VIEW " + x', 'a = CLOSE + "UPDATE t SET a = 1"',
                       '"SHOW %s" % x', '"DELETE FROM {}".format(x)', 'a = "SELECT $z"; rows(a.replace("$z", x))'],
    commands_and_code: ["eval(x)", "run(x, shell=True)", "os.system(x)", "pickle.loads(x)"],
    html_switches: ["st.markdown(x, unsafe_allow_html=True)", "st.html(x, unsafe_allow_javascript=True)"],
}  # fmt: skip


def breaking(rule, modules: list[Path]) -> dict[str, list[int]]:
    """Return the lines that break a rule, by module."""
    return {str(path.relative_to(ROOT)): lines for path in modules if (lines := rule(path.read_text("utf-8")))}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_breaks_the_rule(rule):
    assert breaking(rule, MODULES) == {}


@pytest.mark.parametrize("rule", [composed_statements, built_statements], ids=lambda rule: rule.__name__)
def test_no_test_puts_a_statement_together(rule):
    assert breaking(rule, TESTS) == {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_finds_what_it_is_for(rule):
    assert {source: rule(source) for source in RULES[rule]} == {source: [1] for source in RULES[rule]}


def test_what_is_no_fault_is_none():
    fine = 'c.execute(sql.SQL("SELECT {}").format(sql.Identifier(x))); c.execute(statement("a"), {"b": 1})'
    assert composed_statements(fine) == built_statements(fine) == []
    assert commands_and_code("run(x, shell=False); re.compile(x)") == []

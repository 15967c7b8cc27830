"""The rules of style for `sql/` and `migrations/`, as far as a program can check them.

`python -m tests.schema.lint_sql` prints every problem as `path:line: text` and fails if there
is any. The files are parsed by PostgreSQL's own parser (pglast).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pglast
from pglast import ast
from pglast.enums import FunctionParameterMode
from pglast.parser import ParseError, Token, scan

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_LINE = 100

INLINED = frozenset(
    {
        "actor", "clock", "content_type_of", "encode_cursor", "held_slices", "is_believable",
        "iso_time", "live_workers", "media_bytes", "media_pages", "media_seconds", "medium_of",
        "number_of", "processing_type_of", "select_failed", "select_media", "storable_cost",
        "text_of",
    }
)  # fmt: skip
"""Read helpers that must be inlined into their callers, and so cannot pin their search_path."""

CLOCKS = frozenset(
    {"now", "statement_timestamp", "transaction_timestamp", "clock_timestamp",
     "current_timestamp", "localtimestamp"}
)  # fmt: skip

_INCLUDE = re.compile(r"^\\ir (\S+)$", re.MULTILINE)
_MIGRATION = re.compile(r"\d{4}\.[a-z0-9]+(-[a-z0-9]+)*(\.rollback)?\.sql")


@dataclass(frozen=True, order=True)
class Problem:
    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def lint(project: Path) -> list[Problem]:
    """Every problem in the project's SQL, in the order of files and lines."""
    problems: list[Problem] = []
    for path in sorted((project / "sql").rglob("*.sql")):
        problems += lint_lines(path)
        problems += lint_manifest(path) if path.name == "install.sql" else lint_object(path)
    for path in sorted((project / "migrations").iterdir()):
        problems += lint_migration(path)
    return sorted(
        Problem(problem.path.relative_to(project), problem.line, problem.text)
        for problem in problems
    )


def lint_lines(path: Path) -> Iterator[Problem]:
    """What needs no parser."""
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            yield Problem(path, number, f"longer than {LONGEST_LINE} columns")
        if "\t" in line or line != line.rstrip():
            yield Problem(path, number, "a tab, or white space at the end")
    if not text.endswith("\n"):
        yield Problem(path, text.count("\n") + 1, "the last line has no end")


def lint_manifest(path: Path) -> Iterator[Problem]:
    """It names every object's file, once."""
    named = _INCLUDE.findall(path.read_text())
    there = {
        str(file.relative_to(path.parent)) for file in path.parent.rglob("*.sql") if file != path
    }
    for name in sorted(there - set(named)):
        yield Problem(path, 1, f"does not name {name}")
    for line, text in enumerate(path.read_text().splitlines(), 1):
        for name in _INCLUDE.findall(text):
            if name not in there:
                yield Problem(path, line, f"names {name}, which is not there")
            elif named.count(name) > 1:
                yield Problem(path, line, f"names {name} more than once")


def lint_migration(path: Path) -> Iterator[Problem]:
    if not _MIGRATION.fullmatch(path.name):
        yield Problem(path, 1, "not named like 0001.some-words.sql")
        return
    text = path.read_text()
    yield from lint_lines(path)
    yield from lint_tokens(path, text)
    if not path.name.endswith(".rollback.sql"):
        if not path.with_suffix(".rollback.sql").exists():
            yield Problem(path, 1, "has no rollback")
        if not path.name.startswith("0001.") and "-- depends: " not in text:
            yield Problem(path, 1, "does not say what it depends on")


def lint_object(path: Path) -> Iterator[Problem]:
    """A file of `sql/`: one object, of the file's name."""
    text = path.read_text()
    if not text.startswith("-- "):
        yield Problem(path, 1, "does not begin with a comment")
    yield from lint_tokens(path, text)
    try:
        statements = pglast.parse_sql(text)
    except ParseError:
        return  # lint_tokens has said so
    for raw in statements:
        line = line_of_statement(text, raw)
        name = object_name(raw.stmt)
        if name is not None and name != f"batch.{path.stem}":
            yield Problem(path, line, f"makes {name}: the file should be named after it")
        if isinstance(raw.stmt, ast.CreateFunctionStmt):
            start = raw.stmt_location
            source = text.encode()[start : start + raw.stmt_len].decode()
            yield from lint_function(path, line, raw.stmt, source)


def line_of_statement(text: str, raw: ast.RawStmt) -> int:
    """Where a statement begins, behind the comments and blank lines before it."""
    rest = text.encode()[raw.stmt_location :].decode()
    before = re.match(r"(\s+|--[^\n]*\n)*", rest)
    return text.count("\n", 0, len(text) - len(rest) + (before.end() if before else 0)) + 1


def object_name(statement: ast.Node) -> str | None:
    """`schema.name` of what a statement makes or fills; None where it makes nothing."""
    match statement:
        case ast.CreateFunctionStmt():
            return ".".join(part.sval for part in statement.funcname)
        case ast.ViewStmt():
            return f"{statement.view.schemaname}.{statement.view.relname}"
        case ast.InsertStmt():
            return f"{statement.relation.schemaname}.{statement.relation.relname}"
        case _:
            return None


def lint_function(
    path: Path, line: int, function: ast.CreateFunctionStmt, source: str
) -> Iterator[Problem]:
    name = function.funcname[-1].sval
    options = {option.defname: option.arg for option in function.options}
    if not function.replace:
        yield Problem(path, line, f"{name} is not `create or replace`")
    if "volatility" not in options:
        yield Problem(path, line, f"{name} does not state its volatility")
    pins = any(
        option.defname == "set" and option.arg.name == "search_path" for option in function.options
    )
    if pins == (name in INLINED):
        yield Problem(
            path,
            line,
            f"{name} pins its search_path, so that it cannot be inlined"
            if pins
            else f"{name} does not pin its search_path",
        )
    for parameter in function.parameters or ():
        is_given = parameter.mode not in {
            FunctionParameterMode.FUNC_PARAM_TABLE, FunctionParameterMode.FUNC_PARAM_OUT,
        }  # fmt: skip
        if is_given and not (parameter.name or "").startswith("p_"):
            yield Problem(path, line, f"{name} has a parameter without p_: {parameter.name}")
    if options["language"].sval == "plpgsql":
        for declared in re.findall(r"^declare\n(.*?)^begin$", source, re.MULTILINE | re.DOTALL):
            for local in re.findall(r"^  (\w+) ", declared, re.MULTILINE):
                if not local.startswith("v_"):
                    yield Problem(path, line, f"{name} has a local without v_: {local}")


def lint_tokens(path: Path, text: str, first_line: int = 1) -> Iterator[Problem]:
    """Rules about words, in statements and in the bodies of functions."""
    try:
        if first_line == 1:
            pglast.parse_sql(text)
        tokens = scan(text)
    except ParseError as error:
        yield Problem(path, first_line, f"cannot be parsed: {error}")
        return

    def word(token: Token) -> str:
        return text[token.start : token.end + 1]

    def line(token: Token) -> int:
        return first_line + text.count("\n", 0, token.start)

    tokens = [token for token in tokens if "COMMENT" not in token.name]
    for token in tokens:
        written = word(token)
        if token.kind != "NO_KEYWORD" and written != written.lower():
            yield Problem(path, line(token), f"a keyword in upper case: {written}")
        if token.name == "SCONST" and written.startswith("$$"):
            yield from lint_tokens(path, written[2:-2], line(token))
    for token, following in pairwise(tokens):
        pair = word(token), word(following)
        if pair in {("select", "*"), ("returning", "*")}:
            yield Problem(path, line(token), " ".join(pair))
    if path.parent.name != "migrations" and path.name != "clock.sql":
        for token in tokens:
            if word(token) in CLOCKS:
                yield Problem(path, line(token), f"{word(token)}: time comes from batch.clock()")


def main() -> int:
    problems = lint(PROJECT)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

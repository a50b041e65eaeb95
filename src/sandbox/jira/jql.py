"""JQL, parsed: AND, OR, NOT, comparisons, IN, IS EMPTY, functions and ORDER BY, with Jira's own error sentences.

NOT is pushed into the comparisons while parsing (`NOT a = 1` is `a != 1`), as Jira does: that is why neither finds a
ticket in which `a` is empty.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

OPERATORS = "The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."
KEYWORDS = {"and", "or", "not", "in", "is", "empty", "null", "order", "by", "was", "changed"}
RESERVED = set("{}*/%+$#@?;&|^`\\")
OPPOSITE = {
    "=": "!=",
    "!=": "=",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "~": "!~",
    "!~": "~",
    "in": "not in",
    "not in": "in",
    "is": "is not",
    "is not": "is",
}
_TOKEN = re.compile(r"""\s*(?:(?P<op>!=|<=|>=|!~|=|<|>|~|\(|\)|,|!)|(?P<quote>["'])|(?P<word>[^\s=!<>~(),"']+))""")


class JqlError(Exception):
    """The query is refused: `args[0]` is Jira's sentence."""


@dataclass(frozen=True, slots=True)
class Value:
    """A literal as written; `empty` for EMPTY and NULL; `call` holds a function's arguments."""

    text: str
    quoted: bool = False
    empty: bool = False
    call: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    field: str
    op: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All (`every`) or any of the nodes."""

    every: bool
    nodes: "tuple[Node, ...]"


Node = Clause | Both


@dataclass(frozen=True, slots=True)
class Query:
    where: Node | None
    order: tuple[tuple[str, bool], ...]  # (field, descending)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    quoted: bool = False
    sign: bool = False  # an operator, a parenthesis or a comma

    @property
    def keyword(self) -> str:
        return "" if self.quoted else self.text.lower()


def parse(text: str) -> Query:
    """Raises JqlError."""
    return _Parser(text).query()


def _fail(sentence: str) -> NoReturn:
    raise JqlError(f"Error in the JQL Query: {sentence}")


def _place(text: str, start: int) -> str:
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return f"(line {line}, character {column})"


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        assert match, "every character that is no blank begins a token"
        start = match.start(match.lastgroup or 0)
        position = match.end()
        if match["quote"]:
            body, position = _quoted(text, start)
            found.append(_Token(body, start, quoted=True))
        elif match["op"]:
            found.append(_Token(match["op"], start, sign=True))
        elif bad := next((c for c in match["word"] if c in RESERVED), None):
            _fail(
                f"The character '{bad}' is a reserved JQL character. You must enclose it in a string or use the escape "
                f"'\\u{ord(bad):04x}' instead. {_place(text, start + match['word'].index(bad))}"
            )
        else:
            found.append(_Token(match["word"], start))
    return found


def _quoted(text: str, start: int) -> tuple[str, int]:
    """The quoted text that begins at `start`, and where it ends."""
    mark, body, position = text[start], [], start + 1
    while position < len(text) and text[position] != mark:
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
        body.append(text[position])
        position += 1
    if position >= len(text):
        _fail(f"The quoted string '{''.join(body)}' has not been completed. {_place(text, start)}")
    return "".join(body), position + 1


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def query(self) -> Query:
        where = None if self._peek("order") or self._here is None else self._any()
        order: list[tuple[str, bool]] = []
        if self._take("order"):
            if not self._take("by"):
                self._expected("'by'")
            while not order or self._take(","):
                order.append((self._field(), self._direction()))
        if self._here is not None:
            self._expected("',', 'OR', or 'AND'" if order else "either 'OR' or 'AND'")
        return Query(where, tuple(order))

    # --- tokens ------------------------------------------------------------------------------------------------

    @property
    def _here(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _peek(self, word: str) -> bool:
        return self._here is not None and self._here.keyword == word

    def _take(self, word: str) -> bool:
        taken = self._peek(word)
        self._next += taken
        return taken

    def _expected(self, what: str, more: str = "") -> NoReturn:
        tail = f" {more}" if more else ""
        here = self._here
        if here is None:
            _fail(f"Expecting {what} before the end of the query.{tail}")
        _fail(f"Expecting {what} but got '{here.text}'.{tail} {_place(self._text, here.start)}")

    def _word(self, what: str) -> _Token:
        here = self._here
        if here is None or here.sign or here.keyword in KEYWORDS:
            self._expected(what)
        self._next += 1
        return here

    # --- grammar -----------------------------------------------------------------------------------------------

    def _any(self, *, negated: bool = False) -> Node:
        nodes = [self._all(negated=negated)]
        while self._take("or"):
            nodes.append(self._all(negated=negated))
        return nodes[0] if len(nodes) == 1 else Both(every=negated, nodes=tuple(nodes))

    def _all(self, *, negated: bool) -> Node:
        nodes = [self._one(negated=negated)]
        while self._take("and"):
            nodes.append(self._one(negated=negated))
        return nodes[0] if len(nodes) == 1 else Both(every=not negated, nodes=tuple(nodes))

    def _one(self, *, negated: bool) -> Node:
        if self._take("not") or self._take("!"):
            return self._one(negated=not negated)
        if self._take("("):
            node = self._any(negated=negated)
            if not self._take(")"):
                self._expected("')'")
            return node
        field = self._field()
        op = self._operator()
        values = self._list() if op.endswith("in") else (self._value(),)
        return Clause(field, OPPOSITE[op] if negated else op, values)

    def _field(self) -> str:
        return self._word("a field name").text  # "cf[10021]" is one word

    def _operator(self) -> str:
        for op in ("!=", "<=", ">=", "!~", "=", "<", ">", "~", "in"):
            if self._take(op):
                return op
        if self._take("is"):
            return "is not" if self._take("not") else "is"
        if not self._take("not"):
            self._expected("operator", OPERATORS)
        if not self._take("in"):
            self._expected("'IN'")
        return "not in"

    def _list(self) -> tuple[Value, ...]:
        if not self._take("("):
            value = self._value()  # a function such as linkedIssues() may stand for a list
            if value.call is None:
                self._next -= 1
                self._expected("'('")
            return (value,)
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take(")"):
            self._expected("')'")
        return tuple(values)

    def _value(self) -> Value:
        if self._take("empty") or self._take("null"):
            return Value("EMPTY", empty=True)
        token = self._word("either a value, list or function")
        if token.quoted or not self._take("("):
            return Value(token.text, quoted=token.quoted)
        arguments: list[str] = []
        while not self._take(")"):
            if arguments and not self._take(","):
                self._expected("')'")
            arguments.append(self._word("a function argument").text)
        return Value(token.text, call=tuple(arguments))

    def _direction(self) -> bool:
        if self._take("desc"):
            return True
        self._take("asc")
        return False

r"""Compute formulas in TeX, as much of it as scripts/loss_formulas.py has.

A value is a number or a matrix; \lvert M \rvert is the determinant of one. Names may have a subscript. What stands side
by side is multiplied, a function takes what follows it up to the next factor, and a sum over t has the values of t_x,
t_y, t_w and t_h.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Values = Mapping[str, Any]
Expression = Callable[[Values], Any]
TOKEN = re.compile(r"\s+|\\left|\\right|(\d+|\\[a-zA-Z]+|\\\\|.)")
ENDS = (None, "+", "-", ")", "}", "&", ",", "<", r"\rvert", r"\\", r"\end", r"\le")
CONSTANTS = {"e": math.e, r"\pi": math.pi}


def compute(line: str, values: Values) -> tuple[str, Any]:
    """Return the name on the left of an equation, and the value of its right side."""
    tokens = _Tokens(line)
    name = tokens.read_name()
    tokens.take("=")
    expression = tokens.read_sum()
    tokens.take(None)
    return name, expression(values)


def multiply(one: Any, other: Any) -> Any:
    """Return a product, of matrices too; one of a single number is that number."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return one * other
    product = one @ other
    return product.item() if product.size == 1 else product


def raise_to(base: Any, exponent: Any) -> Any:
    """Return a power: of a matrix its inverse or its root."""
    if not isinstance(base, np.ndarray):
        return base**exponent
    if exponent == -1:
        return np.linalg.inv(base)
    assert exponent == 0.5
    values, vectors = np.linalg.eig(base)
    return vectors @ np.diag(np.sqrt(values)) @ np.linalg.inv(vectors)


class _Tokens:
    """The tokens of an equation, of which each method reads a part and returns how its value follows from names."""

    def __init__(self, text: str) -> None:
        self.left = [token for token in TOKEN.findall(text) if token]

    @property
    def next(self) -> str | None:
        return self.left[0] if self.left else None

    def take(self, *wanted: str | None) -> str:
        assert not wanted or self.next in wanted, f"{self.next} where {wanted} is expected"
        return self.left.pop(0) if self.left else ""

    def read_name(self) -> str:
        name = self.take()
        if name == r"\mathrm":
            name += self.read_raw()
        if self.next == "_":
            self.take()
            name += "_" + (self.read_raw() if self.next == "{" else self.take())
        return name

    def read_raw(self) -> str:
        """Return a group in braces as it is written."""
        depth, text = 0, ""
        while not text or depth:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            text += token
        return text

    def read_group(self, begin: str = "{", end: str = "}") -> Expression:
        self.take(begin)
        inner = self.read_sum()
        self.take(end)
        return inner

    def read_sum(self) -> Expression:
        negative = self.next == "-" and self.take()
        first = self.read_product()
        terms = [(lambda values: multiply(-1, first(values))) if negative else first]
        while self.next in ("+", "-"):
            terms.append(self._sign(self.take(), self.read_product()))
        return lambda values: sum((term(values) for term in terms[1:]), start=terms[0](values))

    @staticmethod
    def _sign(sign: str, term: Expression) -> Expression:
        return term if sign == "+" else lambda values: multiply(-1, term(values))

    def read_product(self) -> Expression:
        factors = [self.read_power()]
        while self.next not in ENDS:
            factors.append(self.read_power())

        def product(values: Values) -> Any:
            value = factors[0](values)
            for factor in factors[1:]:
                value = multiply(value, factor(values))
            return value

        return product

    def read_power(self) -> Expression:
        base = self.read_atom()
        if self.next != "^":
            return base
        self.take()
        if self.left[:3] == ["{", r"\top", "}"]:
            self.read_raw()
            return lambda values: base(values).T
        exponent = self.read_group() if self.next == "{" else self.read_atom()
        return lambda values: raise_to(base(values), exponent(values))

    def read_atom(self) -> Expression:
        token = self.next or ""
        if token.isdigit():
            number = int(self.take())
            return lambda values: number
        if token == "(":
            return self.read_group("(", ")")
        reader = {
            r"\frac": self._read_fraction,
            r"\sqrt": lambda: self._apply(math.sqrt, self.read_group()),
            r"\ln": lambda: self._apply(math.log, self.read_power()),
            r"\arctan": lambda: self._apply(math.atan, self.read_power()),
            r"\operatorname": self._read_trace,
            r"\lvert": self._read_size,
            r"\max": lambda: self._read_choice(max),
            r"\min": lambda: self._read_choice(min),
            r"\sum": self._read_errors,
            r"\begin": self._read_cases,
        }.get(token)
        if reader:
            self.take()
            return reader()
        name = self.read_name()
        return lambda values: CONSTANTS[name] if name in CONSTANTS else values[name]

    @staticmethod
    def _apply(function: Callable[[Any], Any], argument: Expression) -> Expression:
        return lambda values: function(argument(values))

    def _read_fraction(self) -> Expression:
        above, below = self.read_group(), self.read_group()
        return lambda values: above(values) / below(values)

    def _read_trace(self) -> Expression:
        assert self.read_raw() == "{tr}"
        return self._apply(np.trace, self.read_group("(", ")"))

    def _read_size(self) -> Expression:
        inner = self.read_sum()
        self.take(r"\rvert")
        return self._apply(lambda value: np.linalg.det(value) if isinstance(value, np.ndarray) else abs(value), inner)

    def _read_choice(self, choose: Callable[..., Any]) -> Expression:
        self.take("(")
        one = self.read_sum()
        self.take(",")
        other = self.read_sum()
        self.take(")")
        return lambda values: choose(one(values), other(values))

    def _read_errors(self) -> Expression:
        self.take("_")
        assert self.read_raw() == "{t}"
        term = self.read_product()
        return lambda values: sum(term({**values, "t": values[f"t_{of}"]}) for of in "xywh")

    def _read_cases(self) -> Expression:
        assert self.read_raw() == "{cases}"
        inside = self.read_sum()
        self.take("&")
        one = self.read_sum()
        strictly = self.take("<", r"\le") == "<"
        other = self.read_sum()
        self.take(r"\\")
        outside = self.read_sum()
        self.take("&")
        assert self.take() + self.read_raw() == r"\text{else}"
        self.take(r"\end")
        assert self.read_raw() == "{cases}"

        def choose(values: Values) -> Any:
            left, right = one(values), other(values)
            return inside(values) if left < right or (left == right and not strictly) else outside(values)

        return choose

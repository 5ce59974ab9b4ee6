# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Reads annotations of LuaLS (lua-language-server), as its documentation describes them.

What isn't understood is an error: a test that reads a file so knows that each line of it is one.
"""

import re
from dataclasses import dataclass, field

BUILT_IN = {"any", "nil", "boolean", "string", "number", "integer", "function", "table", "false",
            "true", "unknown", "void", "self"}

TOKEN = re.compile(r"""\s*(?:
    (?P<literal>"(?:[^"\\]|\\.)*"|'[^']*'|-?\d+)
  | (?P<name>[A-Za-z_][\w.-]*)
  | (?P<sign>\[\]|\.\.\.|[|?(){}<>\[\]:,])
)""", re.VERBOSE)


@dataclass
class Class:
    name: str
    parents: list
    fields: dict = field(default_factory=dict)   # name -> (is optional, type's text), the last one
    overloads: list = field(default_factory=list)  # (name, type's text), as they stand


class TypeReader:
    """Types: `A|B[]`, `fun(a: B): C, D`, `table<K, V>`, `{ a: B }`, literals."""

    def __init__(self, text):
        self.text, self.pos, self.names = text, 0, set()

    def peek(self):
        match = TOKEN.match(self.text, self.pos)
        return match and (match.lastgroup, match.group(match.lastgroup), match.end())

    def take(self, *signs):
        token = self.peek()
        if token and token[1] in signs:
            self.pos = token[2]
            return token[1]
        return None

    def expect(self, sign):
        if not self.take(sign):
            raise ValueError(f"{sign} is missing at column {self.pos} of: {self.text}")

    def union(self):
        self.postfix()
        while self.take("|"):
            self.postfix()

    def postfix(self):
        self.primary()
        while self.take("[]", "?"):
            pass

    def primary(self):
        token = self.peek()
        if not token:
            raise ValueError(f"a type is missing at column {self.pos} of: {self.text}")
        kind, text, end = token
        self.pos = end
        if text == "(":
            self.union()
            self.expect(")")
        elif text == "{":
            self.list_of(self.member, "}")
        elif kind == "literal":
            pass
        elif text == "fun" and self.peek() and self.peek()[1] == "(":
            self.function()
        elif kind == "name":
            self.names.add(text)
            if self.take("<"):
                self.list_of(self.union, ">")
        else:
            raise ValueError(f"{text} is no type, in: {self.text}")

    def list_of(self, element, end):
        while not self.take(end):
            element()
            if not self.take(","):
                self.expect(end)
                return

    def member(self):
        if self.take("["):
            self.union()
            self.expect("]")
        else:
            self.parameter_name()
        self.expect(":")
        self.union()

    def parameter_name(self):
        token = self.peek()
        if not token or token[0] != "name" and token[1] != "...":
            raise ValueError(f"a name is missing at column {self.pos} of: {self.text}")
        self.pos = token[2]
        self.take("?")

    def parameter(self):
        self.parameter_name()
        if self.take(":"):
            self.union()

    def function(self):
        self.expect("(")
        self.list_of(self.parameter, ")")
        if self.take(":"):
            self.union()
            while self.take(","):
                self.union()


class Annotations:
    def __init__(self, text):
        self.classes, self.aliases, self.globals = {}, set(), {}
        self.used, self.generics, self.current = set(), set(), None
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self.read_line(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None

    def read_line(self, line):
        if match := re.match(r"---@(\w+)\s*(.*)$", line):
            reader = getattr(self, "read_" + match[1], None)
            if not reader:
                raise ValueError(f"@{match[1]} is no annotation that is known here")
            reader(match[2])
        elif line == "" or line.startswith("--"):
            pass
        else:
            self.read_code(line)

    def read_type_of(self, text):
        """Reads one type; what stands behind it."""
        reader = TypeReader(text)
        reader.union()
        self.used |= reader.names
        return text[:reader.pos].strip(), text[reader.pos:].strip()

    def read_meta(self, text):
        pass

    def read_class(self, text):
        match = re.fullmatch(r"(?:\(exact\) )?([A-Za-z_][\w.-]*)(?:\s*:\s*(.+))?", text)
        if not match:
            raise ValueError(f"no class: {text}")
        parents = [p.strip() for p in (match[2] or "").split(",") if p.strip()]
        self.used |= set(parents)
        self.current = self.classes.setdefault(match[1], Class(match[1], parents))

    def read_field(self, text):
        match = re.match(r'(\["(?:[^"\\]|\\.)*"\]|\[(?:string|integer)\]|[A-Za-z_]\w*)(\??)\s+(.*)', text)
        if not match or not self.current:
            raise ValueError(f"no field of a class: {text}")
        name = match[1]
        if name.startswith('["'):
            name = re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1])) if m[1].isdigit() else m[1],
                          name[2:-2])
        text_of_type, _ = self.read_type_of(match[3])
        self.current.fields[name] = (match[2] == "?", text_of_type)
        self.current.overloads.append((name, text_of_type))

    def read_operator(self, text):
        match = re.fullmatch(r"(\w+)(?:\((.+)\))?\s*:\s*(.+)", text)
        if not match or not self.current:
            raise ValueError(f"no operator of a class: {text}")
        for part in filter(None, (match[2], match[3])):
            self.read_type_of(part)

    def read_alias(self, text):
        name, _, rest = text.partition(" ")
        self.aliases.add(name)
        self.read_type_of(rest)

    def read_generic(self, text):
        self.generics |= {name.split(":")[0].strip() for name in text.split(",")}

    def read_type(self, text):
        self.read_type_of(text)

    def read_param(self, text):
        match = re.match(r"(\.\.\.|[A-Za-z_]\w*)\??\s+(.*)", text)
        if not match:
            raise ValueError(f"no parameter: {text}")
        self.read_type_of(match[2])

    def read_return(self, text):
        self.read_type_of(text)

    def read_overload(self, text):
        self.read_type_of(text)

    def read_code(self, line):
        """`name = …`, `function a.b(…) end` and `function a:b(…) end` are all that is written."""
        self.current = None
        if match := re.fullmatch(r"(local )?(\w+) = (?:\{\}|nil)", line):
            if not match[1]:
                self.globals.setdefault(match[2], set())
        elif match := re.fullmatch(r"function (\w+)(?:[.:](\w+))?\(([\w, .]*)\) end", line):
            members = self.globals.setdefault(match[1], set()) if match[2] is None \
                else self.globals.get(match[1], set())
            if match[2]:
                members.add(match[2])
        else:
            raise ValueError(f"not understood: {line}")

    def undefined(self):
        """Types that are named and nowhere made."""
        return self.used - BUILT_IN - set(self.classes) - self.aliases - self.generics

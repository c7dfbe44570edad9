"""
JSON Schema 2020-12 in Python, written from the specification: slow, without messages, references of the form "#/a/b" only.
"""
import re
from fractions import Fraction


def type_of(value):
    if isinstance(value, bool):
        return "boolean"
    names = {type(None): "null", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def exact(number):
    return Fraction(repr(number))


def equal(a, b):
    if type_of(a) != type_of(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return a == b


class Evaluation:
    """One schema over one value: is it valid, and which members or items did some keyword look at?"""

    def __init__(self, root, schema, value):
        self.root, self.schema, self.value = root, schema, value
        self.valid, self.seen = schema is not False, set()
        if isinstance(schema, dict):
            self.any()
            getattr(self, type_of(value), lambda: None)()
            self.in_place()
            self.unevaluated()

    def need(self, condition):
        self.valid = self.valid and bool(condition)

    def holds(self, schema, value):
        return Evaluation(self.root, schema, value).valid

    def here(self, schema):
        """A schema over the same value: what it has seen counts when it is valid."""
        below = Evaluation(self.root, schema, self.value)
        if below.valid:
            self.seen |= below.seen
        return below.valid

    def below(self, schema, keys):
        for key in keys:
            self.need(self.holds(schema, self.value[key]))
            self.seen.add(key)

    def any(self):
        schema, value = self.schema, self.value
        if "type" in schema:
            types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            kind = type_of(value)
            whole = kind == "number" and exact(value).denominator == 1
            self.need(kind in types or (whole and "integer" in types))
        self.need("enum" not in schema or any(equal(one, value) for one in schema["enum"]))
        self.need("const" not in schema or equal(schema["const"], value))

    def number(self):
        number = exact(self.value)
        checks = {"multipleOf": lambda n: (number / n).denominator == 1, "maximum": lambda n: number <= n,
                  "exclusiveMaximum": lambda n: number < n, "minimum": lambda n: number >= n,
                  "exclusiveMinimum": lambda n: number > n}
        for keyword, check in checks.items():
            self.need(keyword not in self.schema or check(exact(self.schema[keyword])))

    def size(self, least, most):
        self.need(self.schema.get(least, 0) <= len(self.value) <= self.schema.get(most, len(self.value)))

    def string(self):
        self.size("minLength", "maxLength")
        self.need("pattern" not in self.schema or re.search(self.schema["pattern"], self.value))

    def array(self):
        schema, value = self.schema, self.value
        self.size("minItems", "maxItems")
        if schema.get("uniqueItems"):
            self.need(not any(equal(value[i], value[k]) for i in range(len(value)) for k in range(i)))
        prefix = schema.get("prefixItems", [])
        for i, one in enumerate(prefix[:len(value)]):
            self.below(one, [i])
        if "items" in schema:
            self.below(schema["items"], range(len(prefix), len(value)))
        if "contains" in schema:
            found = [i for i, item in enumerate(value) if self.holds(schema["contains"], item)]
            self.need(schema.get("minContains", 1) <= len(found) <= schema.get("maxContains", len(value)))
            self.seen |= set(found)

    def object(self):
        schema, value = self.schema, self.value
        self.size("minProperties", "maxProperties")
        self.need(all(key in value for key in schema.get("required", [])))
        for key, others in schema.get("dependentRequired", {}).items():
            self.need(key not in value or all(other in value for other in others))
        for key, one in schema.get("properties", {}).items():
            self.below(one, [key] if key in value else [])
        for pattern, one in schema.get("patternProperties", {}).items():
            self.below(one, [key for key in value if re.search(pattern, key)])
        if "additionalProperties" in schema:
            self.below(schema["additionalProperties"], set(value) - self.seen)
        if "propertyNames" in schema:
            self.need(all(self.holds(schema["propertyNames"], key) for key in value))

    def in_place(self):
        schema = self.schema
        if "$ref" in schema:
            target = self.root
            for token in schema["$ref"].split("/")[1:]:
                target = target[token]
            self.need(self.here(target))
        if isinstance(self.value, dict):
            for key, one in schema.get("dependentSchemas", {}).items():
                self.need(key not in self.value or self.here(one))
        for one in schema.get("allOf", []):
            self.need(self.here(one))
        if "anyOf" in schema:
            self.need(any([self.here(one) for one in schema["anyOf"]]))
        if "oneOf" in schema:
            self.need(sum([self.here(one) for one in schema["oneOf"]]) == 1)
        self.need("not" not in schema or not self.holds(schema["not"], self.value))
        if "if" in schema:
            branch = "then" if self.here(schema["if"]) else "else"
            self.need(branch not in schema or self.here(schema[branch]))

    def unevaluated(self):
        if isinstance(self.value, list) and "unevaluatedItems" in self.schema:
            self.below(self.schema["unevaluatedItems"], set(range(len(self.value))) - self.seen)
        if isinstance(self.value, dict) and "unevaluatedProperties" in self.schema:
            self.below(self.schema["unevaluatedProperties"], set(self.value) - self.seen)


def is_valid(schema, value):
    return Evaluation(schema, schema, value).valid

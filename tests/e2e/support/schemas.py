"""Random schemas of draft 2020-12 and random documents, small enough to meet often."""

KEYS = ["a", "b", "c", "d"]
TYPES = ["string", "integer", "number", "null", "boolean", "array", "object", ["string", "array"], ["integer", "object"]]
COUNTS = ["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"]
LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"]
MAPS = ["properties", "dependentSchemas"]
ONES = ["additionalProperties", "propertyNames", "items", "contains", "not", "unevaluatedItems", "unevaluatedProperties"]
BOUNDS = ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"]
OTHERS = ["type", "enum", "const", "multipleOf", "pattern", "uniqueItems", "required", "dependentRequired",
          "patternProperties", "contains", "if", "$ref"]


class Generator:
    def __init__(self, random):
        self.random = random

    def value(self, depth=0):
        pick = self.random
        kind = pick.randrange(9 if depth < 3 else 6)
        if kind < 4:
            return pick.choice([None, True, False, 0, 1, 2, 3, -1, 10, 0.5, 1.0, 1.5, -0.5, 1e20])
        if kind < 6:
            return "".join(pick.choice("abcé1 ") for _ in range(pick.randrange(5)))
        if kind == 6:
            return [self.value(depth + 1) for _ in range(pick.randrange(4))]
        return {pick.choice(KEYS): self.value(depth + 1) for _ in range(pick.randrange(4))}

    def schema(self, depth=0, references=()):
        pick = self.random
        if depth > 3 or pick.random() < 0.1:
            return pick.choice([True, False, {}, {"type": "string"}, {"const": 1}, {"required": ["a"]}])
        schema = {}
        for _ in range(pick.randrange(1, 5)):
            self.keyword(schema, pick.choice(COUNTS + LISTS + MAPS + ONES + BOUNDS + OTHERS), depth, references)
        return schema

    def keyword(self, schema, keyword, depth, references):
        pick = self.random

        def below():
            return self.schema(depth + 1, references)
        if keyword in COUNTS:
            schema[keyword] = pick.randrange(4)
        elif keyword in BOUNDS:
            schema[keyword] = pick.choice([0, 1, 1.5, 2, -1, 10])
        elif keyword in LISTS:
            schema[keyword] = [below() for _ in range(pick.randrange(1, 4))]
        elif keyword in MAPS:
            schema[keyword] = {key: below() for key in pick.sample(KEYS, pick.randrange(3))}
        elif keyword == "if":
            schema.update({name: below() for name in ["if", "then", "else"] if name == "if" or pick.random() < 0.7})
        elif keyword == "contains":
            schema.update({"contains": below(), pick.choice(["minContains", "maxContains"]): pick.randrange(3)})
        elif keyword == "patternProperties":
            schema[keyword] = {pick.choice(["a|b", "c", "^d$"]): below()}
        elif keyword == "dependentRequired":
            schema[keyword] = {pick.choice(KEYS): pick.sample(KEYS, 2)}
        elif keyword == "$ref":
            if references:
                schema[keyword] = pick.choice(references)
        elif keyword in ONES:
            schema[keyword] = below()
        else:
            schema[keyword] = {"type": lambda: pick.choice(TYPES), "enum": lambda: [self.value(1), self.value(1)],
                               "const": lambda: self.value(1), "multipleOf": lambda: pick.choice([1, 2, 0.5, 1.5, 3]),
                               "pattern": lambda: pick.choice(["^a", "b$", "a.b", "[a-c]+", "^$", "é"]),
                               "uniqueItems": lambda: pick.random() < 0.7,
                               "required": lambda: pick.sample(KEYS, pick.randrange(3))}[keyword]()

    def document(self):
        """A whole schema, with definitions that others refer to and that refer to nothing."""
        schema = self.schema(0, ["#/$defs/x", "#/$defs/y"])
        definitions = {"x": self.schema(1), "y": self.schema(2)}
        return {"allOf": [schema], "$defs": definitions} if isinstance(schema, bool) else {**schema, "$defs": definitions}

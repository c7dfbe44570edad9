#!/usr/bin/python3
"""A straightforward check in Python, to compare with: walk, parse, validate by a schema, a line for each problem.

usage: peer_lint.py [--prepared] TREE SCHEMAS

It calls jsonschema.validate() for each document, which also checks the schema each time and tells the worst problem.
--prepared makes one validator for each schema before and tells all problems.
"""
import json
import os
import sys

import jsonschema
import yaml

Loader = yaml.CSafeLoader
ENTRY = {"skills": ("SKILL.md",), "mcps": ("server.json", "server.yaml"), "tools": ("tool.yaml", "tool.json")}
SCHEMA = {"skills": "lint-skill", "mcps": "lint-mcp", "tools": "lint-tool"}


def parse(path, text):
    if path.endswith(".json"):
        return json.loads(text)
    if path.endswith(".md"):
        text = text[4:text.index("\n---", 3) + 1]
    return yaml.load(text, Loader=Loader)


def manifests(top, entries):
    for folder, dirs, names in os.walk(top):
        entry = next((e for e in entries if e in names), None)
        if entry:
            yield os.path.join(folder, entry)
            dirs.clear()
        else:
            yield from (os.path.join(folder, name) for name in names if name.endswith((".json", ".yaml")))


def checker(schema, prepared):
    """A function that lists what is wrong with a document."""
    if prepared:
        return jsonschema.Draft202012Validator(schema).iter_errors

    def check(document):
        try:
            jsonschema.validate(document, schema)
        except jsonschema.ValidationError as e:
            return [e]
        return []
    return check


def main():
    root, schemas = sys.argv[-2:]
    for collection, name in SCHEMA.items():
        with open(os.path.join(schemas, f"{name}.json"), encoding="utf-8") as file:
            check = checker(json.load(file), "--prepared" in sys.argv[1:-2])
        for path in manifests(os.path.join(root, collection), ENTRY[collection]):
            shown = os.path.relpath(path, root)
            try:
                with open(path, encoding="utf-8") as file:
                    document = parse(path, file.read())
            except (ValueError, yaml.YAMLError) as e:
                print(f"{shown}: {e}")
                continue
            for e in check(document):
                print(f"{shown}: {e.json_path}: {e.message}")


main()

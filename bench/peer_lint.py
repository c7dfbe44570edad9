#!/usr/bin/python3
"""A straightforward check in Python, to compare with: walk, parse, validate by a schema, a line for each problem.

usage: peer_lint.py TREE SCHEMAS
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


def main():
    root, schemas = sys.argv[1:]
    for collection, schema in SCHEMA.items():
        with open(os.path.join(schemas, f"{schema}.json"), encoding="utf-8") as file:
            validator = jsonschema.Draft202012Validator(json.load(file))
        for path in manifests(os.path.join(root, collection), ENTRY[collection]):
            shown = os.path.relpath(path, root)
            try:
                with open(path, encoding="utf-8") as file:
                    document = parse(path, file.read())
            except (ValueError, yaml.YAMLError) as e:
                print(f"{shown}: {e}")
                continue
            for e in validator.iter_errors(document):
                print(f"{shown}: {e.json_path}: {e.message}")


main()

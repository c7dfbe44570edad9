#!/usr/bin/python3
"""Makes a git checkout that looks like a large real catalog.

usage: generate.py [--count N] [--seed N] DIR

Of N manifests (20,000) seven in ten are skills, two MCP servers, one a tool. A SKILL.md has 5.2 KB at the median,
35 KB at the 99th percentile and 294 KB at most; one skill in six has further files. Everything is committed. The same
arguments make the same tree with the same commit id.
"""
import argparse
import json
import math
import os
import pathlib
import random
import subprocess
import sys

MEDIAN, P99, LARGEST, SMALLEST = 5200, 35000, 294000, 400
SIGMA = math.log(P99 / MEDIAN) / 2.3263  # of the normal distribution behind the sizes

WORDS = (
    "agent request response schema deploy branch review cache index query token stream handler module service "
    "report table column metric alert rollback release policy secret container cluster worker queue retry timeout "
    "parser grammar document section heading paragraph image render layout component state event listener hook "
    "test fixture mock assertion coverage benchmark profile memory thread lock race async await future channel "
    "user account session role permission audit invoice payment ledger tax contract customer ticket escalation "
    "dataset feature label training model evaluation prompt context embedding vector search ranking filter "
    "when before after while unless because should must may never always each every some the a an and or of to in "
    "with without for from by on check read write create update remove compare explain verify collect convert split"
).split()
AREAS = (
    "api backend cloud data design devops docs finance frontend game infra legal ml mobile ops qa sales security web"
).split()
LICENSES = ["MIT", "Apache-2.0", "BSD-3-Clause"]


class Writer:
    """Text of a wanted size, cheap to make: sentences drawn from a pool."""

    def __init__(self, rng):
        self.rng = rng
        self.pool = [self.sentence() for _ in range(4000)]

    def words(self, low, high):
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(low, high)))

    def sentence(self):
        return self.words(6, 18).capitalize() + "."

    def phrase(self, limit):
        text = " ".join(self.rng.choices(self.pool, k=1 + limit // 60))
        return text[:limit].rsplit(" ", 1)[0].rstrip(".") + "."

    def markdown(self, size):
        parts, have = [], 0
        while have < size:
            kind = self.rng.random()
            if kind < 0.18:
                part = "## " + self.words(2, 5).capitalize() + "\n\n"
            elif kind < 0.30:
                part = "```python\n" + "".join(
                    f"{w} = load('{v}')\n" for w, v in zip(self.rng.choices(WORDS, k=6), self.rng.choices(WORDS, k=6))
                ) + "```\n\n"
            elif kind < 0.55:
                part = "".join(f"- {s}\n" for s in self.rng.choices(self.pool, k=4)) + "\n"
            else:
                part = " ".join(self.rng.choices(self.pool, k=4)) + "\n\n"
            parts.append(part)
            have += len(part)
        return "".join(parts)[: max(size - 1, 0)] + "\n"


def manifest_size(rng):
    return min(LARGEST, max(SMALLEST, int(MEDIAN * math.exp(rng.gauss(0, SIGMA)))))


def skill(rng, text, name, size):
    description = text.phrase(rng.randint(80, 600))
    if rng.random() < 0.3:
        description = json.dumps(description.replace(".", ": use when", 1))
    lines = ["---", f"name: {name}", f"description: {description}"]
    if rng.random() < 0.4:
        lines.append(f"license: {rng.choice(LICENSES)}")
    if rng.random() < 0.2:
        lines.append("allowed-tools: Read Grep Bash(git:*)")
    if rng.random() < 0.5:
        version = f"{rng.randint(0, 4)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}"
        tags = ", ".join(rng.sample(WORDS[:60], rng.randint(1, 5)))
        lines += ["metadata:", f'  version: "{version}"', f"  author: {rng.choice(AREAS)}-team", f"  tags: [{tags}]"]
    lines += ["---", "", f"# {name.replace('-', ' ').title()}", "", ""]
    head = "\n".join(lines)
    return head + text.markdown(size - len(head.encode()))


def server(rng, text, name):
    doc = {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": f"org.example.{rng.choice(AREAS)}/{name}",
        "description": text.phrase(95),
        "version": f"{rng.randint(0, 4)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
        "packages": [
            {
                "registryType": rng.choice(["npm", "pypi", "oci"]),
                "identifier": f"example-{name}",
                "version": "1.0.0",
                "transport": {"type": "stdio"},
                "environmentVariables": [
                    {"name": w.upper() + "_KEY", "description": text.phrase(80), "isSecret": rng.random() < 0.5}
                    for w in rng.sample(WORDS[:60], rng.randint(0, 8))
                ],
            }
        ],
    }
    return doc


def tool(rng, text, name):
    names = rng.sample(WORDS[:60], rng.randint(1, 10))
    kinds = ["string", "integer"]
    return {
        "name": name.replace("-", "_"),
        "version": f"{rng.randint(0, 4)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
        "description": text.phrase(rng.randint(60, 300)),
        "tags": rng.sample(AREAS, 2),
        "inputSchema": {
            "type": "object",
            "properties": {n: {"type": rng.choice(kinds), "description": text.phrase(80)} for n in names},
            "required": names[:1],
        },
    }


def yaml_text(value, indent=0):
    """Block style, as people write it. Values: dict, list of dict, list of str, str, bool."""
    pad, out = "  " * indent, []
    for key, v in value.items():
        if isinstance(v, dict):
            out.append(f"{pad}{key}:" + ("\n" + yaml_text(v, indent + 1) if v else " {}\n"))
        elif isinstance(v, list) and v and isinstance(v[0], dict):
            out.append(f"{pad}{key}:\n")
            for element in v:
                text = yaml_text(element, indent + 2)
                out.append(f"{pad}  - " + text[len(pad) + 4:])
        elif isinstance(v, list):
            out.append(f"{pad}{key}: [{', '.join(v)}]\n")
        elif isinstance(v, bool):
            out.append(f"{pad}{key}: {str(v).lower()}\n")
        else:
            plain = v.replace(" ", "").replace(".", "").replace("-", "").replace("/", "").isalnum()
            out.append(f"{pad}{key}: {v if plain and not v[0].isdigit() else json.dumps(v)}\n")
    return "".join(out).replace(":\n\n", ":\n")


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def generate(root, count, seed):
    rng = random.Random(seed)
    text = Writer(rng)
    skills, servers = count * 7 // 10, count * 2 // 10
    largest = rng.randrange(skills) if skills else 0
    for i in range(skills):
        name = f"{rng.choice(WORDS[:60])}-{rng.choice(WORDS[:60])}-{i}"
        folder = root / "skills" / f"{AREAS[i % len(AREAS)]}-{i // 400}" / name
        size = LARGEST if i == largest else manifest_size(rng)
        put(folder / "SKILL.md", skill(rng, text, name, size))
        if i % 6 == 0:
            for k in range(min(60, 1 + int(rng.expovariate(1 / 4)))):
                kind = ("references/part-%d.md", "scripts/step_%d.py", "assets/template-%d.txt")[k % 3]
                put(folder / (kind % k), text.markdown(manifest_size(rng)))
    for i in range(servers):
        name = f"{rng.choice(WORDS[:60])}-{i}"
        doc = server(rng, text, name)
        folder = root / "mcps" / name
        if i % 3:
            put(folder / "server.json", json.dumps(doc, indent=2) + "\n")
        else:
            put(folder / "server.yaml", yaml_text(doc))
    for i in range(count - skills - servers):
        name = f"{rng.choice(WORDS[:60])}-{i}"
        doc = tool(rng, text, name)
        path = root / "tools" / AREAS[i % len(AREAS)] / name
        if i % 2:
            put(path.with_name(name + ".json"), json.dumps(doc, indent=2) + "\n")
        else:
            put(path.with_name(name + ".yaml"), yaml_text(doc))


def commit(root):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        env[f"GIT_{who}_NAME"] = "bench"
        env[f"GIT_{who}_EMAIL"] = "bench@example.org"
        env[f"GIT_{who}_DATE"] = "2024-01-01T00:00:00Z"

    def git(*args):
        return subprocess.run(["git", *args], cwd=root, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("-c", "gc.auto=0", "commit", "-q", "-m", "catalog")
    git("gc", "-q")  # as a clone is: in a pack
    return git("rev-parse", "HEAD").strip()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--count", type=int, default=20000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("dir", type=pathlib.Path)
    a = p.parse_args()
    if a.dir.exists() and any(a.dir.iterdir()):
        sys.exit(f"{a.dir} is not empty")
    a.dir.mkdir(parents=True, exist_ok=True)
    generate(a.dir, a.count, a.seed)
    head = commit(a.dir)
    sizes = sorted(p.stat().st_size for p in a.dir.glob("skills/**/SKILL.md"))
    files = [p for p in a.dir.rglob("*") if p.is_file() and ".git" not in p.parts]
    print(f"{a.count} manifests, {len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.0f} MB; SKILL.md: "
          f"p50 {sizes[len(sizes) // 2]} p99 {sizes[len(sizes) * 99 // 100]} max {sizes[-1]} bytes; commit {head}")


main()

"""shelfctl explain: no daemon, no Redis."""
import json

from support.ctl import shelfctl


def test_explain_lists_all_codes_in_order(folder):
    rows = [line.split()[:3] for line in shelfctl(folder, "explain", check=0).stdout.splitlines()]
    assert rows[0] == ["CODE", "LENIENT", "STRICT"]
    assert [row[0] for row in rows[1:]] == sorted(row[0] for row in rows[1:])
    assert ["id-empty", "error", "error"] in rows
    assert all(set(row[1:]) <= {"error", "warning", "note"} for row in rows[1:])


def test_explain_tells_title_severity_and_examples(folder):
    text = shelfctl(folder, "explain", "frontmatter-not-closed", check=0).stdout
    assert text.startswith("frontmatter-not-closed: ")
    assert "error in the lenient profile, error in the strict one" in text
    assert "\nwrong\n    ---\n" in text and "\nright\n    ---\n" in text


def test_explain_json_is_an_object_a_line(folder):
    all_codes = [json.loads(line) for line in shelfctl(folder, "explain", "--json", check=0).stdout.splitlines()]
    one = json.loads(shelfctl(folder, "explain", "--json", "id-empty", check=0).stdout)
    assert one in all_codes
    assert set(one) == {"code", "lenient", "strict", "title", "text", "wrong", "right"}


def test_explain_of_an_unknown_code_names_one_that_is_near(folder):
    done = shelfctl(folder, "explain", "id-emtpy", check=1)
    assert "did you mean id-empty?" in done.stderr and done.stdout == ""

"""Canonical JSON (RFC 8785), with the two things the manifests' specification adds: keys sort by code point, and NaN
and infinities, which only YAML can write, become strings."""
import decimal
import json
import math


def number(value):
    """Number::toString of ECMAScript."""
    value = float(value)
    if value == 0:
        return "0"
    sign, digits, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    n = len(text) + exponent  # position of the decimal point
    if len(text) <= n <= 21:
        out = text + "0" * (n - len(text))
    elif 0 < n <= 21:
        out = text[:n] + "." + text[n:]
    elif -6 < n <= 0:
        out = "0." + "0" * -n + text
    else:
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        out = f"{mantissa}e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return ("-" if sign else "") + out


def dumps(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and math.isnan(value):
        return '".nan"'
    if isinstance(value, float) and math.isinf(value):
        return '".inf"' if value > 0 else '"-.inf"'
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{dumps(value[k])}" for k in sorted(value)) + "}"

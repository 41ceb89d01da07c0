"""The description of the API for people: one page without scripts, drawn from its own OpenAPI description.

The viewers that usually stand at /docs load their programs from other people's servers. Nothing here does: whoever
opens this page, on a network without a way out, sees every door with what it takes, gives and refuses.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

METHODS = ("get", "post", "put", "patch", "delete")
POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{{font:15px/1.5 system-ui,sans-serif;color:#1b2733;max-width:62rem;margin:2rem auto;padding:0 1rem}}
h1{{margin-bottom:0}} h2{{margin-top:2rem;border-bottom:1px solid #c9d3dc}}
code{{font:13px/1.5 ui-monospace,monospace}}
article{{border:1px solid #d8e0e7;border-radius:6px;padding:.5rem .9rem;margin:.6rem 0}}
article h3{{margin:0;font:600 14px/1.6 ui-monospace,monospace}}
article h3 b{{color:#0b5cad;display:inline-block;width:4rem}}
p{{margin:.2rem 0}} table{{border-collapse:collapse;margin:.3rem 0}}
td{{padding:.1rem .8rem .1rem 0;vertical-align:top}}
.quiet{{color:#51616f}} a{{color:#0b5cad}}
</style></head><body><h1>{title} {version}</h1><p class="quiet">{description}</p>
<p>Send <code>Authorization: Bearer TOKEN</code>, the token of <code>POST /token</code> or an API key, and
<code>X-Cleanclaim-Practice</code> where you work in several. Every refusal is <code>application/problem+json</code>
with <code>detail</code> (what is wrong), <code>where</code> and <code>mend</code> (what would put it right).
For programs: <a href="openapi.json">openapi.json</a>.</p>{doors}<h2>Records</h2>{records}</body></html>
"""


@router.get("/")
def entrance() -> RedirectResponse:
    """People begin at the sign-in page."""
    return RedirectResponse("signin", 303)


@router.get("/docs", response_class=HTMLResponse)
def manual(request: Request) -> HTMLResponse:
    """Every door with what it takes and gives."""
    return HTMLResponse(page(request.app.openapi()), headers=POLICY)


def page(described: Mapping[str, Any]) -> str:
    """The page of an OpenAPI description."""
    by_tag: dict[str, list[str]] = {}
    for path, ways in described["paths"].items():
        for method in METHODS:
            if method in ways:
                tag = (ways[method].get("tags") or ["doors"])[0]
                by_tag.setdefault(tag, []).append(_door(path, method, ways[method]))
    doors = "".join(f"<h2>{_said(tag.capitalize())}</h2>{''.join(each)}" for tag, each in by_tag.items())
    records = "".join(_record(name, schema) for name, schema in described["components"]["schemas"].items())
    told = described["info"]
    return _PAGE.format(
        title=_said(told["title"]),
        version=_said(told["version"]),
        description=_said(told.get("description", "")),
        doors=doors,
        records=records,
    )


def _said(text: object) -> str:
    return html.escape(str(text))


def _door(path: str, method: str, way: Mapping[str, Any]) -> str:
    """One door: method and path, its sentence, its parameters, what it takes and gives."""
    rows = [
        (each["name"], f"{each['in']}, {_kind(each.get('schema', {}))}{', required' if each.get('required') else ''}")
        for each in way.get("parameters", ())
    ]
    rows += [("takes", kind) for kind in _kinds(way.get("requestBody", {}))]
    rows += [
        (f"gives {status}", ", ".join(_kinds(answer)) or "nothing")
        for status, answer in way.get("responses", {}).items()
        if status.startswith(("2", "3"))
    ]
    body = "".join(f"<tr><td><code>{_said(name)}</code></td><td>{kind}</td></tr>" for name, kind in rows)
    words = _said(way.get("description") or way.get("summary", ""))
    return f"<article><h3><b>{method.upper()}</b>{_said(path)}</h3><p>{words}</p><table>{body}</table></article>"


def _kinds(part: Mapping[str, Any]) -> Iterator[str]:
    for media, content in part.get("content", {}).items():
        yield f"{_kind(content.get('schema', {}))} <span class='quiet'>{_said(media)}</span>"


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a value in a word or two; a record's name leads to the record."""
    if "$ref" in schema:
        name = _said(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(_said(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return _said(schema.get("format") or schema.get("type") or "anything")


def _record(name: str, schema: Mapping[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{_said(field)}</code></td><td>{_kind(kind)}{'' if field in needed else ', optional'}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    words = f"<p>{_said(schema['description'])}</p>" if schema.get("description") else ""
    return f'<article id="{_said(name)}"><h3>{_said(name)}</h3>{words}<table>{rows}</table></article>'

/*
 * Front matter of a Markdown file, and what can be derived without one.
 */
#ifndef MANIFEST_FRONTMATTER_H
#define MANIFEST_FRONTMATTER_H

#include <stddef.h>

#include "manifest/problem.h"

enum frontmatter { FRONTMATTER_NONE, FRONTMATTER_FOUND, FRONTMATTER_BAD };

/*
 * Look for front matter in s (after a BOM, if there was one). FOUND: ret_yaml
 * and ret_n give its bytes inside s, ret_line the file line it begins on (2),
 * ret_body the offset of the first byte after the closing line. BAD: an error
 * was added (frontmatter-not-closed, frontmatter-too-large). A first line is
 * "---", then white space at most, then LF or CRLF.
 */
enum frontmatter frontmatter_find(const char *s, size_t n, const char **ret_yaml, size_t *ret_n, int *ret_line,
    size_t *ret_body, struct problems *ps);

/*
 * Add frontmatter-missing for a text in which none was found: at the line that was
 * most likely meant to open it, if there is one, with what is wrong there.
 */
void frontmatter_missing(const char *s, size_t n, enum severity severity, struct problems *ps);

/*
 * The description that a Markdown text gives by itself: the first paragraph
 * after the first heading, else the heading, else the first paragraph; white
 * space runs folded into one blank; at most 1024 code points. The caller frees;
 * NULL when there is none. Headings and paragraphs in fenced code or in HTML
 * comments do not count, and lines that only draw a rule are skipped; "Title" above
 * "===" or "---" is a heading. Everything else between blank lines is a
 * paragraph, lists and tables too. Markup inside it stays.
 */
char *frontmatter_describe(const char *s, size_t n);

#endif

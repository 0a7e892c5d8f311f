/*
 * Whatever comes from the file goes through these before it stands in a page, a figure or Markdown. Internal to the
 * room.
 */
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include "headsweep/base.h"

/* Text of an HTML element or of a quoted attribute; what XML does not allow becomes a blank. */
void hs__report_put_html(const char *string, hs_text *text);
/* A cell of a Markdown table. */
void hs__report_put_markdown(const char *string, hs_text *text);
/* A backslash before each of these characters. */
void hs__report_put_escaped(const char *string, const char *characters, hs_text *text);

#endif

/*
 * pattern_translate: Oniguruma (Ruby syntax) to PCRE2. The two agree on most of the syntax; these are the differences:
 * \s and \w of PCRE2 hold U+180E and lack marks, \h and \v are other things, (?m) is PCRE2's (?s), \p{Han} means the
 * script and not its extensions, long property names are unknown to PCRE2. A set within a set (`[a[bc]]`) is written
 * out in the outer one; negated ones, intersections (`&&`) and POSIX classes have no equivalent and are refused.
 */
#include "tokenizer/pattern.h"
#include "tokenizer/pattern_translation.h"

#include <ctype.h>
#include <string.h>

#define WHITE_SPACE \
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define WORD_IN_SET                                                                                                 \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{" \
    "1f189}"
/* Outside sets Oniguruma also takes the superscripts and fractions of Latin-1 for parts of words. */
#define WORD WORD_IN_SET "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"
#define HEX_DIGITS "0-9a-fA-F"
#define IS_BOUNDARY "(?:(?<=[" WORD "])(?![" WORD "])|(?<![" WORD "])(?=[" WORD "]))"
#define NO_BOUNDARY "(?:(?<=[" WORD "])(?=[" WORD "])|(?<![" WORD "])(?![" WORD "]))"

/* An escape's letter, and what stands for it outside and inside a set; NULL: refused there. */
typedef struct escape_row {
    char letter;
    const char *outside;
    const char *inside;
} escape_row;

static const escape_row ESCAPES[] = {
    {'s', "[" WHITE_SPACE "]", WHITE_SPACE},
    {'S', "[^" WHITE_SPACE "]", "\\S\\x{180e}"},
    {'w', "[" WORD "]", WORD_IN_SET},
    {'W', "[^" WORD "]", NULL},
    {'d', "[\\p{Nd}]", "\\p{Nd}"},
    {'D', "[^\\p{Nd}]", "\\P{Nd}"},
    {'h', "[" HEX_DIGITS "]", HEX_DIGITS},
    {'H', "[^" HEX_DIGITS "]", NULL},
    {'b', IS_BOUNDARY, "\\x{8}"},
    {'B', NO_BOUNDARY, NULL},
    {'v', "\\x{b}", "\\x{b}"},
    {'n', "\\n", "\\n"},
    {'r', "\\r", "\\r"},
    {'t', "\\t", "\\t"},
    {'f', "\\f", "\\f"},
    {'a', "\\a", "\\a"},
    {'e', "\\e", "\\e"},
    {'x', "\\x", "\\x"},
    {'R', "\\R", NULL},
    {'X', "\\X", NULL},
    {'A', "\\A", NULL},
    {'z', "\\z", NULL},
    {'Z', "\\Z", NULL},
    {'K', "\\K", NULL},
};

/* At the letter of \uHHHH. */
static hs_status translate_code_point(pattern_translation *t)
{
    char digits[5] = {0};
    for (size_t i = 0; i < 4; i++) {
        size_t at = t->at + 1 + i;
        if (at >= t->length || !isxdigit((unsigned char)t->text[at]))
            return hs__tokenizer_translation_refuse(t, "\\u without four hexadecimal digits");
        digits[i] = t->text[at];
    }
    t->at += 5;
    return hs_text_appendf(t->out, t->error, "\\x{%s}", digits);
}

/* At a backslash. */
static hs_status translate_escape(pattern_translation *t, bool in_set)
{
    if (t->at + 1 >= t->length)
        return hs__tokenizer_translation_refuse(t, "a backslash at the end");
    char letter = t->text[t->at + 1];
    t->at++;
    if (letter == 'p' || letter == 'P')
        return hs__tokenizer_translate_property(t, in_set);
    if (letter == 'u')
        return translate_code_point(t);
    if (!isalnum((unsigned char)letter) || (letter >= '1' && letter <= '9' && !in_set)) {
        HS_TRY(hs__tokenizer_translation_emit(t, "\\"));
        return hs__tokenizer_translation_copy(t, 1);
    }
    for (size_t i = 0; i < sizeof ESCAPES / sizeof *ESCAPES; i++) {
        const char *form = in_set ? ESCAPES[i].inside : ESCAPES[i].outside;
        if (ESCAPES[i].letter == letter && form != NULL) {
            t->at++;
            return hs__tokenizer_translate_form(t, form);
        }
    }
    return hs__tokenizer_translation_refuse(t, in_set ? "an escape that has no equivalent in a set"
                                                      : "an escape that has no equivalent");
}

/*
 * At the opening bracket of a set within a set, whose members become the outer one's (BLOOM's pattern has one). At its
 * borders a hyphen or a closing bracket would come to mean something else.
 */
static hs_status enter_set(pattern_translation *t)
{
    static const char *const OTHER[] = {"[^", "[:", "[]", "[-", "[&"};
    if (t->at > 0 && t->text[t->at - 1] == '-')
        return hs__tokenizer_translation_refuse(t, "a set at the end of a range");
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++)
        if (hs__tokenizer_translation_looks_at(t, OTHER[i]))
            return hs__tokenizer_translation_refuse(t, "a negated set, a POSIX class or the like within a set");
    t->at++;
    return HS_OK;
}

/* At the closing bracket of a set within a set. */
static hs_status leave_set(pattern_translation *t)
{
    if (t->text[t->at - 1] == '-' || (t->at + 1 < t->length && t->text[t->at + 1] == '-'))
        return hs__tokenizer_translation_refuse(t, "a hyphen at the border of a set within a set");
    t->at++;
    return HS_OK;
}

/* At the opening bracket. */
static hs_status translate_set(pattern_translation *t)
{
    size_t depth = 1;
    HS_TRY(hs__tokenizer_translation_copy(t, hs__tokenizer_translation_looks_at(t, "[^") ? 2 : 1));
    for (bool first = true;; first = false) {
        if (t->at >= t->length)
            return hs__tokenizer_translation_refuse(t, "a set without closing bracket");
        if (t->text[t->at] == ']' && !first && depth == 1)
            return hs__tokenizer_translation_copy(t, 1);
        if (t->text[t->at] == ']' && !first) {
            HS_TRY(leave_set(t));
            depth--;
            continue;
        }
        if (t->text[t->at] == '[') {
            HS_TRY(enter_set(t));
            depth++;
            continue;
        }
        if (hs__tokenizer_translation_looks_at(t, "&&"))
            return hs__tokenizer_translation_refuse(t, "an intersection of sets");
        if (t->text[t->at] == '\\')
            HS_TRY(translate_escape(t, true));
        else
            HS_TRY(hs__tokenizer_translation_copy(t, 1));
    }
}

/* At the flags of (?flags) or (?flags:...). Ruby's m lets the dot match line feeds. */
static hs_status translate_flags(pattern_translation *t)
{
    for (; t->at < t->length && strchr("imx-", t->text[t->at]) != NULL && t->text[t->at] != '\0'; t->at++)
        HS_TRY(hs_text_append(t->out, t->text[t->at] == 'm' ? "s" : &t->text[t->at], 1, t->error));
    if (hs__tokenizer_translation_looks_at(t, ":") || hs__tokenizer_translation_looks_at(t, ")"))
        return hs__tokenizer_translation_copy(t, 1);
    return hs__tokenizer_translation_refuse(t, "a kind of group that has no equivalent");
}

/* At an opening parenthesis. */
static hs_status translate_group(pattern_translation *t)
{
    static const char *const SAME[] = {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!", "(?#"};
    if (hs__tokenizer_translation_looks_at(t, "(*"))
        return hs__tokenizer_translation_refuse(t, "a repeat without anything before it");
    if (!hs__tokenizer_translation_looks_at(t, "(?"))
        return hs__tokenizer_translation_copy(t, 1);
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        if (hs__tokenizer_translation_looks_at(t, SAME[i]))
            return hs__tokenizer_translation_copy(t, strlen(SAME[i]));
    if (hs__tokenizer_translation_looks_at(t, "(?<"))
        return hs__tokenizer_translation_copy(t, 3); /* a named group; PCRE2 checks the name */
    HS_TRY(hs__tokenizer_translation_copy(t, 2));
    return translate_flags(t);
}

/* At an opening brace. Ruby knows {,n}, and does not make an interval possessive by a plus behind it. */
static hs_status translate_brace(pattern_translation *t)
{
    size_t end = t->at + 1;
    while (end < t->length && (isdigit((unsigned char)t->text[end]) || t->text[end] == ','))
        end++;
    bool is_interval =
        end < t->length && t->text[end] == '}' && end > t->at + 1 && !(t->text[t->at + 1] == ',' && end == t->at + 2);
    if (!is_interval)
        return hs__tokenizer_translation_copy(t, 1);
    bool is_exact = memchr(t->text + t->at, ',', end - t->at) == NULL;
    if (end + 1 < t->length && (t->text[end + 1] == '+' || (t->text[end + 1] == '?' && is_exact)))
        return hs__tokenizer_translation_refuse(t, "an interval with + or ? behind it");
    if (t->text[t->at + 1] == ',') {
        HS_TRY(hs__tokenizer_translation_emit(t, "{0"));
        t->at++;
    }
    return hs__tokenizer_translation_copy(t, end + 1 - t->at);
}

/* Only what the two may differ in is looked at; all else means the same to both and is copied. */
hs_status hs__tokenizer_pattern_translate(const char *regex, size_t length, int unicode, hs_text *translated,
                                          hs_error *error)
{
    pattern_translation t = {.text = regex, .length = length, .unicode = unicode, .out = translated, .error = error};
    while (t.at < length) {
        switch (regex[t.at]) {
        case '\\':
            HS_TRY(translate_escape(&t, false));
            break;
        case '[':
            HS_TRY(translate_set(&t));
            break;
        case '(':
            HS_TRY(translate_group(&t));
            break;
        case '{':
            HS_TRY(translate_brace(&t));
            break;
        default:
            HS_TRY(hs__tokenizer_translation_copy(&t, 1));
        }
    }
    return HS_OK;
}

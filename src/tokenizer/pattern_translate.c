/*
 * Oniguruma (Ruby syntax) to PCRE2. The two agree on most of the syntax; what is written here are the differences:
 * \s and \w of PCRE2 hold U+180E and lack marks, \h and \v are other things, (?m) is PCRE2's (?s), \p{Han} means the
 * script and not its extensions, long property names are unknown to PCRE2. Sets within sets (`[a[bc]]`, `&&`) and
 * POSIX classes have no equivalent and are refused.
 */
#include "tokenizer/pattern.h"

#include <ctype.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

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

/* Since 10.40 \p{Han} stands for the script extensions; before, for the script itself. */
#if PCRE2_MAJOR > 10 || (PCRE2_MAJOR == 10 && PCRE2_MINOR >= 40)
#define SCRIPT_PREFIX "sc:"
#else
#define SCRIPT_PREFIX ""
#endif

enum { MAX_PROPERTY_NAME = 64 };

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
    {'d', "\\p{Nd}", "\\p{Nd}"},
    {'D', "\\P{Nd}", "\\P{Nd}"},
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

/* A property's name in lower case without separators, and PCRE2's name for it. */
typedef struct property_row {
    const char *name;
    const char *pcre2;
} property_row;

static const property_row PROPERTIES[] = {
    {"any", "Any"},
    {"letter", "L"},
    {"uppercaseletter", "Lu"},
    {"lowercaseletter", "Ll"},
    {"titlecaseletter", "Lt"},
    {"casedletter", "L&"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"mark", "M"},
    {"nonspacingmark", "Mn"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"punctuation", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"openpunctuation", "Ps"},
    {"closepunctuation", "Pe"},
    {"initialpunctuation", "Pi"},
    {"finalpunctuation", "Pf"},
    {"otherpunctuation", "Po"},
    {"symbol", "S"},
    {"mathsymbol", "Sm"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"othersymbol", "So"},
    {"separator", "Z"},
    {"spaceseparator", "Zs"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"other", "C"},
    {"control", "Cc"},
    {"format", "Cf"},
    {"unassigned", "Cn"},
    {"privateuse", "Co"},
    {"surrogate", "Cs"},
    {"alphabetic", "Alphabetic"},
    {"uppercase", "Uppercase"},
    {"lowercase", "Lowercase"},
    {"whitespace", "White_Space"},
    {"ideographic", "Ideographic"},
    {"emoji", "Emoji"},
    {"emojipresentation", "Emoji_Presentation"},
    {"emojimodifier", "Emoji_Modifier"},
    {"extendedpictographic", "Extended_Pictographic"},
};

/* The expression being read and what has been written of its translation. */
typedef struct translation {
    const char *text;
    size_t length;
    size_t at;
    hs_text *out;
    hs_error *error;
} translation;

static hs_status refuse(const translation *t, const char *what)
{
    return hs_fail(t->error, HS_ERROR_INPUT, "the regular expression cannot be used: %s at byte %zu of \"%.*s\"", what,
                   t->at, (int)(t->length < 200 ? t->length : 200), t->text);
}

static hs_status emit(translation *t, const char *text)
{
    return hs_text_append(t->out, text, strlen(text), t->error);
}

static hs_status copy(translation *t, size_t n)
{
    HS_TRY(hs_text_append(t->out, t->text + t->at, n, t->error));
    t->at += n;
    return HS_OK;
}

static bool looking_at(const translation *t, const char *text)
{
    size_t n = strlen(text);
    return t->length - t->at >= n && memcmp(t->text + t->at, text, n) == 0;
}

/* ---- properties and escapes ------------------------------------------------------------------------------------- */

static hs_status emit_property(translation *t, char letter, bool negated, const char *name)
{
    char plain[MAX_PROPERTY_NAME];
    size_t n = 0;
    for (const char *c = name; *c != '\0'; c++)
        if (*c != '_' && *c != '-' && *c != ' ')
            plain[n++] = (char)tolower((unsigned char)*c);
    plain[n] = '\0';
    const char *begin = negated ? "{^" : "{";
    for (size_t i = 0; i < sizeof PROPERTIES / sizeof *PROPERTIES; i++)
        if (strcmp(PROPERTIES[i].name, plain) == 0)
            return hs_text_appendf(t->out, t->error, "\\%c%s%s}", letter, begin, PROPERTIES[i].pcre2);
    if (n > 2)
        return hs_text_appendf(t->out, t->error, "\\%c%s" SCRIPT_PREFIX "%s}", letter, begin, name);
    plain[0] = (char)toupper((unsigned char)plain[0]);
    return hs_text_appendf(t->out, t->error, "\\%c%s%s}", letter, begin, plain);
}

/* At the letter of \p{...} or \P{...}. */
static hs_status translate_property(translation *t)
{
    char letter = t->text[t->at];
    char name[MAX_PROPERTY_NAME];
    size_t n = 0;
    t->at++;
    if (!looking_at(t, "{"))
        return refuse(t, "a property without braces");
    t->at++;
    bool negated = looking_at(t, "^");
    t->at += negated ? 1 : 0;
    for (; t->at < t->length && t->text[t->at] != '}'; t->at++) {
        char c = t->text[t->at];
        if (n + 1 >= sizeof name || !(isalnum((unsigned char)c) || c == '_' || c == '-' || c == ' '))
            return refuse(t, "an unknown property");
        name[n++] = c;
    }
    if (t->at == t->length || n == 0)
        return refuse(t, "a property without a name or closing brace");
    name[n] = '\0';
    t->at++;
    return emit_property(t, letter, negated, name);
}

/* At the letter of \uHHHH. */
static hs_status translate_code_point(translation *t)
{
    char digits[5] = {0};
    for (size_t i = 0; i < 4; i++) {
        size_t at = t->at + 1 + i;
        if (at >= t->length || !isxdigit((unsigned char)t->text[at]))
            return refuse(t, "\\u without four hexadecimal digits");
        digits[i] = t->text[at];
    }
    t->at += 5;
    return hs_text_appendf(t->out, t->error, "\\x{%s}", digits);
}

/* At a backslash. */
static hs_status translate_escape(translation *t, bool in_set)
{
    if (t->at + 1 >= t->length)
        return refuse(t, "a backslash at the end");
    char letter = t->text[t->at + 1];
    t->at++;
    if (letter == 'p' || letter == 'P')
        return translate_property(t);
    if (letter == 'u')
        return translate_code_point(t);
    if (!isalnum((unsigned char)letter) || (letter >= '1' && letter <= '9' && !in_set)) {
        HS_TRY(emit(t, "\\"));
        return copy(t, 1);
    }
    for (size_t i = 0; i < sizeof ESCAPES / sizeof *ESCAPES; i++) {
        const char *form = in_set ? ESCAPES[i].inside : ESCAPES[i].outside;
        if (ESCAPES[i].letter == letter && form != NULL) {
            t->at++;
            return emit(t, form);
        }
    }
    return refuse(t, in_set ? "an escape that has no equivalent in a set" : "an escape that has no equivalent");
}

/* ---- sets, groups, repeats -------------------------------------------------------------------------------------- */

/* At the opening bracket. */
static hs_status translate_set(translation *t)
{
    HS_TRY(copy(t, looking_at(t, "[^") ? 2 : 1));
    for (bool first = true;; first = false) {
        if (t->at >= t->length)
            return refuse(t, "a set without closing bracket");
        if (t->text[t->at] == ']' && !first)
            return copy(t, 1);
        if (t->text[t->at] == '[')
            return refuse(t, "a set or POSIX class within a set");
        if (looking_at(t, "&&"))
            return refuse(t, "an intersection of sets");
        if (t->text[t->at] == '\\')
            HS_TRY(translate_escape(t, true));
        else
            HS_TRY(copy(t, 1));
    }
}

/* At the flags of (?flags) or (?flags:...). Ruby's m lets the dot match line feeds. */
static hs_status translate_flags(translation *t)
{
    for (; t->at < t->length && strchr("imx-", t->text[t->at]) != NULL && t->text[t->at] != '\0'; t->at++)
        HS_TRY(hs_text_append(t->out, t->text[t->at] == 'm' ? "s" : &t->text[t->at], 1, t->error));
    if (looking_at(t, ":") || looking_at(t, ")"))
        return copy(t, 1);
    return refuse(t, "a kind of group that has no equivalent");
}

/* At an opening parenthesis. */
static hs_status translate_group(translation *t)
{
    static const char *const SAME[] = {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!", "(?#"};
    if (looking_at(t, "(*"))
        return refuse(t, "a repeat without anything before it");
    if (!looking_at(t, "(?"))
        return copy(t, 1);
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        if (looking_at(t, SAME[i]))
            return copy(t, strlen(SAME[i]));
    if (looking_at(t, "(?<"))
        return copy(t, 3); /* a named group; PCRE2 checks the name */
    HS_TRY(copy(t, 2));
    return translate_flags(t);
}

/* At an opening brace. Ruby knows {,n}, and does not make an interval possessive by a plus behind it. */
static hs_status translate_brace(translation *t)
{
    size_t end = t->at + 1;
    while (end < t->length && (isdigit((unsigned char)t->text[end]) || t->text[end] == ','))
        end++;
    bool is_interval =
        end < t->length && t->text[end] == '}' && end > t->at + 1 && !(t->text[t->at + 1] == ',' && end == t->at + 2);
    if (!is_interval)
        return copy(t, 1);
    bool is_exact = memchr(t->text + t->at, ',', end - t->at) == NULL;
    if (end + 1 < t->length && (t->text[end + 1] == '+' || (t->text[end + 1] == '?' && is_exact)))
        return refuse(t, "an interval with + or ? behind it");
    if (t->text[t->at + 1] == ',') {
        HS_TRY(emit(t, "{0"));
        t->at++;
    }
    return copy(t, end + 1 - t->at);
}

hs_status tok_pattern_translate(const char *regex, size_t length, hs_text *translated, hs_error *error)
{
    translation t = {.text = regex, .length = length, .out = translated, .error = error};
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
            HS_TRY(copy(&t, 1));
        }
    }
    return HS_OK;
}

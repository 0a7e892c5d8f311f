/*
 * pattern_translate: Oniguruma (Ruby syntax) to PCRE2. The two agree on most of the syntax; these are the differences:
 * \s and \w of PCRE2 hold U+180E and lack marks, \h and \v are other things, (?m) is PCRE2's (?s), \p{Han} means the
 * script and not its extensions, long property names are unknown to PCRE2. Sets within sets (`[a[bc]]`, `&&`) and
 * POSIX classes have no equivalent and are refused.
 *
 * Categories are those of Oniguruma's Unicode 16. Where PCRE2 has an older version, the characters that it lacks stand
 * beside the property (tokenizer/unicode_tables.h), or the whole category is written out where PCRE2 counts others into
 * it; scripts and binary properties are completed in the same way. What a newer PCRE2 knows besides is not taken away.
 */
#include "tokenizer/pattern.h"
#include "tokenizer/unicode_tables.h"

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
    int unicode; /* of PCRE2 */
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

/* Categories. */

enum {
    UNICODE_HERE = 1600,        /* of the table, and of Oniguruma */
    UNICODE_14 = 1400,          /* whose characters the table tells from younger ones */
    CATEGORY_CHANGED = 0x1171E, /* Mn in Unicode 14, Mc since 15: the one character that is older and another now */
    END_OF_CHARACTERS = 0x110000
};

#define IS(category) (1U << TOK_##category)

/* A general category by PCRE2's name, as a set of TOK_... */
static const struct category_row {
    const char *name;
    uint32_t members;
} CATEGORIES[] = {
    {"C", IS(CC) | IS(CF) | IS(CN) | IS(CO) | IS(CS)},
    {"L", IS(LU) | IS(LL) | IS(LT) | IS(LM) | IS(LO)},
    {"L&", IS(LU) | IS(LL) | IS(LT)},
    {"M", IS(MN) | IS(MC) | IS(ME)},
    {"N", IS(ND) | IS(NL) | IS(NO)},
    {"P", IS(PC) | IS(PD) | IS(PS) | IS(PE) | IS(PI) | IS(PF) | IS(PO)},
    {"S", IS(SM) | IS(SC) | IS(SK) | IS(SO)},
    {"Z", IS(ZS) | IS(ZL) | IS(ZP)},
    {"Lu", IS(LU)},
    {"Ll", IS(LL)},
    {"Lt", IS(LT)},
    {"Lm", IS(LM)},
    {"Lo", IS(LO)},
    {"Mn", IS(MN)},
    {"Mc", IS(MC)},
    {"Me", IS(ME)},
    {"Nd", IS(ND)},
    {"Nl", IS(NL)},
    {"No", IS(NO)},
    {"Pc", IS(PC)},
    {"Pd", IS(PD)},
    {"Ps", IS(PS)},
    {"Pe", IS(PE)},
    {"Pi", IS(PI)},
    {"Pf", IS(PF)},
    {"Po", IS(PO)},
    {"Sm", IS(SM)},
    {"Sc", IS(SC)},
    {"Sk", IS(SK)},
    {"So", IS(SO)},
    {"Zs", IS(ZS)},
    {"Zl", IS(ZL)},
    {"Zp", IS(ZP)},
    {"Cc", IS(CC)},
    {"Cf", IS(CF)},
    {"Cs", IS(CS)},
    {"Co", IS(CO)},
    {"Cn", IS(CN)},
};

/* 0 if `name` is not a category. */
static uint32_t members_of(const char *name)
{
    for (size_t i = 0; i < sizeof CATEGORIES / sizeof *CATEGORIES; i++)
        if (strcmp(CATEGORIES[i].name, name) == 0)
            return CATEGORIES[i].members;
    return 0;
}

static hs_status emit_range(translation *t, int32_t first, int32_t last)
{
    if (first == last)
        return hs_text_appendf(t->out, t->error, "\\x{%x}", (unsigned)first);
    return hs_text_appendf(t->out, t->error, "\\x{%x}-\\x{%x}", (unsigned)first, (unsigned)last);
}

/* A character of the table for emit_runs: whether it belongs to `members`. Surrogates occur in no text. */
static bool is_member(uint32_t row, uint32_t members, tok_age age)
{
    uint32_t category = row & 0x1F;
    return category != TOK_CS && (members >> category & 1) != 0 && (row >> 5 & 3) >= age;
}

/* The characters of these categories that came with the versions of `age` or later, as ranges of a set. */
static hs_status emit_runs(translation *t, uint32_t members, tok_age age)
{
    int32_t start = -1;
    for (size_t i = 0; i <= HS__TOKENIZER_N_CHARACTERS; i++) {
        bool inside = i < HS__TOKENIZER_N_CHARACTERS && is_member(HS__TOKENIZER_CHARACTERS[i], members, age);
        int32_t first =
            i < HS__TOKENIZER_N_CHARACTERS ? (int32_t)(HS__TOKENIZER_CHARACTERS[i] >> 7) : END_OF_CHARACTERS;
        if (inside && start < 0)
            start = first;
        if (!inside && start >= 0) {
            HS_TRY(emit_range(t, start, first - 1));
            start = -1;
        }
    }
    return HS_OK;
}

/* Whether PCRE2 counts characters into these categories that are in others. */
static bool library_has_more(uint32_t members)
{
    bool has_unassigned = (members & IS(CN)) != 0;
    bool lost_one = (members & IS(MN)) != 0 && (members & IS(MC)) == 0;
    return has_unassigned || lost_one;
}

/* Part of a set. */
static hs_status emit_category(translation *t, const char *name, uint32_t members, bool negated)
{
    if (t->unicode >= UNICODE_HERE)
        return hs_text_appendf(t->out, t->error, "\\%c{%s}", negated ? 'P' : 'p', name);
    if (negated || library_has_more(members))
        return emit_runs(t, negated ? ~members : members, TOK_AGE_8);
    HS_TRY(hs_text_appendf(t->out, t->error, "\\p{%s}", name));
    if ((members & IS(MC)) != 0)
        HS_TRY(emit_range(t, CATEGORY_CHANGED, CATEGORY_CHANGED));
    return emit_runs(t, members, t->unicode >= UNICODE_14 ? TOK_AGE_16 : TOK_AGE_14);
}

/* Scripts and binary properties. */

static bool has_additions(const translation *t, const char *plain)
{
    for (size_t i = 0; t->unicode < UNICODE_HERE && i < HS__TOKENIZER_N_ADDITIONS; i++)
        if (strcmp(HS__TOKENIZER_ADDITIONS[i].name, plain) == 0)
            return true;
    return false;
}

/* Part of a set. `plain` is the name in lower case without separators, `name` PCRE2's. */
static hs_status emit_script(translation *t, const char *plain, const char *name, bool negated)
{
    if (negated && has_additions(t, plain))
        return refuse(t, "within a set, all that a property has not");
    HS_TRY(hs_text_appendf(t->out, t->error, "\\%c{%s}", negated ? 'P' : 'p', name));
    for (size_t i = 0; t->unicode < UNICODE_HERE && i < HS__TOKENIZER_N_ADDITIONS; i++)
        if (strcmp(HS__TOKENIZER_ADDITIONS[i].name, plain) == 0)
            HS_TRY(emit_range(t, HS__TOKENIZER_ADDITIONS[i].first, HS__TOKENIZER_ADDITIONS[i].last));
    return HS_OK;
}

/* Properties and escapes. */

/* Lower case, without separators. */
static void make_plain(const char *name, char plain[MAX_PROPERTY_NAME])
{
    size_t n = 0;
    for (const char *c = name; *c != '\0'; c++)
        if (*c != '_' && *c != '-' && *c != ' ')
            plain[n++] = (char)tolower((unsigned char)*c);
    plain[n] = '\0';
}

/* PCRE2's name of a property by its plain one. */
static void find_name(const char *plain, const char *written, char name[MAX_PROPERTY_NAME])
{
    for (size_t i = 0; i < sizeof PROPERTIES / sizeof *PROPERTIES; i++)
        if (strcmp(PROPERTIES[i].name, plain) == 0) {
            snprintf(name, MAX_PROPERTY_NAME, "%s", PROPERTIES[i].pcre2);
            return;
        }
    if (strlen(plain) > 2)
        snprintf(name, MAX_PROPERTY_NAME, SCRIPT_PREFIX "%.50s", written);
    else
        snprintf(name, MAX_PROPERTY_NAME, "%c%s", toupper((unsigned char)plain[0]), plain + 1);
}

/* Outside a set it becomes one, which may itself be negated. */
static hs_status emit_property(translation *t, bool negated, const char *written, bool in_set)
{
    char plain[MAX_PROPERTY_NAME];
    char name[MAX_PROPERTY_NAME];
    make_plain(written, plain);
    find_name(plain, written, name);
    uint32_t members = members_of(name);
    if (!in_set)
        HS_TRY(emit(t, negated ? "[^" : "["));
    if (members != 0)
        HS_TRY(emit_category(t, name, members, in_set && negated));
    else
        HS_TRY(emit_script(t, plain, name, in_set && negated));
    return in_set ? HS_OK : emit(t, "]");
}

/* What stands for an escape: PCRE2's syntax, in which categories (of two letters at most) are within sets. */
static hs_status emit_form(translation *t, const char *form)
{
    for (const char *c = form; *c != '\0';) {
        const char *end = strchr(c, '}');
        if (end == NULL || c[0] != '\\' || (c[1] != 'p' && c[1] != 'P') || c[2] != '{' || end - c > 5) {
            HS_TRY(hs_text_append(t->out, c++, 1, t->error));
            continue;
        }
        char name[MAX_PROPERTY_NAME];
        snprintf(name, sizeof name, "%.*s", (int)(end - c - 3), c + 3);
        HS_TRY(emit_property(t, c[1] == 'P', name, true));
        c = end + 1;
    }
    return HS_OK;
}

/* At the letter of \p{...} or \P{...}. */
static hs_status translate_property(translation *t, bool in_set)
{
    bool negated = t->text[t->at] == 'P';
    char name[MAX_PROPERTY_NAME];
    size_t n = 0;
    t->at++;
    if (!looking_at(t, "{"))
        return refuse(t, "a property without braces");
    t->at++;
    if (looking_at(t, "^")) {
        negated = !negated;
        t->at++;
    }
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
    return emit_property(t, negated, name, in_set);
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
        return translate_property(t, in_set);
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
            return emit_form(t, form);
        }
    }
    return refuse(t, in_set ? "an escape that has no equivalent in a set" : "an escape that has no equivalent");
}

/* Sets, groups, repeats. */

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

/* Only what the two may differ in is looked at; all else means the same to both and is copied. */
hs_status hs__tokenizer_pattern_translate(const char *regex, size_t length, int unicode, hs_text *translated,
                                          hs_error *error)
{
    translation t = {.text = regex, .length = length, .unicode = unicode, .out = translated, .error = error};
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

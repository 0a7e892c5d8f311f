/*
 * pattern_properties: properties of characters as Oniguruma means them, for whatever Unicode the
 * PCRE2 at hand knows.
 *
 * Categories are those of Oniguruma's Unicode 16. Where PCRE2 has an older version, the characters that it lacks stand
 * beside the property (tokenizer/unicode_tables.h), or the whole category is written out where PCRE2 counts others into
 * it; scripts and binary properties are completed in the same way. What a newer PCRE2 knows besides is not taken away.
 */
#include "tokenizer/pattern_translation.h"
#include "tokenizer/unicode_tables.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Since 10.40 \p{Han} stands for the script extensions; before, for the script itself. */
#if PCRE2_MAJOR > 10 || (PCRE2_MAJOR == 10 && PCRE2_MINOR >= 40)
#define SCRIPT_PREFIX "sc:"
#else
#define SCRIPT_PREFIX ""
#endif

enum { MAX_PROPERTY_NAME = 64 };

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

enum {
    UNICODE_HERE = 1600,        /* of the table, and of Oniguruma */
    UNICODE_14 = 1400,          /* whose characters the table tells from younger ones */
    CATEGORY_CHANGED = 0x1171E, /* Mn in Unicode 14, Mc since 15: the one character that is older and another now */
    END_OF_CHARACTERS = 0x110000
};

#define IS(category) (1U << TOKENIZER_##category)

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

static hs_status emit_range(pattern_translation *t, int32_t first, int32_t last)
{
    if (first == last)
        return hs_text_appendf(t->out, t->error, "\\x{%x}", (unsigned)first);
    return hs_text_appendf(t->out, t->error, "\\x{%x}-\\x{%x}", (unsigned)first, (unsigned)last);
}

/* A character of the table for emit_runs: whether it belongs to `members`. Surrogates occur in no text. */
static bool is_member(uint32_t row, uint32_t members, tokenizer_age age)
{
    uint32_t category = row & 0x1F;
    return category != TOKENIZER_CS && (members >> category & 1) != 0 && (row >> 5 & 3) >= age;
}

/* The characters of these categories that came with the versions of `age` or later, as ranges of a set. */
static hs_status emit_runs(pattern_translation *t, uint32_t members, tokenizer_age age)
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
static hs_status emit_category(pattern_translation *t, const char *name, uint32_t members, bool negated)
{
    if (t->unicode >= UNICODE_HERE)
        return hs_text_appendf(t->out, t->error, "\\%c{%s}", negated ? 'P' : 'p', name);
    if (negated || library_has_more(members))
        return emit_runs(t, negated ? ~members : members, TOKENIZER_AGE_8);
    HS_TRY(hs_text_appendf(t->out, t->error, "\\p{%s}", name));
    if ((members & IS(MC)) != 0)
        HS_TRY(emit_range(t, CATEGORY_CHANGED, CATEGORY_CHANGED));
    return emit_runs(t, members, t->unicode >= UNICODE_14 ? TOKENIZER_AGE_16 : TOKENIZER_AGE_14);
}

static bool has_additions(const pattern_translation *t, const char *plain)
{
    for (size_t i = 0; t->unicode < UNICODE_HERE && i < HS__TOKENIZER_N_ADDITIONS; i++)
        if (strcmp(HS__TOKENIZER_ADDITIONS[i].name, plain) == 0)
            return true;
    return false;
}

/* Part of a set. `plain` is the name in lower case without separators, `name` PCRE2's. */
static hs_status emit_script(pattern_translation *t, const char *plain, const char *name, bool negated)
{
    if (negated && has_additions(t, plain))
        return hs__tokenizer_translation_refuse(t, "within a set, all that a property has not");
    HS_TRY(hs_text_appendf(t->out, t->error, "\\%c{%s}", negated ? 'P' : 'p', name));
    for (size_t i = 0; t->unicode < UNICODE_HERE && i < HS__TOKENIZER_N_ADDITIONS; i++)
        if (strcmp(HS__TOKENIZER_ADDITIONS[i].name, plain) == 0)
            HS_TRY(emit_range(t, HS__TOKENIZER_ADDITIONS[i].first, HS__TOKENIZER_ADDITIONS[i].last));
    return HS_OK;
}

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
static hs_status emit_property(pattern_translation *t, bool negated, const char *written, bool in_set)
{
    char plain[MAX_PROPERTY_NAME];
    char name[MAX_PROPERTY_NAME];
    make_plain(written, plain);
    find_name(plain, written, name);
    uint32_t members = members_of(name);
    if (!in_set)
        HS_TRY(hs__tokenizer_translation_emit(t, negated ? "[^" : "["));
    if (members != 0)
        HS_TRY(emit_category(t, name, members, in_set && negated));
    else
        HS_TRY(emit_script(t, plain, name, in_set && negated));
    return in_set ? HS_OK : hs__tokenizer_translation_emit(t, "]");
}

/* The forms are our own, so that a property in them is always found. */
hs_status hs__tokenizer_translate_form(pattern_translation *t, const char *form)
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

/*
 * The name is read by the letters that names have, and looked up by the caller: what is unknown to
 * PCRE2 is refused by it, with the whole expression.
 */
hs_status hs__tokenizer_translate_property(pattern_translation *t, bool in_set)
{
    bool negated = t->text[t->at] == 'P';
    char name[MAX_PROPERTY_NAME];
    size_t n = 0;
    t->at++;
    if (!hs__tokenizer_translation_looks_at(t, "{"))
        return hs__tokenizer_translation_refuse(t, "a property without braces");
    t->at++;
    if (hs__tokenizer_translation_looks_at(t, "^")) {
        negated = !negated;
        t->at++;
    }
    for (; t->at < t->length && t->text[t->at] != '}'; t->at++) {
        char c = t->text[t->at];
        if (n + 1 >= sizeof name || !(isalnum((unsigned char)c) || c == '_' || c == '-' || c == ' '))
            return hs__tokenizer_translation_refuse(t, "an unknown property");
        name[n++] = c;
    }
    if (t->at == t->length || n == 0)
        return hs__tokenizer_translation_refuse(t, "a property without a name or closing brace");
    name[n] = '\0';
    t->at++;
    return emit_property(t, negated, name, in_set);
}

/* The hash table and the translation of regular expressions, by themselves. */
#include "tokenizer/hash_table.h"
#include "tokenizer/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

static void test_table(void **state)
{
    (void)state;
    enum { N = 5000 };
    hs_error error = {0};
    tokenizer_table table = {0};
    assert_null(hs__tokenizer_table_find(&table, 1, NULL));
    for (uint64_t i = 0; i < N; i++)
        assert_ok(hs__tokenizer_table_add(&table, i / 2, i, &error), &error);
    assert_int_equal(table.n, N);
    for (uint64_t key = 0; key < N / 2; key++) {
        const tokenizer_entry *first = hs__tokenizer_table_find(&table, key, NULL);
        assert_non_null(first);
        const tokenizer_entry *second = hs__tokenizer_table_find(&table, key, first);
        assert_non_null(second);
        assert_int_equal(first->value + second->value, 4 * key + 1);
        assert_null(hs__tokenizer_table_find(&table, key, second));
    }
    assert_null(hs__tokenizer_table_find(&table, N, NULL));
    assert_ok(hs__tokenizer_table_set(&table, N, 7, &error), &error);
    assert_ok(hs__tokenizer_table_set(&table, N, 8, &error), &error);
    assert_int_equal(hs__tokenizer_table_find(&table, N, NULL)->value, 8);
    hs__tokenizer_table_clear(&table);
}

static void test_translation(void **state)
{
    (void)state;
    static const struct {
        const char *regex;
        const char *pcre2; /* NULL: refused */
    } ROWS[] = {
        {"a|b+?", "a|b+?"},
        {"(?i:'s|'t)", "(?i:'s|'t)"},
        {"(?m-i)x", "(?s-i)x"},
        {"\\p{Letter}\\P{lu}\\p{^L}", "[\\p{L}][^\\p{Lu}][^\\p{L}]"},
        {"[^\\r\\n\\p{N}\\.\\d]", "[^\\r\\n\\p{N}\\.\\p{Nd}]"},
        {"\\u0041\\x{42}\\v", "\\x{0041}\\x{42}\\x{b}"},
        {"a{,3}b{2}c{,}d{", "a{0,3}b{2}c{,}d{"},
        {"(?<name>a)\\1", "(?<name>a)\\1"},
        {"[]a]", "[]a]"},
        {"[\\P{L}\\D]", "[\\P{L}\\P{Nd}]"},
        {"\\p{Arabic}\\P{Emoji}", "[\\p{sc:Arabic}][^\\p{Emoji}]"},
        {"[a[bc]]", "[abc]"},
        {" ?[^(|[.,!]\\d)]+", " ?[^(|.,!\\p{Nd})]+"},
        {"[a[b[\\t]]c]", "[ab\\tc]"},
        {"[a[^b]]", NULL},
        {"[a-[b]]", NULL},
        {"[a[b-]c]", NULL},
        {"[a[b]-c]", NULL},
        {"[a[-b]]", NULL},
        {"[a[]b]]", NULL},
        {"[a[bc]", NULL},
        {"[a&&b]", NULL},
        {"[[:alpha:]]", NULL},
        {"[\\W]", NULL},
        {"a{1,2}+", NULL},
        {"(*ACCEPT)", NULL},
        {"(?R)", NULL},
        {"(?C1)", NULL},
        {"\\Q", NULL},
        {"\\pL", NULL},
        {"\\p{L", NULL},
        {"[a", NULL},
        {"a\\", NULL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        hs_error error = {0};
        hs_text text = {0};
        hs_status status = hs__tokenizer_pattern_translate(ROWS[i].regex, strlen(ROWS[i].regex), 1600, &text, &error);
        assert_int_equal(status, ROWS[i].pcre2 != NULL ? HS_OK : HS_ERROR_INPUT);
        if (ROWS[i].pcre2 != NULL)
            assert_string_equal(text.text, ROWS[i].pcre2);
        hs_text_clear(&text);
    }
}

/* What PCRE2 of an older Unicode lacks stands beside the property; what it has too much is kept out. */
static void test_translation_for_older_unicode(void **state)
{
    (void)state;
    static const struct {
        const char *regex;
        int unicode;
        const char *pcre2; /* its beginning; NULL: refused */
    } ROWS[] = {
        {"\\p{Zs}", 1400, "[\\p{Zs}]"},
        {"\\p{Nd}+", 1400, "[\\p{Nd}\\x{10d40}-\\x{10d49}\\x{116d0}"},
        {"\\p{Nd}+", 1300, "[\\p{Nd}\\x{10d30}-\\x{10d39}\\x{10d40}"},
        {"[^\\d]", 1500, "[^\\p{Nd}\\x{10d40}"},
        {"\\p{Mc}", 1400, "[\\p{Mc}\\x{1171e}\\x{cf3}"},
        {"\\p{Mn}", 1400, "[\\x{300}-\\x{36f}\\x{483}-"},
        {"[\\P{Z}]", 1400, "[\\x{0}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}"},
        {"\\p{Han}", 1400, "[\\p{sc:Han}\\x{2b739}\\x{2ebf0}"},
        {"\\p{Hani}\\P{Han}", 1700, "[\\p{sc:Hani}][^\\p{sc:Han}]"},
        {"[\\P{Han}]", 1400, NULL},
        {"\\p{Mn}", 1700, "[\\p{Mn}]"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        hs_error error = {0};
        hs_text text = {0};
        hs_status status =
            hs__tokenizer_pattern_translate(ROWS[i].regex, strlen(ROWS[i].regex), ROWS[i].unicode, &text, &error);
        assert_int_equal(status, ROWS[i].pcre2 != NULL ? HS_OK : HS_ERROR_INPUT);
        if (ROWS[i].pcre2 != NULL && strncmp(text.text, ROWS[i].pcre2, strlen(ROWS[i].pcre2)) != 0)
            fail_msg("%s: %.200s", ROWS[i].regex, text.text);
        hs_text_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_translation),
        cmocka_unit_test(test_translation_for_older_unicode),
    };
    return cmocka_run_group_tests_name("tokenizer_parts", tests, NULL, NULL);
}

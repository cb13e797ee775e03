/* json.c: results as one JSON object (RFC 8259), for programs. */
#include <config.h>
#include "conform.h"

#include <string.h>

/* Bytes of the UTF-8 character that begins here; 0: it is none. */
static size_t character(const unsigned char *s)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
               : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
               : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    bool wrong = n > 2 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                              (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f));
    return wrong ? 0 : n;
}

void conform_print_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
        size_t n = character(s);
        if (n == 0)
            fputs("\\ufffd", out);
        else if (n == 1 && (*s < 0x20 || *s == 0x7f))
            fprintf(out, "\\u%04x", *s);
        else if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else
            fwrite(s, 1, n, out);
        s += n > 0 ? n : 1;
    }
    putc('"', out);
}

static void print_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ", \"%s\": ", name);
    conform_print_quoted(out, text);
}

static void print_failures(FILE *out, const conform_report *report)
{
    fputs(", \"failures\": [", out);
    for (unsigned i = 0; i < report->failures && i < CONFORM_KEPT; i++) {
        const conform_failure *f = &report->first[i];
        fprintf(out, "%s{\"line\": %u", i > 0 ? ", " : "", f->line);
        print_member(out, "file", f->file);
        print_member(out, "what", f->what);
        print_member(out, "expected", f->expected);
        print_member(out, "got", f->got);
        putc('}', out);
    }
    fprintf(out, "], \"failure_count\": %u", report->failures);
}

static void print_check(FILE *out, const conform_result *r)
{
    static const char *const words[] = { "pass", "fail", "unsupported" };
    fprintf(out, "    {\"seconds\": %.3f", r->seconds);
    print_member(out, "id", r->check->id);
    print_member(out, "title", r->check->title);
    print_member(out, "outcome", words[r->outcome]);
    if (conform_explanation(r->check->id) != NULL)
        print_member(out, "must_hold", conform_explanation(r->check->id));
    if (r->outcome == CONFORM_UNSUPPORTED)
        print_member(out, "reason", r->report->reason);
    if (r->outcome == CONFORM_FAILED)
        print_failures(out, r->report);
    putc('}', out);
}

bool conform_json_write(const conform_result *results, size_t count, const conform_options *options)
{
    FILE *out = fopen(options->json, "we");
    size_t sums[3] = { 0 };
    if (out == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        sums[results[i].outcome]++;
    fputs("{\n  \"driver\": ", out);
    conform_print_quoted(out, options->driver);
    fprintf(out, ",\n  \"passed\": %zu, \"failed\": %zu, \"unsupported\": %zu,\n  \"checks\": [\n",
        sums[CONFORM_PASSED], sums[CONFORM_FAILED], sums[CONFORM_UNSUPPORTED]);
    for (size_t i = 0; i < count; i++) {
        print_check(out, &results[i]);
        fputs(i + 1 < count ? ",\n" : "\n", out);
    }
    fputs("  ]\n}\n", out);
    bool good = ferror(out) == 0;
    return fclose(out) == 0 && good;
}

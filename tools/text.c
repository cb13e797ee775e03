/* text.c: UTF-8 for terminals: characters, escapes and widths.
 *
 * The tables below are small on purpose. They say of each character whether it may be shown, and how many cells it fills:
 * none (it joins the one before), two (East Asian wide forms and pictures), or one. A width that is wrong for a rare character
 * shifts a column and does no other harm; the C library's own tables differ by machine and locale, and the output may not. */
#include <config.h>
#include "inspect.h"

#include <stdlib.h>
#include <string.h>

typedef struct range { int32_t first, last; } range;

/* What turns the direction of writing, breaks lines, or is not to be seen at all. */
static const range hidden[] = {
    { 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad }, { 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x180e, 0x180e },
    { 0x200b, 0x200b }, { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff },
    { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0xe0000, 0xe00ff }, { 0xe01f0, 0x10ffff },
};

static const range joined[] = {
    { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x05bf, 0x05bf }, { 0x05c1, 0x05c2 }, { 0x05c4, 0x05c5 },
    { 0x05c7, 0x05c7 }, { 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x0670, 0x0670 }, { 0x06d6, 0x06dc }, { 0x06df, 0x06e4 },
    { 0x06e7, 0x06e8 }, { 0x06ea, 0x06ed }, { 0x0711, 0x0711 }, { 0x0730, 0x074a }, { 0x07a6, 0x07b0 }, { 0x07eb, 0x07f3 },
    { 0x0816, 0x0819 }, { 0x081b, 0x0823 }, { 0x0825, 0x0827 }, { 0x0829, 0x082d }, { 0x0859, 0x085b }, { 0x08ca, 0x08e1 },
    { 0x08e3, 0x0902 }, { 0x093a, 0x093a }, { 0x093c, 0x093c }, { 0x0941, 0x0948 }, { 0x094d, 0x094d }, { 0x0951, 0x0957 },
    { 0x0962, 0x0963 }, { 0x0981, 0x0981 }, { 0x09bc, 0x09bc }, { 0x09c1, 0x09c4 }, { 0x09cd, 0x09cd }, { 0x09e2, 0x09e3 },
    { 0x0a01, 0x0a02 }, { 0x0a3c, 0x0a3c }, { 0x0a41, 0x0a51 }, { 0x0a70, 0x0a71 }, { 0x0a81, 0x0a82 }, { 0x0abc, 0x0abc },
    { 0x0ac1, 0x0ac8 }, { 0x0acd, 0x0acd }, { 0x0b01, 0x0b01 }, { 0x0b3c, 0x0b3c }, { 0x0b3f, 0x0b3f }, { 0x0b41, 0x0b44 },
    { 0x0b4d, 0x0b4d }, { 0x0b82, 0x0b82 }, { 0x0bc0, 0x0bc0 }, { 0x0bcd, 0x0bcd }, { 0x0c00, 0x0c00 }, { 0x0c3e, 0x0c40 },
    { 0x0c46, 0x0c56 }, { 0x0cbc, 0x0cbc }, { 0x0ccc, 0x0ccd }, { 0x0d00, 0x0d01 }, { 0x0d3b, 0x0d3c }, { 0x0d41, 0x0d44 },
    { 0x0d4d, 0x0d4d }, { 0x0dca, 0x0dca }, { 0x0dd2, 0x0dd6 }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e },
    { 0x0eb1, 0x0eb1 }, { 0x0eb4, 0x0ebc }, { 0x0ec8, 0x0ece }, { 0x0f18, 0x0f19 }, { 0x0f35, 0x0f35 }, { 0x0f37, 0x0f37 },
    { 0x0f39, 0x0f39 }, { 0x0f71, 0x0f7e }, { 0x0f80, 0x0f84 }, { 0x0f86, 0x0f87 }, { 0x0f8d, 0x0fbc }, { 0x0fc6, 0x0fc6 },
    { 0x102d, 0x1030 }, { 0x1032, 0x1037 }, { 0x1039, 0x103a }, { 0x103d, 0x103e }, { 0x1161, 0x11ff }, { 0x135d, 0x135f },
    { 0x1712, 0x1714 }, { 0x17b4, 0x17b5 }, { 0x17b7, 0x17bd }, { 0x17c6, 0x17c6 }, { 0x17c9, 0x17d3 }, { 0x180b, 0x180f },
    { 0x1ab0, 0x1ace }, { 0x1b00, 0x1b03 }, { 0x1b34, 0x1b34 }, { 0x1b36, 0x1b3a }, { 0x1dc0, 0x1dff }, { 0x200c, 0x200d },
    { 0x20d0, 0x20f0 }, { 0x302a, 0x302d }, { 0x3099, 0x309a }, { 0xa66f, 0xa672 }, { 0xa674, 0xa67d }, { 0xfb1e, 0xfb1e },
    { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef },
};

static const range wide[] = {
    { 0x1100, 0x115e }, { 0x231a, 0x231b }, { 0x2329, 0x232a }, { 0x23e9, 0x23ec }, { 0x23f0, 0x23f0 }, { 0x23f3, 0x23f3 },
    { 0x25fd, 0x25fe }, { 0x2614, 0x2615 }, { 0x2648, 0x2653 }, { 0x267f, 0x267f }, { 0x2693, 0x2693 }, { 0x26a1, 0x26a1 },
    { 0x26aa, 0x26ab }, { 0x26bd, 0x26be }, { 0x26c4, 0x26c5 }, { 0x26ce, 0x26ce }, { 0x26d4, 0x26d4 }, { 0x26ea, 0x26ea },
    { 0x26f2, 0x26f3 }, { 0x26f5, 0x26f5 }, { 0x26fa, 0x26fa }, { 0x26fd, 0x26fd }, { 0x2705, 0x2705 }, { 0x270a, 0x270b },
    { 0x2728, 0x2728 }, { 0x274c, 0x274c }, { 0x274e, 0x274e }, { 0x2753, 0x2755 }, { 0x2757, 0x2757 }, { 0x2795, 0x2797 },
    { 0x27b0, 0x27b0 }, { 0x27bf, 0x27bf }, { 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b50 }, { 0x2b55, 0x2b55 }, { 0x2e80, 0x303e },
    { 0x3041, 0x4dbf }, { 0x4e00, 0xa4cf }, { 0xa960, 0xa97c }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe10, 0xfe19 },
    { 0xfe30, 0xfe6b }, { 0xff01, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x16fe0, 0x18cff }, { 0x1b000, 0x1b2ff }, { 0x1f004, 0x1f004 },
    { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e }, { 0x1f191, 0x1f19a }, { 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f335 },
    { 0x1f337, 0x1f37c }, { 0x1f37e, 0x1f393 }, { 0x1f3a0, 0x1f3ca }, { 0x1f3cf, 0x1f3d3 }, { 0x1f3e0, 0x1f3f0 },
    { 0x1f3f4, 0x1f3f4 }, { 0x1f3f8, 0x1f43e }, { 0x1f440, 0x1f440 }, { 0x1f442, 0x1f4fc }, { 0x1f4ff, 0x1f53d },
    { 0x1f54b, 0x1f54e }, { 0x1f550, 0x1f567 }, { 0x1f57a, 0x1f57a }, { 0x1f595, 0x1f596 }, { 0x1f5a4, 0x1f5a4 },
    { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6c5 }, { 0x1f6cc, 0x1f6cc }, { 0x1f6d0, 0x1f6d2 }, { 0x1f6d5, 0x1f6df },
    { 0x1f6eb, 0x1f6ec }, { 0x1f6f4, 0x1f6fc }, { 0x1f7e0, 0x1f7f0 }, { 0x1f90c, 0x1f93a }, { 0x1f93c, 0x1f945 },
    { 0x1f947, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool within(int32_t c, const range *ranges, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c > ranges[middle].last)
            low = middle + 1;
        else if (c < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

/* ---- characters ------------------------------------------------------------------------------------------------ */

int32_t inspect_decode(const char **at)
{
    static const int32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *s = (const unsigned char *)*at;
    int more = s[0] < 0x80 ? 0 : s[0] >= 0xc2 && s[0] < 0xe0 ? 1 : s[0] >= 0xe0 && s[0] < 0xf0 ? 2 :
               s[0] >= 0xf0 && s[0] < 0xf5 ? 3 : -1;
    int32_t c = more <= 0 ? s[0] : s[0] & (0x3f >> more);
    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            more = -1;
        else
            c = c << 6 | (s[i] & 0x3f);
    }
    bool valid = more >= 0 && c >= least[more] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    *at += valid ? more + 1 : 1;
    return valid ? c : -1 - s[0];
}

/* ---- escapes --------------------------------------------------------------------------------------------------- */

static void print_escape(FILE *out, int32_t c)
{
    static const char letters[] = "\aa\bb\tt\nn\vv\ff\rr\\\\";
    const char *letter = c > 0 && c < 0x80 ? strchr(letters, c) : NULL;
    if (letter != NULL && (letter - letters) % 2 == 0)
        fprintf(out, "\\%c", letter[1]);
    else if (c < 0)
        fprintf(out, "\\x%02x", (unsigned)(-1 - c));
    else if (c < 0x80)
        fprintf(out, "\\x%02x", (unsigned)c);
    else
        fprintf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
}

void inspect_print(FILE *out, const char *text)
{
    while (*text != '\0') {
        const char *from = text;
        int32_t c = inspect_decode(&text);
        if (c < 0 || c == '\\' || within(c, hidden, COUNT(hidden)))
            print_escape(out, c);
        else
            fwrite(from, 1, (size_t)(text - from), out);
    }
}

char *inspect_escape(const char *text)
{
    size_t n;
    char *safe = NULL;
    FILE *out = open_memstream(&safe, &n);
    if (out != NULL) {
        inspect_print(out, text);
        if (fclose(out) == 0)
            return safe;
    }
    free(safe);
    return inspect_printf("?");
}

/* ---- widths ---------------------------------------------------------------------------------------------------- */

/* A joiner between pictures, and a tone of skin behind one, make one picture of them. */
static size_t cells_of(int32_t c, int32_t before, bool after_picture)
{
    if (within(c, joined, COUNT(joined)))
        return 0;
    if (!within(c, wide, COUNT(wide)))
        return 1;
    bool tone = c >= 0x1f3fb && c <= 0x1f3ff;
    return after_picture && (before == 0x200d || tone) ? 0 : 2;
}

/* Go through a text as far as its cells fit. Returns: the bytes; *ret_cells: the cells. */
static size_t walk(const char *text, size_t cells, size_t *ret_cells)
{
    const char *at = text, *end = text;
    int32_t before = 0;
    bool picture = false;
    for (*ret_cells = 0; *at != '\0'; end = at) {
        int32_t c = inspect_decode(&at);
        size_t n = cells_of(c, before, picture);
        if (*ret_cells + n > cells)
            break;
        *ret_cells += n;
        picture = n == 2 ? c >= 0x1f000 : picture && n == 0;
        before = c;
    }
    return (size_t)(end - text);
}

size_t inspect_fit(const char *text, size_t cells)
{
    size_t used;
    return walk(text, cells, &used);
}

size_t inspect_cells(const char *text)
{
    size_t used;
    walk(text, SIZE_MAX, &used);
    return used;
}

/* table.c: rows of cells, printed as columns.
 *
 * Cells are made safe when they are added, so widths are those of what is shown. Names are never cut; columns of notes are,
 * from the last one on, and only where a line has a width. Lines do not end in spaces. */
#include <config.h>
#include "inspect.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NOTE_MIN = 8 };

struct inspect_table {
    const inspect_column *columns;
    size_t column_count;
    char **cells;                  /* row by row */
    size_t cell_count, capacity;
};

inspect_table *inspect_table_new(const inspect_column *columns, size_t count)
{
    inspect_table *table = inspect_take(1, sizeof *table);
    table->columns = columns;
    table->column_count = count;
    return table;
}

void inspect_table_cell(inspect_table *table, const char *text)
{
    if (table->cell_count == table->capacity) {
        size_t capacity = table->capacity * 2 + 64;
        char **cells = inspect_take(capacity, sizeof *cells);
        if (table->cell_count > 0)
            memcpy(cells, table->cells, table->cell_count * sizeof *cells);
        free(table->cells);
        table->cells = cells;
        table->capacity = capacity;
    }
    table->cells[table->cell_count++] = inspect_escape(text != NULL && text[0] != '\0' ? text : "-");
}

/* ---- widths ---------------------------------------------------------------------------------------------------- */

static size_t *measure(const inspect_table *table)
{
    size_t *widths = inspect_take(table->column_count, sizeof *widths);
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = inspect_cells(table->columns[i].heading);
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t n = inspect_cells(table->cells[i]), *width = &widths[i % table->column_count];
        *width = n > *width ? n : *width;
    }
    return widths;
}

/* Take from the columns of notes, the last first, what a line has too much. */
static void narrow(const inspect_table *table, size_t *widths, size_t limit)
{
    size_t total = (table->column_count - 1) * GAP;
    for (size_t i = 0; i < table->column_count; i++)
        total += widths[i];
    for (size_t i = table->column_count; limit > 0 && total > limit && i-- > 0;) {
        if (!table->columns[i].note || widths[i] <= NOTE_MIN)
            continue;
        size_t spare = widths[i] - NOTE_MIN, excess = total - limit;
        size_t cut = spare < excess ? spare : excess;
        widths[i] -= cut;
        total -= cut;
    }
}

/* ---- printing -------------------------------------------------------------------------------------------------- */

static void pad(FILE *out, size_t n)
{
    while (n-- > 0)
        putc(' ', out);
}

/* A cell that is too long for its column ends in an ellipsis. The spaces behind it are returned, to be printed when something
 * follows. */
static size_t print_cell(const inspect *in, const char *cell, size_t width, bool right)
{
    const char *ellipsis = in->ascii ? "..." : "\xe2\x80\xa6";
    size_t cells = inspect_cells(cell), mark = in->ascii ? 3 : 1;
    if (cells > width) {
        size_t bytes = inspect_fit(cell, width - mark);
        size_t used;
        char *part = inspect_printf("%.*s", (int)bytes, cell);
        used = inspect_cells(part) + mark;
        fprintf(in->out, "%s%s", part, ellipsis);
        free(part);
        return width - used;
    }
    if (right)
        pad(in->out, width - cells);
    fputs(cell, in->out);
    return right ? 0 : width - cells;
}

static void print_row(const inspect_table *table, const inspect *in, const char *const *cells, const size_t *widths)
{
    size_t spaces = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        pad(in->out, i > 0 ? spaces + GAP : 0);
        spaces = print_cell(in, cells[i], widths[i], table->columns[i].right);
    }
}

static void print_heading(const inspect_table *table, const inspect *in, const size_t *widths)
{
    const char **cells = inspect_take(table->column_count, sizeof *cells);
    for (size_t i = 0; i < table->column_count; i++)
        cells[i] = table->columns[i].heading;
    fputs(inspect_bold(in), in->out);
    print_row(table, in, cells, widths);
    fprintf(in->out, "%s\n", inspect_plain(in));
    free(cells);
}

void inspect_table_print(const inspect_table *table, const inspect *in)
{
    size_t *widths = measure(table);
    narrow(table, widths, in->width);
    print_heading(table, in, widths);
    for (size_t i = 0; i < table->cell_count; i += table->column_count) {
        print_row(table, in, (const char *const *)(table->cells + i), widths);
        putc('\n', in->out);
    }
    free(widths);
}

void inspect_table_free(inspect_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

const char *inspect_bold(const inspect *in) { return in->color ? "\033[1m" : ""; }
const char *inspect_dim(const inspect *in) { return in->color ? "\033[2m" : ""; }
const char *inspect_plain(const inspect *in) { return in->color ? "\033[0m" : ""; }

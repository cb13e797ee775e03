/* packages.c: put a Debian machine's package database into a database of your choice, and ask it questions.
 *
 *     packages URL [STATUS-FILE [PACKAGE]]
 *
 * The file is /var/lib/dpkg/status unless another is named (deb-control(5) has its form): a stanza for each package, a
 * line for each field, an empty line between stanzas. Its packages, their maintainers, sections and dependencies become
 * objects of one session, which writes them in whatever order their foreign keys ask for. */
#define _POSIX_C_SOURCE 200809L /* getline, strdup, strtok_r */
#include <sqla/sqla.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is in the database --------------------------------------------------------------------------------------- */

typedef struct Maintainer Maintainer;
typedef struct Section Section;
typedef struct Package Package;
typedef struct Dependency Dependency;
SQLA_DECLARE(Maintainer);
SQLA_DECLARE(Section);
SQLA_DECLARE(Package);
SQLA_DECLARE(Dependency);

struct Maintainer {
    const char *email;
    const char *name;
};
struct Section {
    const char *name;
};
struct Package {
    int64_t id;
    const char *name, *architecture, *version, *summary;
    sqla_opt_i64 installed_size; /* in KiB */
    const char *section_name, *maintainer_email;
    Section *section;
    Maintainer *maintainer;
    SQLA_MANY(Dependency) dependencies;
};
/* One name out of the list of what a package depends on. Names with the same place in the list are alternatives. */
struct Dependency {
    int64_t id;
    int64_t package_id;
    int32_t place;
    const char *target, *versions; /* versions: "(>= 2.36)", or NULL */
    Package *package;
};

SQLA_MODEL(Maintainer, "maintainers",
    SQLA_COLUMN(email, .primary_key = true, .natural = true),
    SQLA_COLUMN(name));
SQLA_MODEL(Section, "sections",
    SQLA_COLUMN(name, .primary_key = true, .natural = true));
SQLA_MODEL(Package, "packages",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_COLUMN(name, .not_null = true),
    SQLA_COLUMN(architecture, .not_null = true),
    SQLA_COLUMN(version),
    SQLA_COLUMN(summary),
    SQLA_COLUMN(installed_size),
    SQLA_FOREIGN_KEY(section_name, Section, name, .index = true),
    SQLA_FOREIGN_KEY(maintainer_email, Maintainer, email, .index = true),
    SQLA_TO_ONE(section, Section, section_name),
    SQLA_TO_ONE(maintainer, Maintainer, maintainer_email),
    SQLA_TO_MANY(dependencies, Dependency, package_id, .flags = SQLA_OWNS),
    SQLA_UNIQUE(name, architecture));
SQLA_MODEL(Dependency, "dependencies",
    SQLA_COLUMN(id, .primary_key = true),
    SQLA_FOREIGN_KEY(package_id, Package, id, .index = true),
    SQLA_COLUMN(place),
    SQLA_COLUMN(target, .not_null = true, .index = true),
    SQLA_COLUMN(versions),
    SQLA_TO_ONE(package, Package, package_id));

/* Rows of the answers that are no objects. */
typedef struct Count {
    const char *name;
    int64_t n;
} Count;
SQLA_DECLARE(Count);
SQLA_ROW(Count, SQLA_COLUMN(name), SQLA_COLUMN(n));

/* ---- reading ------------------------------------------------------------------------------------------------------- */

/* The fields of a stanza that are of interest. */
enum field { PACKAGE, ARCHITECTURE, VERSION, SECTION, MAINTAINER, SIZE, DEPENDS, PRE_DEPENDS, DESCRIPTION, FIELDS };
static const char *const field_names[FIELDS] = {
    "Package", "Architecture", "Version", "Section", "Maintainer", "Installed-Size", "Depends", "Pre-Depends", "Description",
};

struct stanza {
    char *fields[FIELDS]; /* NULL: not there */
    enum field last;      /* what a line that begins with a space goes on with; FIELDS: nothing of interest */
};

static void stanza_clear(struct stanza *stanza)
{
    for (int i = 0; i < FIELDS; i++)
        free(stanza->fields[i]);
    *stanza = (struct stanza){ .last = FIELDS };
}

/* Append a line to a field. The description's further lines are left out. */
static bool stanza_continue(struct stanza *stanza, const char *line)
{
    if (stanza->last == FIELDS || stanza->last == DESCRIPTION)
        return true;
    char **field = &stanza->fields[stanza->last];
    size_t length = strlen(*field);
    char *longer = realloc(*field, length + strlen(line) + 1);
    if (longer == NULL)
        return false;
    strcpy(longer + length, line);
    *field = longer;
    return true;
}

static bool stanza_take(struct stanza *stanza, const char *line)
{
    if (*line == ' ' || *line == '\t')
        return stanza_continue(stanza, line);
    size_t length = strcspn(line, ":");
    stanza->last = FIELDS;
    for (int i = 0; i < FIELDS; i++) {
        if (strncmp(line, field_names[i], length) != 0 || field_names[i][length] != '\0' || line[length] == '\0')
            continue;
        const char *value = line + length + 1;
        free(stanza->fields[i]);
        stanza->fields[i] = strdup(value + strspn(value, " \t"));
        stanza->last = (enum field)i;
        return stanza->fields[i] != NULL;
    }
    return true;
}

/* ---- from stanzas to objects ----------------------------------------------------------------------------------------- */

/* The section of that name: the session knows each that it has met, so only a new one costs a query. */
static Section *section_of(sqla_session *s, const char *name, sqla_error *err)
{
    if (name == NULL)
        return NULL;
    Section *section = sqla_get(s, Section, name, err);
    return section != NULL ? section : sqla_add(s, Section, .name = name);
}

/* "Jane Doe <jane@example.org>" */
static Maintainer *maintainer_of(sqla_session *s, char *text, sqla_error *err)
{
    char *email = text != NULL ? strchr(text, '<') : NULL;
    if (email == NULL)
        return NULL;
    char *end = email;
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    email++;
    email[strcspn(email, ">")] = '\0';
    Maintainer *maintainer = sqla_get(s, Maintainer, email, err);
    return maintainer != NULL ? maintainer : sqla_add(s, Maintainer, .email = email, .name = text);
}

/* "libc6 (>= 2.36), default-mta | mail-transport-agent": commas between what is needed, bars between alternatives. */
static void add_dependencies(sqla_session *s, Package *package, char *list, int32_t *place)
{
    char *rest = NULL, *inner = NULL;
    for (char *needed = strtok_r(list, ",", &rest); needed != NULL; needed = strtok_r(NULL, ",", &rest)) {
        ++*place;
        for (char *name = strtok_r(needed, "|", &inner); name != NULL; name = strtok_r(NULL, "|", &inner)) {
            name += strspn(name, " \t");
            char *versions = strchr(name, '(');
            name[strcspn(name, " \t(")] = '\0';
            sqla_add(s, Dependency, .package = package, .place = *place, .target = name, .versions = versions);
        }
    }
}

static void add_package(sqla_session *s, struct stanza *stanza, sqla_error *err)
{
    char **fields = stanza->fields;
    if (fields[PACKAGE] == NULL)
        return;
    Package *package = sqla_add(s, Package, .name = fields[PACKAGE],
                                .architecture = fields[ARCHITECTURE] != NULL ? fields[ARCHITECTURE] : "all",
                                .version = fields[VERSION], .summary = fields[DESCRIPTION],
                                .section = section_of(s, fields[SECTION], err),
                                .maintainer = maintainer_of(s, fields[MAINTAINER], err));
    if (package == NULL)
        return; /* the session keeps why, and the next commit says it */
    if (fields[SIZE] != NULL)
        package->installed_size = (sqla_opt_i64)SQLA_SOME(strtoll(fields[SIZE], NULL, 10));
    int32_t place = 0;
    if (fields[PRE_DEPENDS] != NULL)
        add_dependencies(s, package, fields[PRE_DEPENDS], &place);
    if (fields[DEPENDS] != NULL)
        add_dependencies(s, package, fields[DEPENDS], &place);
}

/* Read the whole file, with a commit every 500 packages. Returns how many there were. */
static int64_t load(sqla_session *s, FILE *file, sqla_error *err)
{
    struct stanza stanza = { .last = FIELDS };
    char *line = NULL;
    size_t size = 0;
    int64_t count = 0;
    for (bool more = true; more && !sqla_failed(err);) {
        more = getline(&line, &size, file) >= 0;
        if (more)
            line[strcspn(line, "\n")] = '\0';
        if (more && *line != '\0') {
            if (!stanza_take(&stanza, line))
                sqla_fail(err, "out of memory");
            continue;
        }
        if (stanza.fields[PACKAGE] != NULL)
            count++;
        add_package(s, &stanza, err);
        stanza_clear(&stanza);
        if (count % 500 == 0 || !more) {
            sqla_commit(s, err);
            fprintf(stderr, "\r%" PRId64 " packages%s", count, more ? "" : "\n");
        }
    }
    stanza_clear(&stanza);
    free(line);
    return count;
}

/* ---- questions --------------------------------------------------------------------------------------------------------- */

static void print_size(int64_t kib)
{
    if (kib >= 10 * 1024)
        printf("%6" PRId64 " MiB", kib / 1024);
    else
        printf("%6" PRId64 " KiB", kib);
}

static void print_packages(sqla_stmt *q, sqla_error *err)
{
    SQLA_EACH(Package, p, q, err) {
        printf("  %-32.32s ", p->name);
        print_size(sqla_value_or(p->installed_size, 0));
        printf("  %.60s\n", p->summary != NULL ? p->summary : "");
    }
}

static void print_counts(sqla_stmt *q, sqla_error *err)
{
    SQLA_EACH(Count, row, q, err)
        printf("  %-44.44s %6" PRId64 "\n", row->name != NULL ? row->name : "-", row->n);
}

static void print_largest(sqla_session *s, sqla_error *err)
{
    printf("\nThe largest packages\n");
    sqla_stmt *q = sqla_where(sqla_select(s, Package), sqla_ne(sqla_col(Package, installed_size), NULL));
    sqla_order_by(q, sqla_desc(sqla_col(Package, installed_size)), sqla_asc(sqla_col(Package, name)));
    print_packages(sqla_limit(q, 10), err);
}

static void print_most_wanted(sqla_session *s, sqla_error *err)
{
    printf("\nMost depended on\n");
    sqla_num_expr n = sqla_count(sqla_col(Dependency, id));
    sqla_stmt *q = sqla_select_cols(s, sqla_label(sqla_col(Dependency, target), "name"), sqla_label(n, "n"));
    sqla_group_by(q, sqla_col(Dependency, target));
    sqla_order_by(q, sqla_desc(n), sqla_asc(sqla_col(Dependency, target)));
    print_counts(sqla_limit(q, 10), err);
}

static void print_maintainers(sqla_session *s, sqla_error *err)
{
    printf("\nWho maintains the most\n");
    sqla_num_expr n = sqla_count(sqla_col(Package, id));
    sqla_stmt *q = sqla_select_cols(s, sqla_col(Maintainer, name), sqla_label(n, "n"));
    sqla_join(q, Package, maintainer);
    sqla_group_by(q, sqla_col(Maintainer, email), sqla_col(Maintainer, name));
    sqla_having(q, sqla_gt(n, 1));
    sqla_order_by(q, sqla_desc(n), sqla_asc(sqla_col(Maintainer, name)));
    print_counts(sqla_limit(q, 5), err);
}

static void print_section(sqla_session *s, const char *name, sqla_error *err)
{
    printf("\nPackages of the section '%s'\n", name);
    sqla_stmt *q = sqla_where(sqla_select(s, Package), sqla_eq(sqla_col(Package, section_name), name));
    print_packages(sqla_limit(sqla_order_by(q, sqla_col(Package, name)), 10), err);
}

/* A package with its dependencies and its section, each by one query more. */
static Package *find_package(sqla_session *s, const char *name, sqla_error *err)
{
    sqla_stmt *q = sqla_where(sqla_select(s, Package), sqla_eq(sqla_col(Package, name), name));
    sqla_selectin(q, Package, dependencies);
    sqla_selectin(q, Package, section);
    return sqla_first(sqla_order_by(q, sqla_col(Package, architecture)), Package, err);
}

static void print_package(const Package *package)
{
    printf("\n%s %s needs\n", package->name, package->version != NULL ? package->version : "");
    int32_t place = 0;
    SQLA_EACH_IN(Dependency, d, package->dependencies) {
        printf("  %s %s %s\n", d->place == place ? "or" : "  ", d->target, d->versions != NULL ? d->versions : "");
        place = d->place;
    }
}

static void print_answers(sqla_session *s, const char *package, sqla_error *err)
{
    int64_t packages = sqla_scalar_i64(sqla_select_cols(s, sqla_count(sqla_col(Package, id))), err);
    int64_t dependencies = sqla_scalar_i64(sqla_select_cols(s, sqla_count(sqla_col(Dependency, id))), err);
    int64_t kib = sqla_scalar_i64(sqla_select_cols(s, sqla_sum(sqla_col(Package, installed_size))), err);
    printf("%" PRId64 " packages, %" PRId64 " KiB installed, %" PRId64 " dependencies\n", packages, kib, dependencies);
    print_largest(s, err);
    print_most_wanted(s, err);
    print_maintainers(s, err);
    Package *p = find_package(s, package, err);
    if (p == NULL)
        return;
    print_package(p);
    if (p->section != NULL)
        print_section(s, p->section->name, err);
}

/* ---- main -------------------------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: packages URL [STATUS-FILE [PACKAGE]]\n");
        return 2;
    }
    const char *path = argc > 2 ? argv[2] : "/var/lib/dpkg/status";
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "packages: cannot read '%s': %s\n", path, strerror(errno));
        return 1;
    }
    sqla_error err = SQLA_ERROR_INIT;
    sqla_engine *db = sqla_create_engine(argv[1], NULL, &err);
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(Maintainer, Section, Package, Dependency), &err);
    sqla_metadata_drop_all(base, db, &err); /* those of an earlier run */
    sqla_metadata_create_all(base, db, &err);
    sqla_sessionmaker *Session = sqla_sessionmaker_new(db, base, SQLA_SESSION_OPTIONS(.keep_on_commit = true), &err);
    sqla_session *s = sqla_open(Session, &err);
    if (!sqla_failed(&err))
        load(s, file, &err);
    fclose(file);
    if (!sqla_failed(&err))
        print_answers(s, argc > 3 ? argv[3] : "apt", &err);
    sqla_error_print(&err, stderr);
    sqla_close(s);
    sqla_sessionmaker_free(Session);
    sqla_metadata_free(base);
    sqla_engine_free(db);
    return sqla_failed(&err);
}

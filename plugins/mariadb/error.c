/* error.c: what went wrong, in the words of the driver ABI.
 *
 * The status comes from the state of the link first, then from the server's number, then from the SQLSTATE (MariaDB's "Error Codes"):
 * the server gives one SQLSTATE, HY000 or 42000, to most of what it has to say. Names of tables, columns and constraints are read out
 * of the message, since the server gives them nowhere else. */
#include <config.h>
#include "mariadb.h"

#include <errmsg.h>

#include <string.h>
#include <strings.h>

/* ---- status ---------------------------------------------------------------------------------------------------- */

typedef struct meaning { unsigned number; sqla_status status; const char *sqlstate; } meaning;

/* Where the server's own SQLSTATE says little, a better one stands behind the status: the standard's, or what other databases use. */
static const meaning meanings[] = {
    { 1022, SQLA_ERR_UNIQUE, "23505" }, { 1062, SQLA_ERR_UNIQUE, "23505" }, { 1169, SQLA_ERR_UNIQUE, "23505" },
    { 1557, SQLA_ERR_UNIQUE, "23505" }, { 1586, SQLA_ERR_UNIQUE, "23505" }, { 1761, SQLA_ERR_UNIQUE, "23505" },
    { 1762, SQLA_ERR_UNIQUE, "23505" }, { 1859, SQLA_ERR_UNIQUE, "23505" },
    { 1216, SQLA_ERR_FOREIGN_KEY, "23503" }, { 1217, SQLA_ERR_FOREIGN_KEY, "23503" }, { 1451, SQLA_ERR_FOREIGN_KEY, "23503" },
    { 1452, SQLA_ERR_FOREIGN_KEY, "23503" },
    { 1048, SQLA_ERR_NOT_NULL, "23502" }, { 1263, SQLA_ERR_NOT_NULL, "23502" }, { 1364, SQLA_ERR_NOT_NULL, "23502" },
    { 1830, SQLA_ERR_NOT_NULL, "23502" },
    { 3819, SQLA_ERR_CHECK, "23514" }, { 4025, SQLA_ERR_CHECK, "23514" }, { 1644, SQLA_ERR_CHECK, NULL }, /* 1644: SIGNAL in a trigger */
    { 1369, SQLA_ERR_CHECK, "44000" }, /* the check option of a view */
    { 1205, SQLA_ERR_BUSY, "55P03" }, { 1099, SQLA_ERR_BUSY, "55P03" }, { 3572, SQLA_ERR_BUSY, "55P03" }, /* 3572: NOWAIT of MySQL */
    { 1213, SQLA_ERR_RETRY, "40001" }, { 1020, SQLA_ERR_RETRY, "40001" }, { 1412, SQLA_ERR_RETRY, "40001" }, { 1614, SQLA_ERR_RETRY, "40001" },
    { 1615, SQLA_ERR_RETRY, "40001" }, { MARIADB_NEW_COLUMNS, SQLA_ERR_RETRY, "0A000" },
    { MARIADB_INTERRUPTED, SQLA_ERR_CANCELLED, "57014" }, { 1028, SQLA_ERR_CANCELLED, "57014" },
    { MARIADB_STATEMENT_TIMEOUT, SQLA_ERR_TIMEOUT, "57014" }, { 3024, SQLA_ERR_TIMEOUT, "57014" },
    { 1044, SQLA_ERR_DENIED, "42501" }, { 1045, SQLA_ERR_DENIED, "28000" }, { 1095, SQLA_ERR_DENIED, "42501" }, { 1130, SQLA_ERR_DENIED, "28000" },
    { 1131, SQLA_ERR_DENIED, NULL }, { 1142, SQLA_ERR_DENIED, "42501" }, { 1143, SQLA_ERR_DENIED, "42501" }, { 1227, SQLA_ERR_DENIED, "42501" },
    { 1370, SQLA_ERR_DENIED, "42501" }, { 1410, SQLA_ERR_DENIED, "42501" }, { 1698, SQLA_ERR_DENIED, "28000" }, { 1820, SQLA_ERR_DENIED, NULL },
    { 1862, SQLA_ERR_DENIED, NULL }, { 3118, SQLA_ERR_DENIED, NULL }, { 3159, SQLA_ERR_DENIED, NULL }, { 4151, SQLA_ERR_DENIED, NULL },
    { 1792, SQLA_ERR_READ_ONLY, "25006" }, { 1836, SQLA_ERR_READ_ONLY, "25006" }, { 1290, SQLA_ERR_READ_ONLY, NULL },
    { 1036, SQLA_ERR_READ_ONLY, NULL }, { 1223, SQLA_ERR_READ_ONLY, NULL },
    { 1021, SQLA_ERR_RESOURCE, "53100" }, { 1114, SQLA_ERR_RESOURCE, "53100" }, { 1135, SQLA_ERR_RESOURCE, NULL },
    { 1040, SQLA_ERR_RESOURCE, "53300" }, { 1203, SQLA_ERR_RESOURCE, "53300" }, { 1226, SQLA_ERR_RESOURCE, NULL },
    { 1037, SQLA_ERR_RESOURCE, "53200" }, { 1038, SQLA_ERR_RESOURCE, "53200" }, { 1041, SQLA_ERR_RESOURCE, "53200" },
    { 1206, SQLA_ERR_RESOURCE, NULL }, { 1461, SQLA_ERR_RESOURCE, NULL }, { 1637, SQLA_ERR_RESOURCE, NULL }, { 1436, SQLA_ERR_RESOURCE, NULL },
    { 1390, SQLA_ERR_SQL, NULL }, { 1153, SQLA_ERR_RESOURCE, "54000" }, { 2020, SQLA_ERR_RESOURCE, "54000" },
    { 1004, SQLA_ERR_IO, NULL }, { 1005, SQLA_ERR_SQL, NULL }, { 1016, SQLA_ERR_IO, NULL }, { 1023, SQLA_ERR_IO, NULL }, { 1024, SQLA_ERR_IO, NULL },
    { 1026, SQLA_ERR_IO, NULL }, { 1030, SQLA_ERR_IO, NULL }, { 1034, SQLA_ERR_CORRUPT, NULL }, { 1194, SQLA_ERR_CORRUPT, NULL },
    { 1195, SQLA_ERR_CORRUPT, NULL }, { 1712, SQLA_ERR_CORRUPT, NULL },
    { 1264, SQLA_ERR_DATA, "22003" }, { 1265, SQLA_ERR_DATA, NULL }, { 1292, SQLA_ERR_DATA, "22007" }, { 1366, SQLA_ERR_DATA, NULL },
    { 1406, SQLA_ERR_DATA, "22001" }, { 1411, SQLA_ERR_DATA, NULL }, { 1365, SQLA_ERR_DATA, "22012" }, { 1690, SQLA_ERR_DATA, "22003" },
    { 1242, SQLA_ERR_DATA, NULL }, { 1300, SQLA_ERR_DATA, "22021" }, { 1301, SQLA_ERR_DATA, NULL }, { 1426, SQLA_ERR_DATA, NULL },
    { 1138, SQLA_ERR_DATA, NULL }, { 1416, SQLA_ERR_DATA, NULL }, { 1441, SQLA_ERR_DATA, "22008" }, { 1367, SQLA_ERR_DATA, NULL },
    { 1977, SQLA_ERR_DATA, NULL }, { 4038, SQLA_ERR_DATA, NULL },
    { 1235, SQLA_ERR_UNSUPPORTED, NULL }, { MARIADB_NOT_PREPARABLE, SQLA_ERR_UNSUPPORTED, NULL }, { 1178, SQLA_ERR_UNSUPPORTED, NULL },
    { 1050, SQLA_ERR_SQL, "42P07" }, { 1051, SQLA_ERR_SQL, "42P01" }, { 1054, SQLA_ERR_SQL, "42703" }, { 1060, SQLA_ERR_SQL, "42701" },
    { 1146, SQLA_ERR_SQL, "42P01" }, { 1052, SQLA_ERR_SQL, "42702" }, { MARIADB_SYNTAX, SQLA_ERR_SQL, "42601" }, { 1149, SQLA_ERR_SQL, "42601" },
    { 1058, SQLA_ERR_SQL, NULL }, { 1136, SQLA_ERR_SQL, NULL }, { 1222, SQLA_ERR_SQL, NULL }, { 1241, SQLA_ERR_SQL, NULL }, /* columns miscounted */
    { 1305, SQLA_ERR_SQL, NULL }, { 1210, SQLA_ERR_SQL, NULL }, { 2031, SQLA_ERR_SQL, NULL },
    { 1053, SQLA_ERR_DISCONNECTED, "57P01" }, { 1080, SQLA_ERR_DISCONNECTED, "57P01" }, { 1152, SQLA_ERR_DISCONNECTED, NULL },
    { 1158, SQLA_ERR_DISCONNECTED, NULL }, { 1159, SQLA_ERR_DISCONNECTED, NULL }, { 1160, SQLA_ERR_DISCONNECTED, NULL },
    { 1161, SQLA_ERR_DISCONNECTED, NULL }, { 1184, SQLA_ERR_DISCONNECTED, NULL }, { 1927, SQLA_ERR_DISCONNECTED, "57P01" },
    { 4031, SQLA_ERR_DISCONNECTED, NULL },
    { 2001, SQLA_ERR_RESOURCE, NULL }, { 2004, SQLA_ERR_RESOURCE, NULL }, /* there is no descriptor for a socket */
    { 2006, SQLA_ERR_DISCONNECTED, "08S01" }, { 2013, SQLA_ERR_DISCONNECTED, "08S01" }, { 2055, SQLA_ERR_DISCONNECTED, "08S01" },
    { 2026, SQLA_ERR_DISCONNECTED, NULL }, { 2014, SQLA_ERR_PROTOCOL, NULL }, { 2027, SQLA_ERR_PROTOCOL, NULL },
    { 2008, SQLA_ERR_NOMEM, NULL },
    { 0, SQLA_ERR_PROTOCOL, "08P01" }, /* the library could not make anything of an answer: it is out of step with the server */
};

static const meaning *meaning_of(unsigned number)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].number == number)
            return &meanings[i];
    }
    return NULL;
}

static sqla_status status_of(const meaning *known, const char *sqlstate)
{
    static const struct { const char *prefix; sqla_status status; } classes[] = {
        { "02", SQLA_ERR_NOT_FOUND }, { "08", SQLA_ERR_DISCONNECTED }, { "0A", SQLA_ERR_UNSUPPORTED }, { "21", SQLA_ERR_DATA },
        { "22", SQLA_ERR_DATA }, { "23", SQLA_ERR_CHECK }, { "25006", SQLA_ERR_READ_ONLY }, { "28", SQLA_ERR_DENIED },
        { "40", SQLA_ERR_RETRY }, { "70100", SQLA_ERR_CANCELLED }, { "XA", SQLA_ERR_SQL },
    };
    if (known != NULL)
        return known->status;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strncmp(sqlstate, classes[i].prefix, strlen(classes[i].prefix)) == 0)
            return classes[i].status;
    }
    return SQLA_ERR_SQL;
}

bool mariadb__is_of_a_row(unsigned number)
{
    const meaning *known = meaning_of(number);
    switch (known != NULL ? known->status : SQLA_OK) {
    case SQLA_ERR_UNIQUE:
    case SQLA_ERR_FOREIGN_KEY:
    case SQLA_ERR_NOT_NULL:
    case SQLA_ERR_CHECK:
    case SQLA_ERR_DATA:
        return true;
    default:
        return false;
    }
}

/* ---- names out of messages ------------------------------------------------------------------------------------- */

typedef struct names { char table[200], column[200], constraint[200]; } names;

/* What stands between two marks: from behind the first `before` to the next `after`.  Returns: the place behind it; NULL: not found. */
static const char *between(const char *text, const char *before, const char *after, char *room, size_t size)
{
    const char *from = text != NULL ? strstr(text, before) : NULL, *end = from != NULL ? strstr(from += strlen(before), after) : NULL;
    if (end == NULL)
        return NULL;
    snprintf(room, size, "%.*s", (int)(end - from), from);
    return end + strlen(after);
}

/* "shop.users" is users, and so is "`shop`.`users`". */
static void drop_schema(char *name)
{
    char *dot = strrchr(name, '.');
    if (dot != NULL)
        memmove(name, dot + 1, strlen(dot));
}

/* Duplicate entry 'a' for key 'uq_users_email': the value may hold anything, so the key is looked for from the end. */
static void read_duplicate(names *out, const char *message)
{
    const char *end = strrchr(message, '\''), *from = end;
    while (from != NULL && from > message && from[-1] != '\'')
        from--;
    if (end == NULL || from == message)
        return;
    snprintf(out->constraint, sizeof out->constraint, "%.*s", (int)(end - from), from);
    drop_schema(out->constraint); /* MySQL writes the table before it */
}

/* ... fails (`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)) */
static void read_foreign_key(names *out, const char *message)
{
    const char *at = between(message, "`.`", "`", out->table, sizeof out->table);
    at = between(at, "CONSTRAINT `", "`", out->constraint, sizeof out->constraint);
    (void)between(at, "FOREIGN KEY (`", "`", out->column, sizeof out->column);
}

static void read_check(names *out, const char *message)
{
    const char *at = between(message, "CONSTRAINT `", "`", out->constraint, sizeof out->constraint);
    (void)between(at, "`.`", "`", out->table, sizeof out->table);
    char *dot = strchr(out->constraint, '.'); /* the check of a column is called after it: "t.c" */
    if (dot != NULL)
        snprintf(out->column, sizeof out->column, "%s", dot + 1);
}

static void read_names(names *out, unsigned number, const char *message)
{
    switch (number) {
    case 1022: case 1062: case 1586:
        read_duplicate(out, message);
        break;
    case 1216: case 1217: case 1451: case 1452:
        read_foreign_key(out, message);
        break;
    case 4025:
        read_check(out, message);
        break;
    case 3819:
        (void)between(message, "'", "'", out->constraint, sizeof out->constraint);
        break;
    case 1048: case 1054: case 1060: case 1263: case 1264: case 1364: case 1406:
        (void)between(message, "'", "'", out->column, sizeof out->column);
        break;
    case 1265: case 1366:
        (void)between(message, "column '", "'", out->column, sizeof out->column);
        if (out->column[0] == '\0') /* "... for column `shop`.`users`.`age` at row 1" */
            (void)between(message, "column `", "` at row", out->column, sizeof out->column);
        break;
    case 1292:
        (void)between(message, "column `", "` at row", out->column, sizeof out->column);
        break;
    case 1050: case 1051: case 1146:
        (void)between(message, "'", "'", out->table, sizeof out->table);
        drop_schema(out->table);
        break;
    }
    char *quote = strrchr(out->column, '`');
    if (quote != NULL)
        memmove(out->column, quote + 1, strlen(quote));
    drop_schema(out->column);
}

/* The word or quoted name at that place, without what stands before a dot.  Returns: the place behind it. */
static const char *take_name(const char *at, char *room, size_t size)
{
    for (bool more = true; more; at += more) {
        bool quoted = *at == '`';
        size_t n = 0;
        for (at += quoted; quoted ? *at != '\0' : strchr(" \t\r\n(;,.`", *at) == NULL; at++) {
            if (*at == '`' && *++at != '`') /* one that is doubled is a part of the name */
                break;
            room[n] = *at;
            n += n + 1 < size;
        }
        room[n] = '\0';
        more = *at == '.';
    }
    return at;
}

/* The table that a statement changes: the name behind its verb, and behind words that may stand between. */
static void read_target(names *out, const char *text)
{
    static const char *const words[] = { "insert", "replace", "update", "into", "ignore", "low_priority", "high_priority", "delayed" };
    char word[200] = "";
    bool verb = text != NULL && mariadb__is_writing(text), found = verb;
    while (found) {
        text += strspn(text, " \t\r\n");
        bool quoted = *text == '`';
        text = take_name(text, word, sizeof word);
        found = false;
        for (size_t i = 0; i < sizeof words / sizeof words[0] && !quoted; i++)
            found = found || strcasecmp(word, words[i]) == 0;
    }
    if (verb)
        snprintf(out->table, sizeof out->table, "%s", word);
}

/* ... to use near 'FORM users' at line 2: the place of that text in the statement, in characters from 1. */
static int32_t position_in(const char *text, const char *message)
{
    static const char mark[] = "' at line ";
    const char *near = strstr(message, "near '"), *end = NULL;
    for (const char *at = near; at != NULL && (at = strstr(at, mark)) != NULL; at++)
        end = at;
    if (text == NULL || end == NULL || end == near + 6)
        return 0;
    near += 6;
    long line = 1;
    sscanf(end + sizeof mark - 1, "%ld", &line);
    const char *from = text;
    for (long i = 1; i < line && from != NULL; i++)
        from = (from = strchr(from, '\n')) != NULL ? from + 1 : NULL;
    char sought[96];
    snprintf(sought, sizeof sought, "%.*s", (int)(end - near), near);
    from = from != NULL ? strstr(from, sought) : NULL;
    int32_t position = from != NULL;
    for (const char *at = text; from != NULL && at < from; at++)
        position += ((unsigned char)*at & 0xc0) != 0x80;
    return position;
}

/* ---- reporting ------------------------------------------------------------------------------------------------- */

/* What is said, before the library says something else. */
typedef struct said { unsigned number; char sqlstate[8], message[MYSQL_ERRMSG_SIZE]; } said;

unsigned mariadb__error_number(MYSQL *link, MYSQL_STMT *handle)
{
    unsigned number = handle != NULL ? mysql_stmt_errno(handle) : 0;
    return number != 0 ? number : mysql_errno(link);
}

static void listen(said *s, MYSQL *link, MYSQL_STMT *handle)
{
    if (handle != NULL && mysql_stmt_errno(handle) == 0)
        handle = NULL;
    s->number = mariadb__error_number(link, handle);
    snprintf(s->sqlstate, sizeof s->sqlstate, "%s", handle != NULL ? mysql_stmt_sqlstate(handle) : mysql_sqlstate(link));
    snprintf(s->message, sizeof s->message, "%s", handle != NULL ? mysql_stmt_error(handle) : mysql_error(link));
    if (s->message[0] == '\0')
        snprintf(s->message, sizeof s->message, "the server gave an answer without meaning");
}

static sqla_status judge(sqla_driver_conn *conn, const said *s, const meaning *known, const char *text)
{
    sqla_status status = status_of(known, s->sqlstate);
    if (status == SQLA_ERR_DISCONNECTED || status == SQLA_ERR_PROTOCOL)
        conn->lost = true;
    if (conn->lost)
        return conn->timed_out ? SQLA_ERR_TIMEOUT : status == SQLA_ERR_PROTOCOL ? status : SQLA_ERR_DISCONNECTED;
    if (s->number == MARIADB_SYNTAX && text != NULL && !conn->scripting && mariadb__is_several(text))
        return SQLA_ERR_MISUSE;
    if (status != SQLA_ERR_CANCELLED)
        return status;
    conn->interrupted = true;
    return conn->timed_out ? SQLA_ERR_TIMEOUT : status;
}

/* Was what is running sent in such a way that it may have been done for good? */
static bool may_have_happened(const sqla_driver_conn *conn)
{
    if (conn->running == NULL || !conn->sent || conn->read_only)
        return conn->open_outcome;
    bool alone = conn->before == SQLA_TXN_IDLE && (conn->link->server_status & SERVER_STATUS_AUTOCOMMIT) != 0;
    return alone ? !mariadb__only_reads(conn->running) : !mariadb__keeps_transaction(conn->running);
}

void mariadb__keep_outcome(sqla_driver_conn *conn)
{
    conn->open_outcome = may_have_happened(conn);
    conn->running = NULL;
}

sqla_status mariadb__flooded(
    const sqla_driver_conn *conn, sqla_status status, const char *what, sqla_err *err)
{
    static const sqla_err_fields fields = {
        .hint = "if it is a value of that size, give a larger max_message (in MiB) in the URL"
    };
    bool row = conn->too_much >= mariadb__most(conn->recipe);
    if (conn->too_much == 0)
        return mariadb__fail(
            err, status, NULL, "the server sent more answers than there are statements%s", what);
    return mariadb__fail(err, status, row ? &fields : NULL, "the server sent more than %zu MiB%s%s",
        conn->too_much / (1024 * 1024), row ? " without a row or an answer" : " in an answer without rows", what);
}

static sqla_status outcome_open(sqla_driver_conn *conn, const said *s, sqla_status status, sqla_err *err)
{
    const sqla_err_fields fields = { .native = s != NULL ? (int32_t)s->number : 0,
        .sqlstate = s != NULL ? s->sqlstate : NULL };
    if (conn->flooded)
        return mariadb__flooded(
            conn, SQLA_ERR_UNKNOWN_OUTCOME,
            " while the statement, which commits by itself, was under way, so it may have happened", err);
    return mariadb__fail(err, SQLA_ERR_UNKNOWN_OUTCOME, &fields,
        "%s while the statement, which commits by itself, was under way, so it may "
        "have happened%s%s",
        status == SQLA_ERR_TIMEOUT || conn->timed_out ? "the deadline passed" : "the connection broke",
        s != NULL ? ": " : "", s != NULL ? s->message : "");
}

/* A server that ends the session says so (with a number below 2000, or of its later ones), and undoes what
 * changes rows; other statements may have committed on their way. */
static bool is_undone(const sqla_driver_conn *conn, const said *s)
{
    bool from_server = s->number < 2000 || s->number >= 3000;
    return from_server && conn->running != NULL && !conn->scripting && mariadb__is_writing(conn->running);
}

/* What the server ended by itself, or by the implicit commit of DDL, is over whatever the host thinks; until it has rolled back nothing
 * must run, since each statement would commit by itself. */
static void look_after_transaction(sqla_driver_conn *conn)
{
    if (conn->lost || conn->before != SQLA_TXN_ACTIVE)
        return;
    mariadb__refresh(conn);
    conn->undone = conn->undone || (!conn->lost && mariadb__server_state(conn) != SQLA_TXN_ACTIVE);
}

sqla_status mariadb__failed(sqla_driver_conn *conn, MYSQL_STMT *handle, const char *text, int64_t row, sqla_err *err)
{
    said s;
    names found = { "", "", "" };
    listen(&s, conn->link, handle);
    const meaning *known = meaning_of(s.number);
    sqla_status status = judge(conn, &s, known, text);
    if (status == SQLA_ERR_NOMEM)
        return mariadb__nomem(err);
    if (conn->lost && may_have_happened(conn) && !is_undone(conn, &s))
        return outcome_open(conn, &s, status, err);
    bool undone = conn->undone;
    look_after_transaction(conn);
    bool committed = conn->undone && !undone && text != NULL && !mariadb__keeps_transaction(text);
    read_names(&found, s.number, s.message);
    if (found.table[0] == '\0' && mariadb__is_of_a_row(s.number))
        read_target(&found, text);
    const sqla_err_fields fields = {
        .struct_size = sizeof fields,
        .status = status,
        .native = (int32_t)s.number,
        .row = row,
        .message = s.message,
        .sqlstate = known != NULL && known->sqlstate != NULL ? known->sqlstate : s.sqlstate,
        .position = s.number == MARIADB_SYNTAX ? position_in(text, s.message) : 0,
        .table = found.table[0] != '\0' ? found.table : NULL,
        .column = found.column[0] != '\0' ? found.column : NULL,
        .constraint = found.constraint[0] != '\0' ? found.constraint : NULL,
        .hint = committed ? "the statement ended the transaction before it failed: what had been done until "
                            "then is committed"
                          : NULL,
    };
    mariadb__host->set_error(err, &fields);
    return status;
}

sqla_status mariadb__broken(sqla_driver_conn *conn, sqla_status status, sqla_err *err)
{
    conn->lost = true;
    if (may_have_happened(conn))
        return outcome_open(conn, NULL, status, err);
    if (conn->flooded)
        return mariadb__flooded(conn, SQLA_ERR_PROTOCOL, ", and was given up", err);
    if (status == SQLA_ERR_TIMEOUT || conn->timed_out)
        return mariadb__fail(err, SQLA_ERR_TIMEOUT, NULL, "the deadline passed, and the server did not answer the cancel");
    return mariadb__fail(err, SQLA_ERR_DISCONNECTED, NULL, "the connection to the server was lost");
}

/* libmariadb's own message names the plugin that was asked for before. */
static sqla_status refused_plugin(unsigned number, sqla_err *err)
{
    const sqla_err_fields fields = { .native = (int32_t)number,
        .sqlstate = "28000",
        .hint = "with a server that a certificate vouches for (ssl_ca) a plugin may be used that sends the "
                "password; one that asks a person never is" };
    return mariadb__fail(err, SQLA_ERR_DENIED, &fields,
        "the server asks for the password by a plugin that would give it away");
}

sqla_status mariadb__refused(MYSQL *link, sqla_err *err)
{
    said s;
    listen(&s, link, NULL);
    const meaning *known = meaning_of(s.number);
    sqla_status status = status_of(known, s.sqlstate);
    if (s.number == CR_PLUGIN_NOT_ALLOWED)
        return refused_plugin(s.number, err);
    if (status != SQLA_ERR_DENIED && status != SQLA_ERR_RESOURCE && status != SQLA_ERR_NOMEM)
        status = SQLA_ERR_CONNECT;
    const sqla_err_fields fields = { .native = (int32_t)s.number,
                                     .sqlstate = known != NULL && known->sqlstate != NULL ? known->sqlstate : s.sqlstate };
    return mariadb__fail(err, status, &fields, "%s", s.message);
}

/* ---- of our own ------------------------------------------------------------------------------------------------ */

sqla_status mariadb__fail(sqla_err *err, sqla_status status, const sqla_err_fields *known, const char *format, ...)
{
    char text[1200];
    sqla_err_fields fields = { 0 };
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (known != NULL)
        fields = *known;
    fields.struct_size = sizeof fields;
    fields.status = status;
    fields.message = text;
    mariadb__host->set_error(err, &fields);
    return status;
}

sqla_status mariadb__nomem(sqla_err *err)
{
    return mariadb__fail(err, SQLA_ERR_NOMEM, NULL, "out of memory");
}

/* traits.c: what is particular to the SQL of MariaDB and MySQL, as data.
 *
 * All text is compared as it is written, byte for byte, and not as the server would by itself, without capitals, accents and blanks at
 * the end: tables are made with such a collation, which the two servers have under different names, each in a comment that only the one
 * reads. A text that is part of a key or an index must be short here, and an index of a table holds 3,072 bytes: such columns are
 * VARCHAR(255), and a longer value is refused.
 * LIKE keeps to that, so that an index serves it; a column with another collation says so (.loose), and is
 * compared by code points.
 *
 * Updates go row by row. A second table of parameters to join with would be a run of SELECTs or of VALUES, and the server gives its columns
 * types and lengths out of some of its rows: texts came out changed when rows with NULL or other lengths stood beside them (10.11). */
#include <config.h>
#include "mariadb.h"

/* Both timestamps are DATETIME, since TIMESTAMP ends in 2038; the one that is an instant is in UTC, and known again by that word. JSON is text with a check in MariaDB. An interval is text in the form of ISO 8601. */
static const sqla_type_trait types[] = {
    { SQLA_BOOL, 0, "BOOLEAN", NULL, "SIGNED" },
    { SQLA_INT16, 0, "SMALLINT", NULL, "SIGNED" },
    { SQLA_INT32, 0, "INTEGER", NULL, "SIGNED" },
    { SQLA_INT64, 0, "BIGINT", NULL, "SIGNED" },
    { SQLA_FLOAT32, 0, "FLOAT", NULL, NULL },
    { SQLA_FLOAT64, 0, "DOUBLE", NULL, NULL },
    { SQLA_TEXT, 0, "LONGTEXT", "VARCHAR(%u)", "CHAR" },
    { SQLA_BLOB, 0, "LONGBLOB", NULL, "BINARY" },
    { SQLA_DATE, 0, "DATE", NULL, NULL },
    { SQLA_TIME, 0, "TIME(6)", NULL, NULL },
    { SQLA_TIMESTAMP, 0, "DATETIME(6) COMMENT 'UTC'", NULL, "DATETIME(6)" },
    { SQLA_LOCAL_TIMESTAMP, 0, "DATETIME(6)", NULL, NULL },
    { SQLA_INTERVAL, SQLA_TYPE_TEXT_ORDER, "VARCHAR(64) COMMENT 'ISO 8601'", NULL, "CHAR" },
    { SQLA_UUID, 0, "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin", NULL, "CHAR" },
    { SQLA_DECIMAL, 0, "DECIMAL(65,30)", NULL, NULL },
    { SQLA_JSON, 0, "JSON", NULL, "CHAR" },
    { SQLA_ENUM_TYPE, 0, "VARCHAR(255)", "VARCHAR(%u)", "CHAR" },
};

static const sqla_type_trait keyed_types[] = {
    { SQLA_TEXT, 0, "VARCHAR(255)", "VARCHAR(%u)", NULL },
    { SQLA_BLOB, 0, "VARBINARY(255)", NULL, NULL },
};

/* Reserved words of MariaDB ("Reserved Words") and of MySQL 8 ("Keywords and Reserved Words"). */
static const char *const reserved_words[] = {
    "accessible", "add", "all", "alter", "analyze", "and", "as", "asc", "asensitive", "before", "between", "bigint", "binary", "blob", "both",
    "by", "call", "cascade", "case", "change", "char", "character", "check", "collate", "column", "condition", "constraint", "continue",
    "convert", "create", "cross", "cube", "cume_dist", "current_date", "current_role", "current_time", "current_timestamp", "current_user",
    "cursor", "database", "databases", "day_hour", "day_microsecond", "day_minute", "day_second", "dec", "decimal", "declare", "default",
    "delayed", "delete", "delete_domain_id", "dense_rank", "desc", "describe", "deterministic", "distinct", "distinctrow", "div",
    "do_domain_ids", "double", "drop", "dual", "each", "else", "elseif", "empty", "enclosed", "escaped", "except", "exists", "exit",
    "explain", "false", "fetch", "first_value", "float", "float4", "float8", "for", "force", "foreign", "from", "fulltext", "function",
    "general", "generated", "get", "grant", "group", "grouping", "groups", "having", "high_priority", "hour_microsecond", "hour_minute",
    "hour_second", "if", "ignore", "ignore_domain_ids", "ignore_server_ids", "in", "index", "infile", "inner", "inout", "insensitive",
    "insert", "int", "int1", "int2", "int3", "int4", "int8", "integer", "intersect", "interval", "into", "io_after_gtids", "io_before_gtids",
    "is", "iterate", "join", "json_table", "key", "keys", "kill", "lag", "last_value", "lateral", "lead", "leading", "leave", "left", "like",
    "limit", "linear", "lines", "load", "localtime", "localtimestamp", "lock", "long", "longblob", "longtext", "loop", "low_priority",
    "master_bind", "master_heartbeat_period", "master_ssl_verify_server_cert", "match", "maxvalue", "mediumblob", "mediumint", "mediumtext",
    "middleint", "minute_microsecond", "minute_second", "mod", "modifies", "natural", "no_write_to_binlog", "not", "nth_value", "ntile",
    "null", "numeric", "of", "offset", "on", "optimize", "optimizer_costs", "option", "optionally", "or", "order", "out", "outer", "outfile",
    "over", "page_checksum", "parse_vcol_expr", "partition", "percent_rank", "position", "precision", "primary", "procedure", "purge", "range",
    "rank", "read", "read_write", "reads", "real", "recursive", "ref_system_id", "references", "regexp", "release", "rename", "repeat",
    "replace", "require", "resignal", "restrict", "return", "returning", "revoke", "right", "rlike", "row", "row_number", "rows", "schema",
    "schemas", "second_microsecond", "select", "sensitive", "separator", "set", "show", "signal", "slow", "smallint", "spatial", "specific",
    "sql", "sql_big_result", "sql_calc_found_rows", "sql_small_result", "sqlexception", "sqlstate", "sqlwarning", "ssl", "starting",
    "stats_auto_recalc", "stats_persistent", "stats_sample_pages", "stored", "straight_join", "system", "table", "terminated", "then",
    "tinyblob", "tinyint", "tinytext", "to", "trailing", "trigger", "true", "undo", "union", "unique", "unlock", "unsigned", "update", "usage",
    "use", "using", "utc_date", "utc_time", "utc_timestamp", "values", "varbinary", "varchar", "varcharacter", "varying", "vector", "virtual",
    "when", "where", "while", "window", "with", "write", "xor", "year_month", "zerofill", NULL,
};

const sqla_traits mariadb__traits = {
    .struct_size = sizeof mariadb__traits,
    .placeholder = SQLA_PLACEHOLDER_QUESTION,
    .features = SQLA_FEATURE_RETURNING | SQLA_FEATURE_ORDERED_RETURNING | SQLA_FEATURE_LAST_ID |
                SQLA_FEATURE_ADD_CONSTRAINT | SQLA_FEATURE_DEFAULT_VALUES | SQLA_FEATURE_SCHEMAS |
                SQLA_FEATURE_ISOLATED_ABORT | SQLA_FEATURE_FK_ACTIONS | SQLA_FEATURE_CHECK_NAMES |
                SQLA_FEATURE_READ_ONLY,
    .dialect = "MariaDB",
    .quote_open = '`',
    .quote_close = '`',
    .max_identifier = 64,
    .max_parameters = 65535,
    .type_count = sizeof types / sizeof *types,
    .types = types,
    .reserved_words = reserved_words,
    .generated_key = "BIGINT NOT NULL AUTO_INCREMENT",
    .now = "CURRENT_TIMESTAMP(6)",
    .create_table_suffix = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 /*M! COLLATE=utf8mb4_nopad_bin */ "
                           "/*!80017 COLLATE=utf8mb4_0900_bin */",
    .begin = "START TRANSACTION",
    .begin_read_only = "START TRANSACTION READ ONLY",
    .commit = "COMMIT",
    .rollback = "ROLLBACK",
    .savepoint = "SAVEPOINT {name}",
    .savepoint_release = "RELEASE SAVEPOINT {name}",
    .savepoint_rollback = "ROLLBACK TO SAVEPOINT {name}",
    .ping = "DO 0",
    .limit_all = "18446744073709551615",
    .for_update = " FOR UPDATE",
    .insert_block = "INSERT INTO {table} ({columns}) VALUES {tuples}{returning}",
    .insert_block_rows = 100,
    .insert_block_min = 3,
    .delete_block_rows = 200,
    .delete_block_min = 20,
    .delete_block_key = "DELETE FROM {table} WHERE {key} IN ({tuples})",
    .isolation_levels = UINT32_C(1) << SQLA_READ_UNCOMMITTED | UINT32_C(1) << SQLA_READ_COMMITTED |
                        UINT32_C(1) << SQLA_REPEATABLE_READ | UINT32_C(1) << SQLA_SERIALIZABLE,
    .isolation_query = "SELECT /*M! @@tx_isolation */ /*!80000 @@transaction_isolation */",
    .insert_defaults = " () VALUES ()",
    .backslash_literal =
        "CONVERT(UNHEX('{hex}') USING utf8mb4)", /* a check is kept as text, and read by settings too */
    .keyed_types = keyed_types,
    .keyed_type_count = sizeof keyed_types / sizeof *keyed_types,
    .syntax = SQLA_SYNTAX_BACKTICK | SQLA_SYNTAX_HASH_COMMENT | SQLA_SYNTAX_DASH_BLANK |
              SQLA_SYNTAX_CODE_COMMENT,
    .like = "{text} LIKE {pattern} ESCAPE 0x5c",
    .ilike = "lower({text}) LIKE lower({pattern}) COLLATE utf8mb4_bin ESCAPE 0x5c",
    .like_loose = "{text} LIKE {pattern} COLLATE utf8mb4_bin ESCAPE 0x5c",
    .list = "{param}" MARIADB__LIST_MARK,
};

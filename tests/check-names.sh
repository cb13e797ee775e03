#!/bin/sh
# check-names.sh: the core knows no database by its name. In the sources of core/ a name of a database, of a driver or of a
# client library may stand in two places, where it decides nothing:
#     in comments
#     in string literals among the arguments of sqla__error_hint, which are advice for people
# Anywhere else, also as a part of a longer word, it would be a road that one database goes and others do not: what differs
# between them belongs into sqla_traits.
. "$SRC/tests/check.sh"

names='sqlite|postgres|libpq|pgbouncer|pgpool|mysql|mariadb|percona|oracle|sqlserver|mssql|duckdb|firebird|(^|[^a-z])pg_'

# what_decides FILE: the file with its lines, without comments and without the literals of hints.
what_decides()
{
    awk '
    { text = text $0 "\n" }
    END {
        n = length(text)
        depth = 0  # of parentheses, inside of a call of sqla__error_hint
        for (i = 1; i <= n; ) {
            c = substr(text, i, 1)
            two = substr(text, i, 2)
            if (two == "/*" || two == "//") {
                end = two == "/*" ? "*/" : "\n"
                length_of = index(substr(text, i + 2), end)
                skipped = length_of ? substr(text, i, length_of + 1 + (two == "/*" ? 2 : 0)) : substr(text, i)
                i += length(skipped)
                gsub(/[^\n]/, "", skipped)
                out = out " " skipped
            } else if (c == "\"" || c == "\047") {
                for (j = i + 1; j <= n && substr(text, j, 1) != c; j++) {
                    if (substr(text, j, 1) == "\\") j++
                }
                out = out (depth > 0 && c == "\"" ? "\"\"" : substr(text, i, j - i + 1))
                i = j + 1
            } else {
                if (depth == 0 && match(substr(text, i, 40), /^sqla__error_hint[ \t]*\(/)) {
                    out = out substr(text, i, RLENGTH)
                    i += RLENGTH
                    depth = 1
                    continue
                }
                if (depth > 0) depth += (c == "(") - (c == ")")
                out = out c
                i++
            }
        }
        printf "%s", out
    }' "$1"
}

# The check itself: what it lets pass, and what it does not.
cat >"$TMP/good.c" <<'END'
/* SQLite is a file, "PostgreSQL" a server. */
static const char c = '"'; // as MySQL has it
sqla__error_hint(err, "for %s (or so) write sqlite:///%s", f("postgres", ')'), b);
END
none "comments and hints may name them" "$(what_decides "$TMP/good.c" | grep -niE "$names")"
cat >"$TMP/bad.c" <<'END'
if (strcmp(name, "sqlite") == 0)
sqla__error_hint(err, "advice"), is_postgres = true;
sqla__error_set(err, SQLA_ERR_SQL, "MariaDB cannot");
char quote = '\''; const char *mysql_text = "/*"; /* */
END
same "nothing else may" "$(what_decides "$TMP/bad.c" | grep -niE "$names" | sed 's/:.*//' | tr '\n' ' ')" "1 2 3 4 "

cd "$SRC" || exit 99
for source in core/*/*.[ch] core/include/sqla/*.h; do
    none "$source names no database" "$(what_decides "$source" | grep -niE "$names")"
done
finish "no database"

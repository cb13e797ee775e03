#!/bin/sh
# check-inspect.sh: sqla-inspect, as it was built, on files of drivers and on databases that are made for it.
. "$SRC/tests/check.sh"
. "$SRC/tests/programs.sh"

inspect=$BUILD/tools/sqla-inspect
run_sql=$BUILD/tests/run-sql
unset SQLA_URL NO_COLOR COLUMNS
esc=$(printf '\033')
tab=$(printf '\t')
newline='
'

# ends STATUS WHAT ARGUMENT...: sqla-inspect must end with that status; its output is in $TMP/shown and $TMP/said.
ends()
{
    expected=$1
    what=$2
    shift 2
    "$inspect" "$@" >"$TMP/shown" 2>"$TMP/said" </dev/null
    same "$what: exit status" $? "$expected"
}

# says WHAT TEXT: the last output holds the text.   talks: so does what was said aside.   hides: neither does.
says()
{
    if grep -qF -e "$2" "$TMP/shown"; then pass; else not_ok "$1: no '$2'" "$(cat "$TMP/shown" "$TMP/said")"; fi
}
talks()
{
    if grep -qF -e "$2" "$TMP/said"; then pass; else not_ok "$1: '$2' is not said" "$(cat "$TMP/shown" "$TMP/said")"; fi
}
hides()
{
    if grep -qF -e "$2" "$TMP/shown" "$TMP/said"; then not_ok "$1: '$2' is shown" "$(cat "$TMP/shown" "$TMP/said")"; else pass; fi
}
# rows WHAT TEXT: the last output without its title and its headings, with one space between cells.
rows()
{
    same "$1" "$(sed '1,2d; s/  */ /g' "$TMP/shown")" "$2"
}
# only_text WHAT: no control character but the ends of lines reaches a terminal, and all is UTF-8.
only_text()
{
    none "$1: no control character" "$(LC_ALL=C tr -d '\n -~\200-\377' <"$TMP/shown" | od -An -c)"
    works "$1: UTF-8" iconv -f UTF-8 -t UTF-16 "$TMP/shown"
}

# ---- usage -----------------------------------------------------------------------------------------------------------

ends 0 "help" --help
says "help" "Usage: sqla-inspect"
says "help names the verbs" "drivers"
ends 0 "version" -V
works "version has the form that others have" grep -Eq '^sqla-inspect \(sqla\) [0-9]+\.[0-9]+' "$TMP/shown"
ends 2 "nothing given"
talks "nothing given" "neither a verb nor a database"
ends 2 "unknown verb" tabels
talks "unknown verb" "did you mean 'tables'?"
ends 2 "unknown option" --nope
ends 2 "unknown letter" -Z
talks "unknown letter" "'-Z'"
ends 2 "value is missing" tables -s
ends 2 "width is no number" --width=wide
ends 2 "color" --color=blue
ends 2 "no database" tables
talks "no database" "SQLA_URL"
ends 2 "variable is not set" tables --url-env=SQLA_NO_SUCH_VARIABLE
talks "variable is not set" "'SQLA_NO_SUCH_VARIABLE'"
ends 2 "wrong URL" tables sqlite:x
ends 2 "a file that is no database" "$SRC/tests/check.sh"
talks "a file that is no database" "not a database of SQLite"
ends 2 "two names" drivers a b
ends 2 "no such folder of drivers" drivers --driver-path="$TMP/none"
if test -w /dev/full; then
    "$inspect" --help >/dev/full 2>"$TMP/said"
    same "help on a full device" $? 5
    "$inspect" drivers >/dev/full 2>"$TMP/said"
    same "the list on a full device" $? 5
    talks "full device" "cannot write the output"
fi
(trap '' PIPE; "$inspect" --help 2>"$TMP/said"; echo $? >"$TMP/status") | :
none "a reader that went away is no news" "$(cat "$TMP/said")"

# ---- drivers ---------------------------------------------------------------------------------------------------------

mkdir "$TMP/plugins"
chmod 755 "$TMP" "$TMP/plugins"
echo "no driver" >"$TMP/plugins/broken.so"
ln -s nothing.so "$TMP/plugins/dangling.so"
for driver in $DRIVERS; do
    cp "$BUILD/plugins/.libs/$driver.so" "$TMP/plugins/mine.so"
    cp "$BUILD/plugins/.libs/$driver.so" "$TMP/plugins/$driver.so"
done
ends 0 "drivers" drivers
for driver in $DRIVERS; do
    works "$driver is listed" grep -Eq "^$driver +$driver.* 1\\.[0-9]+ +(ok|warning) +/.*/$driver\\.so\$" "$TMP/shown"
done
case " $DRIVERS " in *" postgres "*)
    works "the alias is listed" grep -Eq '^postgresql +postgres postgresql +1\.[0-9]+ +alias ' "$TMP/shown"
    works "the alias is explained" grep -Eq '^  postgresql: another name of /.*/postgres\.so$' "$TMP/shown"
    ends 0 "one alias" drivers postgresql
    says "one alias" "another name of"
    ;;
esac
for driver in $DRIVERS; do
    ends 0 "one driver" drivers "$driver"
    works "its folders are shown in full" grep -Eq "^  searched +/.*: $driver.so is there\$" "$TMP/shown"
    ends 0 "names of drivers" drivers -q
    works "names alone" grep -qx "$driver" "$TMP/shown"
done
ends 0 "a folder of one's own" drivers --driver-path="$TMP/plugins"
works "a broken file is refused" grep -Eq '^broken +- +- +refused ' "$TMP/shown"
says "a broken file has a reason" "  broken: it is too short for a shared object"
says "a link to nothing has a reason" "  dangling: it is a link to nothing"
works "a file of another name is refused" grep -Eq '^mine .* refused ' "$TMP/shown"
says "a file of another name has a reason" "does not know the name 'mine'"
works "a file that stands behind another is hidden" grep -q ' hidden ' "$TMP/shown"
says "the folder is searched first" "Searched: $(cd "$TMP/plugins" && pwd -P), "
cp "$TMP/shown" "$TMP/once"
ends 0 "the list again" drivers --driver-path="$TMP/plugins"
works "the list is the same again" cmp "$TMP/once" "$TMP/shown"
ends 3 "a refused driver" drivers broken --driver-path="$TMP/plugins"
says "a refused driver" "too short"
talks "a refused driver" "'broken' is refused"
ends 3 "a missing driver" drivers sqlight
talks "a missing driver" "there is no driver 'sqlight'"
ends 3 "a URL without a driver" tables nobody://there
talks "a URL without a driver" "nobody.so"
ends 0 "names that may be used" drivers -q --driver-path="$TMP/plugins"
hides "refused names" broken

# ---- tables of SQLite ------------------------------------------------------------------------------------------------

# Characters that could drive a terminal, as each database takes them: a newline, a TAB, an escape code, an override of the
# direction, quotes, a backslash, and a picture of two with a joiner.
over=$(printf '\342\200\256')
picture=$(printf '\360\237\221\251\342\200\215\360\237\222\273')
odd="we\"\"ird${newline}${tab}${esc}[31m\\${over} 'q' $picture"
odd_shown="we\"ird\\n\\t\\x1b[31m\\\\\\u202e 'q' $picture"

on_files()
{
    db=$TMP/shop.db
    cat >"$TMP/sql" <<END
CREATE TABLE author (author_id INTEGER PRIMARY KEY, name TEXT)
;
CREATE TABLE book (c INT, b INT, a INT, PRIMARY KEY (c, a))
;
CREATE TABLE nokey (x, y)
;
CREATE VIEW reader_list AS SELECT name FROM author
;
CREATE TABLE "$odd" (x)
;
CREATE TABLE "" (x)
;
CREATE TABLE "zz_patch" (x)
;
END
    works "the database is made" "$run_sql" "sqlite:///$db" <"$TMP/sql"
    # What no statement can name, a file can hold.
    LC_ALL=C sed "s/zz_patch/zz_$(printf '\377\303')tch/g" "$db" >"$TMP/patched.db" && mv "$TMP/patched.db" "$db"
    before=$(cksum <"$db")
    files=$(ls "$TMP")

    ends 0 "a URL alone" "sqlite:///$db"
    same "the title" "$(head -n 1 "$TMP/shown")" "sqlite:///$db  SQLite  1 schema, 6 tables, 1 view"
    rows "the tables" "main \"\" table 1 - -
main author table 2 author_id -
main book table 3 c, a -
main nokey table 2 - -
main reader_list view 1 - -
main $odd_shown table 1 - -
main zz_\\xff\\xc3tch table 1 - -"
    only_text "the tables"
    cp "$TMP/shown" "$TMP/once"
    ends 0 "a file" "$db"
    works "a file is shown as its URL is" cmp "$TMP/once" "$TMP/shown"
    LC_ALL=C ends 0 "another locale" tables "$db" --color=auto
    works "the same in another locale" cmp "$TMP/once" "$TMP/shown"
    SQLA_URL="sqlite:///$db" ends 0 "the environment alone"
    OTHER="sqlite:///$db" ends 0 "a variable of one's own" --url-env=OTHER t
    works "the same from there" cmp "$TMP/once" "$TMP/shown"
    ends 0 "modes that would write" "sqlite:///$db?mode=rwc&journal_mode=wal"
    same "the database is as it was" "$(cksum <"$db")" "$before"
    same "and its folder" "$(ls "$TMP")" "$files"

    ends 0 "patterns" tables "$db" 'a*' '[n-r]*' -x '*list'
    rows "patterns" "main author table 2 author_id -
main nokey table 2 - -"
    ends 0 "a pattern of schema and name" tables "$db" 'main.b??k'
    rows "a pattern of schema and name" "main book table 3 c, a -"
    ends 1 "a pattern without a dot is for names" tables "$db" 'main*'
    SQLA_URL="sqlite:///$db" ends 0 "a pattern without a database" tables 'book'
    rows "a pattern without a database" "main book table 3 c, a -"
    ends 1 "nothing matches" tables "$db" autor
    talks "nothing matches" "did you mean 'author'?"
    none "nothing is printed" "$(cat "$TMP/shown")"
    ends 1 "no such schema" tables "$db" -s other
    ends 1 "everything is left out" tables "$db" -x '*'
    ends 1 "an odd pattern" tables "$db" "$(printf 'a\377\033[2J')"
    talks "an odd pattern" "'a\\xff\\x1b[2J'"
    ends 0 "the database's own too" tables "$db" -a 'sqlite_schema'
    rows "the database's own too" "main sqlite_schema table 5 - -"
    ends 0 "names" "$db" -q -x 'main.z*' -x ''
    same "names" "$(head -n 1 "$TMP/shown")" "main.author"
    ends 0 "colors" "$db" --color=always
    works "colors" grep -q "^$esc\\[1mSCHEMA" "$TMP/shown"

    ends 0 "into a file" "$db" -o "$TMP/file"
    works "a file gets the same" cmp "$TMP/once" "$TMP/file"
    ends 0 "over a file" tables "$db" book --output="$TMP/file"
    same "a file is replaced" "$(grep -c . "$TMP/file")" 3
    cp "$TMP/file" "$TMP/kept"
    ends 1 "nothing into a file" tables "$db" nothing -o "$TMP/file"
    works "the file stays" cmp "$TMP/file" "$TMP/kept"
    ends 5 "into no folder" "$db" -o "$TMP/none/file"
    none "no temporary file stays" "$(find "$TMP" -name '.?*')"
    if test -w /dev/full; then
        ends 5 "into a full device" "$db" -o /dev/full
        talks "into a full device" "/dev/full"
    fi

    ends 4 "no such file" "sqlite:///$TMP/missing.db"
    talks "no such file" "makes no file"
    ends 4 "no such file, and a mode that would make it" "sqlite:///$TMP/missing.db?mode=rwc"
    works "no file was made" test ! -e "$TMP/missing.db"
    cp "$SRC/tests/check.sh" "$TMP/text.db"
    ends 4 "no database" "sqlite:///$TMP/text.db"
    ends 2 "no such parameter" "sqlite:///$db?color=red"
    ends 2 "no such parameter, with a secret" "sqlite:///$db?sslpassword=sesame"
    hides "the secret of a parameter" sesame
    ends 1 "an empty database" sqlite://
    talks "an empty database" "no table"
}

# Names of wide characters, of letters with accents of their own, and of pictures fill cells, not bytes.
on_wide_names()
{
    db=$TMP/wide.db
    kanji=$(printf '\346\274\242\345\255\227')
    accent=$(printf 'cafe\314\201')
    cat >"$TMP/sql" <<END
CREATE TABLE "$kanji" (x)
;
CREATE TABLE "$accent" (x)
;
CREATE TABLE "$picture" (x)
;
END
    works "the database of wide names is made" "$run_sql" "sqlite:///$db" <"$TMP/sql"
    ends 0 "wide names" "$db"
    same "wide names" "$(sed 1d "$TMP/shown")" "SCHEMA  NAME  KIND   COLUMNS  KEY  COMMENT
main    $accent  table        1  -    -
main    $kanji  table        1  -    -
main    $picture    table        1  -    -"
    ends 0 "one character, not one byte" tables "$db" '??'
    rows "one character, not one byte" "main $kanji table 1 - -"
    ends 0 "a set of characters" tables "$db" "[!$(printf '\346\274\242')]*"
    same "a set of characters" "$(sed '1,2d' "$TMP/shown" | grep -c .)" 2
}

# ---- tables of PostgreSQL --------------------------------------------------------------------------------------------

# with_password PASSWORD: the URL of the same database, on TCP and with that password.
with_password()
{
    echo "$SQLA_TEST_POSTGRES_TCP_URL" | sed "s#:[^:/@]*@\\([^/]*\\)/.*#:$1@\\1/$database#"
}

# While the output waits for a reader, what others see of the arguments.
seen_by_others()
{
    mkfifo "$TMP/fifo"
    "$inspect" "$1" -q -o "$TMP/fifo" &
    pid=$!
    tries=0
    # Long enough for the program to be where it waits: it has overwritten the password before it connects.
    until grep -qF '***' "/proc/$pid/cmdline" || ! kill -0 $pid || test $tries -gt 100; do
        tries=$((tries + 1))
        sleep 0.05
    done
    tr '\0' ' ' <"/proc/$pid/cmdline" >"$TMP/seen"
    if kill -0 $pid; then
        cat "$TMP/fifo" >"$TMP/shown"
    fi
    wait $pid
}

on_server()
{
    works "there is a database" new_postgres
    cat >"$TMP/sql" <<END
CREATE SCHEMA app
;
CREATE SCHEMA audit
;
CREATE TABLE author (author_id serial PRIMARY KEY, name text)
;
COMMENT ON TABLE author IS 'who writes, and has written, more than a line is wide'
;
CREATE TABLE app.member (hall int, seat int, no int, PRIMARY KEY (no, hall))
;
CREATE VIEW app.names AS SELECT name FROM author
;
CREATE MATERIALIZED VIEW audit.counted AS SELECT count(*) AS n FROM author
;
CREATE TABLE audit.log (at timestamptz, what text) PARTITION BY RANGE (at)
;
CREATE TABLE audit."$odd" (x int)
;
END
    works "it is filled" "$run_sql" "$url" <"$TMP/sql"
    ends 0 "all schemas" "$url"
    same "the title" "$(head -n 1 "$TMP/shown")" "$url  PostgreSQL  3 schemas, 4 tables, 2 views"
    rows "all schemas" "app member table 3 no, hall -
app names view 1 - -
audit counted materialized view 1 - -
audit log partitioned table 2 - -
audit $odd_shown table 1 - -
public author table 2 author_id who writes, and has written, more than a line is wide"
    only_text "all schemas"
    cp "$TMP/shown" "$TMP/once"
    ends 0 "all schemas again" "$url"
    works "the same again" cmp "$TMP/once" "$TMP/shown"
    ends 0 "some schemas" tables "$url" -s 'a*' -s public -x 'audit.*'
    rows "some schemas" "app member table 3 no, hall -
app names view 1 - -
public author table 2 author_id who writes, and has written, more than a line is wide"
    ends 0 "the database's own" tables "$url" --all 'pg_catalog.pg_class'
    says "the database's own" "pg_class"
    ends 0 "a width" tables "$url" author --width=60 --ascii
    same "a comment is cut" "$(tail -n 1 "$TMP/shown" | wc -L)" 60
    works "and marked" grep -q '\.\.\.$' "$TMP/shown"
    ends 1 "nothing matches" tables "$url" 'x*'

    good=$(with_password sesame)
    ends 0 "a password" "$good"
    hides "a password" sesame
    says "a password is masked" "sqla:***@"
    talks "a password is advised against" "PGPASSWORD"
    ends 0 "a password, at length" -v "$good"
    hides "a password, at length" sesame
    wrong=$(with_password mellon)
    ends 4 "a wrong password" "$wrong"
    hides "a wrong password" mellon
    ends 4 "a wrong port" "postgresql://sqla:sesame@127.0.0.1:1/x"
    hides "a wrong port" sesame
    ends 2 "a URL that is wrong" "postgresql://sqla:ses/ame@127.0.0.1/x"
    hides "a URL that is wrong" ame@
    ends 1 "a URL in the wrong place" tables "$url" "$good"
    hides "a URL in the wrong place" sesame
    ends 2 "an option with a URL" --url-env="$good" tables
    hides "an option with a URL" sesame
    if test -r /proc/self/cmdline; then
        seen_by_others "$good"
        works "others see the arguments" grep -q postgres "$TMP/seen"
        none "others do not see the password" "$(grep sesame "$TMP/seen")"
        works "all is written in the end" grep -qx public.author "$TMP/shown"
    fi
    ends 4 "no such database" "${SQLA_TEST_POSTGRES_TCP_URL%/*}/no_such_database"
    drop_postgres
}

if test -n "$on_sqlite"; then
    on_files
    on_wide_names
fi
if test -n "$on_postgres"; then
    on_server
fi
finish "$where"

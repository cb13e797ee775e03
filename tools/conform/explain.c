/* explain.c: of each check, what must hold and why, in words that need no look at its source. */
#include <config.h>
#include "conform.h"

#include <string.h>

static const struct {
    const char *id, *words;
} explanations[] = {
    { "abi-01", "The library finds the file by the name in a URL, reads its note and takes the driver, as a "
                "program would." },
    { "abi-02",
        "A host of the next major version gets UNSUPPORTED from the entry: nothing that it expects can "
        "be promised." },
    { "abi-03",
        "A host of a later minor is taken as it is, and what it has more is not touched: drivers outlive "
        "versions of the library." },
    { "abi-04",
        "open, close, exec, the four result slots and txn_state are there: the host calls them without "
        "looking." },
    { "abi-05",
        "What belongs together is there together, and each feature bit has its slot: the host picks its "
        "road by them." },
    { "abi-06", "The entry fills no byte beyond struct_size: behind it lies memory of the host's." },
    { "abi-07",
        "A second copy of the library in the process gets the same tables, and what the first one got "
        "stays good." },
    { "abi-08", "The file exports sqla_driver_entry alone: other symbols would meet those of other "
                "drivers." },
    { "abi-09",
        "The note in the file names the driver and the version that the entry names, since it is read "
        "without running the file." },
    { "abi-10", "Placeholders, quotes, limits and templates are whole: the library writes all its SQL from "
                "them." },
    { "abi-11",
        "Loading and the entry change nothing that others notice: locale, folder, environment, signals, "
        "output." },
    { "abi-12", "The entry gives the same answer each time: the library may ask twice." },
    { "abi-13", "Reserved words are lower case, sorted and each there once: they are searched by halves." },
    { "abi-14",
        "Each type is listed once and has a name; integers of 32 and 64 bits, text and double are there, "
        "since models need them." },
    { "abi-15", "A host with fewer services is refused or taken, but not read beyond its size." },
    { "abi-16",
        "Structs may be longer than the driver knows: it works with the part that it knows and leaves "
        "the rest alone." },
    { "con-01",
        "open fills in a product and no feature that the traits do not have: the traits are the most, a "
        "server may have less." },
    { "con-02",
        "open refuses a key that it does not know with CONFIG and names it: a misspelt option must not "
        "be lost in silence." },
    { "con-03", "A wrong password is DENIED, and stands in no message and no log: those are sent around." },
    { "con-04", "open gives up at its deadline when nobody answers: a program must not hang." },
    { "con-05", "ping says that a live connection is alive, and changes no state." },
    { "con-06",
        "ping says DISCONNECTED when the link is cut, and so does txn_state: a pool must not hand out "
        "dead connections." },
    { "con-07", "The first statement on a cut link fails with DISCONNECTED, and so does each later one." },
    { "con-08", "cancel_fire ends what runs with CANCELLED, and does nothing to an idle connection or to the "
                "next statement." },
    { "con-09",
        "Of a write that was cancelled nothing stays after the rollback, and txn_state tells what became "
        "of the transaction." },
    { "con-10", "close gives back descriptors, blocks and memory: a pool opens and closes for years." },
    { "con-11", "open with a deadline that has passed fails with TIMEOUT." },
    { "con-12", "Wherever the host's memory runs out, the call fails once with NOMEM and loses no block." },
    { "con-13", "After reset no temporary table is left, or reset says that the connection is better "
                "dropped." },
    { "con-14", "exec ends with TIMEOUT at its deadline, and the connection is usable or LOST "
                "afterwards." },
    { "con-15", "Work changes nothing of the process: locale, folder, environment, signals, output." },
    { "con-16", "A commit on a cut link is UNKNOWN_OUTCOME or DISCONNECTED, never a success: nobody knows "
                "whether it happened." },
    { "con-17",
        "abandon in a child process sends nothing: the link belongs to the parent, which goes on with "
        "its transaction." },
    { "con-18", "What prepare made works after reset: the library keeps it." },
    { "con-19", "exec with a deadline that has passed fails with TIMEOUT and runs nothing." },
    { "con-20", "set_deadline holds for calls that are given no deadline, such as the reading of rows." },
    { "con-21",
        "connect_options lists each key that open takes, and marks the password as secret: the library "
        "checks URLs by it." },
    { "con-22", "Statements that have ended leave no descriptor, block or memory behind." },
    { "con-23",
        "With SQLA_CONNECT_READ_ONLY each write fails with READ_ONLY, in transactions and after reset "
        "too." },
    { "con-24", "A connection through a pooler works without any state of the session." },
    { "con-25", "A database that ends with its last connection is declared as SQLA_FEATURE_EPHEMERAL, and no "
                "other one." },
    { "con-26", "resolve refuses a token that is not the driver's with MISUSE, and writes no outcome." },
    { "con-27",
        "Statements that fail leave no descriptor, block or memory behind: failures come by the million "
        "too." },
    { "con-28",
        "execute_many keeps its deadline, also in the middle of the rows, and runs nothing when it has "
        "passed before." },
    { "con-29", "A stream keeps its deadline while it waits for its first row." },
    { "con-30", "SQLA_TXN_WRITE takes the lock at begin where there is one; else two such transactions would "
                "stop each other later." },
    { "con-31",
        "Connections in several threads share nothing: each gets its own rows, its own failures, its own "
        "state." },
    { "con-32",
        "A connection, its results and its transaction may go from thread to thread: nothing is kept per "
        "thread." },
    { "err-01", "A row that is there already is UNIQUE, with a SQLSTATE of class 23 and the column or the "
                "constraint." },
    { "err-02",
        "A foreign key that points nowhere is FOREIGN_KEY, when the child is written and when the parent "
        "is deleted." },
    { "err-03", "A NULL where none may be is NOT_NULL, and names the column." },
    { "err-04", "Wrong statements are SQL, with a SQLSTATE, and leave the connection usable." },
    { "err-05", "Messages are UTF-8, and a position counts characters, not bytes." },
    { "err-06", "A broken CHECK is CHECK, and with SQLA_FEATURE_CHECK_NAMES tells the name of its "
                "constraint." },
    { "err-07", "A quoted name that no column has is a failure: taken as a text it would compare with "
                "nothing." },
    { "err-08", "prepare refuses a wrong statement with SQL, and makes no handle." },
    { "err-09", "Two statements in one text are MISUSE, unless a script is asked for: that is the door of "
                "injections." },
    { "err-10", "A call that fails writes none of its outputs: the host might free what was never made." },
    { "err-11", "A failure tells of itself alone: no table, column, constraint or row is left from the one "
                "before." },
    { "tx-01", "The level that a transaction has by default is one that the traits list." },
    { "tx-02", "A level of the traits can be asked for, and is then in force, or one that gives more." },
    { "tx-03", "The level that one transaction asked for is not the next one's." },
    { "tx-04", "Outside of a transaction each statement commits by itself, and others see it." },
    { "tx-05", "A rollback leaves nothing of the transaction, and the state IDLE." },
    { "tx-06", "Rolling back to a savepoint undoes what came after it and nothing before it." },
    { "tx-07", "A savepoint that was released is still part of its transaction." },
    { "tx-08", "CREATE TABLE is undone by a rollback if, and only if, SQLA_FEATURE_TRANSACTIONAL_DDL says "
               "so." },
    { "tx-09", "After a statement that failed the transaction goes on or is FAILED, as "
               "SQLA_FEATURE_ISOLATED_ABORT says." },
    { "tx-10", "A prepared transaction is found by others and finished once, by commit or by rollback." },
    { "tx-11", "A read-only transaction fails with READ_ONLY when it writes, and the next one may write "
               "again." },
    { "tx-12", "A commit that the database refuses is no success, and leaves no transaction open." },
    { "tx-13", "close undoes the transaction that is open." },
    { "tx-14", "Rolling back to a savepoint makes a transaction usable in which a statement has failed." },
    { "tx-15", "What was committed is there for other connections." },
    { "par-01", "NULL of each type goes to the database and comes back as NULL, not as zero or an empty "
                "text." },
    { "par-03", "A column may be read twice, into two slots." },
    { "par-04",
        "Texts that look like SQL, formats or shell come back as they were: a value is never part of a "
        "statement." },
    { "par-05", "The declared number of parameters works; one more is refused, and the connection stays "
                "usable." },
    { "par-06", "A blob with zero bytes in it is not cut." },
    { "par-07", "Too few or too many parameters are SQL, before anything runs." },
    { "par-08", "A slot goes where its column says, whatever its place in the plan." },
    { "par-09", "Any text may be a name when it is quoted by the traits." },
    { "ty-01", "Integers come back as they were, at the limits of each size, and no byte beyond the slot is "
               "written." },
    { "ty-02", "Decimals come back to the last digit, or are refused with DATA: they are money." },
    { "ty-03", "Floats come back to the last bit; infinity and NaN too, or they are refused with DATA." },
    { "ty-04", "true and false come back as they were." },
    { "ty-05", "Texts round the usual limits of buffers, and up to a megabyte, come back whole." },
    { "ty-06", "Texts come back as they were: any script, blanks at the ends, control characters, empty "
               "ones." },
    { "ty-07", "Blobs come back as they were: each byte, and empty ones, which are not NULL." },
    { "ty-08", "Dates from the year 1 to 9999 come back as they were; those beyond too, or they are "
               "refused." },
    { "ty-09", "Times come back to the microsecond, 24:00 among them; what is none is refused with DATA." },
    { "ty-10", "UUIDs come back with their bytes in order." },
    { "ty-11", "JSON comes back as it was written, and its null is a value and not NULL." },
    { "ty-12", "Labels go by text and by number; what is no label is refused with DATA, both ways." },
    { "ty-13", "Instants come back to the microsecond, before 1970 too, whatever the time zone of the "
               "session." },
    { "ty-14", "Local timestamps come back as they were: no time zone touches them." },
    { "ty-15", "Months, days and microseconds of an interval come back each by itself, with its sign." },
    { "ty-16", "A slot of any type gets the value with the type that it has." },
    { "ty-17",
        "A text that does not fit into its array is refused with DATA, row and column, both ways: none "
        "is cut." },
    { "ty-18", "What is no UTF-8, or has a zero byte in it, is refused with DATA before it is sent." },
    { "ty-19", "An integer that the slot cannot hold is DATA, with row and column: nothing is narrowed." },
    { "ty-20", "NULL in a slot without room for it is NOT_NULL when sent, and DATA when read." },
    { "ty-21", "A value of another type than the slot's is DATA, and not zero." },
    { "ty-22", "A zero below zero keeps its sign, where the database keeps it: it is another value." },
    { "row-01", "The same rows come whatever number of them is asked for at once." },
    { "row-02", "After the last row each further fetch gives none and says that it is the end." },
    { "row-03", "A statement with an effect runs once, however often its result is asked." },
    { "row-04", "result_close works at any place, and the connection is ready for the next statement." },
    { "row-05", "A plan picks columns by their number; the others are not looked at." },
    { "row-06", "Without texts in the plan no arena is asked, since there may be none." },
    { "row-07", "A value that does not fit ends the fetch with DATA and its row; the rows before it are "
                "good." },
    { "row-08", "result_view shows each value with its type, and NULL as such." },
    { "row-09", "result_info tells the columns, and how many rows a statement has changed." },
    { "row-10", "A prepared statement gives the rows of each run's own parameters." },
    { "row-11", "A result whose statement runs again says MISUSE, or goes on with its own rows." },
    { "row-12",
        "Other statements run while a result streams if, and only if, SQLA_FEATURE_MULTIPLE_RESULTS says "
        "so." },
    { "row-13", "Texts in rows outlive the result and the connection; those of a view live until the next "
                "call." },
    { "row-14", "No row is written beyond those that were asked for." },
    { "row-15", "A stream of any length takes bounded memory, and is given up in bounded time." },
    { "row-16", "A stream gives the same rows whatever number of them is asked for at once." },
    { "row-17", "The texts of a row lie in the arena, in one piece: the host frees them with it." },
    { "row-18",
        "After ALTER TABLE a result shows the new column, also of a statement that was prepared before, "
        "or is refused." },
    { "row-19",
        "A value that does not fit is told with its own number beyond a thousand rows too, whole or as a "
        "stream." },
    { "dml-01", "The key that the database made comes back through LAST_ID, each into its own row." },
    { "dml-02", "An INSERT without values works if, and only if, SQLA_FEATURE_DEFAULT_VALUES says so." },
    { "dml-03", "INSERT ... SELECT works, and counts its rows." },
    { "dml-04", "The key that the database made comes back through RETURNING, each into its own row." },
    { "dml-05", "Blocks of rows store each row once, and give each its own key." },
    { "dml-06", "Rows that go as columns are stored each once, and get each its own key." },
    { "dml-07", "A mode that the traits do not offer is UNSUPPORTED, and stores nothing." },
    { "dml-08", "Updates and deletes count their rows in each mode." },
    { "dml-09", "A batch stores what a loop of single statements would, for any number of rows, none among "
                "them." },
    { "dml-11", "A row that an update did not find is named row by row, and missing in the count "
                "otherwise." },
    { "dml-12", "A row that the database refuses is named, and nothing of its batch is left after the "
                "rollback." },
    { "dml-13", "A value that cannot be sent is named by row and column." },
    { "dml-14", "RETURNING works if, and only if, SQLA_FEATURE_RETURNING says so, and gives the key that is "
                "stored." },
    { "dml-15",
        "A key that is given is kept; one that the database makes is its own for each row, wherever keys "
        "begin." },
    { "dml-16",
        "An update counts the rows that it found, not those that it changed: the library compares the "
        "counts." },
    { "dml-17", "A row that the database refuses is named beyond a thousand rows too, where they may go in "
                "parts." },
    { "ddl-01", "IF EXISTS and IF NOT EXISTS work; without them a table twice, or none, is SQL." },
    { "ddl-02", "A table in a schema is found by both names, and not without the schema." },
    { "ddl-03", "Reserved words and mixed case are names when they are quoted." },
    { "ddl-05", "ON DELETE and ON UPDATE act if, and only if, SQLA_FEATURE_FK_ACTIONS says so." },
    { "ddl-06", "ADD CONSTRAINT works if, and only if, SQLA_FEATURE_ADD_CONSTRAINT says so." },
    { "ddl-07", "DROP ... CASCADE works if, and only if, SQLA_FEATURE_CASCADE_DROP says so." },
    { "ddl-08", "CREATE TYPE ... AS ENUM works if, and only if, SQLA_FEATURE_NATIVE_ENUM says so." },
    { "ddl-09", "The trait 'now' is a default that gives the present instant, in UTC." },
    { "ddl-10", "A foreign key in CREATE TABLE may name a table that is not there yet if, and only if, "
                "SQLA_FEATURE_FORWARD_KEYS says so; it holds from then on." },
    { "q-01", "LIMIT and OFFSET take parameters; an OFFSET alone works in the words of 'limit_all'." },
    { "q-04", "Parts of a UNION may have limits of their own." },
    { "q-05", "WITH RECURSIVE works: the kit makes long work from it." },
    { "q-08", "LIKE takes an ESCAPE." },
    { "q-10", "ILIKE works if, and only if, SQLA_FEATURE_ILIKE says so." },
    { "q-11", "TRUE and FALSE are words, as SQLA_FEATURE_BOOLEAN says." },
    { "q-12", "An array is one parameter, as SQLA_FEATURE_ARRAYS says, an empty one too." },
    { "ref-01", "Tables and views are told, all of them or by name and schema, and nothing else with "
                "them." },
    { "ref-02", "Records come in order of schema, table and position: the library folds them as they "
                "come." },
    { "ref-03",
        "Columns are told with their order, type, default, place in the key, and whether the database "
        "makes their values." },
    { "ref-04", "A column of each type of the traits is told as that type." },
    { "ref-05", "Facts promise no more than the table keeps: by them the library picks a fast road." },
    { "ref-06", "Comments are told as they were written, and none where there is none." },
    { "ref-07", "Labels are told in their order." },
    { "ref-10", "A name with quotes, dots and blanks is found, and told as it is." },
    { "ref-12", "A status of the sink ends the call and is returned; a kind that is not known is "
                "UNSUPPORTED." },
    { "pair-01", "No mode, row, count, failure or deadline of one call reaches the next one on its "
                 "connection." },
    { "pair-02", "So it is in a transaction." },
    { "pair-03", "What a deadline or a cancel has ended leaves the next call alone." },
    { "pair-04", "So it does in a transaction." },
    { "sql-01", "The library opens engines on the driver and closes them." },
    { "sql-02", "Named parameters of the library come to their places, and texts in quotes are left "
                "alone." },
    { "sql-03", "The library makes and drops its tables, and looks first." },
    { "sql-04", "What the library has made it finds again: columns, types, keys." },
    { "sql-05", "An object comes back as it was stored." },
    { "sql-06", "Thousands of objects are stored, changed and deleted by the roads that the traits "
                "offer." },
    { "sql-07", "A session that is rolled back leaves nothing." },
    { "sql-08", "Queries of the library give what they ask for." },
};

const char *conform_explanation(const char *id)
{
    for (size_t i = 0; i < sizeof explanations / sizeof *explanations; i++) {
        if (strcmp(explanations[i].id, id) == 0)
            return explanations[i].words;
    }
    return NULL;
}

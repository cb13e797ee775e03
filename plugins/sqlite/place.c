/* place.c: is the file behind the name still the one that was opened?
 *
 * SQLite keeps a file open, whatever happens to its name. When somebody moves it, puts another in its
 * place or deletes it, this connection would write into a file that has no name, or another one, while the
 * next connection opens something else. So the name is looked up before anything is written: where a
 * transaction begins, before its COMMIT, and for each statement outside of one. */
#include <config.h>
#include "sqlite.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_of(sqla_driver_conn *conn)
{
    const char *name = conn->is_private ? NULL : sqlite3_db_filename(conn->db, "main");
    return name != NULL && name[0] != '\0' ? name : NULL;
}

/* The name of the file that is open, as the system knows it now: it has " (deleted)" behind it when there
 * is none. */
static bool find_open(const sqla_driver_conn *conn, char *room, size_t size)
{
    DIR *list = opendir("/proc/self/fd");
    bool found = false;
    for (struct dirent *entry; list != NULL && !found && (entry = readdir(list)) != NULL;) {
        struct stat st;
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fstat(fd, &st) != 0 || st.st_dev != conn->device ||
            st.st_ino != conn->inode)
            continue;
        ssize_t n = readlinkat(dirfd(list), entry->d_name, room, size - 1);
        room[n > 0 ? n : 0] = '\0';
        found = n > 0;
    }
    if (list != NULL)
        closedir(list);
    return found;
}

static sqla_status report(sqla_driver_conn *conn, const char *name, bool gone, sqla_err *err)
{
    static const sqla_err_fields fields = { .sqlstate = "58030",
        .hint = "nothing was written; put the file back, or make a new engine for what is "
                "there now" };
    char now[4096];
    return sqlite__fail(err, SQLA_ERR_IO, &fields,
        "database '%.300s' was moved, replaced or deleted while it was open: %s, and the file that is "
        "open is '%.300s'",
        name, gone ? "no file has that name now" : "another file has that name now",
        find_open(conn, now, sizeof now) ? now : "one without a name");
}

sqla_status sqlite__place_note(sqla_driver_conn *conn, sqla_err *err)
{
    const char *name = name_of(conn);
    struct stat st;
    int moved = 0;
    if (name == NULL)
        return SQLA_OK;
    bool gone = stat(name, &st) != 0;
    if (!gone) {
        conn->device = st.st_dev;
        conn->inode = st.st_ino;
    }
    sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return gone || moved != 0 ? report(conn, name, gone, err) : SQLA_OK;
}

sqla_status sqlite__place_check(sqla_driver_conn *conn, sqla_err *err)
{
    const char *name = name_of(conn);
    struct stat st;
    if (name == NULL)
        return SQLA_OK;
    bool there = stat(name, &st) == 0;
    return there && st.st_dev == conn->device && st.st_ino == conn->inode ? SQLA_OK
                                                                          : report(conn, name, !there, err);
}

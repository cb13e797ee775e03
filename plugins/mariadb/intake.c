/* intake.c: how much a server may send before a row or an answer comes of it.
 *
 * libmariadb reads on within one call for as long as there is anything to be read, and keeps it; its own
 * bound, which is for one packet, is no bound of many. It has a hook that sees what was read (guard.c):
 * what is too much ends the link, and the call with it. Where there is no hook, the bound of a packet
 * remains. */
#include <config.h>
#include "mariadb.h"

#include <sys/socket.h>

enum { STRETCH = 256 * 1024 }; /* bytes between two looks at the clock */

/* What this thread reads at the moment. A cancel reads from a link of its own within a call on another. */
static _Thread_local mariadb__intake *now;

void mariadb__intake_begin(mariadb__intake *intake, MYSQL *link, size_t most, int64_t until)
{
    *intake = (mariadb__intake){ .outer = now, .link = link, .most = most, .until = until };
    now = intake;
}

bool mariadb__intake_end(mariadb__intake *intake)
{
    now = intake->outer;
    return intake->taken > intake->most;
}

/* What still lies in the socket may be many megabytes, and would be read before the end is seen. */
static void end_link(int socket)
{
    char bytes[16384];
    (void)shutdown(socket, SHUT_RDWR);
    while (recv(socket, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
}

void mariadb__intake_add(MYSQL *link, size_t size)
{
    if (now == NULL || now->link != link)
        return;
    bool looks = now->until != 0 && (now->taken + size) / STRETCH > now->taken / STRETCH;
    now->taken += size;
    now->late = now->late || (looks && mariadb__now() > now->until);
    if (now->taken > now->most || now->late)
        end_link(mysql_get_socket(link));
}

/* proxy.h: a TCP proxy between a test and a server, for what networks do: cut, stall, drip, split, swallow, reset.
 *
 * Owner: the tests of engine and drivers. It is a tool that other tests are judged by, so what it promises is tested by
 * itself (test-proxy.c), and whoever needs another kind of fault adds it here, with its test, and not in a test of his own.
 *
 * A proxy has a port of its own on 127.0.0.1 and passes on, in a thread of its own, what comes: for each link that a client
 * opens it opens one to the server. Rules can be set at any time and hold for all links from then on; cut and swallow hold
 * once. All calls but proxy_free may be made while links are in use; they return when the rule holds.  Threads: any. */
#ifndef TESTS_PROXY_H
#define TESTS_PROXY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct proxy proxy;

typedef enum proxy_way { PROXY_UP /* from client to server */, PROXY_DOWN /* and back */ } proxy_way;

/* Start a proxy before a server.  host: a name, an address, or the folder of a Unix socket of PostgreSQL's; port: a number.
 * Returns: owned, end it with proxy_free; NULL: it could not listen. */
proxy *proxy_new(const char *host, const char *port);
/* The same before the server of a test's PostgreSQL or MariaDB URL. */
proxy *proxy_for(const char *url);
/* The same, and proxy_url asks for TLS, which the server must offer (harness_by_tls). */
proxy *proxy_for_tls(const char *url);
/* Close all links and the port. NULL is fine. */
void proxy_free(proxy *p);
int proxy_port(const proxy *p);
/* The URL through which a client of the server behind url reaches it by the proxy, with one more piece in its query (such as
 * "connect_timeout_ms=300"; NULL: none).  Ownership: returns borrowed, until the next call on p. */
const char *proxy_url(proxy *p, const char *piece);

/* All rules end; what was stalled goes on. What was counted is kept. */
void proxy_clear(proxy *p);
/* Once that many more bytes have gone that way, over all links, the link that carries the last of them is closed at both
 * ends; what it still holds is lost. 0: with the next byte that comes. */
void proxy_cut(proxy *p, proxy_way way, int64_t bytes);
/* Nothing goes that way. A link that either side closes meanwhile is closed. */
void proxy_stall(proxy *p, proxy_way way, bool on);
/* One byte a write. */
void proxy_drip(proxy *p, bool on);
/* Pieces of 1 to 32 bytes, by a sequence that the seed decides; 0: no more. */
void proxy_split(proxy *p, uint32_t seed);
/* When a client has sent the text (in one write of 16 KiB at most), it is passed on, and what the server answers to it is
 * thrown away; when the answer has come, the link is closed at both ends.  text: borrowed until the rule ends. */
void proxy_swallow(proxy *p, const char *text);
/* Reset (RST) all links at both ends, now. */
void proxy_reset(proxy *p);
/* The same of so many percent of them, chosen by a seed. */
void proxy_reset_some(proxy *p, unsigned percent, uint32_t seed);

/* Bytes that went that way, and writes that they took, since it started. */
uint64_t proxy_bytes(proxy *p, proxy_way way);
uint64_t proxy_writes(proxy *p, proxy_way way);
/* Links that neither end has closed, and those that there ever were. */
unsigned proxy_links(proxy *p);
unsigned proxy_accepted(proxy *p);
/* Is a cut or a swallow still to come? */
bool proxy_armed(proxy *p);

#endif

/* relay.h: a wire between a program and the PostgreSQL server of the tests, which can be cut or held at will. */
#ifndef TESTS_RELAY_H
#define TESTS_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum relay_mode {
    RELAY_PASS,
    RELAY_STALL,           /* nothing goes through any more, and newcomers are not let in; nobody is told */
    RELAY_STALL_NEW,       /* only newcomers are not let in */
    RELAY_SWALLOW_ANSWER,  /* COMMIT goes through; its answer does not, and both sides are cut */
    RELAY_DROP_COMMIT      /* COMMIT does not go through, and both sides are cut */
};

enum { RELAY_LINKS = 16 };
struct relay {
    int listener, server_port, links[RELAY_LINKS][2];
    atomic_int mode;       /* the last two are PASS again when they have happened */
    atomic_bool stop;
    pthread_t thread;
    char url[512];         /* of the database of the test, through the relay */
};

/* Returns: false: there is no server to be reached by TCP, and the test has nothing to do. */
bool relay_start(struct relay *r, const char *url);
void relay_stop(struct relay *r);

#endif

/* prologue.h: what the programs of programs.txt are about. Every one of them includes it. */
#include <sqla/sqla.h>

typedef struct User User;
typedef struct Address Address;
SQLA_DECLARE(User);
SQLA_DECLARE(Address);

enum role { GUEST, MEMBER };
extern const char *const role_labels[];
/* Users have things of these names too. */
extern int items, model;

struct User {
    int64_t id;
    const char *name;
    char code[4];
    sqla_opt_i32 age;
    double ratio;
    bool active;
    sqla_timestamp seen;
    sqla_blob photo;
    sqla_uuid token;
    sqla_json extra;
    enum role role;
    SQLA_MANY(Address) addresses;
    uint64_t checksum; /* of a type that cannot be a column */
};
struct Address {
    int64_t id;
    const char *email;
    sqla_opt_i64 user_id;
    User *user;
};
/* A struct that is no model. */
typedef struct Plain { int64_t id; } Plain;

extern sqla_engine *db;
extern sqla_metadata *base;
extern sqla_session *s;
extern sqla_stmt *q;
extern sqla_error err;
extern User *u, user;
extern Address *a, address;

/* prologue.h: what the programs of programs.txt are about. Every one of them includes it. */
#include <sqla/sqla.h>

typedef struct User User;
typedef struct Address Address;
SQLA_DECLARE(User);
SQLA_DECLARE(Address);

/* A type of its own, kept as text; the same one kept as a number; and a type without a conversion. */
typedef struct ip_address { unsigned char version, bytes[16]; } ip_address;
typedef ip_address ip_number;
typedef struct colour { unsigned char r, g, b; } colour;
SQLA_DECLARE_CONVERSION(ip_address, SQLA_TEXT);
SQLA_DECLARE_CONVERSION(ip_number, SQLA_DECIMAL);
extern ip_address ip;
extern const ip_address home;

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
    ip_address ip;
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
extern const sqla_row *row;

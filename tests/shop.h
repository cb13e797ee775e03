/* shop.h: the models that the session tests share: users with addresses, a tree, rows of every type. */
#ifndef TESTS_SHOP_H
#define TESTS_SHOP_H

#include <sqla/sqla.h>

typedef struct User User;
typedef struct Address Address;
typedef struct Node Node;
typedef struct Thing Thing;
typedef struct Country Country;
typedef struct Citizen Citizen;
SQLA_DECLARE(User);
SQLA_DECLARE(Address);
SQLA_DECLARE(Node);
SQLA_DECLARE(Thing);
SQLA_DECLARE(Country);
SQLA_DECLARE(Citizen);

struct User {
    int64_t id;
    const char *name;
    const char *fullname;
    sqla_opt_i32 age;
    bool active;
    SQLA_MANY(Address) addresses;
    int scratch; /* not mapped */
};
struct Address {
    int64_t id;
    const char *email;
    sqla_opt_i64 user_id;
    User *user;
};
/* A table that points at itself, without owning its children. */
struct Node {
    int64_t id;
    const char *label;
    sqla_opt_i64 parent_id;
    Node *parent;
    SQLA_MANY(Node) children;
};
/* A natural key, and a foreign key at it that no relation declares. */
struct Country {
    char code[3];
    const char *name;
};
struct Citizen {
    int64_t id;
    char country[3];
    const char *name;
};

enum colour { RED, GREEN, BLUE };
extern const char *const colour_labels[];
struct Thing {
    int64_t id;
    int16_t small;
    int32_t medium;
    int64_t large;
    double ratio;
    float part;
    bool flag;
    const char *text;
    char code[6];
    sqla_blob blob;
    sqla_timestamp at;
    sqla_local_timestamp local_at;
    sqla_date day;
    sqla_time hour;
    sqla_interval span;
    sqla_decimal price;
    sqla_uuid uuid;
    sqla_json json;
    enum colour colour;
    unsigned char tiny;
    unsigned short port;
    long long wide;
    sqla_opt_i16 o_small;
    sqla_opt_i32 o_medium;
    sqla_opt_i64 o_large;
    sqla_opt_f64 o_ratio;
    sqla_opt_f32 o_part;
    sqla_opt_bool o_flag;
    sqla_opt_timestamp o_at;
    sqla_opt_local_timestamp o_local_at;
    sqla_opt_date o_day;
    sqla_opt_time o_hour;
    sqla_opt_interval o_span;
    sqla_opt_uuid o_uuid;
    sqla_opt_i32 o_colour;
    sqla_opt_timestamp made_at;
};

/* An engine on url with all tables made, a sessionmaker and a session. Fails the test when that cannot be. */
typedef struct shop {
    sqla_engine *db;
    sqla_metadata *base;
    sqla_sessionmaker *maker;
    sqla_session *s;
    sqla_error err;
} shop;
void shop_open(shop *x, const char *url);
void shop_close(shop *x);
/* A number that SQL gives, through a connection of its own. */
int64_t shop_count(shop *x, const char *sql);

#endif

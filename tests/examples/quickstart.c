/* quickstart.c: SQLAlchemy's ORM quickstart, users and their addresses, side by side. Each comment is the line of Python.
 *
 *     quickstart [URL]       sqlite:// (in memory) unless a URL is given */
#include <sqla/sqla.h>

#include <inttypes.h>
#include <stdio.h>

/* ---- declare models ---------------------------------------------------------------------------------------------- */

typedef struct User User;
typedef struct Address Address;
SQLA_DECLARE(User);
SQLA_DECLARE(Address);

struct User {
    int64_t id;
    const char *name;
    const char *fullname;
    SQLA_MANY(Address) addresses;
};
struct Address {
    int64_t id;
    const char *email_address;
    int64_t user_id;
    User *user;
};

SQLA_MODEL(User, "user_account",                                    /* class User(Base): __tablename__ = "user_account" */
    SQLA_COLUMN(id, .primary_key = true),                           /*     id: Mapped[int] = mapped_column(primary_key=True) */
    SQLA_COLUMN(name, .not_null = true, .sql_type = "varchar(30)"), /*     name: Mapped[str] = mapped_column(String(30)) */
    SQLA_COLUMN(fullname),                                          /*     fullname: Mapped[Optional[str]] */
    SQLA_TO_MANY(addresses, Address, user_id,                       /*     addresses: Mapped[List["Address"]] = relationship( */
                 .flags = SQLA_OWNS | SQLA_ORPHANS_DIE));           /*         back_populates="user", cascade="all, delete-orphan") */

SQLA_MODEL(Address, "address",                                      /* class Address(Base): __tablename__ = "address" */
    SQLA_COLUMN(id, .primary_key = true),                           /*     id: Mapped[int] = mapped_column(primary_key=True) */
    SQLA_COLUMN(email_address, .not_null = true),                   /*     email_address: Mapped[str] */
    SQLA_FOREIGN_KEY(user_id, User, id),                            /*     user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id")) */
    SQLA_TO_ONE(user, User, user_id));                              /*     user: Mapped["User"] = relationship(back_populates="addresses") */

/* ---- create objects and persist ------------------------------------------------------------------------------------ */

static void create(sqla_session *s, sqla_error *err)
{
    /* spongebob = User(name="spongebob", fullname="Spongebob Squarepants",
     *                  addresses=[Address(email_address="spongebob@example.org")]) */
    User *spongebob = sqla_add(s, User, .name = "spongebob", .fullname = "Spongebob Squarepants");
    sqla_add(s, Address, .email_address = "spongebob@example.org", .user = spongebob);
    /* sandy = User(name="sandy", fullname="Sandy Cheeks", addresses=[Address(...), Address(...)]) */
    User *sandy = sqla_add(s, User, .name = "sandy", .fullname = "Sandy Cheeks");
    sqla_add(s, Address, .email_address = "sandy@example.org", .user = sandy);
    sqla_add(s, Address, .email_address = "sandy@squirrelpower.example", .user = sandy);
    /* patrick = User(name="patrick", fullname="Patrick Star") */
    sqla_add(s, User, .name = "patrick", .fullname = "Patrick Star");
    /* session.add_all([spongebob, sandy, patrick]); session.commit() */
    sqla_commit(s, err);
}

/* ---- simple SELECT --------------------------------------------------------------------------------------------------- */

static void select_users(sqla_session *s, sqla_error *err)
{
    /* stmt = select(User).where(User.name.in_(["spongebob", "sandy"])) */
    sqla_stmt *stmt = sqla_where(sqla_select(s, User), sqla_in(sqla_col(User, name), "spongebob", "sandy"));
    /* for user in session.scalars(stmt): print(user) */
    SQLA_EACH(User, user, stmt, err)
        printf("User(id=%" PRId64 ", name='%s', fullname='%s')\n", user->id, user->name, user->fullname);
}

/* ---- SELECT with JOIN -------------------------------------------------------------------------------------------------- */

static Address *select_address(sqla_session *s, sqla_error *err)
{
    /* stmt = (select(Address).join(Address.user).where(User.name == "sandy")
     *                        .where(Address.email_address == "sandy@example.org")) */
    sqla_stmt *stmt = sqla_join(sqla_select(s, Address), Address, user);
    sqla_where(stmt, sqla_eq(sqla_col(User, name), "sandy"));
    sqla_where(stmt, sqla_eq(sqla_col(Address, email_address), "sandy@example.org"));
    /* sandy_address = session.scalars(stmt).one() */
    Address *sandy_address = sqla_one(stmt, Address, err);
    if (sandy_address != NULL)
        printf("Address(id=%" PRId64 ", email_address='%s')\n", sandy_address->id, sandy_address->email_address);
    return sandy_address;
}

/* ---- make changes -------------------------------------------------------------------------------------------------------- */

static void change(sqla_session *s, Address *sandy_address, sqla_error *err)
{
    /* patrick = session.scalars(select(User).where(User.name == "patrick")).one() */
    User *patrick = sqla_one(sqla_where(sqla_select(s, User), sqla_eq(sqla_col(User, name), "patrick")), User, err);
    if (patrick == NULL || sandy_address == NULL)
        return;
    /* patrick.addresses.append(Address(email_address="patrickstar@example.org")) */
    sqla_append(s, patrick, addresses, sqla_add(s, Address, .email_address = "patrickstar@example.org"));
    /* sandy_address.email_address = "sandy_cheeks@example.org" */
    sandy_address->email_address = "sandy_cheeks@example.org";
    /* session.commit() */
    sqla_commit(s, err);
}

/* ---- some deletes -------------------------------------------------------------------------------------------------------- */

static void delete(sqla_session *s, Address *sandy_address, sqla_error *err)
{
    /* sandy = session.get(User, 2) */
    User *sandy = sqla_get(s, User, 2, err);
    /* sandy.addresses.remove(sandy_address) */
    sqla_remove(s, sandy, addresses, sandy_address);
    /* session.flush() */
    sqla_flush(s, err);
    /* session.delete(patrick) */
    sqla_delete(s, sqla_get(s, User, 3, err));
    /* session.commit() */
    sqla_commit(s, err);
}

static void print_what_is_left(sqla_session *s, sqla_error *err)
{
    /* for user in session.scalars(select(User).options(selectinload(User.addresses))): ... */
    sqla_stmt *stmt = sqla_selectin(sqla_order_by(sqla_select(s, User), sqla_col(User, id)), User, addresses);
    SQLA_EACH(User, user, stmt, err) {
        printf("%s:", user->name);
        SQLA_EACH_IN(Address, address, user->addresses)
            printf(" %s", address->email_address);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    sqla_error err = SQLA_ERROR_INIT;
    /* engine = create_engine("sqlite://", echo=True) */
    sqla_engine *engine = sqla_create_engine(argc > 1 ? argv[1] : "sqlite://", SQLA_ENGINE_OPTIONS(.echo = true), &err);
    /* Base.metadata.create_all(engine) */
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(User, Address), &err);
    sqla_metadata_create_all(base, engine, &err);
    /* with Session(engine) as session: */
    sqla_sessionmaker *Session = sqla_sessionmaker_new(engine, base, NULL, &err);
    sqla_session *s = sqla_open(Session, &err);
    create(s, &err);
    select_users(s, &err);
    Address *sandy_address = select_address(s, &err);
    change(s, sandy_address, &err);
    delete(s, sandy_address, &err);
    print_what_is_left(s, &err);
    sqla_close(s);
    sqla_sessionmaker_free(Session);
    sqla_metadata_free(base);
    sqla_engine_free(engine);
    sqla_error_print(&err, stderr);
    return sqla_failed(&err);
}

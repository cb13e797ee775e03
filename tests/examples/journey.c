/* journey.c: the whole way, from an engine to objects and back. Each comment is the line of SQLAlchemy.
 *
 *     journey [URL]          sqlite:// (in memory) unless a URL is given */
#include <sqla/sqla.h>

#include <stdio.h>

typedef struct User User;
struct User {
    int64_t id;
    const char *firstname;
    const char *lastname;
    sqla_opt_i32 age;
};
SQLA_DECLARE(User);

SQLA_MODEL(User, "users",                 /* class User(Base): __tablename__ = "users" */
    SQLA_COLUMN(id, .primary_key = true), /*     id = Column(Integer, primary_key=True) */
    SQLA_COLUMN(firstname),               /*     firstname = Column(String) */
    SQLA_COLUMN(lastname),                /*     lastname = Column(String) */
    SQLA_COLUMN(age));                    /*     age = Column(Integer) */

/* A struct for parameters and rows of raw SQL, without a table of its own. */
typedef struct Person { const char *name, *age, *height; } Person;
SQLA_DECLARE(Person);
SQLA_ROW(Person, SQLA_COLUMN(name), SQLA_COLUMN(age), SQLA_COLUMN(height));

int main(int argc, char **argv)
{
    sqla_error err = SQLA_ERROR_INIT;
    const char *url = argc > 1 ? argv[1] : "sqlite://";

    /* db = create_engine("postgres://username:password@host/database_name") */
    sqla_engine *db = sqla_create_engine(url, NULL, &err);
    /* db.execute("CREATE TABLE people (name text, age text, height text)") */
    sqla_execute(db, "CREATE TABLE people (name text, age text, height text)", NULL, &err);
    /* db.execute("INSERT INTO people VALUES (:name, :age, '6ft')", {"name": "Nicolas", "age": "30"}) */
    sqla_execute(db, "INSERT INTO people VALUES (:name, :age, '6ft')", sqla_params("name", "Nicolas", "age", "30"), &err);
    /* db.execute("INSERT INTO people VALUES (:name, :age, :height)", [{"name": "Hedy", ...}, {"name": "Ada", ...}]) */
    const Person people[] = { { "Hedy", "26", "5ft" }, { "Ada", "36", "5ft" } };
    sqla_execute_many(db, "INSERT INTO people VALUES (:name, :age, :height)", Person, people, 2, NULL, &err);
    /* for row in db.execute("SELECT * FROM people"): print(row.name, row.height) */
    SQLA_EACH_ROW(row, sqla_sql(db, "SELECT * FROM people"), &err)
        printf("%s is %s tall\n", sqla_row_text(row, "name", &err), sqla_row_text(row, "height", &err));

    /* Base = declarative_base() */
    sqla_metadata *base = sqla_metadata_new(&err);
    sqla_metadata_add(base, SQLA_MODELS(User), &err);
    /* Base.metadata.create_all(db) */
    sqla_metadata_create_all(base, db, &err);
    /* Session = sessionmaker(db) */
    sqla_sessionmaker *Session = sqla_sessionmaker_new(db, base, NULL, &err);

    /* session = Session() */
    sqla_session *s = sqla_open(Session, &err);
    /* user = User(firstname="Nicolas", lastname="Copernicus", age=309); session.add(user) */
    User *u = sqla_add(s, User, .firstname = "Nicolas", .lastname = "Copernicus", .age = SQLA_SOME(309));
    /* session.commit() */
    sqla_commit(s, &err);

    /* user = session.get(User, 1) */
    u = sqla_get(s, User, 1, &err);
    /* user.age += 1 */
    if (u != NULL)
        u->age.value += 1;
    /* session.commit() */
    sqla_commit(s, &err);

    /* q = select(User).where(User.age > 30).order_by(User.lastname) */
    sqla_stmt *q = sqla_select(s, User);
    sqla_where(q, sqla_gt(sqla_col(User, age), 30));
    sqla_order_by(q, sqla_col(User, lastname));
    /* for user in session.scalars(q): print(user.firstname, user.age) */
    SQLA_EACH(User, user, q, &err)
        printf("%s is %d\n", user->firstname, (int)sqla_value_or(user->age, -1));

    /* session.delete(user); session.commit() */
    sqla_delete(s, u);
    sqla_commit(s, &err);
    /* print(session.scalar(select(func.count(User.id)))) */
    printf("%d users are left\n", (int)sqla_scalar_i64(sqla_select_cols(s, sqla_count(sqla_col(User, id))), &err));

    /* session.close() */
    sqla_close(s);
    sqla_sessionmaker_free(Session);
    sqla_metadata_free(base);
    sqla_engine_free(db);
    sqla_error_print(&err, stderr); /* the first failure of all, if there was one: what comes after it changed nothing */
    return sqla_failed(&err);
}

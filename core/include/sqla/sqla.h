/* sqla.h: all of sqla. Describe plain structs once, open a session, add and change objects, commit. */
#ifndef SQLA_H
#define SQLA_H
#include <sqla/base.h>
#include <sqla/url.h>
#include <sqla/sql.h>
#include <sqla/engine.h>
#include <sqla/orm.h>
#endif

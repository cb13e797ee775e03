/* server.c: runs server.sh and talks to it by two pipes. See server.h. */
#include <config.h>
#include "server.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    pid_t pid;
    FILE *to, *from;
    char folder[300], url[600], room[320];
    int port;
} server;

static void run_script(int in, int out)
{
    char path[1024];
    const char *source = getenv("SRC");
    snprintf(path, sizeof path, "%s/tests/server.sh", source != NULL ? source : ".");
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execl("/bin/sh", "sh", path, (char *)NULL);
    _exit(127);
}

/* It ends when it reads the end of the pipe. */
static void end_script(void)
{
    if (server.to != NULL)
        fclose(server.to);
    if (server.from != NULL)
        fclose(server.from);
    if (server.pid > 0)
        waitpid(server.pid, NULL, 0);
    memset(&server, 0, sizeof server);
}

static bool hello(void)
{
    char line[400];
    return fgets(line, sizeof line, server.from) != NULL && sscanf(line, "%299s %d", server.folder, &server.port) == 2;
}

static bool begin_script(void)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return false;
    fflush(NULL);
    server.pid = fork();
    if (server.pid == 0)
        run_script(in[0], out[1]);
    close(in[0]);
    close(out[1]);
    server.to = fdopen(in[1], "w");
    server.from = fdopen(out[0], "r");
    if (server.pid > 0 && server.to != NULL && server.from != NULL && hello() && atexit(end_script) == 0)
        return true;
    fprintf(stderr, "no server of our own could be made\n");
    end_script();
    return false;
}

bool server_do(const char *format, ...)
{
    char line[64] = "";
    va_list args;
    if (server.pid == 0 && !begin_script())
        return false;
    va_start(args, format);
    vfprintf(server.to, format, args);
    va_end(args);
    fputc('\n', server.to);
    return fflush(server.to) == 0 && fgets(line, sizeof line, server.from) != NULL && strcmp(line, "ok\n") == 0;
}

const char *server_url(const char *piece)
{
    if (server.pid == 0 && !begin_script())
        return "postgresql://";
    snprintf(server.url, sizeof server.url, "postgresql://sqla@/postgres?host=%s&port=%d%s%s", server.folder, server.port,
        piece != NULL ? "&" : "", piece != NULL ? piece : "");
    return server.url;
}

const char *server_room(void)
{
    snprintf(server.room, sizeof server.room, "%s/room", server.folder);
    return server.room;
}

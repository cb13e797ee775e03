/* topo.c: topological sort, by taking away nodes that nothing comes before (Kahn), always the lowest number of them.
 *
 * When nothing is free although nodes are left, they hold a cycle. Then a strongly connected part is looked for that no other
 * part comes before: among walks that start at each node not yet seen, the start of the last one lies in such a part, and
 * everything that leads to it is that part. Its lowest number is freed, and the edges that held it are broken. */
#include <config.h>
#include "base/topo.h"

#include <stdbool.h>

#include "base/mem.h"

#define NONE UINT32_MAX

/* Edges as lists by node, in both directions: head[node] is an edge, next[edge] the following one. */
typedef struct lists { uint32_t *head, *next; } lists;

typedef struct sorting {
    size_t n, edges;
    const uint32_t *before, *after;
    lists out, in;
    uint32_t *waits;      /* how many edges still come into a node */
    uint32_t *heap;       /* free nodes, lowest first */
    uint32_t *stack;
    size_t heap_count;
    unsigned char *done;  /* placed, or free and in the heap */
    unsigned char *seen;
    unsigned char *broken;
} sorting;

static bool init(sorting *s)
{
    s->out.head = sqla__alloc_zero(s->n + 1, 4);
    s->in.head = sqla__alloc_zero(s->n + 1, 4);
    s->out.next = sqla__alloc_zero(s->edges + 1, 4);
    s->in.next = sqla__alloc_zero(s->edges + 1, 4);
    s->waits = sqla__alloc_zero(s->n + 1, 4);
    s->heap = sqla__alloc_zero(s->n + 1, 4);
    s->stack = sqla__alloc_zero(s->n + 1, 4);
    s->done = sqla__alloc_zero(s->n + 1, 1);
    s->seen = sqla__alloc_zero(s->n + 1, 1);
    s->broken = sqla__alloc_zero(s->edges + 1, 1);
    return s->out.head && s->in.head && s->out.next && s->in.next && s->waits && s->heap && s->stack && s->done && s->seen &&
           s->broken;
}

static void release(sorting *s)
{
    void *all[] = { s->out.head, s->in.head, s->out.next, s->in.next, s->waits, s->heap, s->stack, s->done, s->seen, s->broken };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sqla__free(all[i]);
}

static void link_edges(sorting *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->out.head[i] = s->in.head[i] = NONE;
    for (size_t e = s->edges; e-- > 0;) {
        if (s->before[e] == s->after[e])
            continue;
        s->out.next[e] = s->out.head[s->before[e]];
        s->out.head[s->before[e]] = (uint32_t)e;
        s->in.next[e] = s->in.head[s->after[e]];
        s->in.head[s->after[e]] = (uint32_t)e;
        s->waits[s->after[e]]++;
    }
}

static void heap_push(sorting *s, uint32_t node)
{
    size_t i = s->heap_count++;
    s->done[node] = 1;
    for (; i > 0 && s->heap[(i - 1) / 2] > node; i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = node;
}

static uint32_t heap_pop(sorting *s)
{
    uint32_t lowest = s->heap[0], last = s->heap[--s->heap_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->heap_count; i = child) {
        if (child + 1 < s->heap_count && s->heap[child + 1] < s->heap[child])
            child++;
        if (s->heap[child] >= last)
            break;
        s->heap[i] = s->heap[child];
    }
    s->heap[i] = last;
    return lowest;
}

/* Mark everything that can be reached from start through nodes that are not done. Returns the lowest number of it. */
static uint32_t mark(sorting *s, const lists *along, const uint32_t *to, uint32_t start, unsigned char color)
{
    uint32_t lowest = start;
    size_t depth = 0;
    s->seen[start] = color;
    s->stack[depth++] = start;
    while (depth > 0) {
        uint32_t node = s->stack[--depth];
        lowest = node < lowest ? node : lowest;
        for (uint32_t e = along->head[node]; e != NONE; e = along->next[e]) {
            if (!s->done[to[e]] && s->seen[to[e]] != color) {
                s->seen[to[e]] = color;
                s->stack[depth++] = to[e];
            }
        }
    }
    return lowest;
}

static void break_cycle(sorting *s)
{
    uint32_t start = 0;
    for (size_t i = 0; i < s->n; i++)
        s->seen[i] = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        if (!s->done[i] && s->seen[i] == 0) {
            mark(s, &s->out, s->after, i, 1);
            start = i;
        }
    }
    uint32_t lowest = mark(s, &s->in, s->before, start, 2);
    for (uint32_t e = s->in.head[lowest]; e != NONE; e = s->in.next[e])
        s->broken[e] = s->broken[e] || !s->done[s->before[e]];
    heap_push(s, lowest);
}

static void free_followers(sorting *s, uint32_t node)
{
    for (uint32_t e = s->out.head[node]; e != NONE; e = s->out.next[e]) {
        uint32_t follower = s->after[e];
        if (!s->broken[e] && --s->waits[follower] == 0 && !s->done[follower])
            heap_push(s, follower);
    }
}

static void sort(sorting *s, uint32_t *ret_order)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->waits[i] == 0)
            heap_push(s, i);
    }
    for (size_t placed = 0; placed < s->n; placed++) {
        if (s->heap_count == 0)
            break_cycle(s);
        ret_order[placed] = heap_pop(s);
        free_followers(s, ret_order[placed]);
    }
}

sqla_status sqla__topo_sort(size_t n, const uint32_t *before, const uint32_t *after, size_t edges, uint32_t *ret_order,
                            unsigned char *ret_broken)
{
    sorting s = { .n = n, .edges = edges, .before = before, .after = after };
    bool ok = n < NONE && edges < NONE && init(&s);
    if (ok) {
        link_edges(&s);
        sort(&s, ret_order);
        for (size_t e = 0; ret_broken != NULL && e < edges; e++)
            ret_broken[e] = s.broken[e];
    }
    release(&s);
    return ok ? SQLA_OK : SQLA_ERR_NOMEM;
}

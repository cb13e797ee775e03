/* topo.h: topological sort. */
#ifndef SQLA_BASE_TOPO_H
#define SQLA_BASE_TOPO_H

#include <sqla/status.h>
#include <stddef.h>
#include <stdint.h>

/* Sort 0 .. n-1 so that before[i] comes ahead of after[i] for each of the edges, and otherwise in the order of their numbers.
 * Edges from a node to itself are passed over. Where there is a cycle the lowest number in it goes first, and its edge is broken.
 * ret_order: n numbers. ret_broken: one flag an edge, may be NULL; set for the edges that the order does not keep.
 * Returns: SQLA_OK, SQLA_ERR_NOMEM. */
sqla_status sqla__topo_sort(size_t n, const uint32_t *before, const uint32_t *after, size_t edges, uint32_t *ret_order, unsigned char *ret_broken);

#endif

/*
 * handover.h - what a helper process writes into a pipe, and its parent reads
 * until a deadline.
 */
#ifndef VP_AGENT_HANDOVER_H
#define VP_AGENT_HANDOVER_H

#include <stddef.h>
#include <stdint.h>

/* Monotonic. */
uint64_t vp_now_ms(void);

/* The helper's end: ends the process if nobody reads any more. */
void vp_hand_over(int fd, const void *data, size_t len);

/*
 * The parent's end: until size bytes are there, the pipe is closed, or the time
 * has come. *len is how many came, whatever is returned: 0, -ETIMEDOUT, or
 * -errno of read(2).
 */
int vp_take_over(int fd, void *data, size_t size, size_t *len,
                 uint64_t until_ms);

#endif

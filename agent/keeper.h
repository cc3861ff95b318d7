/*
 * keeper.h - what the keeper process and its watcher say to each other, each
 * in one datagram of a SOCK_SEQPACKET pair.
 */
#ifndef VP_AGENT_KEEPER_H
#define VP_AGENT_KEEPER_H

#include <stdint.h>

enum vp_keeper_word {
	/* to the keeper */
	VP_KEEPER_START,  /* value: 1, and look at its processes now and then */
	VP_KEEPER_SIGNAL, /* value: its number */
	VP_KEEPER_COUNT,  /* what is left? then end */
	/* to the watcher */
	VP_KEEPER_READY,     /* number: cgroup of the command, 0: none */
	VP_KEEPER_STARTED,   /* value: 0, or the errno of execution */
	VP_KEEPER_ENDED,     /* value: status of waitpid(2) */
	VP_KEEPER_LEFT,      /* value: processes that still run */
	VP_KEEPER_SOCKET,    /* number: inode of one that the command has */
	VP_KEEPER_ELSEWHERE, /* number: of a network namespace that a process of
	                      * the command, who, is in */
};

struct vp_keeper_message {
	uint32_t word;
	int32_t value;
	uint64_t number;
	char who[16];
};

/* Does not return. fd is the keeper's end. */
void vp_keeper_run(int fd, char *const argv[]) __attribute__((noreturn));

#endif

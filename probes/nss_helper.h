/*
 * nss_helper.h - inside nss.c: the process that calls getaddrinfo(), and what
 * it and its parent say to each other: one SOCK_SEQPACKET message a question,
 * one an answer, in any order.
 */
#ifndef VP_PROBES_NSS_HELPER_H
#define VP_PROBES_NSS_HELPER_H

#include "vnetprobe/addr.h"

#define VP_NSS_NAME_MAX 255
#define VP_NSS_ADDRESSES_MAX 64
#define VP_NSS_HANGING_MAX 480 /* threads that the parent has given up */

struct vp_nss_question {
	uint32_t seq;
	char name[VP_NSS_NAME_MAX + 1]; /* sent up to and with the NUL */
};

struct vp_nss_reply {
	uint64_t elapsed_us;
	uint32_t seq;
	int32_t error;  /* EAI_..., 0 */
	int32_t system; /* errno with EAI_SYSTEM */
	uint32_t n;
	uint32_t left_out;                              /* beyond the maximum */
	struct vp_addr addresses[VP_NSS_ADDRESSES_MAX]; /* n of them sent */
};

/* The helper's life after fork(): never returns. The parent sees to it that at
 * most n_threads questions are open that it has not given up. */
_Noreturn void vp_nss_helper(int sock, unsigned n_threads);

#endif

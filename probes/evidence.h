/*
 * evidence.h - captured packets as a pcap file that is whole or not there.
 *
 * Written to a temporary beside its path and renamed by the commit. At every
 * moment the temporary ends with a whole packet: should a write fail, what was
 * written of it is cut off again, and all later packets are counted only.
 */
#ifndef VP_PROBES_EVIDENCE_H
#define VP_PROBES_EVIDENCE_H

#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

struct vp_evidence;

/* For the packets of this handle; max_bytes bounds the file. Returns 0, or
 * -errno with a sentence in why and *out NULL. */
int vp_evidence_open(struct vp_evidence **out, pcap_t *pcap, const char *path,
                     uint64_t max_bytes, char *why, size_t size);
void vp_evidence_write(struct vp_evidence *e, const struct pcap_pkthdr *h,
                       const unsigned char *data);
/* Packets that are not in the file. */
uint64_t vp_evidence_left_out(const struct vp_evidence *e);
/* 0, or the -errno of the first failure. */
int vp_evidence_error(const struct vp_evidence *e);

/* Gives the file its name: 0, or -errno and it has not got it. Writes after
 * the commit do nothing. */
int vp_evidence_commit(struct vp_evidence *e);
/* Removes the temporary unless it was committed. NULL is fine. */
void vp_evidence_close(struct vp_evidence *e);

#endif

/*
 * report.h - the finished result as text, as JSON and as metrics, and JSON
 * read again.
 *
 * Writers get const facts and a judgement and compute nothing.
 */
#ifndef VP_AGENT_REPORT_H
#define VP_AGENT_REPORT_H

#include <stdio.h>

#include "judge.h"

struct vp_text_style {
	bool color;
	unsigned columns; /* 0: 80 */
	bool verbose;     /* also what is fine, target by target, in full */
};

/* Text from outside is escaped: no control byte reaches the terminal. Both
 * return 0 or -errno of the stream. */
int vp_report_text(FILE *out, const struct vp_facts *facts,
                   const struct vp_judgement *j,
                   const struct vp_text_style *style);
/* The text of `vnetprobe dns`: for each name the path that its answers take,
 * and with facts->traced every packet of it. Escaped alike. */
int vp_report_dns(FILE *out, const struct vp_facts *facts,
                  const struct vp_judgement *j,
                  const struct vp_text_style *style);
int vp_report_json(FILE *out, const struct vp_facts *facts,
                   const struct vp_judgement *j);

/* Metrics in the text format of Prometheus (--format metrics). */
int vp_report_metrics(FILE *out, const struct vp_facts *facts,
                      const struct vp_judgement *j);

/* Reads a saved report's facts (findings and verdict in it are ignored).
 * Returns 0, or -EINVAL/-errno with a sentence in why naming the key. */
int vp_report_read(struct vp_facts **out, const char *path, char *why,
                   size_t size);

/* `vnetprobe explain [ID]`: 0, 2 after a sentence on stderr for an unknown id,
 * or -errno of the stream. */
int vp_explain(FILE *out, const char *id, bool json);
/* The same as a page of Markdown (docs/findings.md): 0 or -errno. */
int vp_findings_markdown(FILE *out);
/* docs/signatures.md. */
int vp_signatures_markdown(FILE *out);

#endif

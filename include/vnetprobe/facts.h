/*
 * facts.h - everything one run found out, as plain values.
 *
 * The probes fill it, the judge reads it, JSON saves and restores it. Whatever
 * a verdict depends on stands here, so that saved facts judge the same
 * elsewhere. All pointers live in one arena; strings may be NULL ("not known")
 * unless said otherwise. Text that came from the network is raw here and
 * escaped by whoever prints it.
 *
 * Times named _us that are points in time are microseconds since the Unix
 * epoch; those named elapsed_us are durations.
 */
#ifndef VNETPROBE_FACTS_H
#define VNETPROBE_FACTS_H

#include "vnetprobe/addr.h"
#include "vnetprobe/arena.h"
#include "vnetprobe/kind.h"
#include "vnetprobe/outcome.h"

/* --- names ------------------------------------------------------------- */

#define VP_DNS_A 1
#define VP_DNS_CNAME 5
#define VP_DNS_SOA 6
#define VP_DNS_TXT 16
#define VP_DNS_AAAA 28

#define VP_TRANSPORTS(X) X(UDP, "udp") X(TCP, "tcp") X(NSS, "nss")
enum vp_transport {
#define X(id, name) VP_TRANSPORT_##id,
	VP_TRANSPORTS(X)
#undef X
};

struct vp_chain_link { /* one CNAME, in the order of the chain */
	char *owner;
	char *target;
	uint32_t ttl;
};

struct vp_dns_address {
	struct vp_addr addr;
	uint32_t ttl;
};

/* What is asked about a name. */
#define VP_QUESTIONS(X)                                                        \
	X(NAME, "name")           /* the name itself */                        \
	X(ALIAS, "alias")         /* its privatelink alias, asked directly */  \
	X(SEARCH, "search")       /* the name with a search domain appended */ \
	X(UNCHECKED, "unchecked") /* the name with CD set, RFC 4035 3.2.2 */
enum vp_question_kind {
#define X(id, name) VP_QUESTION_##id,
	VP_QUESTIONS(X)
#undef X
};

/* Of a negative answer (RFC 2308), or the answer to a question for SOA; zone
 * NULL: none. */
struct vp_soa {
	char *zone;
	char *mname;
	char *rname;
	uint32_t minimum;
	uint32_t ttl;
};

/* One question to one resolver. NSS rows have type 0: both families at once. */
struct vp_dns_row {      /* there are many: fields stand by size */
	size_t resolver; /* index in facts->resolvers */
	char *asked;     /* the name asked, where it is not the name's own */
	int64_t sent_us; /* the first attempt; 0: unknown */
	uint64_t elapsed_us;
	struct vp_chain_link *chain;
	size_t n_chain;
	struct vp_dns_address *addresses; /* each once */
	size_t n_addresses;
	struct vp_soa soa;
	char *detail; /* of MALFORMED, or of an NSS error: one short text; of a
	               * question for TXT: the text */
	enum vp_transport transport;
	enum vp_question_kind question;
	enum vp_outcome outcome;  /* OK: an answer was read, whatever its rcode;
	                           * MALFORMED: one came and cannot be read */
	int rcode;                /* RFC 1035, 6895; -1: no answer, or NSS */
	unsigned round;           /* from 1 */
	struct vp_endpoint local; /* our end; no address if unknown */
	uint16_t type;      /* VP_DNS_A, VP_DNS_AAAA, VP_DNS_SOA (zones), 0 */
	bool authoritative; /* AA was set */
	bool without_edns;  /* EDNS was refused with FORMERR: asked without */
	bool elsewhere;     /* TIMEOUT, but an answer came from an address or
	                     * port that was not asked: detail tells which */
	bool truncated;     /* TC was set: a TCP row follows */
	bool alias_loop;
};

/* A name is resolved once, however many targets (ports) have it. */
struct vp_name {
	char *name; /* absolute, lower case, A-labels, no final dot; not NULL */
	struct vp_dns_row *rows;
	size_t n_rows;
	struct vp_hosts_line *hosts; /* what the hosts file says of it */
	size_t n_hosts;
};

struct vp_hosts_line {
	struct vp_addr addr;
	unsigned line; /* from 1 */
};

/* A zone that was asked for its SOA at each resolver: the privatelink zones of
 * the targets, and the public zones above them (those to be forwarded). Whose
 * SOA a resolver sees tells where it looks. */
struct vp_zone {
	char *name; /* lower case, no final dot; not NULL */
	bool privatelink;
	struct vp_dns_row *rows; /* type SOA */
	size_t n_rows;
};

#define VP_RESOLVER_SOURCES(X)                                                 \
	X(RESOLV_CONF, "resolv.conf")                                          \
	X(SYSTEMD_RESOLVED, "systemd-resolved") /* the stub's upstream */      \
	X(AZURE, "azure")                       /* 168.63.129.16 itself */     \
	X(OPTION, "option")                     /* --resolver or config */     \
	X(COMPARE, "compare")                   /* --compare: asked for it */  \
	X(NSS, "nss") /* getaddrinfo(): what applications get; no address */
enum vp_resolver_source {
#define X(id, name) VP_RESOLVER_##id,
	VP_RESOLVER_SOURCES(X)
#undef X
};

/* Which way the kernel would send a packet. */
struct vp_route {
	enum vp_outcome outcome; /* OK, UNREACHABLE, DENIED, ERROR */
	char *interface;
	struct vp_addr source;
	struct vp_addr gateway; /* none: on link */
};

/* What a DNS server is, as far as it was told to us in the config. */
#define VP_SERVER_KINDS(X)                                                     \
	X(UNKNOWN, "unknown")                                                  \
	X(BIND, "bind")                                                        \
	X(UNBOUND, "unbound")                                                  \
	X(DNSMASQ, "dnsmasq")                                                  \
	X(COREDNS, "coredns")                                                  \
	X(WINDOWS, "windows")                                                  \
	X(AZURE_FIREWALL, "azure-firewall")     /* its DNS proxy */            \
	X(PRIVATE_RESOLVER, "private-resolver") /* an inbound endpoint */
enum vp_server_kind {
#define X(id, name) VP_SERVER_##id,
	VP_SERVER_KINDS(X)
#undef X
};

/*
 * AZURE and COMPARE are asked to compare with: no application asks them, so
 * what they answer is never wrong by itself. (168.63.129.16 as this machine's
 * own nameserver has the source RESOLV_CONF.)
 */
struct vp_resolver {
	struct vp_endpoint endpoint;
	enum vp_resolver_source source;
	struct vp_route route; /* outcome NONE: not looked up, or NSS */
	enum vp_server_kind kind;
	char *label;     /* of COMPARE: "public"; else NULL */
	char *interface; /* the link it belongs to; NULL: of none */
	char *version;   /* version.bind CH TXT, RFC 4892; NULL: not told */
};

/* --- targets ----------------------------------------------------------- */

struct vp_tls_facts {
	enum vp_outcome outcome; /* NONE for ports without TLS */
	uint64_t elapsed_us;
	char *version;
	char *subject;
	char *issuer;      /* of the leaf: one-line RFC 4514 style */
	char *root_issuer; /* issuer of the last certificate that was sent */
	char *anchor;      /* the root that a trusted chain ends in */
	char **subject_alt_names;
	size_t n_subject_alt_names;
	int64_t not_before_s; /* Unix seconds; 0: unknown */
	int64_t not_after_s;
	bool name_matches;   /* the leaf covers the target's name */
	bool self_signed;    /* the leaf's issuer is its subject */
	long verify_code;    /* X509_V_..., 0: chain verified */
	char *verify_detail; /* OpenSSL's words for it */
};

#define VP_SIGNATURES(X)                                                       \
	X(NONE, "none")         /* no HTTP answer */                           \
	X(REACHED, "reached")   /* an HTTP answer: proves TLS and path */      \
	X(ACCEPTED, "accepted") /* the service's own answer, not refused */    \
	X(DENIED, "network-denied") /* refused as coming by a public path */   \
	X(FOREIGN, "foreign")       /* lacks what this service always sends */ \
	X(CREDENTIALS, "credentials-refused") /* for want of rights */
enum vp_signature {
#define X(id, name) VP_SIGNATURE_##id,
	VP_SIGNATURES(X)
#undef X
};

/* What was refused for, as far as the answer tells. */
#define VP_REFUSALS(X)                                                         \
	X(NONE, "none")               /* it was not refused */                 \
	X(NETWORK, "network")         /* by a firewall or network rule */      \
	X(CREDENTIALS, "credentials") /* a token, a key, a right is missing */ \
	X(UNKNOWN, "unknown")         /* no telling which */
enum vp_refusal {
#define X(id, name) VP_REFUSAL_##id,
	VP_REFUSALS(X)
#undef X
};

/* How well it is known what an answer means. */
#define VP_CERTAINTIES(X)                                                      \
	X(NONE, "none")                                                        \
	X(VERIFIED, "verified")    /* read in the named document */            \
	X(SINGLE, "single-source") /* seen once */                             \
	X(INFERRED, "inferred")                                                \
	X(UNVERIFIED, "unverified") /* common knowledge, not looked up */
enum vp_certainty {
#define X(id, name) VP_CERTAINTY_##id,
	VP_CERTAINTIES(X)
#undef X
};

struct vp_http_facts {
	enum vp_outcome outcome;
	uint64_t elapsed_us;
	unsigned status; /* 0: none */
	enum vp_signature signature;
	enum vp_refusal refused_by;
	enum vp_certainty certainty; /* of the next */
	const char *rule; /* the row of signature.h that says so; NULL: none */
	char *said;       /* the service's own words, of a refusal */
	char *service_code;         /* x-ms-error-code, ACR code, ... */
	struct vp_addr service_saw; /* our address as the service saw it */
	/* Why what it tells of its caller is not all clear; NULL: it is. */
	const char *source_doubt;
	char *connection_type;  /* Key Vault conn_type */
	char *private_endpoint; /* Key Vault private_endpoint: ARM id */
};

#define VP_REACHES(X)                                                          \
	X(PENDING, "pending") /* the run ended before its turn */              \
	X(TRIED, "tried")                                                      \
	X(WITHHELD, "withheld") /* public, and private was expected */
enum vp_reach {
#define X(id, name) VP_REACH_##id,
	VP_REACHES(X)
#undef X
};

struct vp_target_address {
	struct vp_addr addr;
	enum vp_reach reach;
	struct vp_route route;
	struct vp_endpoint local; /* of the TCP attempt */
	struct {
		enum vp_outcome outcome;
		uint64_t elapsed_us;
	} tcp;
	struct vp_tls_facts tls;
	struct vp_http_facts http;
};

struct vp_target {
	struct vp_name *name; /* shared by targets with the same name */
	uint16_t port;
	enum vp_kind kind;
	enum vp_expect expect;
	char *origin; /* where it comes from: "argument", "storage_accounts[0]"
	               */
	char *why;    /* why this is expected of it, one sentence */
	/* "ci-one.eastus": derived, one of several names of which the resource
	 * has one; what stands before their suffixes. NULL: the only one */
	char *alternative_of;
	char *zone; /* privatelink zone that should answer; NULL: none known */
	bool tls;   /* TLS and HTTP are spoken here */
	char *http_path;
	struct vp_addr
		*expected; /* addresses it must have; none: any private */
	size_t n_expected;
	char *expected_from; /* who says so: "config", "pe-blob (nic.json)" */
	/* Names or ARM ids of private endpoints that it may be reached by;
	 * none: not known. */
	char **endpoints;
	size_t n_endpoints;
	struct vp_target_address *addresses; /* distinct, as answers came */
	size_t n_addresses;
};

/* --- packets ----------------------------------------------------------- */

#define VP_FLOW_STATES(X)                                                      \
	X(ATTEMPTED, "attempted")     /* only our side spoke */                \
	X(ANSWERED, "answered")       /* the peer answered, not open */        \
	X(ESTABLISHED, "established") /* TCP open, or talk both ways */
enum vp_flow_state {
#define X(id, name) VP_FLOW_##id,
	VP_FLOW_STATES(X)
#undef X
};

enum vp_direction {
	VP_DIRECTION_UNKNOWN,
	VP_DIRECTION_OUT, /* this machine sent the first packet */
	VP_DIRECTION_IN,
};

/* Whose packets these are, by the interfaces that they were seen at. */
#define VP_ORIGINS(X)                                                            \
	X(UNKNOWN, "unknown") /* a file that does not tell */                    \
	X(HOST, "host")       /* a socket of this network namespace */           \
	X(NAMESPACE,                                                             \
	  "namespace")            /* another one on this machine: container,     \
	                             pod, guest; it came in by veth, tap, ... */ \
	X(FORWARDED, "forwarded") /* another machine's, routed through here */
enum vp_origin {
#define X(id, name) VP_ORIGIN_##id,
	VP_ORIGINS(X)
#undef X
};

/* An answer whose TTL ran out is still used by those who cache longer: a flow
 * that begins within this time after that may be explained by it. */
#define VP_BINDING_GRACE_S 600

struct vp_flow_name {
	char *name;
	bool bound; /* an answer seen on the wire bound it to the remote */
	/* That answer was seen before the flow began, and its TTL with
	 * VP_BINDING_GRACE_S had not run out then: only such a name can explain
	 * a flow. */
	bool current;
	/* The answers that make it current are all of servers that are no
	 * resolvers of this machine: anybody may run one, to say what suits a
	 * sender. Only where the resolvers are known. */
	bool foreign;
	int64_t answered_us; /* the last answer before the flow began, else the
	                      * first after that; 0: unknown */
	uint32_t ttl;        /* of that answer, seconds */
};

/* How it was learnt who has a socket. */
#define VP_OWNER_HOWS(X)                                                       \
	X(UNKNOWN, "unknown")                                                  \
	X(BPF, "bpf")            /* told by the kernel as it was used */       \
	X(SOCKET, "socket-diag") /* looked up while it was open */
enum vp_owner_how {
#define X(id, name) VP_OWNER_##id,
	VP_OWNER_HOWS(X)
#undef X
};

/* Who sent; each field may be unknown for itself (NULL, 0, VP_NO_UID). */
#define VP_NO_UID UINT32_MAX
struct vp_owner {
	enum vp_owner_how how;
	uint32_t pid; /* of the process (tgid), in this namespace */
	uint32_t uid; /* effective, when it was used */
	char *user;   /* name of uid here */
	char *executable;
	char *cgroup;    /* path below the root of cgroup v2 */
	char *container; /* id of the container or pod that the path names */
	uint64_t cgroup_id;
};

#define VP_NAME_SOURCES(X) X(NONE, "none") X(TLS, "tls") X(QUIC, "quic")
enum vp_name_source {
#define X(id, name) VP_NAME_SOURCE_##id,
	VP_NAME_SOURCES(X)
#undef X
};

struct vp_flow_tag { /* a service tag that contains the remote address */
	char *name;  /* as the file spells it: "Storage.EastUS2" */
	struct vp_prefix prefix; /* the longest of its prefixes that do */
};

struct vp_flow {
	uint8_t proto;            /* IPPROTO_... */
	struct vp_endpoint local; /* port 0 where the protocol has none, or
	                           * where many flows were put together */
	struct vp_endpoint remote;
	char *interface; /* where it left, else where it was seen first */
	enum vp_direction direction;
	bool own; /* a probe of this run */
	enum vp_origin origin;
	/* Packets to the remote were seen coming in, and none going out, while
	 * all interfaces were watched: it did not leave by these ends. */
	bool never_left;
	/* Before source NAT on this machine: what the namespace sent. family
	 * 0: no NAT was seen. */
	struct vp_endpoint translated_from;
	/* Inside a tunnel that was decoded from its outer packets; NULL: not.
	 * "vxlan", "ipip", "6in4", "gre", "geneve". */
	char *tunnel;
	struct vp_endpoint tunnel_peer; /* whom the outer packets go to */
	/* Rows of a crowded table that were put together: how many there were;
	 * 0 or 1: one flow. */
	uint64_t flows;
	/* Of the remote, from answers seen; those of targets first, capped. If
	 * an answer bound the SNI, that alone: it is the one that was meant. */
	struct vp_flow_name *names;
	size_t n_names;
	size_t names_left_out; /* beyond the cap */
	char *sni;             /* claimed by the ClientHello; NULL: none seen */
	bool sni_bound;        /* an answer seen bound the SNI to the remote */
	enum vp_name_source sni_from;
	bool ech; /* the hello has encrypted_client_hello: the SNI is the outer
	           * one, or it is GREASE; no telling which */
	char *http_host;    /* Host of the first request in plain HTTP/1.x */
	char *http_connect; /* "host:port" of CONNECT: a proxy was asked */
	char **questions;   /* DNS names asked, for DNS flows; capped */
	size_t n_questions;
	size_t questions_left_out; /* beyond the cap */
	char *process;             /* its short name; NULL: unknown */
	struct vp_owner *owner;    /* NULL: unknown; the first of several */
	unsigned n_owners;         /* different processes that used it */
	bool of_command;           /* of the process tree of `watch -- CMD` */
	bool of_others; /* known to be none of it; neither: not known */
	bool shared;    /* the command had its socket, too; not in the report */
	struct vp_flow_tag *tags; /* most specific first; none: no file */
	size_t n_tags;
	uint64_t packets_out, bytes_out, packets_in, bytes_in; /* IP bytes */
	int64_t first_us, last_us;
	enum vp_flow_state state;
	/* Bytes of TCP that the other end acknowledged and no capture of this
	 * run showed, both ways. */
	uint64_t gap_bytes;
	/* Its packets in the evidence: how many, and the numbers of the first
	 * and last one (from 1, as packet tools count). 0: none. */
	uint64_t evidence_packets, evidence_first, evidence_last;
};

#define VP_CAPTURE_STATES(X)                                                   \
	X(COMPLETE, "complete") X(PARTIAL, "partial") X(OFF, "off")
enum vp_capture_state {
#define X(id, name) VP_CAPTURE_##id,
	VP_CAPTURE_STATES(X)
#undef X
};

/* A probe of ours whose packets the capture did not show. */
struct vp_unseen {
	uint8_t proto;
	struct vp_endpoint local, remote;
	char *what; /* "TCP to kv.vault.azure.net", "A x.y at 10.0.0.4" */
};

/* A stretch of time in which packets were lost. */
struct vp_loss {
	int64_t from_us, to_us;
	uint64_t received, dropped, interface_dropped;
};

/* Frames that could not be decoded, by reason. */
struct vp_undecoded {
	char *reason; /* vp_decode_name() */
	uint64_t frames;
	uint64_t frames_out; /* of them, those this machine sent, as above */
};

struct vp_capture_facts {
	bool wanted;
	enum vp_capture_state state;
	char *reason; /* of PARTIAL and OFF */
	char *remedy; /* a command that would help; NULL: none */
	char **interfaces;
	size_t n_interfaces;
	uint64_t received, dropped, interface_dropped;
	struct vp_loss *losses; /* in order; capped */
	size_t n_losses, losses_left_out;
	int64_t armed_us, drained_us; /* 0: never */
	bool selftest_before, selftest_after;
	bool interface_missed; /* an interface vanished or appeared */
	/* Live on all of them, or a file whose notes say so: what is not in it
	 * was not sent. */
	bool all_interfaces;
	uint64_t attested_expected, attested_seen;
	struct vp_unseen *unseen; /* the first of those missing; capped */
	size_t n_unseen;
	uint64_t truncated, undecodable, flows_left_out, evidence_left_out;
	uint64_t undecodable_out; /* of them, those this machine sent, or may
	                           * have sent: a file may not tell */
	struct vp_undecoded *undecoded; /* both, by reason */
	size_t n_undecoded;
	/* Names, questions or hellos that found no room, or were cut: a flow
	 * may lack one */
	uint64_t names_left_out;
	/* Flows with gaps of TCP, public ones, and the bytes in them. */
	uint64_t gap_flows, gap_bytes;
	char *evidence; /* path of the pcapng; NULL: none */
	uint64_t evidence_packets, evidence_bytes;
	bool evidence_ring;    /* the last packets were kept, not the first */
	char *evidence_sha256; /* of the whole file, hex; NULL: none */
	/* `analyze`: the file. */
	char *file;             /* "-": standard input; NULL: captured live */
	uint64_t claimed_flows; /* by its notes alone they are not public, not
	                         * of its machine, or begun by the peer */
	char *file_cut;   /* why what follows its last packet is missing; NULL:
	                   * it ends as it should */
	char *owners;     /* how senders were told: "bpf", "socket-diag"; NULL:
	                   * not at all */
	char *owners_why; /* why not better; NULL: nothing to say */
	uint64_t owners_lost; /* what the kernel told and we could not take */
};

/* Something that was sent and whose packets were not seen. */
struct vp_elsewhere {
	uint8_t proto;
	struct vp_endpoint remote;
	char *process; /* NULL: unknown */
};

/* `watch -- CMD`. */
struct vp_command_facts {
	char **argv;
	size_t n_argv;   /* 0: no command */
	bool started;    /* it was executed */
	char *why;       /* why not */
	int exit_status; /* if it ended by itself; else -1 */
	int signal;      /* that ended it; 0: none */
	bool by_cgroup;  /* its processes were told by a cgroup of their own;
	                  * else by their parents */
	uint64_t left_running; /* processes of it when the watch ended */
	/* To public addresses from other network namespaces, and in no flow;
	 * capped. */
	struct vp_elsewhere *elsewhere;
	size_t n_elsewhere, elsewhere_left_out;
	/* Its processes, by their names, that were met in other network
	 * namespaces that have a way out: the first in each. Looked for only
	 * where the kernel does not tell; capped. */
	char **entered;
	size_t n_entered;
};

/* --- policy: what may leave by a public path --------------------------- */

struct vp_allow_rule { /* every field that is set must match */
	char *name; /* "host", "*.suffix"; matched against bound names only */
	struct vp_prefix prefix; /* family 0: any */
	uint16_t port;           /* 0: any */
	char *process;           /* its name or executable; NULL: any */
	char *service_tag;       /* "Storage" or "Storage.EastUS2"; NULL: any */
	char *reason;            /* not NULL */
};

/* The file that told flows' service tags. */
struct vp_tags_facts {
	char *file;  /* NULL: none was read */
	char *cloud; /* "Public", "AzureGovernment", "China" */
	uint64_t change_number;
	int64_t dated_us; /* by its name, else its time of change; 0: unknown */
	uint64_t n_tags, n_prefixes;
};

struct vp_policy {
	struct vp_prefix *vnet;
	size_t n_vnet;
	struct vp_allow_rule *allow;
	size_t n_allow;
	bool report_only; /* egress.default: report */
	struct vp_tags_facts tags;
};

/* A proxy that is set somewhere. No string is NULL. */
struct vp_proxy_setting {
	char *source;   /* "environment", "/etc/environment:3" */
	char *variable; /* "https_proxy", "no_proxy"; of files with another
	                 * form their own key: "Acquire::http::Proxy" */
	char *value;    /* secrets cut */
	bool general;   /* for programs in general: a variable of theirs */
};

/* Whom this run trusts, beside what the catalogue knows of Azure. */
struct vp_trust_facts {
	char *ca_file;  /* roots that the user named; NULL: the system's */
	char **issuers; /* known_issuers of the config: "Contoso CA *" */
	size_t n_issuers;
};

/* What the run's length was made of, beside waiting for the network. */
struct vp_timing {
	int64_t first_question_us, last_answer_us; /* 0: none */
	uint64_t arming_us; /* from the capture's start to the self-test seen */
	uint64_t linger_us; /* waited for late packets */
	uint64_t drain_us;  /* second self-test, reading the rest */
};

/* --- this machine's DNS settings ---------------------------------------- */

#define VP_AZURES(X)                                                           \
	X(UNKNOWN, "unknown")                                                  \
	X(NO, "no")                                                            \
	X(YES, "yes")
enum vp_azure {
#define X(id, name) VP_AZURE_##id,
	VP_AZURES(X)
#undef X
};

struct vp_link_dns { /* DNS of one interface, as systemd-resolved has it */
	char *interface;
	struct vp_addr *servers;
	size_t n_servers;
	char **domains; /* "corp.example"; routing only: "~blob.core..." */
	size_t n_domains;
};

struct vp_machine {
	char **search; /* resolv.conf: search or domain, in order */
	size_t n_search;
	unsigned ndots;      /* resolv.conf: options ndots; 1 if not set */
	char *hosts_sources; /* nsswitch.conf: "files dns"; NULL: no such line
	                      */
	char *cache;         /* "nscd": a cache before DNS; NULL: none seen */
	enum vp_azure azure; /* is this an Azure VM? By its DMI chassis tag */
	struct vp_link_dns *links;
	size_t n_links;
	/* What the VNet's own settings say, from the config or az; none: not
	 * known */
	struct vp_addr *vnet_dns;
	size_t n_vnet_dns;
	char *vnet_dns_from;
};

/* --- DNS on the wire, for --trace ---------------------------------------- */

struct vp_dns_packet {
	int64_t time_us;
	uint8_t proto; /* IPPROTO_UDP, IPPROTO_TCP */
	bool out;      /* sent by this machine */
	bool response;
	struct vp_endpoint local, remote;
	uint16_t id, flags; /* VP_DNS_FLAG_... of dns_message.h */
	uint16_t type;
	int rcode;    /* -1: a question, or it cannot be read */
	char *name;   /* asked; NULL: cannot be read */
	char *answer; /* "CNAME a.b 60, A 10.0.0.4 10"; what cannot be read in
	               * it; NULL: none */
	size_t bytes; /* of the DNS message */
};

/* --- what was found out, and where -------------------------------------- */

/* One value: "workspace_id", and who says so. */
struct vp_discovered {
	char *key; /* of agent/found.c's table */
	char *value;
	char *source;  /* "environment CI_NAME", "/mnt/azmnt/.nbvm", "IMDS" */
	bool inferred; /* follows from something else: may be wrong */
};

/* What a resource is to the workspace, for the limits of where it may be. */
#define VP_PLACEMENT_ROLES(X)                                                  \
	X(WORKSPACE, "workspace")                                              \
	X(STORAGE, "storage") /* its default account */                        \
	X(VAULT, "vault")                                                      \
	X(REGISTRY, "registry")                                                \
	X(COMPUTE, "compute") /* an instance or a node, this machine or not */ \
	X(MACHINE, "machine") /* this one, which is no compute of a workspace  \
	                       */
enum vp_placement_role {
#define X(id, name) VP_PLACEMENT_##id,
	VP_PLACEMENT_ROLES(X)
#undef X
};

/* Where a resource or one of its private endpoints is. A resource has one
 * without vnet for itself, and one for each endpoint. */
struct vp_placement {
	enum vp_placement_role role;
	char *name;
	char *location; /* of the resource; NULL: not told */
	char *endpoint; /* the private endpoint's name; NULL: none */
	char *group;    /* what of the resource it is for: "blob"; NULL: not
	                 * told */
	char *vnet;     /* ARM id in lower case; NULL: not told */
	char *subnet;   /* its name; NULL: not told */
	char *source;
};

struct vp_peering {          /* told by one of its two VNets */
	char *vnet, *remote; /* ARM ids in lower case */
	bool connected;
};

/* No workspace has more of what the limits are about. */
#define VP_PLACEMENTS_MAX 256
#define VP_PEERINGS_MAX 1024

struct vp_discovery {
	struct vp_discovered *values;
	size_t n_values;
	struct vp_placement *placements;
	size_t n_placements;
	struct vp_peering *peerings;
	size_t n_peerings;
	char **notes; /* what a source did not give, and why: a sentence each */
	size_t n_notes;
	char **unread; /* files that did not answer: what they name is missing
	                */
	size_t n_unread;
};

/* --- the run ----------------------------------------------------------- */

#define VP_MODES(X)                                                            \
	X(CHECK, "check")                                                      \
	X(DNS, "dns")         /* nothing was connected to */                   \
	X(WATCH, "watch")     /* nothing was asked or connected to */          \
	X(ANALYZE, "analyze") /* the packets come from a file */
enum vp_mode {
#define X(id, name) VP_MODE_##id,
	VP_MODES(X)
#undef X
};

struct vp_facts {
	struct vp_arena *arena;
	enum vp_mode mode;
	char *tool; /* "vnetprobe 0.1.0" */
	char *hostname;
	char *kernel;
	char *scenario; /* name; not NULL */
	char *cloud;    /* "public", "usgovernment", "china" */
	char *region;
	int64_t started_us, ended_us;
	struct vp_resolver *resolvers;
	size_t n_resolvers;
	struct vp_name **names; /* of all targets, in the plan's order */
	size_t n_names;
	struct vp_zone *zones;
	size_t n_zones;
	struct vp_machine machine;
	struct vp_discovery discovery;
	bool traced; /* --trace: packets were asked for, seen or not */
	struct vp_dns_packet *trace; /* in time order */
	size_t n_trace;
	size_t trace_left_out; /* beyond the cap */
	unsigned rounds;       /* of questions; 0 in old reports: 1 */
	struct vp_target *targets;
	size_t n_targets;
	struct vp_flow *flows;
	size_t n_flows;
	struct vp_capture_facts capture;
	struct vp_command_facts command;
	struct vp_timing timing;
	struct vp_policy policy;
	struct vp_trust_facts trust;
	char **proxies; /* "https_proxy=http://10.0.0.9:3128", secrets cut */
	size_t n_proxies;
	struct vp_proxy_setting *proxy_settings;
	size_t n_proxy_settings;
	char **state_changes; /* "interface eth1 appeared", ... */
	size_t n_state_changes;
	bool deadline_hit;
	bool interrupted;
	/* The longest time that this process stood still while it waited for
	 * answers (a machine paused, an overloaded processor); 0: none that
	 * could make an answer in time look late. */
	uint64_t stalled_us;
};

/* An empty set of facts in a new arena, or its end (NULL is fine). */
struct vp_facts *vp_facts_create(void);
void vp_facts_destroy(struct vp_facts *f);

#define VP_NAME_OF(list, type, fn) const char *fn(type v);
VP_NAME_OF(VP_TRANSPORTS, enum vp_transport, vp_transport_name)
VP_NAME_OF(VP_QUESTIONS, enum vp_question_kind, vp_question_kind_name)
VP_NAME_OF(VP_SERVER_KINDS, enum vp_server_kind, vp_server_kind_name)
VP_NAME_OF(VP_AZURES, enum vp_azure, vp_azure_name)
VP_NAME_OF(VP_RESOLVER_SOURCES, enum vp_resolver_source,
           vp_resolver_source_name)
VP_NAME_OF(VP_SIGNATURES, enum vp_signature, vp_signature_name)
VP_NAME_OF(VP_REFUSALS, enum vp_refusal, vp_refusal_name)
VP_NAME_OF(VP_CERTAINTIES, enum vp_certainty, vp_certainty_name)
VP_NAME_OF(VP_REACHES, enum vp_reach, vp_reach_name)
VP_NAME_OF(VP_FLOW_STATES, enum vp_flow_state, vp_flow_state_name)
VP_NAME_OF(VP_CAPTURE_STATES, enum vp_capture_state, vp_capture_state_name)
VP_NAME_OF(VP_ORIGINS, enum vp_origin, vp_origin_name)
VP_NAME_OF(VP_OWNER_HOWS, enum vp_owner_how, vp_owner_how_name)
VP_NAME_OF(VP_NAME_SOURCES, enum vp_name_source, vp_name_source_name)
VP_NAME_OF(VP_MODES, enum vp_mode, vp_mode_name)
VP_NAME_OF(VP_PLACEMENT_ROLES, enum vp_placement_role, vp_placement_role_name)
#undef VP_NAME_OF
/* "NXDOMAIN", "RCODE23"; "AAAA", "A+AAAA" for 0, "TYPE99". The text is
 * constant or stands in buf. Parsing gives 0 or -EINVAL. */
#define VP_DNS_WORD 16
const char *vp_dns_rcode_name(char buf[VP_DNS_WORD], int rcode);
const char *vp_dns_type_name(char buf[VP_DNS_WORD], uint16_t type);
int vp_dns_rcode_parse(int *out, const char *word);
int vp_dns_type_parse(uint16_t *out, const char *word);
int vp_transport_parse(enum vp_transport *out, const char *name);
int vp_question_kind_parse(enum vp_question_kind *out, const char *name);
int vp_server_kind_parse(enum vp_server_kind *out, const char *name);
int vp_azure_parse(enum vp_azure *out, const char *name);
/* Asked only to compare with: AZURE, COMPARE. */
bool vp_resolver_is_reference(const struct vp_resolver *r);
int vp_resolver_source_parse(enum vp_resolver_source *out, const char *name);
int vp_signature_parse(enum vp_signature *out, const char *name);
int vp_refusal_parse(enum vp_refusal *out, const char *name);
int vp_certainty_parse(enum vp_certainty *out, const char *name);
int vp_reach_parse(enum vp_reach *out, const char *name);
int vp_flow_state_parse(enum vp_flow_state *out, const char *name);
int vp_capture_state_parse(enum vp_capture_state *out, const char *name);
int vp_origin_parse(enum vp_origin *out, const char *name);
int vp_owner_how_parse(enum vp_owner_how *out, const char *name);
int vp_name_source_parse(enum vp_name_source *out, const char *name);
int vp_mode_parse(enum vp_mode *out, const char *name);
int vp_placement_role_parse(enum vp_placement_role *out, const char *name);
/* Did this run send questions or attempts of its own? */
bool vp_mode_probes(enum vp_mode mode);

#endif

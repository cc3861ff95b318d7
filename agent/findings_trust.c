/* findings_trust.c - findings about whether the run can be believed. */
#include "findings_private.h"

static const struct vp_finding_type rows[] = {
	ROW(UNPROVEN, "trust", "capture-off", "packets could not be captured",
	    "A capture was wanted and did not run.",
	    "Whether something left by a public path is not known. Names and "
	    "connections were still checked.",
	    "Give the program the right to capture, and run it again:\n"
	    "    sudo setcap cap_net_raw+ep \"$(command -v vnetprobe)\"\n"
	    "or say --no-capture if the packets are not to be judged.",
	    "capabilities(7)"),
	ROW(UNPROVEN, "trust", "capture-late",
	    "the capture was not proven before the first probe",
	    "The self-test packet was not seen before probing began.",
	    "Packets sent at the start may have gone unseen.",
	    "Run it again; if it stays so, capture one interface:\n"
	    "    sudo vnetprobe check --interface eth0 ...",
	    "vnetprobe: the self-test packet before the first probe"),
	ROW(UNPROVEN, "trust", "capture-drops", "the capture lost packets",
	    "The kernel or the interface counted packets that the capture did "
	    "not get.",
	    "One of them may have been a leak.",
	    "Run it again when the machine is quieter, or with a larger "
	    "buffer:\n"
	    "    sudo vnetprobe check --capture-buffer 64MiB ...",
	    "packet(7), PACKET_STATISTICS"),
	ROW(UNPROVEN, "trust", "capture-blind",
	    "the capture did not see packets that were sent",
	    "Packets of our own probes, or the self-test, are missing in the "
	    "capture.",
	    "The capture looks at the wrong place: another interface or "
	    "network namespace, or traffic that bypasses the kernel.",
	    "Capture on all interfaces (leave out --interface), in the network "
	    "namespace of the applications:\n"
	    "    sudo nsenter -t PID -n vnetprobe check ...",
	    "vnetprobe: attestation of its own packets"),
	ROW(UNPROVEN, "trust", "capture-interface-missed",
	    "an interface was not watched, or not all the time",
	    "The set of interfaces changed while the capture ran, or "
	    "--interface left one out by which public addresses are reached.",
	    "Packets on that interface may not have been seen. With "
	    "accelerated networking interfaces come and go while Azure "
	    "services the host.",
	    "Run it again without --interface and when the interfaces are "
	    "steady:\n"
	    "    ip -br link",
	    "Microsoft: accelerated-networking-how-it-works"),
	ROW(UNPROVEN, "trust", "capture-incomplete",
	    "a part of the capture could not be judged",
	    "Packets were cut before their headers ended, more flows came "
	    "than there is room for, or the capture ended early.",
	    "What was left out may have been a leak.",
	    "Run it again when the machine is quieter, or for less time. A "
	    "saved capture whose packets were cut has to be made again, with "
	    "whole ones:\n"
	    "    sudo tcpdump -i any -s 0 -w FILE.pcap",
	    "vnetprobe: the limits of its flow table"),
	ROW(UNPROVEN, "trust", "state-changed",
	    "the machine's network changed during the run",
	    "Interfaces, routes or resolv.conf differ before and after.",
	    "The answers may belong to two different states.",
	    "Run it again when the network is steady.",
	    "rtnetlink(7), resolv.conf(5)"),
	ROW(UNPROVEN, "trust", "deadline-hit",
	    "the time for the whole run was over",
	    "The run was ended by --deadline before all was looked at.",
	    "What was not looked at is not known to be right.",
	    "Give it more time:\n"
	    "    vnetprobe check --deadline 300s ...",
	    "vnetprobe(1), --deadline"),
	ROW(UNPROVEN, "trust", "interrupted", "the run was interrupted",
	    "A signal ended the run before all was looked at.",
	    "What was not looked at is not known to be right.",
	    "Run it again and let it end by itself.", "signal(7)"),
	ROW(UNPROVEN, "trust", "probe-error",
	    "this machine failed at an attempt",
	    "An attempt ended with an error of this machine, not with an "
	    "answer of the network.",
	    "What it would have found is not known.",
	    "See the log with -v; often descriptors or memory are short:\n"
	    "    ulimit -n",
	    "vnetprobe: an error of this machine is not an answer of the "
	    "network"),
	ROW(UNPROVEN, "trust", "not-looked-at",
	    "something planned was not looked at",
	    "The facts have no result for a question or connection that was "
	    "planned.",
	    "What is missing is not known to be right.",
	    "Run it again; if it stays so, please report it.",
	    "vnetprobe: what was not seen is not fine"),
	ROW(UNPROVEN, "trust", "discovery-unread",
	    "a file that may name the workspace did not answer",
	    "A file that was looked into for the workspace of this machine "
	    "could not be read in time, as on a share whose server is gone.",
	    "What it names is not known, so it was not looked at. What is said "
	    "of the other names holds.",
	    "See why it hangs, with a command that may hang as well:\n"
	    "    timeout -s KILL 5 cat FILE\n"
	    "Or name what is to be looked at, so that no file is looked for:\n"
	    "    vnetprobe init --ask -o vnetprobe.yaml\n"
	    "    vnetprobe check -c vnetprobe.yaml",
	    "vnetprobe(1), FINDING OUT"),
	ROW(UNPROVEN, "trust", "run-stalled",
	    "this machine stood still during the run",
	    "The program was not run for longer than half a time-out.",
	    "The machine was paused or its processor was overloaded. Answers "
	    "that came in time may have been counted as missing: what is "
	    "said to be silent is not proven.",
	    "Run it again, when the machine has time:\n"
	    "    uptime",
	    "vnetprobe: the clock of its event loop"),
	ROW(WARNING, "trust", "capture-undecodable",
	    "some frames could not be decoded",
	    "Frames came whose headers break the formats.",
	    "Such frames mostly come from the network and cannot be judged; "
	    "the kernel does not send them.",
	    "Look at them in the evidence file:\n"
	    "    tshark -r EVIDENCE -Y _ws.malformed",
	    "vnetprobe: its packet decoder"),
	ROW(WARNING, "trust", "evidence-incomplete",
	    "the evidence file does not have every packet",
	    "Packets were judged but not written: the file is at its limit, "
	    "or the disk is full.",
	    "The verdict stands; the file cannot prove all of it.",
	    "Give it more room, where there is some, or let it keep the last "
	    "packets:\n"
	    "    df -h .\n"
	    "    vnetprobe check --evidence FILE --evidence-size 1GiB ...\n"
	    "    vnetprobe check --evidence FILE --evidence-keep ring ...",
	    "vnetprobe(1), --evidence"),
	ROW(UNPROVEN, "trust", "owner-unknown",
	    "it is not known who sent some public flows",
	    "Flows left for public addresses while the command ran, and which "
	    "process sent them could not be learnt.",
	    "They may be the command's: it cannot be called clean.",
	    "Run it as root on a kernel with BTF, so that the kernel tells who "
	    "sends:\n    sudo vnetprobe watch -- CMD\n    ls "
	    "/sys/kernel/btf/vmlinux\n"
	    "If it was, watch all of the machine while the command runs, "
	    "whoever sends:\n    sudo vnetprobe watch --for 10m",
	    "vnetprobe(1), watch"),
	ROW(UNPROVEN, "trust", "capture-file-cut",
	    "the capture file ends too early",
	    "The file ends in the middle of a packet.",
	    "What was sent after its last whole packet is not known.",
	    "Take the file again from where it was made: a capture that is "
	    "stopped by Ctrl-C ends whole, a full disk or a broken copy does "
	    "not.",
	    "draft-ietf-opsawg-pcapng"),
	ROW(UNPROVEN, "trust", "capture-one-sided",
	    "only one half of connections is in the file",
	    "The file has segments that a public peer sent within a TCP "
	    "connection, and none of this machine's.",
	    "What this machine sent was not captured: a mirror port of one "
	    "direction, a filter on the source, or a capture on one of "
	    "several interfaces.",
	    "Capture both directions on all interfaces:\n    sudo tcpdump -i "
	    "any -w FILE.pcap",
	    "RFC 9293, section 3.5"),
	ROW(UNPROVEN, "trust", "capture-file-claims",
	    "only the file's own notes excuse some flows",
	    "By notes in the file public addresses are its machine's or its "
	    "VNet's, flows were another machine's or did not leave, or a "
	    "connection whose start is missing came to a port that somebody "
	    "listened at.",
	    "Whoever made the file may have said so to hide what was sent; a "
	    "clean verdict does not rest on that.",
	    "If it is true, say it yourself, or that the file is your own:\n"
	    "    vnetprobe analyze --local ADDRESS --vnet PREFIX FILE\n"
	    "    vnetprobe analyze --trust-notes FILE",
	    "vnetprobe(1), analyze"),
	ROW(UNPROVEN, "trust", "capture-empty", "no packet to judge",
	    "The capture file holds no packet.",
	    "Nothing was seen, which says nothing about what was sent.",
	    "Capture again while the program runs:\n    sudo tcpdump -i any -w "
	    "FILE.pcap",
	    "vnetprobe(1), analyze"),
	ROW(UNPROVEN, "trust", "capture-gap",
	    "the capture lacks packets that were sent",
	    "The other end of a TCP connection acknowledged bytes that no "
	    "packet of the capture carries.",
	    "Packets were lost without being counted, so others may be "
	    "missing too.",
	    "Give the capture a larger buffer, or take load off the machine:\n"
	    "    vnetprobe check --capture-buffer 64MiB ...",
	    "RFC 9293, section 3.4"),
	ROW(UNPROVEN, "trust", "command-elsewhere",
	    "the command was in a network namespace that was not watched",
	    "Processes of the command sent to public addresses from another "
	    "network namespace, and no packet of that passed here; or, where "
	    "the kernel does not tell who sends, they were in another one "
	    "that has interfaces.",
	    "That namespace may have a way out of its own, or a firewall in "
	    "it dropped the packets: this watch cannot tell.",
	    "Watch in that namespace:\n    sudo ip netns exec NAMESPACE "
	    "vnetprobe watch -- CMD",
	    "network_namespaces(7)"),
	ROW(WARNING, "trust", "command-left-running",
	    "processes of the command still run",
	    "The command ended, and processes that it had started did not.",
	    "What they send from now on was not watched.",
	    "Let the command wait for what it starts, or watch longer:\n    "
	    "sudo vnetprobe watch --for 10m",
	    "vnetprobe(1), watch"),
	ROW(INFO, "trust", "attribution-limited",
	    "senders are told by looking, not by the kernel",
	    "Which process sent was looked up while its socket was open.",
	    "Processes that live only for moments may stay unknown; none is "
	    "guessed. What a command does for a moment only, by a socket that "
	    "another process made or in another network namespace, may stay "
	    "unseen.",
	    "Run as root on a kernel with BTF:\n    ls /sys/kernel/btf/vmlinux",
	    "vnetprobe(1), watch"),
};

const struct vp_findings_family vp_findings_trust = { rows,
	                                              VP_FINDINGS_COUNT(rows) };

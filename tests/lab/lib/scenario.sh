# scenario.sh - reads a scenario file; two mistakes at once: NAME+NAME; a place
# and one of the ways to break it: PLACE.BREAK, or its healthy twin:
# PLACE.healthy.
#
# A scenario file may define:
#   command=dns                  what is run; default: check
#   row=N                        the mistake's row in docs/mistakes.md
#   want_status, want_findings   what the broken run must yield; the findings
#                                are all those above info, default: want_first
#   want_first                   the broken run's first finding
#   want_count                   how many findings above info there are
#   touches                      what it changes, in words, so that two mistakes
#                                without a word in common can be made at once
#   CHECK_ARGS, DNS_ARGS         further options of the command
#   CHECK_WRAP                   a command that starts vnetprobe
#   rtt                          milliseconds of a round trip
#   setup                        how the world is, in the twin as well
#   break_it                     what is wrong
#   running, break_running       the same, once the servers run
#   app                          what an application does meanwhile
#   app_packets                  its packets on the client's link (pcap filter)
#   plan_packets                 packets of the plan beyond the usual ones
#   other_plan=yes               the usual ones are not all to be seen
#   twin=no                      there is nothing to leave out
#   strays                       packets that the lab's Internet must count
#   usual, usual_packets         as app and app_packets, in the twin as well
#
# A place (places/NAME.sh) is a scenario of the guidance in a whole Azure
# (lib/azure.sh). Its file says how it is when all is well, lists in `breaks`
# how it can be broken, and defines break_NAME for each: what that break_NAME
# sets and defines is the scenario. `asked` are the private endpoints that
# somebody has to ask, the last byte of their addresses.

SCENARIO_HOOKS='setup break_it running break_running app usual'

scenario_defaults() {
  local hook
  command=check want_status=0 want_first='' want_count='' rtt='' strays=0
  unset want_findings
  app_packets='' plan_packets='' other_plan='' usual_packets=''
  place='' breaks='' asked='4 5 6 7 8 9 10 11'
  CHECK_ARGS=() DNS_ARGS=() CHECK_WRAP=()
  for hook in $SCENARIO_HOOKS; do eval "$hook() { :; }"; done
}

lab_scenario() { # NAME, or NAME+NAME...
  scenario_defaults
  case $1 in
  *+*) scenarios_at_once "${1//+/ }" ;;
  *.*)
    place=${1%%.*} asked='4 5 6 7 8 9 10 11 12 13 14 15 16 17 18'
    CHECK_ARGS=(--capture-buffer 16MiB) # so many at once, on a busy machine
    . "$LAB_DIR/places/$place.sh"
    [ "${1#*.}" = healthy ] || "break_${1#*.}" ;;
  *) . "$LAB_DIR/scenarios/$1.sh" ;;
  esac
}

# want STATUS FINDING... - what the broken run must yield, the first one first
want() {
  want_status=$1 want_first=$2 want_findings=${*:2}
}

# Each hook runs those of all parts in turn. What the parts are to be diagnosed
# as has to be found, all of it, and nothing else.
scenarios_at_once() { # NAMES
  local part hook n=0 status=0 findings='' dns_args=()
  for part in $1; do
    scenario_defaults
    . "$LAB_DIR/scenarios/$part.sh"
    n=$((n + 1))
    for hook in $SCENARIO_HOOKS; do eval "part${n}_$(declare -f "$hook")"; done
    [ "$want_status" = 0 ] || status=$want_status
    findings+=" ${want_findings-$want_first}"
    dns_args+=("${DNS_ARGS[@]}")
  done
  want_status=$status want_findings=$findings want_first=''
  DNS_ARGS=("${dns_args[@]}")
  for hook in $SCENARIO_HOOKS; do
    eval "$hook() { for n in $(seq -s' ' $n); do part\${n}_$hook; done; }"
  done
}

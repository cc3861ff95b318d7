# fronts.sh - the services' front ends: nginx with Azure's credential-free
# answers, and a TCP listener for SMB.
#
# front PLACE NAME KIND ADDRESS... writes one front end of nginx in namespace
# pe or pub (or router, for the inspecting proxy). Options before the place:
#   -c SET    certificates: good (default), inspected, expired
#   -k KIND   another kind's certificate
#   -a HOW    accept (default); deny: refused as coming by the public path;
#             network: by the source, which is private only where it came through
#             a service endpoint; other requests are refused
#   -p PORT   443
#   -n NAMES  answers to these host names only, beside the address's other fronts
# A second front with the same place and name replaces the first.

FRONTS=/run/lab/fronts
PE_ID=/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-lab/providers/Microsoft.Network/privateEndpoints

front() {
  local set=good cert='' how=accept port=443 names='' opt OPTIND=1
  while getopts c:k:a:p:n: opt; do
    case $opt in
    c) set=$OPTARG ;;
    k) cert=$OPTARG ;;
    a) how=$OPTARG ;;
    p) port=$OPTARG ;;
    n) names=$OPTARG ;;
    *) return 2 ;;
    esac
  done
  shift $((OPTIND - 1))
  local place=$1 name=$2 kind=$3 a first=default_server
  shift 3
  # One address serves the workspace and its compute instances.
  [ "$kind" != instances ] && [ "$place" != router ] && [ -z "$names" ] || first=
  [ -d "$FRONTS/$place" ] || mkdir -p "$FRONTS/$place"
  {
    echo "server {"
    for a in "$@"; do
      case $a in *:*) a="[$a]" ;; esac
      echo "  listen $a:$port ssl http2 $first;"
    done
    echo "  server_name ${names:-$(front_names "$kind")};"
    echo "  ssl_certificate $LAB_CERTS/$set/${cert:-$kind}.pem;"
    echo "  ssl_certificate_key $LAB_CERTS/key.pem;"
    "answer_$how" "$kind" "$place"
    echo "}"
  } >"$FRONTS/$place/$name.conf"
}

front_names() {
  case $1 in
  workspace) echo '*.api.azureml.ms' ;;
  instances) echo '*.instances.azureml.ms *.instances.ml.azure.ms' ;;
  notebooks) echo '*.notebooks.azure.net' ;;
  inference) echo '*.inference.ml.azure.com' ;;
  blob | file | queue | table | dfs) echo "*.$1.core.windows.net" ;;
  vault) echo '*.vault.azure.net' ;;
  registry) echo '*.azurecr.io' ;;
  data) echo "*.data.azurecr.io" ;;
  geo) echo "*.geo.azurecr.io" ;;
  models) echo '*.models.ai.azure.com' ;;
  mlregistry) echo "*.registry.$REGION.api.azureml.ms *.registry.$REGION.privatelink.api.azureml.ms" ;;
  search) echo '*.search.windows.net' ;;
  ai) echo '*.cognitiveservices.azure.com *.openai.azure.com *.services.ai.azure.com' ;;
  monitor) echo '*.monitor.azure.com *.applicationinsights.azure.com *.opinsights.azure.com' ;;
  aks) echo "*.hcp.$REGION.azmk8s.io *.privatelink.$REGION.azmk8s.io" ;;
  *) echo '*.example' ;;
  esac
}

# What each service says to a request without credentials.
answer_accept() {
  local kind=$1 place=$2 info='conn_type=Ipv4;addr=$remote_addr;act_addr_fam=InterNetwork;'
  case $kind in
  vault)
    [ "$place" = pub ] ||
      info="conn_type=PrivateLink;private_endpoint=$PE_ID/pe-kv-lab;addr=\$remote_addr;act_addr_fam=InterNetworkV6;"
    text <<END
  default_type application/json;
  add_header x-ms-keyvault-region $REGION always;
  add_header x-ms-keyvault-service-version 1.9.2164.1 always;
  add_header x-ms-keyvault-network-info "$info" always;
  location = /healthstatus { return 200 '{"status":"healthy"}'; }
  location / {
    add_header x-ms-keyvault-region $REGION always;
    add_header x-ms-keyvault-network-info "$info" always;
    add_header WWW-Authenticate 'Bearer authorization="https://login.windows.net/00000000-0000-0000-0000-000000000002", resource="https://vault.azure.net"' always;
    return 401 '{"error":{"code":"Unauthorized","message":"Request is missing a Bearer or PoP token."}}';
  }
END
    ;;
  blob | file | queue | table | dfs)
    text <<'END'
  default_type application/xml;
  location / {
    add_header x-ms-request-id 7c2d4c1a-001e-0010-0a11-5f0e2b000000 always;
    set $code PublicAccessNotPermitted;
    set $answer '<?xml version="1.0" encoding="utf-8"?><Error><Code>PublicAccessNotPermitted</Code><Message>Public access is not permitted on this storage account.</Message></Error>';
    add_header x-ms-error-code $code always;
    if ($http_x_ms_version) {
      set $code NoAuthenticationInformation;
      return 401 '<?xml version="1.0" encoding="utf-8"?><Error><Code>NoAuthenticationInformation</Code><Message>Server failed to authenticate the request.</Message></Error>';
    }
    return 409 $answer;
  }
END
    ;;
  registry | geo)
    text <<'END'
  default_type application/json;
  add_header Docker-Distribution-Api-Version registry/2.0 always;
  add_header Www-Authenticate 'Bearer realm="https://$host/oauth2/token",service="$host"' always;
  location / {
    return 401 '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information.","detail":null}]}';
  }
END
    ;;
  data)
    echo "  default_type application/json;"
    echo "  location / { return 404 '{\"errors\":[{\"code\":\"NOT_FOUND\",\"message\":\"not found\"}]}'; }" ;;
  ai)
    echo "  default_type application/json;"
    echo "  location / { return 401 '{\"error\":{\"code\":\"401\",\"message\":\"Access denied due to invalid subscription key or wrong API endpoint.\"}}'; }" ;;
  aks)
    echo "  default_type application/json;"
    echo "  location / { return 401 '{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}'; }" ;;
  workspace | mlregistry)
    echo "  default_type application/json;"
    echo "  location / { return 401 '{\"error\":{\"code\":\"UserError\",\"message\":\"Bearer token not provided.\"}}'; }" ;;
  notebooks | instances)
    # Off the host: nobody follows this, or the capture shows it.
    echo "  location / { return 302 https://login.microsoftonline.com/common/oauth2/authorize; }" ;;
  arm)
    text <<'END'
  default_type application/json;
  add_header WWW-Authenticate 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token", error_description="The authentication failed because of missing Authorization header."' always;
  location / { return 401 '{"error":{"code":"AuthenticationFailed","message":"Authentication failed. The Authorization header is missing."}}'; }
END
    ;;
  inference | models)
    echo "  location / { return 401 'key_auth_access_denied'; }" ;;
  *)
    echo "  location / { return 200 'hello'; }" ;;
  esac
}

answer_deny() {
  case $1 in
  vault)
    # The firewall's answer comes after authentication: without a token the
    # public path says the same as the private one, but for the address.
    answer_accept vault pub ;;
  blob | file | queue | table | dfs)
    text <<'END'
  default_type application/xml;
  location / {
    add_header x-ms-error-code AuthorizationFailure always;
    return 403 '<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationFailure</Code><Message>This request is not authorized to perform this operation.</Message></Error>';
  }
END
    ;;
  registry | geo | data)
    text <<'END'
  default_type application/json;
  location / {
    return 403 '{"errors":[{"code":"DENIED","message":"client with IP \u0027$remote_addr\u0027 is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}';
  }
END
    ;;
  ai)
    text <<'END'
  default_type application/json;
  location / {
    return 403 '{"error":{"code":"AccessDenied","message":"Public access is disabled. Please configure private endpoint."}}';
  }
END
    ;;
  *)
    text <<'END'
  default_type application/json;
  location / {
    return 403 '{"error":{"code":"UserError","message":"Access to workspace was denied based on workspace private link configuration."}}';
  }
END
    ;;
  esac
}

# A vault tells what it saw, whoever asks: its firewall speaks after sign-in.
answer_network() {
  [ "$1" != vault ] || { answer_accept vault pub && return; }
  echo '  if ($remote_addr !~ "^10\.20\.") { rewrite ^ /refused last; }'
  answer_deny "$1" | sed '/default_type/d; s|location / {|location = /refused {|'
  answer_accept "$1" "$2"
}

# The world as it should be: public network access is disabled everywhere.
lab_fronts_default() {
  front pe workspace workspace 10.20.2.4
  front pe instances instances 10.20.2.4
  front pe notebooks notebooks 10.20.2.5
  front pe inference inference 10.20.2.6
  front pe blob blob 10.20.2.7
  front pe file file 10.20.2.8
  front pe vault vault 10.20.2.9
  front pe registry registry 10.20.2.10
  front pe data data 10.20.2.11
  front -a deny pub workspace workspace 198.51.100.10
  front -a deny pub instances instances 198.51.100.10
  front -a deny pub notebooks notebooks 198.51.100.11
  front -a deny pub inference inference 198.51.100.12
  front -a deny pub blob blob 203.0.113.20 2001:db8:20::20
  front -a deny pub file file 203.0.113.21 2001:db8:20::21
  front -a deny pub vault vault 203.0.113.22 2001:db8:20::22
  front -a deny pub registry registry 203.0.113.23 2001:db8:20::23
  front -a deny pub data data 203.0.113.24 2001:db8:20::24
  front pub other other 203.0.113.99 203.0.113.9
}

# front_remove PLACE NAME - nobody listens there any more: RST
front_remove() { rm "$FRONTS/$1/$2.conf"; }

lab_nginx() { # PLACE
  local dir=/run/lab/nginx-$1
  mkdir -p "$dir"
  cat >"$dir/nginx.conf" <<END
user root;
worker_processes 1;
pid $dir/pid;
error_log $dir/error.log;
events { worker_connections 4096; }
http {
  access_log $dir/access.log;
  server_tokens off;
  client_body_temp_path $dir/body;
  proxy_temp_path $dir/proxy;
  fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi;
  scgi_temp_path $dir/scgi;
  server_names_hash_bucket_size 128;
  ssl_protocols TLSv1.2 TLSv1.3;
  include $FRONTS/$1/*.conf;
}
END
  in_ns "$1" "$(lab_program nginx)" -p "$dir" -c "$dir/nginx.conf" -e "$dir/error.log"
}

# silent PLACE ADDRESS PORT - will accept connections and say nothing
SILENT=('pe 10.20.2.8 445') # SMB: the port is all that is asked
silent() { SILENT+=("$*"); }

lab_fronts() {
  local place address port peer
  for place in pe pub router; do
    ! compgen -G "$FRONTS/$place/*.conf" >/dev/null || lab_nginx "$place"
  done
  peer=$(lab_tool lab_peer)
  while read -r place address port; do
    nsenter --net="/run/netns/$place" -- "$peer" tcp "$address" "$port" &
  done < <(printf '%s\n' "${SILENT[@]}")
}

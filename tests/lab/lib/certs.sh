# certs.sh - the lab's certificate authorities and the leafs of its front ends.
#
# lab_certs DIR makes them once; scenarios running side by side share them.
#
#   ca.pem            the trusted root: what check gets as --ca-file
#   good/KIND.pem     chain: leaf, issuing CA. SANs are the patterns of Azure's
#                     own certificates: wildcards, no privatelink names
#   inspected/KIND.pem  the same names re-signed by a company's inspection CA
#   expired/KIND.pem  the first of them, valid in 2023 only
#   ca-and-cluster.pem  the root and that of an AKS cluster, whose API server has
#                     its certificate from a CA of its own
#   key.pem           one key for all leafs
#
# Two issuing CAs, so that a check which takes "one issuer for many services"
# for inspection has both a right and a wrong case to tell apart.

# kind, issuing CA, SANs
lab_cert_kinds() {
  cat <<END
workspace   02 *.workspace.$REGION.api.azureml.ms,*.workspace.$REGION.cert.api.azureml.ms,*.cert.api.azureml.ms,*.api.azureml.ms
instances   02 *.$REGION.instances.azureml.ms,*.$REGION.instances.ml.azure.ms
notebooks   02 *.$REGION.notebooks.azure.net,*.notebooks.azure.net
inference   02 *.$REGION.inference.ml.azure.com
blob        01 *.blob.core.windows.net,*.z1.blob.storage.azure.net
file        01 *.file.core.windows.net,*.z1.file.storage.azure.net
vault       01 *.vault.azure.net,*.vaultcore.azure.net
registry    01 *.azurecr.io
data        01 *.$REGION.data.azurecr.io
other       02 telemetry.example,updates.example,mirror.example
END
}

# More of them, of which nobody needs an expired one.
lab_cert_more() {
  cat <<END
arm          02 management.azure.com
login        02 login.microsoftonline.com
studio       02 ml.azure.com
mcr          01 mcr.microsoft.com,*.data.mcr.microsoft.com
loganalytics 02 api.loganalytics.io
batch        02 *.$REGION.batch.azure.com,*.$REGION.service.batch.azure.com
models       02 *.$REGION.models.ai.azure.com
mlregistry   02 *.registry.$REGION.api.azureml.ms,*.registry.$REGION.privatelink.api.azureml.ms,*.api.azureml.ms
queue        01 *.queue.core.windows.net
table        01 *.table.core.windows.net
dfs          01 *.dfs.core.windows.net
geo          01 *.$REGION.geo.azurecr.io
search       02 *.search.windows.net
ai           02 *.cognitiveservices.azure.com,*.openai.azure.com,*.services.ai.azure.com
aks          cluster *.hcp.$REGION.azmk8s.io,*.$AKS_ZONE.privatelink.$REGION.azmk8s.io
monitor      02 *.monitor.azure.com,*.applicationinsights.azure.com,*.in.applicationinsights.azure.com,*.applicationinsights.microsoft.com,*.services.visualstudio.com,*.ods.opinsights.azure.com,*.oms.opinsights.azure.com
END
}

# self NAME SUBJECT CA-OR-EMPTY DAYS EXT... - one certificate
lab_certificate() {
  local out=$1 subject=$2 ca=$3 ext=() e
  shift 3
  for e in "$@"; do ext+=(-addext "$e"); done
  openssl req -x509 -new -key "$(dirname "$out")/key.pem" -subj "$subject" \
    ${ca:+-CA "$ca" -CAkey "$(dirname "$out")/key.pem"} -days 90 \
    "${ext[@]}" -out "$out" 2>>"$(dirname "$out")/openssl.log"
}

lab_certs() {
  local dir=$1 d kind issuer sans set san leaf
  [ -e "$dir/done" ] && return 0
  mkdir -p "$dir"
  (
    flock 9
    [ -e "$dir/done" ] && exit 0
    d=$dir
    mkdir -p "$d"/{good,inspected,expired}
    openssl ecparam -name prime256v1 -genkey -noout -out "$d/key.pem"
    ca=(basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign)
    lab_certificate "$d/ca.pem" '/O=Lab Trust Services/CN=Lab Global Root G2' '' "${ca[@]}"
    # of whom Azure's authorities are: what the program goes by where its list ends
    lab_certificate "$d/01.pem" '/O=Microsoft Corporation/CN=Lab Azure RSA TLS Issuing CA 01' "$d/ca.pem" "${ca[@]}"
    lab_certificate "$d/02.pem" '/O=Microsoft Corporation/CN=Lab Azure RSA TLS Issuing CA 02' "$d/ca.pem" "${ca[@]}"
    lab_certificate "$d/cluster.pem" '/CN=ca' '' "${ca[@]}"
    cat "$d/ca.pem" "$d/cluster.pem" >"$d/ca-and-cluster.pem"
    lab_certificate "$d/inspector.pem" '/O=Contoso/CN=Contoso TLS Inspection CA' '' "${ca[@]}"
    # `openssl ca` is the one command of OpenSSL 3.0 that sets both dates.
    cat >"$d/ca.conf" <<END
[ca]
default_ca = lab
[lab]
database = $d/index.txt
new_certs_dir = $d
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
END
    : >"$d/index.txt"
    while read -r kind issuer sans; do
      san=subjectAltName=DNS:${sans//,/,DNS:}
      leaf=("$san" basicConstraints=critical,CA:FALSE extendedKeyUsage=serverAuth)
      for set in "good $issuer" "inspected inspector"; do
        lab_certificate "$d/leaf.pem" "/CN=${sans%%,*}" "$d/${set#* }.pem" "${leaf[@]}"
        cat "$d/leaf.pem" "$d/${set#* }.pem" >"$d/${set% *}/$kind.pem"
      done
    done < <(lab_cert_kinds && lab_cert_more)
    while read -r kind issuer sans; do
      openssl req -new -key "$d/key.pem" -subj "/CN=${sans%%,*}" \
        -addext "subjectAltName=DNS:${sans//,/,DNS:}" \
        -out "$d/leaf.csr" 2>>"$d/openssl.log"
      openssl ca -batch -notext -config "$d/ca.conf" -cert "$d/$issuer.pem" \
        -keyfile "$d/key.pem" -in "$d/leaf.csr" -out "$d/leaf.pem" \
        -startdate 20230101000000Z -enddate 20231231235959Z \
        2>>"$d/openssl.log"
      cat "$d/leaf.pem" "$d/$issuer.pem" >"$d/expired/$kind.pem"
    done < <(lab_cert_kinds)
    rm -f "$d"/leaf.* "$d"/*.old "$d"/index.txt* "$d"/[0-9A-F]*[0-9A-F].pem.tmp
    : >"$d/done"
  ) 9>"$dir/lock"
}

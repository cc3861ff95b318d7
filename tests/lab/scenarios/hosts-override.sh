# /etc/hosts still has the vault's public address from before there was a
# private endpoint: every resolver is right, applications are not.
want_status=1
want_findings=dns-hosts-override
break_it() { echo "203.0.113.22 kv-lab.vault.azure.net" >>/etc/hosts; }

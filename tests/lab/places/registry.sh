# registry: a registry of Azure ML's with its own account and container registry,
# each behind a private endpoint of ours.
breaks='data-record account-public'
asked='4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 23 24 25 26'
setup() {
  azure_full
  azure_config registry
  azure_setting "aml_registries: [{ name: $REGISTRY_GUID.registry.$REGION.privatelink.api.azureml.ms }]"
  azure_target streglab.blob.core.windows.net
  sed -i 's/^registries:/&\n  - name: crreglab/' /run/lab/vnetprobe.yaml
}

break_data-record() {
  want 1 dns-registry-data-missing
  break_it() { record_remove private privatelink.azurecr.io "crreglab.$REGION.data"; }
}

break_account-public() {
  want 1 dns-no-private-endpoint
  break_it() {
    record_set public blob.core.windows.net streglab 'CNAME blob.bl5prdstr02a.store.core.windows.net.'
    record_remove private privatelink.blob.core.windows.net streglab
  }
}

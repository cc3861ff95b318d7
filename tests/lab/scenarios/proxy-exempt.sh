# As proxy-for-some, and no_proxy has all names and the platform's addresses.
want_status=0
want_findings=''
twin=no # nothing is broken
setup() {
  local exempt=core.windows.net,azureml.ms,azure.net,azure.com,azurecr.io,169.254.169.254,168.63.129.16
  CHECK_WRAP=(env http_proxy=http://10.20.9.9:3128 https_proxy=http://10.20.9.9:3128 no_proxy=$exempt)
}

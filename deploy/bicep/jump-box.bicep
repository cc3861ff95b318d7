// A jump box with vnetprobe in a subnet of yours: no public address, an identity
// that may read the workspace's resource group, and a check every hour.
//
//   az deployment group create -g RG -f jump-box.bicep \
//     -p subnetId=SUBNET_ID adminPublicKey="$(cat ~/.ssh/id_ed25519.pub)"
//
// Fill in vnetprobe.yaml beside this file first. For the package, give packageUrl:
// where the VM can fetch the .deb from, such as a blob with a SAS in the storage
// account that it reaches privately (short-lived: root can read it on the VM, in what
// cloud-init keeps). Without it the VM is made all the same; copy
// the package or the bundle there through Bastion.
//
// Reports: sudo ls /var/lib/vnetprobe; the last verdict:
// journalctl -u vnetprobe.service -n 3
targetScope = 'resourceGroup'

@description('Name of the virtual machine; what belongs to it is named after it.')
@minLength(1)
@maxLength(60)
param name string = 'vm-vnetprobe'

@description('Region of the VNet.')
param location string = resourceGroup().location

@description('Resource id of the subnet, one from which the workspace should be reached privately.')
param subnetId string

@description('The administrator.')
param adminUsername string = 'azureuser'

@description('SSH public key of the administrator. There is no password.')
param adminPublicKey string

@description('Size of the virtual machine.')
param vmSize string = 'Standard_B2s'

@description('Image of the virtual machine. A Debian package fits the release that it was built on: here Debian 12. The bundle fits all.')
param image object = {
  publisher: 'Debian'
  offer: 'debian-12'
  sku: '12-gen2'
  version: 'latest'
}

@description('Resource group of the workspace: the identity gets Reader on it, for vnetprobe --discover. Empty: no right is given.')
param workspaceResourceGroup string = resourceGroup().name

@description('Where the VM fetches the Debian package of vnetprobe from. Empty: nothing is installed.')
@secure()
param packageUrl string = ''

@description('SHA-256 of the package, in hex; with packageUrl it is required, and a package that has another is not installed.')
param packageSha256 string = ''

@description('Configuration: becomes /etc/vnetprobe.yaml. Empty: vnetprobe.yaml beside this file.')
param config string = ''

var configFile = loadTextContent('vnetprobe.yaml')

@description('Resource id of AzureBastionSubnet, where Bastion is to be made too. Empty: none.')
param bastionSubnetId string = ''

// {0} configuration, {1} package, {2} its digest: each in base64, so that nothing
// in them is YAML or shell. Braces that are not places are doubled.
var cloudConfig = '''
#cloud-config
write_files:
  - path: /etc/vnetprobe.yaml
    owner: root:root
    permissions: '0644'
    encoding: b64
    content: '{0}'
  - path: /run/vnetprobe-install/url
    owner: root:root
    permissions: '0600'
    encoding: b64
    content: '{1}'
  - path: /run/vnetprobe-install/sha256
    owner: root:root
    permissions: '0600'
    encoding: b64
    content: '{2}'
  - path: /run/vnetprobe-install/install
    owner: root:root
    permissions: '0600'
    content: |
      #!/bin/sh
      # The package is fetched within two minutes, or not at all: the machine
      # comes up whatever the network does.
      set -eu
      cd /run/vnetprobe-install
      url=$(cat url) want=$(cat sha256)
      rm -f url
      [ -n "$url" ] || exit 0
      # An image comes without lists of packages, and perhaps without curl.
      export DEBIAN_FRONTEND=noninteractive
      timeout 300 apt-get -q update || echo "the distribution's mirror does not answer"
      command -v curl >/dev/null || timeout 300 apt-get install -y curl
      printf 'url = "%s"\n' "$url" |
        curl -fsS --noproxy '*' --retry 5 --retry-connrefused --max-time 120 -K - -o vnetprobe.deb
      echo "$want  vnetprobe.deb" | sha256sum -c -
      timeout 600 apt-get install -y ./vnetprobe.deb
      systemctl enable --now vnetprobe.timer
runcmd:
  - [sh, -c, 'sh /run/vnetprobe-install/install || echo "vnetprobe was not installed"; rm -rf /run/vnetprobe-install']
'''

resource nic 'Microsoft.Network/networkInterfaces@2023-09-01' = {
  name: 'nic-${name}'
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'private'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: subnetId
          }
        }
      }
    ]
  }
}

resource vm 'Microsoft.Compute/virtualMachines@2023-09-01' = {
  name: name
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    hardwareProfile: {
      vmSize: vmSize
    }
    osProfile: {
      computerName: take(name, 63)
      adminUsername: adminUsername
      customData: base64(format(cloudConfig, base64(empty(config) ? configFile : config), base64(packageUrl), base64(packageSha256)))
      linuxConfiguration: {
        disablePasswordAuthentication: true
        ssh: {
          publicKeys: [
            {
              path: '/home/${adminUsername}/.ssh/authorized_keys'
              keyData: adminPublicKey
            }
          ]
        }
      }
    }
    storageProfile: {
      imageReference: image
      osDisk: {
        createOption: 'FromImage'
        deleteOption: 'Delete'
        managedDisk: {
          storageAccountType: 'StandardSSD_LRS'
        }
      }
    }
    networkProfile: {
      networkInterfaces: [
        {
          id: nic.id
          properties: {
            deleteOption: 'Delete'
          }
        }
      ]
    }
    // Platform-held console log, for a machine that does not come up; no storage
    // account of yours is used.
    diagnosticsProfile: {
      bootDiagnostics: {
        enabled: true
      }
    }
  }
}

module reader 'reader.bicep' = if (!empty(workspaceResourceGroup)) {
  name: 'reader-${name}'
  scope: resourceGroup(empty(workspaceResourceGroup) ? resourceGroup().name : workspaceResourceGroup)
  params: {
    principalId: vm.identity.principalId
  }
}

// Bastion itself has a public address; the jump box has none.
resource bastionAddress 'Microsoft.Network/publicIPAddresses@2023-09-01' = if (!empty(bastionSubnetId)) {
  name: 'pip-bastion-${name}'
  location: location
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

resource bastion 'Microsoft.Network/bastionHosts@2023-09-01' = if (!empty(bastionSubnetId)) {
  name: 'bastion-${name}'
  location: location
  sku: {
    name: 'Standard'
  }
  properties: {
    enableTunneling: true
    ipConfigurations: [
      {
        name: 'bastion'
        properties: {
          subnet: {
            id: bastionSubnetId
          }
          publicIPAddress: {
            id: bastionAddress.id
          }
        }
      }
    ]
  }
}

output vmId string = vm.id
output privateAddress string = nic.properties.ipConfigurations[0].properties.privateIPAddress
output principalId string = vm.identity.principalId

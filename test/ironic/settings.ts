/** The configuration of the real Ironic and of its inspector: no authentication, SQLite, everything below one directory. */
import { join } from 'node:path';
import type { Release } from './releases.ts';

export interface Place {
  /** Address that everything listens on. */
  readonly host: string;
  readonly apiPort: number;
  readonly rpcPort: number;
  readonly inspectorPort: number;
  /** What the file server gives out; Ironic writes the boot files of its nodes there. */
  readonly httpRoot: string;
  readonly httpUrl: string;
  /** The API's address for agents. */
  readonly agentsUrl: string;
  /** Databases, locks and logs. */
  readonly dir: string;
  /** Where its programs have the Python package `ironic`. */
  readonly pybasedir: string;
  readonly release: Release;
  /** Seconds that a machine has to go when it was told to. */
  readonly goesWithin?: number;
}

type Sections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

function ini(sections: Sections): string {
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
    )
    .join('\n');
}

/** ironic.conf. `host` must be an address: it is the name under which the conductor is called. */
export function ironicSettings(place: Place): string {
  const { host, dir, pybasedir, release } = place;
  return ini({
    DEFAULT: {
      host,
      my_ip: host,
      auth_strategy: 'noauth',
      rpc_transport: 'json-rpc',
      pybasedir,
      state_path: dir,
      tempdir: join(dir, 'tmp'),
      log_file: '',
      enabled_hardware_types: 'fake-hardware,manual-management',
      enabled_boot_interfaces: 'ipxe',
      enabled_deploy_interfaces: 'direct',
      enabled_inspect_interfaces: release.hasInspector ? 'no-inspect' : 'agent,no-inspect',
      enabled_management_interfaces: 'noop,fake',
      enabled_network_interfaces: 'noop',
      enabled_power_interfaces: 'fake',
      enabled_console_interfaces: 'no-console',
      enabled_bios_interfaces: 'no-bios',
      enabled_raid_interfaces: 'no-raid,agent',
      enabled_rescue_interfaces: 'agent,no-rescue',
      default_rescue_interface: 'agent',
      enabled_storage_interfaces: 'noop',
      enabled_vendor_interfaces: 'no-vendor',
      default_management_interface: 'noop',
      default_network_interface: 'noop',
      ...(!release.hasInspector && { default_inspect_interface: 'agent' }),
      hash_ring_reset_interval: 5,
    },
    // a node goes on as soon as the agent says so; nothing waits for timers of production
    agent: {
      image_download_source: 'http',
      deploy_logs_collect: 'on_failure',
      deploy_logs_local_path: join(dir, 'ramdisk-logs'),
      command_wait_interval: 1,
      post_deploy_get_power_state_retries: place.goesWithin ?? 1,
      post_deploy_get_power_state_retry_interval: 1,
    },
    api: {
      host_ip: host,
      port: place.apiPort,
      public_endpoint: `http://${host}:${place.apiPort}`,
      ramdisk_heartbeat_timeout: 20,
      api_workers: 1,
    },
    conductor: { automated_clean: false, workers_pool_size: 60, sync_power_state_interval: -1, heartbeat_interval: 5 },
    database: { connection: `sqlite:///${join(dir, 'ironic.sqlite')}` },
    deploy: {
      http_root: place.httpRoot,
      http_url: place.httpUrl,
      erase_devices_priority: 0,
      // zeros alone: the file of 5 GiB is written once
      shred_random_overwrite_iterations: 0,
    },
    ...(!release.hasInspector && {
      auto_discovery: { enabled: true, driver: 'manual-management' },
      inspector: {
        hooks: release.hooks.join(','),
        add_ports: 'all',
        keep_ports: 'all',
        power_off: false,
        require_managed_boot: false,
      },
      inventory: { data_backend: 'database' },
    }),
    dhcp: { dhcp_provider: 'none' },
    glance: { auth_type: 'none' },
    json_rpc: { auth_strategy: 'noauth', host_ip: host, port: place.rpcPort },
    oslo_concurrency: { lock_path: join(dir, 'locks') },
    pxe: {
      tftp_root: join(dir, 'tftp'),
      tftp_master_path: join(dir, 'master'),
      instance_master_path: join(dir, 'master'),
      images_path: join(dir, 'images'),
    },
    // what kernel lines name as ipa-api-url
    service_catalog: { auth_type: 'none', endpoint_override: place.agentsUrl },
  });
}

/** inspector.conf: an unknown machine becomes a node of the real Ironic. */
export function inspectorSettings(place: Place): string {
  const { host, dir } = place;
  return ini({
    DEFAULT: {
      host,
      listen_address: host,
      listen_port: place.inspectorPort,
      auth_strategy: 'noauth',
      standalone: true,
      transport_url: 'fake://',
      log_file: '',
    },
    coordination: { backend_url: `file://${join(dir, 'coordination')}` },
    database: { connection: `sqlite:///${join(dir, 'inspector.sqlite')}` },
    discovery: { enroll_node_driver: 'manual-management' },
    ironic: { auth_type: 'none', endpoint_override: `http://${host}:${place.apiPort}` },
    oslo_concurrency: { lock_path: join(dir, 'locks') },
    processing: {
      node_not_found_hook: 'enroll',
      add_ports: 'all',
      keep_ports: 'all',
      store_data: 'database',
      power_off: false,
    },
    pxe_filter: { driver: 'noop' },
    service_catalog: { auth_type: 'none', endpoint_override: `http://${host}:${place.inspectorPort}` },
  });
}

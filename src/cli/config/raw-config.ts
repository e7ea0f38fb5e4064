// A configuration as the file has it: the schema in TypeScript's words.

type Name = string | number;

export interface RawRule {
  readonly user?: Name;
  readonly group?: Name;
  readonly unit?: string;
}

export interface RawVm {
  readonly id?: number;
  readonly socket?: string;
  readonly user?: Name;
  readonly 'qemu-name'?: string;
  readonly unit?: string;
}

export interface RawRegion {
  readonly socket?: string;
  readonly 'host-socket'?: string | false;
  readonly 'socket-mode'?: string;
  readonly 'socket-group'?: Name;
  readonly size?: string | number;
  readonly vectors?: number;
  readonly label?: string;
  readonly 'shm-name'?: string;
  readonly 'mem-path'?: string;
  readonly 'mem-mode'?: string;
  readonly 'mem-group'?: Name;
  readonly hugepages?: '2M' | '1G';
  readonly 'max-peers'?: number;
  readonly 'max-peers-per-user'?: number;
  readonly 'allow-excess-vectors'?: boolean;
  readonly access?: readonly RawRule[];
  readonly vms?: Readonly<Record<string, RawVm>>;
}

export interface RawConfig {
  readonly control?: string;
  readonly regions: Readonly<Record<string, RawRegion>>;
}

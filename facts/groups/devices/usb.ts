/** USB devices from /sys/bus/usb; root hubs are left out. */
import { oncePer } from '../../sources/recording.ts';
import type { Group } from '../group.ts';

const USB = '/sys/bus/usb/devices';

export interface UsbDevice {
  /** Where it is plugged in: `1-1.4`. */
  readonly path: string;
  /** Four hex digits, lower case. */
  readonly vendor: string;
  readonly device: string;
  readonly manufacturer: string | undefined;
  readonly product: string | undefined;
  readonly serial: string | undefined;
  /** Mbit/s. */
  readonly speed: number | undefined;
}

interface UsbInterface {
  readonly path: string;
  readonly modalias: string | undefined;
  readonly driver: string | undefined;
}

export const readUsb = oncePer((sources): readonly UsbDevice[] =>
  sources
    .list(USB)
    .filter((name) => /^\d+-[\d.]+$/.test(name))
    .slice(0, 2048)
    .flatMap((path) => {
      const base = `${USB}/${path}`;
      const vendor = sources.line(`${base}/idVendor`);
      const device = sources.line(`${base}/idProduct`);
      if (vendor === undefined || device === undefined) return [];
      const speed = Number(sources.line(`${base}/speed`) ?? NaN);
      return {
        path,
        vendor: vendor.toLowerCase(),
        device: device.toLowerCase(),
        manufacturer: sources.line(`${base}/manufacturer`),
        product: sources.line(`${base}/product`),
        serial: sources.line(`${base}/serial`),
        speed: Number.isFinite(speed) ? speed : undefined,
      };
    }),
);

/** Functions of devices (`1-1.4:1.0`), which is what drivers claim. */
export const readUsbInterfaces = oncePer((sources): readonly UsbInterface[] =>
  sources
    .list(USB)
    .filter((name) => /^\d+-[\d.]+:\d+\.\d+$/.test(name))
    .slice(0, 4096)
    .map((path) => ({
      path,
      modalias: sources.line(`${USB}/${path}/modalias`),
      driver: sources.linkName(`${USB}/${path}/driver`),
    })),
);

export const usbGroup: Group = {
  name: 'usb',
  collect({ sources, add }) {
    if (!sources.exists(USB)) return;
    const devices = readUsb(sources);
    add('mk_usb_count', devices.length, USB);
    add('mk_usb_ids', [...new Set(devices.map((one) => `${one.vendor}:${one.device}`))].sort().join(','), USB);
  },
};

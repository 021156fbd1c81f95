/** The nodes that a lab is filled with, and what they send. */

/** As many facts as a machine sends, of ordinary length. */
export const FACTS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 120 }, (_, index) => [`mk_hw_fact_${index}`, `value ${index} of some ordinary length`]),
);

/** The id of node number `index`. */
export function idOf(index: number): string {
  return `02${index.toString(16).padStart(10, '0')}`.toUpperCase();
}

const HEAD = 'Host: 127.0.0.1\r\nConnection: keep-alive\r\n';

/** Check-ins of nodes in no order that a cache would like. */
export function checkin(nodes: number): (turn: number) => string {
  return (turn) =>
    `GET /razor/api/node/checkin?hw_id=${idOf((turn * 7919) % nodes)}&last_state=idle HTTP/1.1\r\n${HEAD}\r\n`;
}

const TYPE = 'Content-Type: application/x-www-form-urlencoded\r\n';
const FACTS_TEXT = encodeURIComponent(JSON.stringify(FACTS).slice(0, -1));

/** Registers of known nodes, each with facts that changed. */
export function register(nodes: number): (turn: number) => string {
  return (turn) => {
    const id = idOf((turn * 104_729) % nodes);
    const tail = encodeURIComponent(`,"turn":"${turn}"},"@last_state":"idle"}`);
    const body = `json_hash=${encodeURIComponent(`{"@hw_id":"${id}","@attributes_hash":`)}${FACTS_TEXT}${tail}`;
    return `POST /razor/api/node/register HTTP/1.1\r\n${HEAD}${TYPE}Content-Length: ${body.length}\r\n\r\n${body}`;
  };
}

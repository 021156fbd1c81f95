/** What the conductor was asked, kept for people without the keys and tokens in it. */
import { REDACTED, redactText } from '../../platform/log/redact.ts';
import type { Exchanges, NewExchange } from '../listeners/exchange-log.ts';

/** The same ring; keys of the nodes, tokens and passwords are taken out before anything is kept. */
export function withoutSecrets(exchanges: Exchanges, secrets: () => readonly string[]): Exchanges {
  const text = (body: string): string => {
    let safe = redactText(body);
    for (const secret of secrets()) if (secret !== '') safe = safe.replaceAll(secret, REDACTED);
    return safe;
  };
  const hide = (exchange: NewExchange): NewExchange => ({
    ...exchange,
    requestHeaders: Object.fromEntries(
      Object.entries(exchange.requestHeaders).map(([name, value]) => [
        name,
        /token|authorization/i.test(name) ? REDACTED : value,
      ]),
    ),
    requestBody: text(exchange.requestBody),
    replyBody: text(exchange.replyBody),
  });
  return { ...exchanges, add: (make) => exchanges.add(() => hide(make())) };
}

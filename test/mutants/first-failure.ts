/** A reporter of Node's test runner that ends the process at the first test that fails, and prints the path of its file. */
import { writeSync } from 'node:fs';
import type { TestEvent } from 'node:test/reporters';

/** Reads the events of the runner; prints nothing while all is well. */
async function* firstFailure(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:fail' || data.todo !== undefined) continue;
    writeSync(1, `FAILED ${data.file ?? ''}\n`);
    process.exit(1);
  }
  yield '';
}

export { firstFailure as default };
